//! What the simulated hub is given to do, and what is to come of it.
//!
//! Each workload draws instances from the seed ([`Planned`]) and says what each of them is to end
//! with, whatever happens on the way.

mod account;
mod bank;
mod chain;
mod deadly;
mod events;
mod family;
mod fan_out;
mod monitor;
mod poison;
mod program;
mod rolling;
mod step;
mod tally;

use durable_runtime::Payload;
use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

pub(crate) use account::AUDIT;
pub(crate) use account::Account;
pub(crate) use account::FIRST_BALANCE;
pub(crate) use account::Posting;
pub(crate) use account::Trouble;
pub(crate) use bank::Moved;
pub(crate) use bank::Posted;
pub(crate) use step::LIMIT_MILLIS;
pub(crate) use step::Site;
pub(crate) use step::is_for_good;
pub(crate) use step::most_attempts;
pub(crate) use step::wait_after;

use crate::draw::Draw;
use crate::management::Management;
use crate::plan::Faults;

/// The one external event of all workloads.
#[derive(Debug, Event, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) number: u64,
}

/// An instance that is to be started.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) workload: &'static str,
    pub(crate) version: &'static str,
    pub(crate) input: Value,
    pub(crate) raises: u64,
    /// Whether events are raised at once after the start.
    pub(crate) early: bool,
    /// How many events it cannot end without.
    pub(crate) needs: u64,
    pub(crate) terminated: bool,
    pub(crate) management: Management,
    pub(crate) expected: Expected,
}

/// What is to come of an instance.
#[derive(Debug, Clone)]
pub(crate) enum Expected {
    /// It completes with this.
    Completes(Value),
    /// It fails with the error of this step.
    FailsWith(u64),
    /// It fails.
    Fails,
    /// It stalls for good.
    Stalls,
    /// It completes with the events that it read, in the order in which they were raised.
    InOrder,
    /// It completes with one event, or none.
    FirstOrNone,
    /// It completes, and its postings stand or not.
    Posts(Vec<bool>),
    /// It completes with what it moved, undisturbed by others; or it fails as planned.
    Moves { may_fail: bool },
    /// It ends somehow.
    Anything,
}

impl Planned {
    fn new(workload: &'static str, input: Value) -> Self {
        Self {
            workload,
            version: "1",
            input,
            raises: 0,
            early: false,
            needs: 0,
            terminated: false,
            management: Management::default(),
            expected: Expected::Anything,
        }
    }

    fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    fn completes(self, value: Value) -> Self {
        self.expects(Expected::Completes(value))
    }

    fn fails_with(self, number: u64) -> Self {
        self.expects(Expected::FailsWith(number))
    }

    fn expects(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }

    fn raises(mut self, count: u64) -> Self {
        self.raises = count;
        self
    }

    fn early(mut self, early: bool) -> Self {
        self.early = early;
        self
    }

    fn needs(mut self, count: u64) -> Self {
        self.needs = count;
        self
    }

    fn terminated(mut self) -> Self {
        self.terminated = true;
        self
    }

    pub(crate) fn payload(&self) -> Option<Payload> {
        Payload::from_json(&self.input.to_string()).ok()
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

type Workload = (&'static str, fn(&mut Draw, &Faults) -> Planned);

const WORKLOADS: &[Workload] = &[
    ("chain", chain::planned),
    ("activity that takes its process down", deadly::planned),
    ("fan-out with failures", fan_out::planned),
    ("monitor", monitor::planned),
    ("approval race", events::planned_approval),
    ("early, mid and late events", events::planned_reads),
    ("continue-as-new with events", events::planned_laps),
    ("nested sub-orchestrations", family::planned),
    ("rolling deploy", rolling::planned),
    ("poison", poison::planned),
    ("generated program", program::planned),
    ("checkpointed loop", tally::planned),
    (COUNTER, bank::planned_counting),
    (TRANSFER, bank::planned_transfer),
];

const COUNTER: &str = "entity counter";
const TRANSFER: &str = "bank transfer under lock";

/// Whether something is wrong with the orchestrator of this name that stalls it.
pub(crate) fn may_stall(orchestrator: &str) -> bool {
    matches!(orchestrator, "misread" | "orphan")
}

/// Whether the activity of this name takes its process down.
pub(crate) fn is_deadly(activity: &str) -> bool {
    activity == "takes_down"
}

/// The names of all workloads.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    WORKLOADS.iter().map(|(name, _)| *name)
}

/// Some instances, of some of the workloads.
pub(crate) fn drawn(draw: &mut Draw, faults: &Faults) -> Vec<(&'static str, Planned)> {
    let chosen: Vec<_> = WORKLOADS.iter().filter(|_| draw.chance(35)).collect();
    let chosen = if chosen.is_empty() {
        vec![&WORKLOADS[draw.index(WORKLOADS.len())]]
    } else {
        chosen
    };
    let count = draw.between(1, 6).max(chosen.len() as u64);
    let mut planned: Vec<_> = (0..count)
        .map(|number| {
            let place = usize::try_from(number).unwrap_or(0) % chosen.len();
            let (name, plan) = chosen[place];
            (*name, plan(draw, faults))
        })
        .collect();
    // Alone nobody gets in the way of another.
    for (name, plan) in chosen {
        if *name == COUNTER || *name == TRANSFER {
            planned.extend((0..draw.between(1, 2)).map(|_| (*name, plan(draw, faults))));
        }
    }
    if draw.chance(50) {
        for (_, planned) in &mut planned {
            if draw.chance(50) {
                planned.management = Management::drawn(draw, planned);
            }
        }
    }
    planned
}

/// Everything that a worker can run; the newer version of what is deployed only if it is `new`, the
/// older one only if it is `old`.
pub(crate) fn registry(old: bool, new: bool) -> Registry {
    let mut registry = Registry::default();
    registry.register(step::effect);
    registry.register(step::few_attempts);
    registry.register(chain::chain);
    registry.register(deadly::takes_down);
    registry.register(deadly::deadly);
    registry.register(fan_out::fan_out);
    registry.register(monitor::monitor);
    registry.register(events::approval);
    registry.register(events::reads);
    registry.register(events::laps);
    registry.register(family::family);
    registry.register(poison::panics);
    registry.register(poison::misread);
    registry.register(poison::orphan);
    registry.register(program::program);
    registry.register(tally::tally);
    registry.register(bank::counting);
    registry.register(bank::transfer);
    registry.register_entity::<Account>();
    if old {
        registry.register(rolling::before::rolling);
    }
    if new {
        registry.register(rolling::after::rolling);
    }
    registry
}
