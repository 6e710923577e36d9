//! The progress of activities.

use std::collections::BTreeMap;

use sea_orm::ColumnTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseTransaction;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::QueryFilter;
use sea_orm::sea_query::OnConflict;
use sea_orm::sea_query::Query;

use super::instance_row::execution;
use super::instance_row::parse;
use super::rows;
use crate::ids::InstanceKey;
use crate::store::table::heartbeat::Column;
use crate::store::table::heartbeat::Entity;
use crate::store::table::heartbeat::Model;
use crate::work::Heartbeat;
use crate::work::TurnWrite;

/// Stores the last progress of each call.
pub(super) async fn set_in_txn(
    txn: &DatabaseTransaction,
    turns: &[TurnWrite],
) -> Result<(), DbErr> {
    // The last of each call: an upsert must not meet a row twice in one statement.
    let mut last = BTreeMap::new();
    for turn in turns {
        for beat in &turn.heartbeats {
            last.insert((turn.key, beat.execution, &beat.path), &beat.progress);
        }
    }
    let values = last.into_iter().map(|((key, execution, path), progress)| {
        vec![
            key.0.into(),
            i64::from(execution.0).into(),
            path.to_string().into(),
            progress.as_text().into(),
        ]
    });
    let call = [Column::Instance, Column::Execution, Column::Path];
    let into = Query::insert()
        .into_table(Entity)
        .columns([
            Column::Instance,
            Column::Execution,
            Column::Path,
            Column::Progress,
        ])
        .on_conflict(
            OnConflict::columns(call)
                .update_column(Column::Progress)
                .to_owned(),
        )
        .to_owned();
    rows::insert(txn, &into, values.collect()).await
}

/// Deletes all progress of instances.
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

/// The progress of an instance's calls.
pub(super) async fn of_instance<C: ConnectionTrait>(
    db: &C,
    key: InstanceKey,
) -> Result<Vec<Heartbeat>, DbErr> {
    let rows = Entity::find().filter(Column::Instance.eq(key.0));
    rows.all(db).await?.iter().map(decode).collect()
}

pub(super) fn decode(row: &Model) -> Result<Heartbeat, DbErr> {
    let path = row.path.parse();
    Ok(Heartbeat {
        execution: execution(row.execution)?,
        path: path.map_err(|error| DbErr::Type(format!("{error}")))?,
        progress: parse(&row.progress)?,
    })
}
