//! What a script does, in words that mean the same to both stores: instances by name, messages by
//! their place in what was last fetched.

use durable_runtime::work::InstanceStatus;
use durable_runtime::work::TimerKind;

use crate::random::Random;

/// How many instances a script knows.
pub(super) const INSTANCES: usize = 7;

/// The lanes of a script: orchestrators with their versions.
pub(super) const LANES: [(&str, &str); 3] = [("greet", "1"), ("greet", "2"), ("part", "1")];

/// The entities of a script, by name and key.
pub(super) const ENTITIES: [(&str, &str); 5] = [
    ("Account", "a"),
    ("Account", "A"),
    ("Account", "é 🎻"),
    ("Journal", "a"),
    ("Journal", ""),
];

/// One call of the store, or a few.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    Create(NewSpec, Policy),
    Send {
        to: usize,
        command: u64,
        body: BodySpec,
        refused_by: Option<usize>,
    },
    FetchInbox {
        except: Vec<usize>,
        limit: u32,
        units: usize,
    },
    Commit {
        turns: Vec<TurnSpec>,
        lease: LeaseChoice,
    },
    Load {
        instance: usize,
    },
    Fetch {
        instance: usize,
    },
    History {
        instance: usize,
        execution: u32,
    },
    EventsUnread {
        instance: usize,
    },
    ToLoad {
        after: Option<usize>,
        limit: u32,
    },
    List {
        statuses: Vec<InstanceStatus>,
        name: Option<&'static str>,
        limit: u32,
    },
    Entity(EntityStep),
    TimersDue {
        until: i64,
        limit: u32,
        units: usize,
    },
    Renew,
    Claim {
        lanes: Vec<usize>,
    },
    Restart {
        stop: bool,
    },
    Outcome,
    Pass {
        millis: u64,
    },
}

/// A call of the store that is about entities.
#[derive(Debug, Clone)]
pub(super) enum EntityStep {
    Send {
        to: usize,
        command: u64,
        due: Option<i64>,
        remember_until: Option<i64>,
    },
    Turn {
        entity: usize,
        consumed: Vec<usize>,
        parked: Vec<usize>,
        state: Option<&'static str>,
        locked_by: Option<usize>,
        load_at_start: bool,
        answers: Vec<u64>,
        sends: Vec<SendSpec>,
        signals_gone: Vec<i64>,
        runs_delayed: bool,
    },
    Signals {
        entity: usize,
        after: Option<usize>,
        limit: u32,
    },
    Withdraw {
        entity: usize,
        place: Option<usize>,
        sent: u64,
        command: u64,
    },
    Load {
        entity: usize,
    },
    Fetch {
        entity: usize,
    },
    List {
        key_prefix: Option<&'static str>,
        changed_from: Option<i64>,
        with_state: bool,
        limit: u32,
    },
    ToLoad {
        after: Option<usize>,
        limit: u32,
    },
    Answer {
        entity: usize,
        command: u64,
    },
    Expire {
        until: i64,
    },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Policy {
    Fail,
    Use,
    Replace(&'static [InstanceStatus]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeaseChoice {
    Current,
    /// The lease as it was before the last commit.
    Stale,
    /// That of the worker before this one.
    Former,
}

#[derive(Debug, Clone)]
pub(super) struct NewSpec {
    pub(super) id: usize,
    pub(super) lane: usize,
    pub(super) input: Option<&'static str>,
    pub(super) start_at: Option<i64>,
    pub(super) command: u64,
    /// The instance that calls, and its call.
    pub(super) parent: Option<(usize, u32)>,
    pub(super) event: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(super) enum BodySpec {
    Event(&'static str),
    Suspend,
    Resume,
    Terminate,
    TerminateBy(usize),
    ChildCompleted(u32),
}

#[derive(Debug, Clone)]
pub(super) struct TurnSpec {
    pub(super) instance: usize,
    pub(super) history: Option<(u32, u64)>,
    /// The execution, and the first turn that stays.
    pub(super) history_gone: Option<(u32, u64)>,
    pub(super) consumed: Vec<usize>,
    pub(super) parked: Vec<usize>,
    pub(super) unpark: bool,
    pub(super) update: Option<UpdateSpec>,
    pub(super) unread: Option<u64>,
    pub(super) timers: Vec<(TimerSpec, i64)>,
    pub(super) timers_gone: Vec<TimerSpec>,
    pub(super) sends: Vec<SendSpec>,
    pub(super) starts: Vec<NewSpec>,
    pub(super) heartbeats: Vec<(u32, u32, &'static str)>,
    pub(super) replacement: Option<NewSpec>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct TimerSpec {
    pub(super) execution: u32,
    pub(super) path: u32,
    pub(super) kind: TimerKind,
}

#[derive(Debug, Clone)]
pub(super) struct SendSpec {
    pub(super) to: usize,
    pub(super) by_key: bool,
    pub(super) parked: bool,
    pub(super) body: BodySpec,
    /// To this entity instead, due then.
    pub(super) entity: Option<(usize, Option<i64>)>,
}

#[derive(Debug, Clone)]
pub(super) struct UpdateSpec {
    pub(super) status: InstanceStatus,
    pub(super) begins_anew: bool,
    pub(super) input: Option<&'static str>,
    pub(super) output: bool,
    pub(super) custom_status: Option<&'static str>,
    pub(super) stalled: Option<&'static str>,
    pub(super) load_at_start: bool,
    pub(super) checkpoint: Option<u64>,
}

/// Makes one operation after the other.
#[derive(Debug)]
pub(super) struct Script {
    random: Random,
}

const PAYLOADS: [Option<&str>; 4] = [None, Some("null"), Some("\"\""), Some("{\"a\":[1,2.5]}")];

impl Script {
    pub(super) fn new(random: Random) -> Self {
        Self { random }
    }

    /// The next operation.
    pub(super) fn next(&mut self) -> Operation {
        let random = &mut self.random;
        match random.below(52) {
            40..=51 => Operation::Entity(entity_step(random)),
            0..=7 => Operation::Create(new_spec(random), policy(random)),
            8..=11 => Operation::Send {
                to: random.index(INSTANCES),
                command: random.below(12),
                body: body(random),
                refused_by: random.maybe(6, |random| random.index(LANES.len())),
            },
            12..=23 => commit(random),
            24..=26 => Operation::FetchInbox {
                except: random.some(3, |random| random.index(8)),
                limit: limit(random),
                units: random.index(30),
            },
            27..=33 => reading(random),
            34 => Operation::Renew,
            35 => Operation::Claim {
                lanes: random.some(4, |random| random.index(LANES.len())),
            },
            36 => Operation::Restart {
                stop: random.once_in(2),
            },
            37 => Operation::Outcome,
            _ => Operation::Pass {
                millis: random.below(2_000),
            },
        }
    }
}

fn entity_step(random: &mut Random) -> EntityStep {
    let entity = random.index(ENTITIES.len());
    match random.below(14) {
        0..=2 => EntityStep::Send {
            to: entity,
            command: random.below(9),
            due: random.maybe(3, millis),
            remember_until: random.maybe(2, millis),
        },
        3..=5 => EntityStep::Turn {
            entity,
            consumed: random.some(3, |random| random.index(8)),
            parked: random.some(2, |random| random.index(8)),
            state: random.pick(&PAYLOADS),
            locked_by: random.maybe(3, |random| random.index(INSTANCES)),
            load_at_start: random.once_in(3),
            answers: random.some(2, |random| random.below(9)),
            sends: random.some(2, send),
            signals_gone: random.some(1, millis),
            runs_delayed: random.once_in(3),
        },
        12 => EntityStep::Signals {
            entity,
            after: random.maybe(2, |random| random.index(3)),
            limit: limit(random),
        },
        13 => EntityStep::Withdraw {
            entity,
            place: random.maybe(2, |random| random.index(3)),
            sent: random.below(9),
            command: random.below(9),
        },
        6 => EntityStep::Load { entity },
        7 => EntityStep::Fetch { entity },
        8 => EntityStep::List {
            key_prefix: random.pick(&[None, Some(""), Some("a"), Some("é")]),
            changed_from: random.maybe(3, millis),
            with_state: random.once_in(2),
            limit: limit(random),
        },
        9 => EntityStep::ToLoad {
            after: random.maybe(2, |random| random.index(ENTITIES.len())),
            limit: limit(random),
        },
        10 => EntityStep::Answer {
            entity,
            command: random.below(9),
        },
        _ => EntityStep::Expire {
            until: millis(random),
        },
    }
}

fn reading(random: &mut Random) -> Operation {
    let instance = random.index(INSTANCES);
    match random.below(7) {
        0 => Operation::Load { instance },
        1 => Operation::Fetch { instance },
        2 => Operation::History {
            instance,
            execution: execution(random),
        },
        3 => Operation::EventsUnread { instance },
        4 => Operation::ToLoad {
            after: random.maybe(2, |random| random.index(INSTANCES)),
            limit: limit(random),
        },
        5 => Operation::List {
            statuses: random.some(3, status),
            name: random.maybe(2, |random| random.pick(&LANES).0),
            limit: limit(random),
        },
        _ => Operation::TimersDue {
            until: millis(random),
            limit: limit(random),
            units: random.index(30),
        },
    }
}

fn commit(random: &mut Random) -> Operation {
    let first = random.index(INSTANCES);
    let turns = 1 + random.index(3);
    let turn = |at| turn(random, (first + at) % INSTANCES);
    let turns = (0..turns).map(turn).collect();
    let lease = match random.below(20) {
        0 => LeaseChoice::Stale,
        1 => LeaseChoice::Former,
        _ => LeaseChoice::Current,
    };
    Operation::Commit { turns, lease }
}

fn turn(random: &mut Random, instance: usize) -> TurnSpec {
    TurnSpec {
        instance,
        history: random.maybe(2, |random| (execution(random), 1 + random.below(6))),
        consumed: random.some(2, |random| random.index(8)),
        parked: random.some(1, |random| random.index(8)),
        unpark: random.once_in(6),
        update: random.maybe(3, update),
        unread: random.maybe(4, |random| random.below(3)),
        history_gone: random.maybe(5, |random| (execution(random), random.below(5))),
        timers: random.some(2, |random| (timer(random), millis(random))),
        timers_gone: random.some(2, timer),
        sends: random.some(2, send),
        starts: random.some(1, |random| started(random, instance)),
        heartbeats: random.some(1, |random| {
            (
                execution(random),
                path(random),
                random.pick(&["1", "\"half\""]),
            )
        }),
        replacement: random.maybe(15, |random| NewSpec {
            id: instance,
            ..new_spec(random)
        }),
    }
}

fn started(random: &mut Random, caller: usize) -> NewSpec {
    let parent = random.maybe(2, |random| (caller, path(random)));
    NewSpec {
        parent,
        ..new_spec(random)
    }
}

fn new_spec(random: &mut Random) -> NewSpec {
    NewSpec {
        id: random.index(INSTANCES),
        lane: random.index(LANES.len()),
        input: random.pick(&PAYLOADS),
        start_at: random.maybe(4, millis),
        command: random.below(30),
        parent: None,
        event: random.maybe(4, |random| random.pick(&["Approved", "é 🎻"])),
    }
}

fn policy(random: &mut Random) -> Policy {
    const ENDED: &[InstanceStatus] = &[InstanceStatus::Completed, InstanceStatus::Failed];
    match random.below(4) {
        0 => Policy::Use,
        1 => Policy::Replace(ENDED),
        2 => Policy::Replace(&InstanceStatus::ALL),
        _ => Policy::Fail,
    }
}

fn body(random: &mut Random) -> BodySpec {
    match random.below(8) {
        0 => BodySpec::Terminate,
        1 => BodySpec::TerminateBy(random.index(INSTANCES)),
        2 => BodySpec::ChildCompleted(path(random)),
        3 => BodySpec::Suspend,
        4 => BodySpec::Resume,
        _ => BodySpec::Event(random.pick(&["Approved", "approved", "é 🎻"])),
    }
}

fn send(random: &mut Random) -> SendSpec {
    SendSpec {
        to: random.index(INSTANCES + 1),
        by_key: random.once_in(2),
        parked: random.once_in(5),
        body: body(random),
        entity: random.maybe(4, |random| {
            let due = random.maybe(2, millis);
            (random.index(ENTITIES.len()), due)
        }),
    }
}

fn update(random: &mut Random) -> UpdateSpec {
    UpdateSpec {
        status: status(random),
        begins_anew: random.once_in(4),
        input: random.pick(&PAYLOADS),
        output: random.once_in(3),
        custom_status: random.pick(&PAYLOADS),
        stalled: random.maybe(4, |_| "no such activity"),
        load_at_start: random.once_in(3),
        checkpoint: random.maybe(3, |random| random.below(4)),
    }
}

fn timer(random: &mut Random) -> TimerSpec {
    TimerSpec {
        execution: execution(random),
        path: path(random),
        kind: random.pick(&[TimerKind::Sleep, TimerKind::Retry, TimerKind::Deadline]),
    }
}

fn status(random: &mut Random) -> InstanceStatus {
    random.pick(&InstanceStatus::ALL)
}

fn execution(random: &mut Random) -> u32 {
    random.pick(&[1, 1, 1, 2, 3])
}

fn path(random: &mut Random) -> u32 {
    random.pick(&[0, 1, 2, 10])
}

fn millis(random: &mut Random) -> i64 {
    random.pick(&[0, 500, 1_000, 2_000, 5_000, 50_000])
}

fn limit(random: &mut Random) -> u32 {
    random.pick(&[0, 1, 2, 5, 100])
}
