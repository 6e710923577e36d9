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
use super::suspects::Fate;
use super::work::Replay;
use super::work::Replayed;
use super::work::Work;
use crate::failure::Failure;
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
use crate::running::Computation;
use crate::running::Mark;
use crate::running::Running;
use crate::store::Loaded;
use crate::store::StoreError;
use crate::store::UnreadableMessage;
use crate::work::ActivityTask;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Message;
use crate::work::MessageBody;

/// How many instances are read from the store at once.
const LOADS_AT_ONCE: usize = 8;

impl Dispatcher {
    /// Loads what is not in memory of a batch. Returns the instances and the entities that can make a
    /// turn. After an error all of it waits to be loaded again.
    pub(super) async fn load_batch(
        &mut self,
        batch: &[InstanceKey],
    ) -> Result<(Vec<InstanceKey>, Vec<InstanceKey>), DispatcherError> {
        let loaded = self.load_both(batch).await;
        // They were taken from the queue of those that are ready. An error would otherwise leave
        // them with messages and without a turn.
        if loaded.is_err() {
            for key in batch {
                self.instances.make_ready(*key);
            }
        }
        loaded
    }

    async fn load_both(
        &mut self,
        batch: &[InstanceKey],
    ) -> Result<(Vec<InstanceKey>, Vec<InstanceKey>), DispatcherError> {
        let (entities, instances) = batch.iter().partition(|key| key.is_entity());
        let instances = self.load_missing(instances).await?;
        let entities = self.load_entities(entities).await?;
        Ok((instances, entities))
    }

    /// Loads those of `keys` whose position is not in memory. Returns those that can make a turn.
    pub(super) async fn load_missing(
        &mut self,
        keys: Vec<InstanceKey>,
    ) -> Result<Vec<InstanceKey>, DispatcherError> {
        let missing = |key: &InstanceKey| {
            self.instances
                .get(*key)
                // An instance that is in memory is as it was committed last: only this worker
                // writes it.
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
        // `buffered` and not `buffer_unordered`: the order of turns must not depend on which read
        // is quicker.
        let loaded: Vec<_> = stream::iter(loads).buffered(LOADS_AT_ONCE).collect().await;
        let mut out_of_reach = Vec::new();
        let mut replays = Vec::new();
        let mut failed = None;
        for (key, result) in loaded {
            match result {
                // The unit in the row decides, not the one that came with the message: it may have
                // gone to another worker in between.
                Ok(Some(loaded)) if self.units.contains(&loaded.instance.unit) => {
                    replays.extend(self.loaded(key, loaded));
                }
                Ok(_) => {
                    self.discard(key);
                    out_of_reach.push(key);
                }
                // What was read along with it counts.
                Err(error) if error.is_transient() || matches!(error, StoreError::Fenced) => {
                    failed = Some(error);
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
        // All at once, and after all reads: what holds its thread is left, and the others go on.
        for made in self.compute(replays).await {
            self.take_in(made);
        }
        if let Some(error) = failed {
            return Err(error.into());
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
        // They fire for nobody here, and their next owner has them in its own window.
        self.timers.gone_with(key);
        self.suspect_turns.forgive(key);
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
        let forgets = mutant(Mutant::CureForgetsKept) && instance.status == InstanceStatus::Stalled;
        if forgets {
            drop(inbox);
        } else if instance.status != InstanceStatus::Suspended || self.instances.is_to_end(key) {
            self.instances.inbox_loaded(key, inbox);
        }
        let slot = self.instances.slot(key);
        // Its replay may hold its thread, and the unit go to another worker meanwhile.
        slot.unit = Some(instance.unit);
        // They are parked with the commit of the stall that they are the reason for.
        slot.unreadable = unreadable.iter().map(|message| message.id).collect();
        let retry = std::mem::take(&mut slot.retry);
        // Taken, so that it stalls the instance once: after a resume it is tried again.
        let overdue = match slot.overdue.take() {
            Some(Overdue::Turn(report)) => Some(report),
            _ => None,
        };
        let report = overdue.or_else(|| cannot_be_read(&unreadable));
        let history = match turns.and_then(History::try_from) {
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
        // Asked before the replay and not after it: the replay is what the process would die of.
        let deadly = self.suspect_turns.stalls(key, instance.execution);
        let report = report.or(deadly);
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
                running: self.running.clone(),
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
        // A message that cannot be read was found during the replay; loaded again, it is seen.
        if std::mem::take(&mut self.instances.slot(key).outdated) {
            return self.instances.make_ready(key);
        }
        if let Kept::Continuation(continuation) = &position {
            let open = self.open_attempts(key, instance.execution, continuation);
            // Looked for before anything is called lost: an attempt that this worker could not make
            // has not been lost by it.
            let unknown = open.iter().find_map(|task| self.pool.refuses(&task.name));
            match unknown {
                // One that this worker could not make either is not counted: the instance stalls.
                Some(reason) if instance.status != InstanceStatus::Stalled => {
                    self.block(key, reason);
                }
                _ => self.find_lost(key, &open, heartbeats),
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

    /// The attempts that the history says are under way, and that this worker does not make.
    fn open_attempts(
        &self,
        key: InstanceKey,
        execution: Execution,
        continuation: &Continuation,
    ) -> Vec<ActivityTask> {
        let is_running = |path: &CallPath| self.pool.has(&(key, execution, path.clone()));
        continuation.unstarted_attempts(&is_running)
    }

    /// Queues the news of attempts whose worker died. The others begin, or begin anew, once it is
    /// committed that the instance goes on.
    fn find_lost(&mut self, key: InstanceKey, open: &[ActivityTask], progress: Vec<Heartbeat>) {
        let at = self.clock.now();
        if mutant(Mutant::LostAttemptForgotten) {
            return;
        }
        for task in open {
            let heartbeat = progress_of(task, &progress);
            let of = Computation::attempt(key, task.execution, &task.path);
            // It has reported something since it began, so it was alive and not stuck at the start.
            if heartbeat.is_some() && heartbeat != task.heartbeat {
                self.pool.suspects.lives(&of);
            }
            let body = match self.pool.suspects.fate(of, task.attempt) {
                // It is begun later, when it is committed that the instance goes on (`start_kept`).
                Fate::IsMade => continue,
                Fate::WasLost => task.lost(heartbeat, false),
                Fate::IsToBlame(attempts) => taken_down(task, u32::from(attempts)),
            };
            let queue = &mut self.instances.slot(key).queue;
            // Behind the inbox, which was loaded just now: if the end of the attempt is in there,
            // it comes first and counts (A6).
            queue.push_back(Message { id: None, at, body });
        }
        let slot = self.instances.slot(key);
        (slot.cured, slot.progress) = (true, progress);
    }

    /// Makes the attempts that an instance was kept from, or that nobody makes any more, except those
    /// that have ended: how is in its inbox.
    pub(super) fn start_kept(&mut self, key: InstanceKey) {
        let progress = std::mem::take(&mut self.instances.slot(key).progress);
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
            // An end that waits in the queue is as good as one that was taken: begun again, its
            // effect would happen twice.
            self.pool.has(&(key, execution, path.clone())) || slot.queue.iter().any(ends)
        };
        for mut task in continuation.unstarted_attempts(&is_over) {
            // What the last attempt has reported is in the store and not in the history (A5).
            task.heartbeat = progress_of(&task, &progress).or(task.heartbeat);
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
        // A stalled instance is replayed only when it is to be tried again: each message would
        // otherwise pay for a replay that stalls again.
        let waits = row.status == InstanceStatus::Suspended
            || row.status == InstanceStatus::Stalled && !retry && !history.is_empty();
        if waits || report.is_some() {
            // It has a reason already, which a new one must not replace.
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
    running: &Running,
) -> Kept {
    let span = tracing::debug_span!("replay", instance = %row.id, turns = history.turns().len());
    let of = Computation::Turn {
        key: row.key,
        execution: row.execution,
    };
    let number = history.next_turn();
    let begun = running.begin(Mark { of, number });
    let replayed = span.in_scope(|| resume(config, row, &history, start));
    // Before the result is looked at: the computation ends here, and its mark with it.
    drop(begun);
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

/// The last progress that attempts of a call have reported, if that is stored.
fn progress_of(task: &ActivityTask, progress: &[Heartbeat]) -> Option<Payload> {
    let of_call = |h: &&Heartbeat| h.execution == task.execution && h.path == task.path;
    let heartbeat = progress.iter().find(of_call);
    heartbeat.map(|heartbeat| heartbeat.progress.clone())
}

/// The news that an activity takes its workers down.
fn taken_down(task: &ActivityTask, attempts: u32) -> MessageBody {
    MessageBody::ActivityAttemptFailed {
        execution: task.execution,
        path: task.path.clone(),
        attempt: task.attempt,
        error: Failure::WorkerLost { attempts }.into(),
        retryable: false,
        heartbeat: None,
    }
}

fn ended_early(history: &History) -> String {
    let last = history.events().last().map(HistoryEvent::is_terminal);
    format!(
        "its history has ended (terminal event last: {last:?}), but its row says that it is live"
    )
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
