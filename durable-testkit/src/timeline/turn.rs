//! The timeline and its turns.

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::definition::SourcePlace;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::Execution;
use durable_runtime::work::InstanceStatus;

use super::Wait;

/// Everything that one instance did, turn by turn.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_testkit::TestHub;
/// # #[orchestrator]
/// # async fn nap(ctx: &OrchestrationContext) -> u32 { ctx.sleep(hours(8)).await; 8 }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let kit = TestHub::new().register(nap);
/// let nap = kit.start(nap()).await;
/// nap.result().await.unwrap();
/// let timeline = nap.timeline();
/// assert_eq!(timeline.turns().len(), 2);
/// assert!(timeline.to_string().contains("sleep until 2026-01-01T08:00:00.000Z"));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Timeline {
    pub(super) instance: InstanceId,
    pub(super) name: String,
    pub(super) turns: Vec<TimelineTurn>,
}

/// One turn of an instance.
#[derive(Debug, Clone)]
pub struct TimelineTurn {
    pub(super) execution: Execution,
    pub(super) number: u64,
    pub(super) at: Timestamp,
    pub(super) events: Vec<HistoryEvent>,
    pub(super) lines: Vec<Line>,
    pub(super) waits: Vec<Wait>,
    pub(super) status: InstanceStatus,
    pub(super) custom_status: Option<Payload>,
    /// How much the hub had written when this was.
    pub(super) written: usize,
}

/// What came in or was decided, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) incoming: bool,
    pub(super) text: String,
    pub(super) site: Option<SourcePlace>,
}

/// A moment of the past: right after a turn, or after anything else that the hub wrote.
#[derive(Debug, Clone)]
pub struct TimelinePoint {
    pub(crate) written: usize,
    pub(crate) at: Timestamp,
}

impl TimelinePoint {
    /// Returns the time of this moment.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

impl Timeline {
    /// Returns the instance.
    pub fn instance(&self) -> &InstanceId {
        &self.instance
    }

    /// Returns the turns, oldest first.
    pub fn turns(&self) -> &[TimelineTurn] {
        &self.turns
    }

    /// Returns the moment after the first turn that has `text` in one of its lines, as
    /// [`to_string`](ToString::to_string) shows them: `"wait_for Approval"`, `"call charge_card"`,
    /// `"charge_card ="`.
    ///
    /// # Panics
    /// Panics with the whole timeline if there is none.
    #[track_caller]
    pub fn find(&self, text: &str) -> TimelinePoint {
        let found = self.turns.iter().find(|turn| turn.has(text));
        match found {
            Some(turn) => turn.point(),
            None => panic!("`{text}` is nowhere in the timeline:\n{self}"),
        }
    }

    /// Returns the moment after the turn with this index, from 0.
    ///
    /// # Panics
    /// Panics if there are fewer turns.
    #[track_caller]
    pub fn after_turn(&self, index: usize) -> TimelinePoint {
        match self.turns.get(index) {
            Some(turn) => turn.point(),
            None => panic!("the timeline has {} turns:\n{self}", self.turns.len()),
        }
    }
}

impl TimelineTurn {
    /// Returns the execution of the turn.
    pub fn execution(&self) -> Execution {
        self.execution
    }

    /// Returns the turn's number in its execution, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns when the turn was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Returns what came in, in words.
    pub fn incoming(&self) -> impl Iterator<Item = &str> {
        self.lines_of(true)
    }

    /// Returns what was decided, in words.
    pub fn decided(&self) -> impl Iterator<Item = &str> {
        self.lines_of(false)
    }

    fn lines_of(&self, incoming: bool) -> impl Iterator<Item = &str> {
        let lines = self.lines.iter();
        lines
            .filter(move |line| line.incoming == incoming)
            .map(|line| line.text.as_str())
    }

    /// Returns the events as they were recorded.
    pub fn events(&self) -> &[HistoryEvent] {
        &self.events
    }

    /// Returns what the instance has been waiting for since the turn.
    pub fn waits(&self) -> &[Wait] {
        &self.waits
    }

    /// Returns the status after the turn.
    pub fn status(&self) -> InstanceStatus {
        self.status
    }

    /// Returns the custom status after the turn.
    pub fn custom_status(&self) -> Option<&Payload> {
        self.custom_status.as_ref()
    }

    /// Returns the moment after the turn.
    pub fn point(&self) -> TimelinePoint {
        TimelinePoint {
            written: self.written,
            at: self.at,
        }
    }

    fn has(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.text.contains(text))
    }
}
