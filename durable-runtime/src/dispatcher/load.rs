//! Bringing instances into memory.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;

use super::instances::Kept;
use super::instances::Known;
use super::instances::Overdue;
use super::resting::Discards;
use super::resting::Resting;
use super::step::Dispatcher;
use super::step::DispatcherError;
use super::work::Replay;
use super::work::Replayed;
use super::work::Work;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::machine;
use crate::machine::BodyEnd;
use crate::machine::Continuation;
use crate::machine::Cursor;
use crate::machine::ReplayError;
use crate::machine::StartFn;
use crate::machine::resume;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::payload::Payload;
use crate::store::Loaded;
use crate::store::StoreError;
use crate::store::UnreadableMessage;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Message;

/// How many instances are read from the store at once.
const LOADS_AT_ONCE: usize = 8;

impl Dispatcher {
    /// Loads those of `keys` whose position is not in memory. Returns those that can make a turn.
    pub(super) async fn load_missing(
        &mut self,
        keys: Vec<InstanceKey>,
    ) -> Result<Vec<InstanceKey>, DispatcherError> {
        let missing = |key: &InstanceKey| {
            self.instances
                .get(*key)
                .is_none_or(|slot| slot.known.is_none())
        };
        let cold: Vec<_> = keys.iter().copied().filter(missing).collect();
        if cold.is_empty() {
            return Ok(keys);
        }
        let store = Arc::clone(&self.store);
        let loads = cold.into_iter().map(|key| {
            let store = Arc::clone(&store);
            async move { (key, store.instance_load(key).await) }
        });
        let loaded: Vec<_> = stream::iter(loads).buffered(LOADS_AT_ONCE).collect().await;
        let mut out_of_reach = Vec::new();
        let mut replays = Vec::new();
        for (key, result) in loaded {
            match result {
                Ok(Some(loaded)) if self.units.contains(&loaded.instance.unit) => {
                    replays.extend(self.loaded(key, loaded));
                }
                Ok(_) => {
                    self.discard(key);
                    out_of_reach.push(key);
                }
                Err(error) if error.is_transient() || matches!(error, StoreError::Fenced) => {
                    for key in keys {
                        self.instances.make_ready(key);
                    }
                    return Err(error.into());
                }
                Err(error) => {
                    // One instance that cannot be read must not stop the others. It is tried again
                    // when a worker starts.
                    tracing::error!(%key, error = &error as &dyn std::error::Error, "failed to load an instance");
                    self.to_park.extend(self.instances.unreadable(key));
                    out_of_reach.push(key);
                }
            }
        }
        for made in self.compute(replays).await {
            self.take_in(made);
        }
        Ok(keys
            .into_iter()
            .filter(|key| !out_of_reach.contains(key) && !self.instances.is_away(*key))
            .collect())
    }

    /// An instance that was purged, or that another worker owns: there is nothing to do for it here.
    pub(super) fn discard(&mut self, key: InstanceKey) {
        let messages = self.instances.take_messages(key, usize::MAX, |_| true);
        let ids: Vec<_> = messages.iter().filter_map(|message| message.id).collect();
        self.instances.release(&ids);
        self.pool.cancel_instance(key);
        self.timers.gone_with(key);
    }

    /// Takes in what is stored of an instance. Returns the replay that it needs.
    fn loaded(&mut self, key: InstanceKey, loaded: Loaded) -> Option<Work> {
        let Loaded {
            instance,
            turns,
            inbox,
            unreadable,
            heartbeats,
        } = loaded;
        // What a suspended instance keeps is of use only once it ends or goes on.
        if instance.status != InstanceStatus::Suspended || self.instances.is_to_end(key) {
            self.instances.inbox_loaded(key, inbox);
        }
        let slot = self.instances.slot(key);
        slot.unreadable = unreadable.iter().map(|message| message.id).collect();
        let retry = std::mem::take(&mut slot.retry);
        let overdue = match slot.overdue.take() {
            Some(Overdue::Turn(report)) => Some(report),
            _ => None,
        };
        let report = overdue.or_else(|| cannot_be_read(&unreadable));
        let history = match History::try_from(turns) {
            Ok(history) => history,
            Err(error) => {
                let report = Some(format!("its history cannot be read: {error}"));
                let position = Kept::Stopped {
                    history: History::new(),
                    report,
                };
                self.instances.keep(
                    key,
                    Known {
                        row: instance,
                        position,
                    },
                );
                return None;
            }
        };
        match self.position_of(&instance, history, retry, report) {
            Standing::Known(position) => {
                self.instances.keep(
                    key,
                    Known {
                        row: instance,
                        position,
                    },
                );
                None
            }
            Standing::Replays(history, start) => Some(Work::Replay(Box::new(Replay {
                instance,
                history,
                heartbeats,
                start,
                config: Arc::clone(&self.machine),
                discards: self.turns.discards(),
            }))),
        }
    }

    /// Takes in where a replay has come to.
    pub(super) fn take_in_replay(&mut self, replayed: Replayed) {
        let Replayed {
            instance,
            position,
            heartbeats,
        } = replayed;
        let key = instance.key;
        if let Kept::Continuation(continuation) = &position {
            if instance.status == InstanceStatus::Stalled {
                // Its attempts were kept from running, not lost. They begin once it is committed
                // that it goes on, so that one that takes its worker down is lost then.
                self.instances.slot(key).cured = true;
            } else {
                self.find_lost(key, instance.execution, continuation, &heartbeats);
            }
        }
        self.instances.keep(
            key,
            Known {
                row: instance,
                position,
            },
        );
    }

    /// Queues the news of attempts whose worker is gone. One that this worker could not make either
    /// is not counted: the instance stalls.
    fn find_lost(
        &mut self,
        key: InstanceKey,
        execution: Execution,
        continuation: &Continuation,
        heartbeats: &[Heartbeat],
    ) {
        let pool = &self.pool;
        let is_running = |path: &CallPath| pool.has(&(key, execution, path.clone()));
        let open = continuation.unstarted_attempts(&is_running);
        let unknown = open.iter().find_map(|task| pool.refuses(&task.name));
        if let Some(reason) = unknown {
            return self.block(key, reason);
        }
        let progress_of = |path: &CallPath| {
            let of_call = |h: &&Heartbeat| h.execution == execution && h.path == *path;
            let heartbeat = heartbeats.iter().find(of_call);
            heartbeat.map(|heartbeat| heartbeat.progress.clone())
        };
        let at = self.clock.now();
        let mut lost = continuation.lost_attempts(&is_running, &progress_of);
        if mutant(Mutant::LostAttemptForgotten) {
            lost.clear();
        }
        for body in lost {
            let queue = &mut self.instances.slot(key).queue;
            queue.push_back(Message { id: None, at, body });
        }
    }

    /// Makes the attempts that an instance was kept from while it was stalled, except those that
    /// have ended: how is in its inbox.
    pub(super) fn start_kept(&mut self, key: InstanceKey) {
        let Some(slot) = self.instances.get(key) else {
            return;
        };
        let Some(Known {
            row,
            position: Kept::Continuation(continuation),
        }) = &slot.known
        else {
            return;
        };
        let (execution, unit, orchestrator) = (row.execution, row.unit, row.name.clone());
        let is_over = |path: &CallPath| {
            let ends = |message: &Message| message.body.ends_attempt(execution, path);
            self.pool.has(&(key, execution, path.clone())) || slot.queue.iter().any(ends)
        };
        for task in continuation.unstarted_attempts(&is_over) {
            self.start_attempt(task, unit, &orchestrator);
        }
    }

    /// Where an instance stands. With a `report`, its code cannot be run for that reason.
    fn position_of(
        &self,
        row: &InstanceRow,
        history: History,
        retry: bool,
        report: Option<String>,
    ) -> Standing {
        if row.status.is_terminal() {
            return Standing::Known(Kept::Over);
        }
        let waits = row.status == InstanceStatus::Suspended
            || row.status == InstanceStatus::Stalled && !retry && !history.is_empty();
        if waits || report.is_some() {
            let report = report.filter(|_| !waits);
            return Standing::Known(Kept::Stopped { history, report });
        }
        if history.is_empty() {
            return Standing::Known(Kept::NotBegun);
        }
        let Some(orchestrator) = self.registry.orchestrator(&row.name, &row.version) else {
            let (name, version) = (&row.name, &row.version);
            let report = format!("no orchestrator `{name}` version `{version}` is registered");
            return Standing::Known(Kept::Stopped {
                history,
                report: Some(report),
            });
        };
        Standing::Replays(history, Arc::clone(&orchestrator.start))
    }
}

/// Where an instance stands, as far as its row tells.
enum Standing {
    Known(Kept),
    /// Its code has to be replayed.
    Replays(History, Arc<StartFn>),
}

/// Where the code comes to by its history.
pub(super) fn replayed(
    config: &machine::Config,
    row: &InstanceRow,
    history: History,
    start: &StartFn,
    discards: &Discards,
) -> Kept {
    let span = tracing::debug_span!("replay", instance = %row.id, turns = history.turns().len());
    let replayed = span.in_scope(|| resume(config, row, &history, start));
    let report = match replayed {
        Ok(Some(continuation)) => {
            return Kept::Continuation(Resting::new(Box::new(continuation), discards));
        }
        Ok(None) => ended_early(&history),
        Err(ReplayError::Nondeterminism(found)) => found.report(&config.line_of),
        Err(error) => error.to_string(),
    };
    Kept::Stopped {
        report: Some(report),
        history,
    }
}

/// Why an instance does not go on without what it was sent.
fn cannot_be_read(messages: &[UnreadableMessage]) -> Option<String> {
    let UnreadableMessage {
        id, kind, error, ..
    } = messages.first()?;
    let count = messages.len();
    Some(format!(
        "{count} of its messages cannot be read, first the `{kind}` with the number {id}: {error}"
    ))
}

fn ended_early(history: &History) -> String {
    let last = history.events().last().map(HistoryEvent::is_terminal);
    format!("its history ends (terminal event last: {last:?}) though its row says that it goes on")
}

/// Stands in for the code of an orchestrator that this worker does not have.
#[expect(clippy::needless_pass_by_value, reason = "the form of a `StartFn`")]
pub(super) fn not_registered(cursor: Cursor, _: Option<Payload>) -> BoxFuture<'static, BodyEnd> {
    let report = format!(
        "the orchestrator of `{}` is not registered",
        cursor.instance_id()
    );
    Box::pin(std::future::ready(BodyEnd::Stalled(report)))
}
