//! Everything that is stored in a hub.

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::sea_query::Expr;
use sea_orm::sea_query::ExprTrait;

use super::answer as answers;
use super::entity as entities;
use super::heartbeat as heartbeats;
use super::history as histories;
use super::instance_row;
use super::instance_row::parse;
use super::scope::Scope;
use super::timer as timers;
use super::unit as units;
use super::worker as workers;
use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::store::dump::Dump;
use crate::store::dump::DumpedInstance;
use crate::store::dump::DumpedMessage;
use crate::store::dump::DumpedWorker;
use crate::store::table::command;
use crate::store::table::heartbeat;
use crate::store::table::history;
use crate::store::table::inbox;
use crate::store::table::instance;
use crate::store::table::timer;
use crate::store::table::worker;

/// Reads all rows of the hub.
pub(super) async fn read<C: ConnectionTrait>(db: &C, scope: Scope) -> Result<Dump, DbErr> {
    let lanes = scope.lanes().all(db).await?.into_iter();
    let workers = workers::unfenced(db, scope).await?.into_iter();
    Ok(Dump {
        lanes: lanes
            .map(|row| (row.id, Lane::from_name(&row.name)))
            .collect(),
        workers: workers.map(worker).collect::<Result<_, _>>()?,
        units: units::owners(db, scope).await?,
        entities: entities::all(db, scope).await?,
        answers: answers::all(db, scope).await?,
        ..rows_of_instances(db, scope).await?
    })
}

fn worker(row: worker::Model) -> Result<(WorkerId, DumpedWorker), DbErr> {
    let dumped = DumpedWorker {
        lanes: workers::lanes_of(&row)?.into_iter().collect(),
        name: row.name,
        epoch: u64::try_from(row.epoch).unwrap_or(0),
        lease_until: Timestamp::from_millis(row.lease_until),
    };
    Ok((WorkerId(row.id), dumped))
}

async fn rows_of_instances<C: ConnectionTrait>(db: &C, scope: Scope) -> Result<Dump, DbErr> {
    let instances = scope.instances().order_by_asc(instance::Column::Key);
    let history = history::Entity::find().filter(of(history::Column::Instance, scope));
    let inbox = inbox::Entity::find()
        .filter(of(inbox::Column::Instance, scope))
        .order_by_asc(inbox::Column::Id);
    let timers = timer::Entity::find().filter(of(timer::Column::Instance, scope));
    let heartbeats = heartbeat::Entity::find().filter(of(heartbeat::Column::Instance, scope));
    let commands = command::Entity::find().filter(of(command::Column::Instance, scope));
    let instances = instances.all(db).await?.into_iter();
    let history = history.all(db).await?.into_iter();
    let inbox = inbox.all(db).await?.into_iter();
    let timers = timers.all(db).await?.into_iter();
    let heartbeats = heartbeats.all(db).await?.into_iter();
    let commands = commands.all(db).await?.into_iter();
    Ok(Dump {
        instances: instances.map(instance).collect::<Result<_, _>>()?,
        history: history.map(turn).collect(),
        inbox: inbox.map(|row| message(&row)).collect::<Result<_, _>>()?,
        timers: timers
            .map(|row| timers::decode(&row))
            .collect::<Result<_, _>>()?,
        heartbeats: heartbeats.map(|row| beat(&row)).collect::<Result<_, _>>()?,
        commands: commands
            .map(|row| (InstanceKey(row.instance), row.command))
            .collect(),
        ..Dump::default()
    })
}

fn of(instance: impl ColumnTrait, scope: Scope) -> Expr {
    let of_instance = instance.in_subquery(scope.instance_keys());
    of_instance.or(instance.in_subquery(entities::keys(scope)))
}

fn instance(row: instance::Model) -> Result<DumpedInstance, DbErr> {
    Ok(DumpedInstance {
        unread: u64::try_from(row.unread_events).unwrap_or(0),
        shown: match row.owned {
            Some(_) => Some(instance_row::decode(row.clone())?),
            None => None,
        },
        row: instance_row::decode_owned(row)?,
    })
}

fn turn(row: history::Model) -> (InstanceKey, crate::work::HistoryRow) {
    (InstanceKey(row.instance), histories::decode(row))
}

fn message(row: &inbox::Model) -> Result<DumpedMessage, DbErr> {
    Ok(DumpedMessage {
        key: InstanceKey(row.instance),
        unit: Unit(row.unit),
        parked: row.parked,
        at: Timestamp::from_millis(row.at),
        body: parse(&row.body)?,
    })
}

type Beat = (
    InstanceKey,
    crate::ids::Execution,
    crate::ids::CallPath,
    crate::payload::Payload,
);

fn beat(row: &heartbeat::Model) -> Result<Beat, DbErr> {
    let key = InstanceKey(row.instance);
    let beat = heartbeats::decode(row)?;
    Ok((key, beat.execution, beat.path, beat.progress))
}
