//! Calling and signalling entities from outside, and reading their state.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::future::Either;
use futures_util::future::select;

use super::ClientError;
use super::EntityInfo;
use crate::callable::CallableError;
use crate::commands::Commands;
use crate::commands::DelayedSignal;
use crate::commands::EntityRequest;
use crate::commands::WithdrawRequest;
use crate::entity::Entity;
use crate::entity::Operation;
use crate::ids::EntityId;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;
use crate::work::SignalRef;

/// A client's handle on one entity. The clients that `#[entity]` generates contain one.
///
/// What is wrong with its key, each call says: [`ClientError::InvalidEntityKey`].
pub struct EntityHandle<E> {
    commands: Arc<dyn Commands>,
    id: EntityId,
    entity: PhantomData<fn() -> E>,
}

impl<E: Entity> EntityHandle<E> {
    pub(super) fn new(commands: Arc<dyn Commands>, key: &str) -> Self {
        Self {
            commands,
            id: EntityId::new(E::NAME, key),
            entity: PhantomData,
        }
    }

    /// Returns the entity's name and key.
    pub fn id(&self) -> &EntityId {
        &self.id
    }

    /// Returns a call of an operation. Generated code uses it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what a call is given is given away"
    )]
    pub fn call<A: Arguments, T: Recorded, F: CallableError>(
        &self,
        operation: &'static str,
        arguments: A,
    ) -> ClientCall<T, F> {
        ClientCall {
            sending: self.sending(operation, arguments.encode()),
            timeout: None,
            result: PhantomData,
        }
    }

    /// Returns a signal. Generated code uses it.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what a signal is given is given away"
    )]
    pub fn signal<A: Arguments>(&self, operation: &'static str, arguments: A) -> ClientSignal {
        ClientSignal(self.sending(operation, arguments.encode()))
    }

    /// Returns a call of the operation `O`. Generated code uses it.
    pub fn operation_call<O: Operation>(
        &self,
        arguments: O::Arguments,
    ) -> ClientCall<O::Output, O::Error> {
        self.call(O::NAME, arguments)
    }

    /// Returns a signal that asks for the operation `O`. Generated code uses it.
    pub fn operation_signal<O: Operation>(&self, arguments: O::Arguments) -> ClientSignal {
        self.signal(O::NAME, arguments)
    }

    fn sending(
        &self,
        operation: &'static str,
        input: Result<Option<Payload>, CodecError>,
    ) -> Sending {
        Sending {
            commands: Arc::clone(&self.commands),
            id: self.id.clone(),
            operation,
            input,
            delay: None,
            dedup_id: None,
        }
    }

    /// Where requests about it go.
    ///
    /// # Errors
    /// [`ClientError::InvalidEntityKey`].
    fn commands(&self) -> Result<&Arc<dyn Commands>, ClientError> {
        self.id.check_key()?;
        Ok(&self.commands)
    }

    /// Returns the last committed state without waiting for pending messages, or `None` if there is
    /// none. Writes nothing.
    ///
    /// # Errors
    /// [`ClientError::Codec`] if the state does not decode as an `E`, [`ClientError::Store`].
    pub async fn state(&self) -> Result<Option<E>, ClientError> {
        let listing = self.commands()?.entity(&self.id).await?;
        let state = listing.and_then(|listing| listing.row.state);
        Ok(state.as_ref().map(E::load).transpose()?)
    }

    /// Returns the delayed signals that have not been delivered to the entity yet, from all
    /// senders, in the order in which they were sent.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub async fn delayed_signals(&self) -> Result<Vec<DelayedSignal>, ClientError> {
        let mut found: Vec<DelayedSignal> = Vec::new();
        loop {
            let last = found.last().map(|signal| signal.id);
            let page = self.commands()?.delayed_signals(&self.id, last).await?;
            // A page may be short because it is large, so only an empty one is the end.
            if page.is_empty() {
                return Ok(found);
            }
            found.extend(page);
        }
    }

    /// Withdraws a delayed signal, so that it never runs.
    ///
    /// ```
    /// # use durable_runtime::client::ClientError;
    /// # use durable_runtime::client::EntityHandle;
    /// # use durable_runtime::entity::Entity;
    /// # async fn example<E: Entity>(account: EntityHandle<E>) -> Result<(), ClientError> {
    /// for signal in account.delayed_signals().await? {
    ///     account.withdraw(&signal).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::AlreadyDelivered`] if the signal ran or was withdrawn before;
    /// [`ClientError::Store`].
    pub async fn withdraw(&self, signal: &DelayedSignal) -> Result<(), ClientError> {
        let request = WithdrawRequest {
            entity: self.id.clone(),
            signal: SignalRef::Id(signal.id),
            command: super::command::fresh(),
        };
        self.commands()?.signal_withdraw(request).await
    }

    /// Returns what is known about the entity; `None` if it has no state, is not locked and no
    /// message waits for it.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub async fn info(&self) -> Result<Option<EntityInfo>, ClientError> {
        let listing = self.commands()?.entity(&self.id).await?;
        Ok(listing.map(EntityInfo::new))
    }
}

impl<E> Clone for EntityHandle<E> {
    fn clone(&self) -> Self {
        Self {
            commands: Arc::clone(&self.commands),
            id: self.id.clone(),
            entity: PhantomData,
        }
    }
}

impl<E> fmt::Debug for EntityHandle<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EntityHandle").field(&self.id).finish()
    }
}

/// An operation that is to be sent.
#[derive(Debug, Clone)]
struct Sending {
    commands: Arc<dyn Commands>,
    id: EntityId,
    operation: &'static str,
    input: Result<Option<Payload>, CodecError>,
    delay: Option<Duration>,
    dedup_id: Option<String>,
}

impl Sending {
    fn request(self, wants_answer: bool) -> Result<EntityRequest, ClientError> {
        // Here and not in `entity(..)`, which returns no result.
        self.id.check_key()?;
        let is_deduplicated = self.dedup_id.is_some();
        let command = match self.dedup_id {
            // Two operations of one entity may be given the same id and are two commands.
            Some(id) => format!("{}:{id}", self.operation),
            None => super::command::fresh(),
        };
        Ok(EntityRequest {
            entity: self.id,
            operation: self.operation.to_owned(),
            input: self.input?,
            wants_answer,
            delay: self.delay,
            command,
            is_deduplicated,
        })
    }
}

/// A call of an entity's operation from outside. `.await` sends it and waits for the answer.
///
/// If you drop it after it was sent, the operation still runs.
///
/// # Errors
/// [`OperationError::Failed`] if the operation returned an error or could not run;
/// [`OperationError::TimedOut`]; [`OperationError::Client`] if it was not sent.
#[must_use = "nothing is called before `.await`"]
pub struct ClientCall<T, E> {
    sending: Sending,
    timeout: Option<Duration>,
    result: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> ClientCall<T, E> {
    /// Waits no longer than `timeout` for the answer, then returns [`OperationError::TimedOut`].
    /// The operation may still run.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs the operation once, however often it is called with this id. Each call gets the same
    /// answer.
    pub fn dedup_id(mut self, id: impl Into<String>) -> Self {
        self.sending.dedup_id = Some(id.into());
        self
    }
}

impl<T: Recorded, E: CallableError> ClientCall<T, E> {
    async fn call(self) -> Result<T, OperationError<E>> {
        let commands = Arc::clone(&self.sending.commands);
        let request = self.sending.request(true)?;
        let ticket = commands.entity_send(request).await;
        let ticket = ticket?;
        let answer = commands.entity_answer(&ticket);
        let answer = match self.timeout {
            None => answer.await,
            Some(timeout) => match select(answer, commands.wait(timeout)).await {
                Either::Left((answer, _)) => answer,
                // The operation is on its way all the same: nothing is taken back, and a call with
                // the same `dedup_id` gets its answer.
                Either::Right(_) => return Err(OperationError::TimedOut),
            },
        };
        match answer? {
            Ok(value) => Ok(T::from_payload(&value).map_err(ClientError::from)?),
            Err(error) => {
                let error = E::from_call_error(error).map_err(ClientError::from)?;
                Err(OperationError::Failed(error))
            }
        }
    }
}

impl<T: Recorded, E: CallableError> IntoFuture for ClientCall<T, E> {
    type Output = Result<T, OperationError<E>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.call())
    }
}

impl<T, E> fmt::Debug for ClientCall<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientCall").field(&self.sending).finish()
    }
}

/// A signal to an entity from outside. `.await` returns once the signal is durable. Nobody learns
/// how its operation ends.
///
/// # Errors
/// [`ClientError::InvalidEntityKey`], [`ClientError::PayloadTooLarge`],
/// [`ClientError::LimitExceeded`], [`ClientError::Codec`]: nothing was written.
/// [`ClientError::Store`].
#[derive(Debug)]
#[must_use = "nothing is signalled before `.await`"]
pub struct ClientSignal(Sending);

impl ClientSignal {
    /// Delivers it after `delay`. Delayed signals keep no order with other messages.
    pub fn after(mut self, delay: Duration) -> Self {
        self.0.delay = Some(delay);
        self
    }

    /// Delivers it once, however often it is sent with this id.
    pub fn dedup_id(mut self, id: impl Into<String>) -> Self {
        self.0.dedup_id = Some(id.into());
        self
    }

    async fn send(self) -> Result<SentSignal, ClientError> {
        let commands = Arc::clone(&self.0.commands);
        let request = self.0.request(false)?;
        let entity = request.entity.clone();
        let command = request.command.clone();
        commands.entity_send(request).await?;
        Ok(SentSignal {
            commands,
            entity,
            command,
        })
    }
}

/// A signal that was sent. You can withdraw it while it is delayed.
#[derive(Debug, Clone)]
pub struct SentSignal {
    commands: Arc<dyn Commands>,
    entity: EntityId,
    command: String,
}

impl SentSignal {
    /// Withdraws the signal, so that it never runs. For a day, a repeated call returns the same
    /// answer.
    ///
    /// # Errors
    /// [`ClientError::AlreadyDelivered`] if the signal was not delayed, ran, or was withdrawn by
    /// another call; [`ClientError::Store`].
    pub async fn withdraw(&self) -> Result<(), ClientError> {
        let request = WithdrawRequest {
            entity: self.entity.clone(),
            signal: SignalRef::Command(self.command.clone()),
            // Made of the command of the signal: asked twice, it is one withdrawal.
            command: super::command::withdrawing(&self.command),
        };
        self.commands.signal_withdraw(request).await
    }
}

impl IntoFuture for ClientSignal {
    type Output = Result<SentSignal, ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Why a call of an entity has no value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError<E> {
    /// The operation returned this error, or failed in a way that its error type took as
    /// [`Failure`](crate::Failure).
    #[error("the operation failed")]
    Failed(#[source] E),
    /// The operation has not answered yet.
    #[error("the entity did not answer in time")]
    TimedOut,
    /// The operation was not called, or the client does not know whether it was.
    #[error(transparent)]
    Client(#[from] ClientError),
}
