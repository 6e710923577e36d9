//! What is computed of user code: replays, turns, operations of entities. Data in, data out.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use super::held::Of;
use super::held::Whose;
use super::instances::Kept;
use super::load;
use super::resting::Discards;
use super::resting::Resting;
use crate::commands::Limits;
use crate::failure::Failure;
use crate::history::History;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::machine;
use crate::machine::Position;
use crate::machine::StartFn;
use crate::machine::entity::EntityCode;
use crate::machine::entity::EntityOutcome;
use crate::machine::entity::EntityTurnRequest;
use crate::machine::entity::Invocation;
use crate::machine::entity::NewState;
use crate::machine::entity::OperationEnd;
use crate::machine::entity::entity_turn;
use crate::running::Computation;
use crate::running::Mark;
use crate::running::Running;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::Outcome;
use crate::work::TurnRequest;

/// Something to compute.
#[derive(Debug)]
pub(super) enum Work {
    Replay(Box<Replay>),
    Turn(Box<Turn>),
    EntityTurn(Box<EntityTurn>),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Worked {
    Replayed(Box<Replayed>),
    Turned(InstanceKey, Box<Outcome>, Option<Resting>),
    EntityTurned(InstanceKey, Box<EntityOutcome>),
}

/// The code of an orchestrator against its history.
pub(super) struct Replay {
    pub(super) instance: InstanceRow,
    pub(super) history: History,
    pub(super) heartbeats: Vec<Heartbeat>,
    pub(super) start: Arc<StartFn>,
    pub(super) config: Arc<machine::Config>,
    pub(super) discards: Discards,
    pub(super) running: Running,
}

/// Where a replay has come to.
#[derive(Debug)]
pub(super) struct Replayed {
    pub(super) instance: InstanceRow,
    pub(super) position: Kept,
    pub(super) heartbeats: Vec<Heartbeat>,
}

/// A turn of an orchestration.
pub(super) struct Turn {
    pub(super) position: Position,
    pub(super) request: TurnRequest,
    /// Its code, if this worker has it.
    pub(super) start: Option<Arc<StartFn>>,
    pub(super) config: Arc<machine::Config>,
    pub(super) discards: Discards,
    pub(super) running: Running,
}

/// A turn of an entity.
pub(super) struct EntityTurn {
    pub(super) request: EntityTurnRequest,
    pub(super) code: Arc<EntityCode>,
    pub(super) limits: Arc<Limits>,
    /// The operation that is not run, because it took too long, and how it fails.
    pub(super) fails: Option<(MessageId, Failure)>,
}

/// Which operation of an entity runs. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Operation(Arc<Mutex<Begun>>);

#[derive(Debug, Default)]
struct Begun {
    count: u64,
    last: Option<(MessageId, String)>,
}

impl Operation {
    pub(super) fn begins(&self, invocation: &Invocation<'_>) {
        let operation = (invocation.message, invocation.operation.to_owned());
        let mut begun = self.begun();
        begun.count += 1;
        begun.last = Some(operation);
    }

    /// How many have begun.
    pub(super) fn count(&self) -> u64 {
        self.begun().count
    }

    /// The message that asked for it, and its name.
    pub(super) fn get(&self) -> Option<(MessageId, String)> {
        self.begun().last.clone()
    }

    fn begun(&self) -> MutexGuard<'_, Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    pub(super) fn key(&self) -> InstanceKey {
        match self {
            Self::Replay(replay) => replay.instance.key,
            Self::Turn(turn) => turn.request.instance.key,
            Self::EntityTurn(turn) => turn.request.row.key,
        }
    }

    /// Whose code it runs.
    pub(super) fn whose(&self) -> Whose {
        let orchestrator = |instance: &InstanceRow| Whose {
            function: instance.name.clone().into(),
            of: Of::Instance(instance.id.clone()),
        };
        match self {
            Self::Replay(replay) => orchestrator(&replay.instance),
            Self::Turn(turn) => orchestrator(&turn.request.instance),
            Self::EntityTurn(turn) => Whose {
                function: turn.request.row.id.name().to_owned().into(),
                of: Of::Entity(turn.request.row.id.clone()),
            },
        }
    }

    /// Computes it.
    pub(super) fn run(self, operation: Operation) -> Worked {
        match self {
            Self::Replay(replay) => Worked::Replayed(Box::new(replay.run())),
            Self::Turn(turn) => turn.run(),
            Self::EntityTurn(turn) => turn.run(operation),
        }
    }
}

impl Worked {
    pub(super) fn key(&self) -> InstanceKey {
        match self {
            Self::Replayed(replayed) => replayed.instance.key,
            Self::Turned(key, ..) | Self::EntityTurned(key, _) => *key,
        }
    }
}

impl Replay {
    fn run(self) -> Replayed {
        let position = load::replayed(
            &self.config,
            &self.instance,
            self.history,
            &*self.start,
            &self.discards,
            &self.running,
        );
        Replayed {
            instance: self.instance,
            position,
            heartbeats: self.heartbeats,
        }
    }
}

impl Turn {
    /// What is recorded of it while it is made, if it runs any code.
    fn mark(&self) -> Option<Mark> {
        let number = match &self.position {
            Position::Live(continuation) => continuation.next_turn(),
            Position::NotBegun => 1,
            // No code runs in these, so nothing in them can take the process down.
            Position::Stopped { .. } | Position::Over => return None,
        };
        let InstanceRow { key, execution, .. } = self.request.instance;
        let of = Computation::Turn { key, execution };
        Some(Mark { of, number })
    }

    fn run(self) -> Worked {
        let instance = &self.request.instance;
        let span = tracing::debug_span!(
            "turn",
            instance = %instance.id,
            execution = %instance.execution,
            messages = self.request.messages.len(),
        );
        let _entered = span.enter();
        let key = instance.key;
        let begun = self.mark().map(|mark| self.running.begin(mark));
        let start = self.start.as_deref().unwrap_or(&load::not_registered);
        let (outcome, continuation) =
            machine::turn(&self.config, self.position, start, self.request);
        // Before the continuation goes to rest: its end is recorded as soon as the code has
        // returned.
        drop(begun);
        let continuation =
            continuation.map(|continuation| Resting::new(continuation, &self.discards));
        Worked::Turned(key, Box::new(outcome), continuation)
    }
}

impl EntityTurn {
    fn run(self, operation: Operation) -> Worked {
        let Self {
            request,
            code,
            limits,
            fails,
        } = self;
        let (row, messages) = (&request.row, request.messages.len());
        let span = tracing::debug_span!("turn", entity = %row.id, messages);
        let _entered = span.enter();
        let key = row.key;
        let watched = move |invocation: Invocation<'_>| {
            let fails = fails.as_ref();
            // It is not run again: it would take too long again. The others of the batch are.
            if let Some((_, failure)) = fails.filter(|(message, _)| *message == invocation.message)
            {
                return OperationEnd::Returned {
                    result: Err(failure.clone().into()),
                    state: NewState::Kept,
                    decisions: Vec::new(),
                };
            }
            // Told before it runs, so that whoever gives the turn up knows which operation that
            // was.
            operation.begins(&invocation);
            code(invocation)
        };
        let outcome = entity_turn(&limits, &watched, request);
        Worked::EntityTurned(key, Box::new(outcome))
    }
}

macro_rules! debug_by_key {
    ($($name:ident: $key:expr;)+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let key: fn(&Self) -> InstanceKey = $key;
                f.debug_tuple(stringify!($name)).field(&key(self)).finish()
            }
        })+
    };
}

debug_by_key! {
    Replay: |replay| replay.instance.key;
    Turn: |turn| turn.request.instance.key;
    EntityTurn: |turn| turn.request.row.key;
}
