//! Builds the timeline of one instance from what a hub wrote.

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::InstanceKey;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::TurnWrite;

use super::OpenWaits;
use super::Timeline;
use super::TimelineTurn;
use super::line::Names;
use super::line::told;
use super::turn::Line;
use crate::hub::Operation;
use crate::hub::Written;

impl Timeline {
    pub(crate) fn of(id: InstanceId, key: InstanceKey, written: &[Written]) -> Self {
        let mut builder = Builder::default();
        let mut turns = Vec::new();
        for (done, entry) in written.iter().zip(1..) {
            let Operation::Commit(writes) = &done.operation else {
                continue;
            };
            for write in writes.iter().filter(|write| write.key == key) {
                turns.extend(builder.turn(write, entry));
            }
        }
        Self {
            instance: id,
            name: builder.name,
            turns,
        }
    }
}

#[derive(Default)]
struct Builder {
    name: String,
    waits: OpenWaits,
    names: Names,
    status: Option<InstanceStatus>,
    custom_status: Option<Payload>,
}

impl Builder {
    fn turn(&mut self, write: &TurnWrite, written: usize) -> Option<TimelineTurn> {
        if let Some(update) = &write.update {
            self.status = Some(update.status);
            self.custom_status.clone_from(&update.custom_status);
        }
        let row = write.history.as_ref()?;
        // What the machine wrote it can read.
        let events: Vec<HistoryEvent> = serde_json::from_str(&row.events).unwrap_or_default();
        let lines = events.iter().map(|event| self.line(event)).collect();
        self.waits.follow(&events);
        Some(TimelineTurn {
            execution: row.execution,
            number: row.turn,
            at: row.at,
            events,
            lines,
            waits: self.waits.list(),
            status: self.status.unwrap_or(InstanceStatus::Running),
            custom_status: self.custom_status.clone(),
            written,
        })
    }

    fn line(&mut self, event: &HistoryEvent) -> Line {
        if let HistoryEvent::ExecutionStarted { name, .. } = event {
            self.name.clone_from(name);
        }
        self.names.learn(event);
        let (text, site) = told(event, &self.names);
        Line {
            incoming: event.is_incoming(),
            text,
            site,
        }
    }
}
