//! Executes the commands of a client on a store of this process.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::future::Either;
use futures_util::future::select;

use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::commands::ClientError;
use crate::commands::Commands;
use crate::commands::Control;
use crate::commands::DelayedSignal;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::commands::EntityPage;
use crate::commands::EntityRequest;
use crate::commands::EntityTicket;
use crate::commands::IfExists;
use crate::commands::InstanceFilter;
use crate::commands::InstancePage;
use crate::commands::Limits;
use crate::commands::OrchestratorCode;
use crate::commands::PageToken;
use crate::commands::Purged;
use crate::commands::StartAt;
use crate::commands::StartRequest;
use crate::commands::Started;
use crate::commands::UndeclaredEvent;
use crate::commands::UndecodableEvent;
use crate::commands::WithdrawRequest;
use crate::commands::version_for;
use crate::failure::CallResult;
use crate::history::ExternalEvent;
use crate::history::History;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::machine;
use crate::notifier::Notifier;
use crate::payload::Payload;
use crate::registry::closest;
use crate::salt::Salt;
use crate::salt::SaltSource;
use crate::salt::SystemSalts;
use crate::store::Created;
use crate::store::InstanceCommand;
use crate::store::Sent;
use crate::store::Store;
use crate::store::StoreError;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::MessageBody;
use crate::work::NewInstance;

/// How long to wait before asking an unavailable store again. After the last wait, the command
/// returns the store's error.
const RETRY_WAITS: [Duration; 5] = [
    Duration::from_millis(10),
    Duration::from_millis(30),
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
];

/// The shortest and the longest interval for polling an instance that another process may own.
pub(super) const SHORTEST_POLL: Duration = Duration::from_millis(10);
pub(super) const LONGEST_POLL: Duration = Duration::from_secs(1);

/// How many instances one transaction of a purge deletes.
const PURGED_AT_ONCE: u32 = 128;

/// [`Commands`] on a [`Store`] of this process.
///
/// It checks sizes and numbers before it writes anything. If the store is not available, it asks
/// again for a short while. That is safe, because each command carries an id that makes it count once.
#[derive(Debug, Clone)]
pub struct StoreCommands {
    pub(super) store: Arc<dyn Store>,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: Limits,
    salts: Arc<dyn SaltSource>,
    code: Arc<[OrchestratorCode]>,
    /// Whether the store was opened for these commands alone.
    owns_store: bool,
}

impl StoreCommands {
    /// Creates commands on `store`. A worker of this process on the same store shares `notifier`, so
    /// that the two notify each other and need not poll.
    pub fn new(
        store: Arc<dyn Store>,
        notifier: Arc<dyn Notifier>,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Self {
        Self {
            store,
            notifier,
            clock,
            limits,
            salts: Arc::new(SystemSalts),
            code: Arc::from([]),
            owns_store: false,
        }
    }

    /// Sets the source of salts. By default they come from the operating system's randomness.
    #[must_use]
    pub fn salts(mut self, salts: Arc<dyn SaltSource>) -> Self {
        self.salts = salts;
        self
    }

    /// Sets the code of the orchestrators that this process has.
    #[must_use]
    pub fn code(mut self, code: Arc<[OrchestratorCode]>) -> Self {
        self.code = code;
        self
    }

    /// Makes [`close`](Commands::close) close the store, because it was opened for these commands
    /// alone.
    #[must_use]
    pub fn owning_the_store(mut self) -> Self {
        self.owns_store = true;
        self
    }

    async fn fetch(&self, id: &InstanceId) -> Result<Option<InstanceRow>, ClientError> {
        self.ask("read the instance", || self.store.instance_fetch(id))
            .await
    }

    async fn send(
        &self,
        id: &InstanceId,
        command: &str,
        body: MessageBody,
    ) -> Result<(), ClientError> {
        let sent = self.send_unless(id, command, body, Vec::new()).await?;
        self.told(id, sent)
    }

    /// Sends a message that instances of the lanes `refused_by` do not take.
    async fn send_unless(
        &self,
        id: &InstanceId,
        command: &str,
        body: MessageBody,
        refused_by: Vec<Lane>,
    ) -> Result<Sent, ClientError> {
        let now = self.clock.now();
        let command = InstanceCommand {
            command: command.to_owned(),
            body,
            refused_by,
            most_unread: self.most_unread(),
        };
        self.ask("send a message", || {
            self.store.message_send(id, &command, now)
        })
        .await
    }

    /// Acts on what became of a message, and tells its client.
    fn told(&self, id: &InstanceId, sent: Sent) -> Result<(), ClientError> {
        let id = id.clone();
        match sent {
            Sent::Accepted => self.notifier.message_sent(),
            Sent::Repeated => {}
            Sent::NotFound => return Err(ClientError::NotFound { id }),
            Sent::Finished(status) => return Err(ClientError::AlreadyFinished { id, status }),
            Sent::Refused(lane) => {
                return Err(ClientError::Store {
                    action: "send a message".into(),
                    source: format!("an instance of `{lane}` does not take it").into(),
                });
            }
            Sent::Backlogged => return Err(self.backlogged(id)),
        }
        Ok(())
    }

    /// Why the orchestrators whose code is in this process refuse an event, by their lanes.
    fn refusals(&self, event: &str, value: &Payload) -> HashMap<Lane, ClientError> {
        let refused = self.code.iter().filter_map(|code| {
            let refusal = check_declared(code, event, value).err()?;
            Some((Lane::orchestrator(code.name, code.version), refusal))
        });
        refused.collect()
    }

    fn most_unread(&self) -> u64 {
        self.limits.unread_events as u64
    }

    fn backlogged(&self, id: InstanceId) -> ClientError {
        let limit = self.limits.unread_events;
        ClientError::Backlogged { id, limit }
    }

    /// Asks the store. While it is not available, this asks again after short waits.
    pub(super) async fn ask<'a, T>(
        &self,
        action: &'static str,
        question: impl Fn() -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Result<T, ClientError> {
        let mut waits = RETRY_WAITS.into_iter();
        loop {
            let error = match question().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // What else is transient does not pass within a second.
            let passes = matches!(error, StoreError::Unavailable { .. });
            match waits.next().filter(|_| passes) {
                Some(wait) => self.wait(wait).await,
                None => return Err(refused(action, error)),
            }
        }
    }

    pub(super) fn check_payload(
        &self,
        what: &'static str,
        payload: &Payload,
    ) -> Result<(), ClientError> {
        let (actual, limit) = (payload.len(), self.limits.payload_bytes);
        if actual > limit {
            return Err(ClientError::PayloadTooLarge {
                what: what.into(),
                actual,
                limit,
            });
        }
        Ok(())
    }

    fn check_start(&self, request: &StartRequest) -> Result<(), ClientError> {
        check_limit("the number of tags", request.tags.len(), self.limits.tags)?;
        if let Some(event) = &request.event {
            self.check_event(&event.name, &event.payload)?;
        }
        match &request.input {
            Some(input) => self.check_payload("the input", input),
            None => Ok(()),
        }
    }

    fn check_event(&self, name: &str, payload: &Payload) -> Result<(), ClientError> {
        let length = name.chars().count();
        check_limit(
            "the length of the event's name",
            length,
            self.limits.event_name,
        )?;
        self.check_payload("the event", payload)
    }
}

#[async_trait]
impl Commands for StoreCommands {
    async fn close(&self) {
        if self.owns_store {
            self.store.close().await;
        }
    }

    async fn start(&self, request: StartRequest) -> Result<Started, ClientError> {
        self.check_start(&request)?;
        let version = match &request.version {
            Some(version) => version.clone(),
            None => version_for(&self.lanes().await?, &request.name, None)?,
        };
        let now = self.clock.now();
        let if_exists = request.if_exists.clone();
        let raises = request.event.is_some();
        let salt = self.salts.fresh();
        let salt = salt.map_err(|error| store_error("make a salt", error))?;
        let instance = new_instance(request, version, salt, now);
        let created = self
            .ask("create an instance", || {
                let most_unread = self.most_unread();
                self.store
                    .instance_create(&instance, &if_exists, most_unread, now)
            })
            .await?;
        let id = instance.id;
        match created {
            Created::Refused(status) if if_exists == IfExists::Use => {
                return Err(ClientError::AlreadyFinished { id, status });
            }
            Created::Refused(status) => return Err(ClientError::AlreadyExists { id, status }),
            Created::Backlogged => return Err(self.backlogged(id)),
            Created::Existed if raises => self.notifier.message_sent(),
            Created::Existed => {}
            Created::Created => match instance.start_at {
                Some(due) => self.notifier.timer_set(due),
                None => self.notifier.message_sent(),
            },
            Created::Replacing => self.notifier.message_sent(),
        }
        Ok(Started {
            id,
            existed: created == Created::Existed,
        })
    }

    async fn lanes(&self) -> Result<Vec<Lane>, ClientError> {
        self.ask("read what is registered", || self.store.lanes_registered())
            .await
    }

    async fn raise(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), ClientError> {
        self.check_event(name, &payload)?;
        self.send(id, command, event_raised(name, payload)).await
    }

    fn code_of(&self, name: &str, version: &str) -> Option<OrchestratorCode> {
        let mut code = self.code.iter();
        code.find(|code| code.name == name && code.version == version)
            .copied()
    }

    async fn raise_declared(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), ClientError> {
        self.check_event(name, &payload)?;
        // The store knows which of the orchestrators it is, in the transaction that sends the event.
        let mut refusals = self.refusals(name, &payload);
        let refused_by = refusals.keys().cloned().collect();
        let body = event_raised(name, payload);
        let sent = self.send_unless(id, command, body, refused_by).await?;
        if let Sent::Refused(lane) = &sent
            && let Some(refusal) = refusals.remove(lane)
        {
            return Err(refusal);
        }
        self.told(id, sent)
    }

    async fn control(
        &self,
        id: &InstanceId,
        control: Control,
        command: &str,
    ) -> Result<(), ClientError> {
        let body = match control {
            Control::Terminate { reason, recursive } => {
                check_limit("the reason", reason.len(), self.limits.payload_bytes)?;
                let by_parent = None;
                MessageBody::Terminate {
                    reason,
                    by_parent,
                    recursive,
                }
            }
            Control::Cancel { grace } => {
                let by_parent = None;
                MessageBody::Cancel { grace, by_parent }
            }
            Control::Suspend => MessageBody::Suspend,
            Control::Resume => MessageBody::Resume,
        };
        self.send(id, command, body).await
    }

    async fn restart(
        &self,
        id: &InstanceId,
        other: Option<InstanceId>,
        command: &str,
    ) -> Result<Started, ClientError> {
        let row = self.instance(id).await?;
        if other.is_none() && row.command == command {
            return Ok(Started {
                id: row.id,
                existed: false,
            });
        }
        let still_running = |status| ClientError::StillRunning {
            id: id.clone(),
            status,
        };
        if other.is_none() && !row.status.is_terminal() {
            return Err(still_running(row.status));
        }
        let anew = other.is_none();
        let request = StartRequest {
            id: Some(other.unwrap_or_else(|| id.clone())),
            name: row.name,
            version: Some(row.version),
            input: row.input,
            start_at: None,
            tags: row.tags,
            if_exists: if anew {
                IfExists::Replace(InstanceStatus::TERMINAL.to_vec())
            } else {
                IfExists::Fail
            },
            headers: row.headers,
            event: None,
            command: command.to_owned(),
        };
        match self.start(request).await {
            Err(ClientError::AlreadyExists { status, .. }) if anew => Err(still_running(status)),
            started => started,
        }
    }

    async fn purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
    ) -> Result<Purged, ClientError> {
        self.ask("purge instances", || {
            self.store
                .instances_purge(filter, children, after, PURGED_AT_ONCE)
        })
        .await
    }

    async fn count(&self, filter: &InstanceFilter) -> Result<u64, ClientError> {
        self.ask("count instances", || self.store.instances_count(filter))
            .await
    }

    async fn instance(&self, id: &InstanceId) -> Result<InstanceRow, ClientError> {
        self.fetch(id)
            .await?
            .ok_or_else(|| ClientError::NotFound { id: id.clone() })
    }

    /// Subscribes before it looks, so that it misses no change. A worker of this process wakes it at
    /// once. If another process owns the instance, this polls the store.
    async fn changed(&self, seen: &InstanceRow) {
        // A worker of this process tells of every change, so a look is only for what others do.
        let mut poll = if self.notifier.has_worker() {
            LONGEST_POLL
        } else {
            SHORTEST_POLL
        };
        loop {
            let change = self.notifier.change_of(seen.key);
            match self.store.instance_fetch(&seen.id).await {
                Ok(Some(row)) if row == *seen => {}
                // Changed, gone, or not to be read: whoever asked finds out by reading.
                _ => return,
            }
            let next_look = self.clock.sleep_for(poll);
            if let Either::Left(_) = select(Box::pin(change), next_look).await {
                return;
            }
            poll = (poll * 2).min(LONGEST_POLL);
        }
    }

    async fn wait(&self, wait: Duration) {
        self.clock.sleep_for(wait).await;
    }

    async fn history(
        &self,
        id: &InstanceId,
        execution: Option<Execution>,
    ) -> Result<History, ClientError> {
        const ACTION: &str = "read the history";
        let row = self.instance(id).await?;
        let execution = execution.unwrap_or(row.execution);
        let turns = self
            .ask(ACTION, || self.store.history_fetch(row.key, execution))
            .await?;
        History::try_from(turns).map_err(|error| store_error(ACTION, error))
    }

    async fn open_history(&self, id: &InstanceId) -> Result<History, ClientError> {
        const ACTION: &str = "read the history";
        let row = self.instance(id).await?;
        let unread = self.ask(ACTION, || self.store.events_unread(row.key));
        let turns = unread.await?.turns;
        History::try_from(turns).map_err(|error| store_error(ACTION, error))
    }

    async fn unread_events(&self, id: &InstanceId) -> Result<Vec<ExternalEvent>, ClientError> {
        const ACTION: &str = "read the unread events";
        let row = self.instance(id).await?;
        let unread = self.ask(ACTION, || self.store.events_unread(row.key));
        let unread = unread.await?;
        let history = History::try_from(unread.turns);
        let history = history.map_err(|error| store_error(ACTION, error))?;
        let taken = machine::unread_events(&history).into_iter();
        Ok(taken.chain(unread.inbox).collect())
    }

    async fn unread_count(&self, id: &InstanceId) -> Result<u64, ClientError> {
        let count = self.ask("count the unread events", || {
            self.store.events_unread_count(id)
        });
        let count = count.await?;
        count.ok_or_else(|| ClientError::NotFound { id: id.clone() })
    }

    async fn heartbeats(&self, id: &InstanceId) -> Result<Vec<Heartbeat>, ClientError> {
        let row = self.instance(id).await?;
        self.ask("read the progress of activities", || {
            self.store.heartbeats_fetch(row.key)
        })
        .await
    }

    async fn instances(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, ClientError> {
        self.ask("list instances", || {
            self.store.instances_list(filter, after, limit)
        })
        .await
    }

    async fn entity_send(&self, request: EntityRequest) -> Result<EntityTicket, ClientError> {
        self.send_to_entity(request).await
    }

    async fn entity_answer(&self, ticket: &EntityTicket) -> Result<CallResult, ClientError> {
        self.answer(ticket).await
    }

    async fn delayed_signals(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
    ) -> Result<Vec<DelayedSignal>, ClientError> {
        self.delayed(id, after).await
    }

    async fn signal_withdraw(&self, request: WithdrawRequest) -> Result<(), ClientError> {
        self.withdraw(request).await
    }

    async fn entity(&self, id: &EntityId) -> Result<Option<EntityListing>, ClientError> {
        self.ask("fetch an entity", || self.store.entity_fetch(id))
            .await
    }

    async fn entities(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, ClientError> {
        self.ask("list entities", || {
            self.store.entities_list(filter, after, limit)
        })
        .await
    }
}

fn new_instance(request: StartRequest, version: String, salt: Salt, now: Timestamp) -> NewInstance {
    NewInstance {
        id: request.id.unwrap_or_else(InstanceId::generate),
        salt,
        name: request.name,
        version,
        input: request.input,
        tags: request.tags,
        parent: None,
        start_at: request.start_at.map(|start| match start {
            StartAt::At(at) => at,
            StartAt::After(delay) => now + delay,
        }),
        command: request.command,
        headers: request.headers,
        event: request.event,
    }
}

fn event_raised(name: &str, payload: Payload) -> MessageBody {
    let name = name.to_owned();
    MessageBody::EventRaised { name, payload }
}

pub(super) fn check_limit(
    what: &'static str,
    actual: usize,
    limit: usize,
) -> Result<(), ClientError> {
    if actual > limit {
        return Err(ClientError::LimitExceeded {
            what: what.into(),
            actual,
            limit,
        });
    }
    Ok(())
}

/// Checks that `code` declares the event `name`, and can read `value` as it.
fn check_declared(code: &OrchestratorCode, name: &str, value: &Payload) -> Result<(), ClientError> {
    let Some(event) = code.event(name) else {
        let suggestion = closest(name, code.events.iter().map(|event| event.name));
        return Err(UndeclaredEvent::new(code, name, suggestion).into());
    };
    let taken = event.takes(value);
    taken.map_err(|problem| UndecodableEvent::new(code, &event, problem).into())
}

fn refused(action: &'static str, error: StoreError) -> ClientError {
    match error {
        StoreError::Closed { .. } => ClientError::Closed {
            action: action.into(),
        },
        error if error.is_transient() => ClientError::Unavailable {
            action: action.into(),
            source: Box::new(error),
        },
        error => store_error(action, error),
    }
}

fn store_error(
    action: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> ClientError {
    ClientError::Store {
        action: action.into(),
        source: Box::new(source),
    }
}
