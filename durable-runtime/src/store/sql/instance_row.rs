//! An instance between its table and the engine.

use sea_orm::ActiveEnum;
use sea_orm::DbErr;
use sea_orm::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::scope::Scope;
use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Unit;
use crate::payload::Payload;
use crate::salt::InvalidSalt;
use crate::salt::Salt;
use crate::store::table::Status;
use crate::store::table::instance::Column;
use crate::store::table::instance::Model;
use crate::work::InstanceRow;

/// The columns that a creation fills; the key comes from the database.
pub(super) const COLUMNS: [Column; 23] = [
    Column::Hub,
    Column::Id,
    Column::Salt,
    Column::Unit,
    Column::Name,
    Column::Version,
    Column::Status,
    Column::Execution,
    Column::Input,
    Column::Output,
    Column::CustomStatus,
    Column::Stalled,
    Column::Tags,
    Column::ParentKey,
    Column::Parent,
    Column::Detached,
    Column::StartAt,
    Column::CreatedAt,
    Column::UpdatedAt,
    Column::LoadAtStart,
    Column::Command,
    Column::Headers,
    Column::Checkpoint,
];

/// The values of [`COLUMNS`].
pub(super) fn values(scope: Scope, row: &InstanceRow) -> Result<Vec<Value>, DbErr> {
    Ok(vec![
        scope.hub().into(),
        row.id.as_str().into(),
        String::from(row.salt).into(),
        row.unit.0.into(),
        row.name.as_str().into(),
        row.version.as_str().into(),
        Status::from(row.status).to_value().into(),
        i64::from(row.execution.0).into(),
        payload_text(row.input.as_ref()).into(),
        row.output.as_ref().map(json).transpose()?.into(),
        payload_text(row.custom_status.as_ref()).into(),
        row.stalled.clone().into(),
        json(&row.tags)?.into(),
        row.parent.as_ref().map(|parent| parent.key.0).into(),
        row.parent.as_ref().map(json).transpose()?.into(),
        row.parent
            .as_ref()
            .is_some_and(|parent| parent.detached)
            .into(),
        row.start_at.map(Timestamp::as_millis).into(),
        row.created_at.as_millis().into(),
        row.updated_at.as_millis().into(),
        row.load_at_start.into(),
        row.command.as_str().into(),
        json(&row.headers)?.into(),
        turn_number(row.checkpoint).into(),
    ])
}

/// The row as its owner wrote it.
pub(super) fn decode_owned(row: Model) -> Result<InstanceRow, DbErr> {
    match &row.owned {
        // The whole row as text, and not a second set of columns: nothing is looked up by it, and
        // it is there only while wishes wait.
        Some(owned) => parse(owned),
        None => decode(row),
    }
}

/// The row as others see it.
pub(super) fn decode(row: Model) -> Result<InstanceRow, DbErr> {
    let parent = row.parent.as_deref().map(parse);
    let output = row.output.as_deref().map(parse);
    Ok(InstanceRow {
        key: InstanceKey(row.key),
        unit: Unit(row.unit),
        id: instance_id(&row.id)?,
        salt: salt(&row.salt)?,
        name: row.name,
        version: row.version,
        status: row.status.into(),
        execution: execution(row.execution)?,
        input: payload(row.input.as_deref())?,
        output: output.transpose()?,
        custom_status: payload(row.custom_status.as_deref())?,
        stalled: row.stalled,
        tags: parse(&row.tags)?,
        parent: parent.transpose()?,
        start_at: row.start_at.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        load_at_start: row.load_at_start,
        is_asked: row.owned.is_some(),
        checkpoint: row.checkpoint.and_then(|turn| u64::try_from(turn).ok()),
        command: row.command,
        headers: parse(&row.headers)?,
    })
}

/// A value as it is stored.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String, DbErr> {
    serde_json::to_string(value).map_err(|error| DbErr::Json(error.to_string()))
}

/// A stored value.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, DbErr> {
    serde_json::from_str(text).map_err(|error| DbErr::Json(error.to_string()))
}

/// A payload as it is stored: its text.
pub(super) fn payload_text(payload: Option<&Payload>) -> Option<String> {
    payload.map(|payload| payload.as_text().to_owned())
}

/// The number of a turn as it is stored.
pub(super) fn turn_number(turn: Option<u64>) -> Option<i64> {
    turn.and_then(|turn| i64::try_from(turn).ok())
}

/// A number of events as it is stored.
pub(super) fn count(events: u64) -> i64 {
    i64::try_from(events).unwrap_or(i64::MAX)
}

pub(super) fn payload(text: Option<&str>) -> Result<Option<Payload>, DbErr> {
    text.map(parse).transpose()
}

/// A stored number of an execution.
pub(super) fn execution(number: i64) -> Result<Execution, DbErr> {
    let number = u32::try_from(number).map_err(|error| DbErr::Type(error.to_string()))?;
    Ok(Execution(number))
}

fn salt(text: &str) -> Result<Salt, DbErr> {
    text.parse()
        .map_err(|error: InvalidSalt| DbErr::Type(error.to_string()))
}

fn instance_id(text: &str) -> Result<InstanceId, DbErr> {
    InstanceId::new(text).map_err(|error| DbErr::Type(error.to_string()))
}
