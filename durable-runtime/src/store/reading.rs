//! What stored rows mean, the same for every store.

use crate::history::FORMAT;
use crate::history::HistoryError;
use crate::history::TurnRecord;
use crate::work::HistoryRow;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::UnreadEvent;

/// Reads a stored turn back.
pub(super) fn turn_record(row: &HistoryRow) -> Result<TurnRecord, HistoryError> {
    let (turn, format) = (row.turn, row.format);
    if format != FORMAT {
        return Err(HistoryError::UnknownFormat { turn, format });
    }
    match serde_json::from_str(&row.events) {
        Ok(events) => Ok(TurnRecord {
            turn,
            format,
            events,
        }),
        Err(error) => Err(HistoryError::Unreadable {
            turn,
            cause: error.to_string(),
        }),
    }
}

/// The event that a message brings, if it brings one.
pub(super) fn unread_event(message: Message) -> Option<UnreadEvent> {
    let at = message.at;
    match message.body {
        MessageBody::EventRaised { name, payload } => Some(UnreadEvent { at, name, payload }),
        _ => None,
    }
}
