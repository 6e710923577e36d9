//! What the simulated hub is given to do, and what is to come of it.
//!
//! Each workload draws instances from the seed ([`Planned`]) and says what each of them is to end
//! with, whatever happens on the way.

mod chain;
mod events;
mod family;
mod fan_out;
mod monitor;
mod poison;
mod program;
mod rolling;
mod step;

use durable_runtime::Payload;
use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

pub(crate) use step::Site;
pub(crate) use step::is_for_good;
pub(crate) use step::most_attempts;
pub(crate) use step::wait_after;

use crate::draw::Draw;
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
    ("fan-out with failures", fan_out::planned),
    ("monitor", monitor::planned),
    ("approval race", events::planned_approval),
    ("early, mid and late events", events::planned_reads),
    ("continue-as-new with events", events::planned_laps),
    ("nested sub-orchestrations", family::planned),
    ("rolling deploy", rolling::planned),
    ("poison", poison::planned),
    ("generated program", program::planned),
];

/// Whether something is wrong with the orchestrator of this name that stalls it.
pub(crate) fn may_stall(orchestrator: &str) -> bool {
    matches!(orchestrator, "misread" | "orphan")
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
    (0..count)
        .map(|number| {
            let place = usize::try_from(number).unwrap_or(0) % chosen.len();
            let (name, plan) = chosen[place];
            (*name, plan(draw, faults))
        })
        .collect()
}

/// Everything that a worker can run; the newer version of what is deployed only if it is `new`, the
/// older one only if it is `old`.
pub(crate) fn registry(old: bool, new: bool) -> Registry {
    let mut registry = Registry::default();
    registry.register(step::effect);
    registry.register(step::few_attempts);
    registry.register(chain::chain);
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
    if old {
        registry.register(rolling::before::rolling);
    }
    if new {
        registry.register(rolling::after::rolling);
    }
    registry
}
