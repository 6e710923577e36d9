//! From a seed to what is done and what goes wrong.

use crate::draw::Draw;
use crate::postings::PlannedPosting;
use crate::workload;
use crate::workload::Planned;

/// What may go wrong. Each of these is off in half of the seeds.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is on or off by itself")]
pub(crate) struct Faults {
    /// Processes die, most of all beside a commit.
    pub(crate) crash: bool,
    /// A worker hangs in a call for longer than its lease.
    pub(crate) pause: bool,
    /// The answer of the store is lost.
    pub(crate) ambiguous: bool,
    /// The store is not available.
    pub(crate) unavailable: bool,
    /// The store refuses.
    pub(crate) refused: bool,
    /// A turn in a batch cannot be written.
    pub(crate) bad_turn: bool,
    /// Messages come late, or are shown again.
    pub(crate) delivery: bool,
    /// Clocks are off, and jump.
    pub(crate) clock: bool,
    /// Workers join and leave.
    pub(crate) membership: bool,
    /// Nobody tells a worker of messages.
    pub(crate) lost_wake_ups: bool,
    /// Nothing is kept in memory between turns.
    pub(crate) eviction: bool,
    /// All processes die together.
    pub(crate) restart_all: bool,
    /// Activities fail, panic, hang and are late.
    pub(crate) activity: bool,
    /// Activities take their processes down.
    pub(crate) deadly: bool,
    /// The store has no room, for one write or for a while.
    pub(crate) full: bool,
    /// All processes die, several times within some milliseconds.
    pub(crate) quick_restarts: bool,
    /// Processes are told to stop while they have attempts under way, and others follow.
    pub(crate) stops: bool,
    /// Turns and operations hold their threads.
    pub(crate) slow_turns: bool,
}

impl Faults {
    /// Whether only what an attempt does itself can be the reason of its process' death again and
    /// again.
    pub(crate) fn spare_the_innocent(&self) -> bool {
        let killed = self.crash || self.restart_all || self.membership;
        let killed_quickly = self.deadly && self.quick_restarts;
        !killed && !killed_quickly
    }

    fn drawn(draw: &mut Draw) -> Self {
        let mut on = || draw.chance(50);
        Self {
            crash: on(),
            pause: on(),
            ambiguous: on(),
            unavailable: on(),
            refused: on(),
            bad_turn: on(),
            delivery: on(),
            clock: on(),
            membership: on(),
            lost_wake_ups: on(),
            eviction: on(),
            restart_all: on(),
            activity: on(),
            deadly: false,
            full: on(),
            quick_restarts: on(),
            stops: on(),
            slow_turns: on(),
        }
    }
}

/// Everything that is decided before a simulation begins.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) faults: Faults,
    /// Whether one worker at a time has the store.
    pub(crate) exclusive: bool,
    pub(crate) workers: u64,
    /// How many events that nobody has read an instance may have.
    pub(crate) most_unread: usize,
    /// Steps in which things go wrong.
    pub(crate) steps: u64,
    pub(crate) instances: Vec<(&'static str, Planned)>,
    pub(crate) postings: Vec<PlannedPosting>,
}

impl Plan {
    pub(crate) fn drawn(draw: &mut Draw) -> Self {
        let mut faults = Faults::drawn(draw);
        let exclusive = draw.chance(20);
        faults.deadly = exclusive && draw.chance(50);
        Self {
            exclusive,
            workers: if exclusive { 1 } else { draw.between(1, 3) },
            most_unread: if draw.chance(30) { 1 } else { 10_000 },
            steps: draw.between(20, 160),
            instances: workload::drawn(draw, &faults),
            postings: if draw.chance(30) {
                let count = draw.between(1, 6);
                (0..count).map(|_| PlannedPosting::drawn(draw)).collect()
            } else {
                Vec::new()
            },
            faults,
        }
    }
}
