//! Timers.

use std::collections::HashMap;

use sea_orm::ActiveEnum;
use sea_orm::ColumnTrait;
use sea_orm::Condition;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::Iterable;
use sea_orm::QueryFilter;
use sea_orm::QueryOrder;
use sea_orm::QuerySelect;
use sea_orm::QueryTrait;
use sea_orm::Value;
use sea_orm::sea_query::OnConflict;
use sea_orm::sea_query::Query;

use super::instance_row::execution;
use super::rows;
use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::store::TimerPage;
use crate::store::TimerPlace;
use crate::store::table::Kind;
use crate::store::table::timer::Column;
use crate::store::table::timer::Entity;
use crate::store::table::timer::Model;
use crate::work::Timer;
use crate::work::TimerId;

/// How many timers one statement deletes: each is four comparisons, and depth is limited.
const MOST_DELETED: usize = 32;

/// Sets timers, in this order. One that is set already gets the new due time.
pub(super) async fn set_in_txn(
    txn: &DatabaseTransaction,
    timers: &[(Unit, &Timer)],
) -> Result<(), DbErr> {
    let values = without_repetitions(timers).into_iter().map(values);
    let call = [
        Column::Instance,
        Column::Execution,
        Column::Path,
        Column::Kind,
    ];
    let into = Query::insert()
        .into_table(Entity)
        .columns([
            Column::Instance,
            Column::Execution,
            Column::Path,
            Column::Kind,
            Column::Unit,
            Column::Due,
        ])
        .on_conflict(
            OnConflict::columns(call)
                // Only the time: it keeps its number, and so its place among those that are due
                // then.
                .update_column(Column::Due)
                .to_owned(),
        )
        .to_owned();
    rows::insert(txn, &into, values.collect()).await
}

/// The first place and the last due time of each: no statement may meet a row twice.
fn without_repetitions<'a>(timers: &[(Unit, &'a Timer)]) -> Vec<(Unit, &'a Timer)> {
    // An upsert that meets a row twice in one statement is refused by `PostgreSQL`, and which value
    // stays differs elsewhere.
    let mut places = HashMap::new();
    let mut once = Vec::with_capacity(timers.len());
    for (unit, timer) in timers {
        let place = *places.entry(&timer.id).or_insert(once.len());
        match once.get_mut(place) {
            Some(earlier) => *earlier = (*unit, *timer),
            None => once.push((*unit, *timer)),
        }
    }
    once
}

fn values((unit, timer): (Unit, &Timer)) -> Vec<Value> {
    vec![
        timer.id.key.0.into(),
        i64::from(timer.id.execution.0).into(),
        timer.id.path.to_string().into(),
        Kind::from(timer.id.kind).to_value().into(),
        unit.0.into(),
        timer.due.as_millis().into(),
    ]
}

/// Deletes timers. Index `durable_timer_call`.
pub(super) async fn delete_in_txn(
    txn: &DatabaseTransaction,
    ids: &[&TimerId],
) -> Result<(), DbErr> {
    for chunk in ids.chunks(MOST_DELETED) {
        let last = chunk.iter().rev().take(1).cycle();
        let filled = chunk
            .iter()
            .chain(last)
            // Filled up like the lists of numbers, so that there are few texts to be prepared.
            .take(chunk.len().next_power_of_two());
        let any = filled.fold(Condition::any(), |any, id| any.add(is(id)));
        Entity::delete_many().filter(any).exec(txn).await?;
    }
    Ok(())
}

fn is(id: &TimerId) -> Condition {
    Condition::all()
        .add(Column::Instance.eq(id.key.0))
        .add(Column::Execution.eq(i64::from(id.execution.0)))
        .add(Column::Path.eq(id.path.to_string()))
        .add(Column::Kind.eq(Kind::from(id.kind)))
}

/// Deletes all timers of instances. Index `durable_timer_call`.
pub(super) async fn delete_of_in_txn(
    txn: &DatabaseTransaction,
    instances: &[i64],
) -> Result<(), DbErr> {
    for list in rows::lists(instances) {
        let gone = Entity::delete_many().filter(Column::Instance.is_in(list));
        gone.exec(txn).await?;
    }
    Ok(())
}

/// A page of timers that are due. Index `durable_timer_due`.
pub(super) async fn due<C: ConnectionTrait>(
    db: &C,
    units: &[Unit],
    until: Timestamp,
    after: Option<TimerPlace>,
    limit: u32,
) -> Result<TimerPage, DbErr> {
    let limit = limit.max(1) as usize;
    let units: Vec<_> = units.iter().map(|unit| unit.0).collect();
    let rows = Entity::find()
        .select_only()
        .columns(Column::iter())
        .filter(Column::Unit.is_in(rows::list(&units)))
        .filter(Column::Due.lte(until.as_millis()))
        .apply_if(after, |rows, after| rows.filter(behind(after)))
        .order_by_asc(Column::Due)
        .order_by_asc(Column::Id)
        // One more tells whether another page follows.
        .limit(limit as u64 + 1)
        .into_tuple::<Raw>();
    let mut rows = rows.all(db).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    Ok(TimerPage {
        next: last.map(|row| TimerPlace {
            due: Timestamp::from_millis(row.6),
            number: row.0,
        }),
        timers: rows.into_iter().filter_map(read).collect(),
    })
}

/// The first comparison is for the index.
fn behind(after: TimerPlace) -> Condition {
    let due = after.due.as_millis();
    let later = Condition::any()
        .add(Column::Due.gt(due))
        .add(Column::Id.gt(after.number));
    Condition::all().add(Column::Due.gte(due)).add(later)
}

/// A row by the columns of the table in their order, with the kind as it is stored: one that is not
/// known must not keep the other rows from being read.
type Raw = (i64, i64, i64, String, String, i32, i64);

/// A timer that cannot be read is left where it is: it must not keep the others from firing.
fn read(row: Raw) -> Option<(Unit, Timer)> {
    let (id, instance, execution, path, kind, unit, due) = row;
    // Decoded row by row and not by the query: one kind that is not known would fail the whole
    // page.
    let timer = Kind::try_from_value(&kind).and_then(|kind| {
        decode(&Model {
            id,
            instance,
            execution,
            path,
            kind,
            unit,
            due,
        })
    });
    match timer {
        Ok(timer) => Some((Unit(unit), timer)),
        Err(error) => {
            tracing::error!(id, instance, kind, %error, "a timer cannot be read");
            None
        }
    }
}

pub(super) fn decode(row: &Model) -> Result<Timer, DbErr> {
    let path = row.path.parse();
    Ok(Timer {
        id: TimerId {
            key: InstanceKey(row.instance),
            execution: execution(row.execution)?,
            path: path.map_err(|error| DbErr::Type(format!("{error}")))?,
            kind: row.kind.into(),
        },
        due: Timestamp::from_millis(row.due),
    })
}
