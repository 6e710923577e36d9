//! The meaning of stored rows, the same for every store.

use super::StoreError;
use crate::history::ExternalEvent;
use crate::history::FORMAT;
use crate::history::HistoryError;
use crate::history::TurnRecord;
use crate::work::FirstEvent;
use crate::work::HistoryRow;
use crate::work::Message;
use crate::work::MessageBody;

/// Reads a stored turn back.
pub(super) fn turn_record(row: &HistoryRow) -> Result<TurnRecord, HistoryError> {
    let (turn, format) = (row.turn, row.format);
    // Before the events are read: another format may parse and mean something else.
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

/// The turns, or why they cannot be read, apart from all else that may be wrong.
pub(super) fn readable_or_not(
    turns: Result<Vec<TurnRecord>, StoreError>,
) -> Result<Result<Vec<TurnRecord>, HistoryError>, StoreError> {
    match turns {
        // Only this: the rest of the instance is known, and its worker has to record why it stalls.
        // Any other error may pass.
        Err(StoreError::UnreadableHistory { source, .. }) => Ok(Err(source)),
        turns => turns.map(Ok),
    }
}

/// The turns, if they can be read: what else is known shows also where they cannot.
pub(super) fn readable(
    turns: Result<Vec<TurnRecord>, StoreError>,
) -> Result<Vec<TurnRecord>, StoreError> {
    match turns {
        Err(StoreError::UnreadableHistory { key, source }) => {
            tracing::warn!(%key, error = %source, "unread events may be missing: a history cannot be read");
            Ok(Vec::new())
        }
        turns => turns,
    }
}

/// The events that `messages` bring; once a replacement is among them, those for what is to come.
pub(super) fn unread_events(messages: Vec<Message>) -> Vec<ExternalEvent> {
    let mut events = Vec::new();
    for message in messages {
        let at = message.at;
        match message.body {
            MessageBody::EventRaised { name, payload } => {
                events.push(ExternalEvent { at, name, payload });
            }
            MessageBody::Replace(new) => {
                let first = new.event.map(|FirstEvent { name, payload }| ExternalEvent {
                    at,
                    name,
                    payload,
                });
                // What was sent to the old execution is not for the new one.
                events = first.into_iter().collect();
            }
            _ => {}
        }
    }
    events
}
