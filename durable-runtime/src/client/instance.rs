//! An instance, typed by its orchestrator.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Cancel;
use super::ClientError;
use super::InstanceResult;
use super::Purge;
use super::Raise;
use super::Restart;
use super::Resume;
use super::Status;
use super::Suspend;
use super::Terminate;
use super::Waiting;
use super::target::Target;
use super::waiting::open_calls;
use super::waiting::placed;
use super::waiting::unless_unreadable;
use crate::commands::Commands;
use crate::history::History;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::orchestration::Declares;
use crate::orchestration::Event;
use crate::orchestration::Orchestrator;
use crate::orchestration::Untyped;
use crate::work::InstanceRow;

/// A handle on an instance of the orchestrator `O`. Without `O`, the types of the instance are not
/// known. Cloning is cheap.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # #[derive(Event, serde::Serialize, serde::Deserialize)]
/// # struct Approval { by: String }
/// # #[orchestrator(events(Approval))]
/// # async fn approve(ctx: &OrchestrationContext) -> String { ctx.wait_for::<Approval>().await.by }
/// # async fn example(client: ApproveClient) -> Result<(), Box<dyn std::error::Error>> {
/// let instance = client.start().id("approval-1").await?;
/// instance.raise(Approval { by: "Ada".to_owned() }).await?;
/// let by = instance.result().timeout(seconds(30)).await?;
/// # Ok(())
/// # }
/// ```
///
/// If its id is invalid, each call returns [`ClientError::InvalidInstanceId`].
pub struct Instance<O = Untyped> {
    pub(super) target: Target,
    orchestrator: PhantomData<fn() -> O>,
}

impl<O> Instance<O> {
    pub(super) fn new(commands: Arc<dyn Commands>, id: InstanceId) -> Self {
        Self::to(Target::new(commands, id))
    }

    pub(super) fn to(target: Target) -> Self {
        Self {
            target,
            orchestrator: PhantomData,
        }
    }

    /// Returns the instance's id, as it was given.
    pub fn id(&self) -> &InstanceId {
        &self.target.id
    }

    /// Ends the instance at once, together with its sub-orchestrations. Returns once the request is
    /// durable; with [`wait`](Terminate::wait) once the instance has ended.
    pub fn terminate(&self, reason: impl Into<String>) -> Terminate {
        Terminate::new(self.target.clone(), reason.into())
    }

    /// Asks the instance to end itself. If it then returns an error, its status is `Canceled`. Returns
    /// once the request is durable; with [`wait`](Cancel::wait) once the instance has ended.
    pub fn cancel(&self) -> Cancel {
        Cancel::new(self.target.clone())
    }

    /// Suspends the instance: it keeps what comes in until it is [resumed](Self::resume). Returns
    /// once the request is durable; with [`wait`](Suspend::wait) once the instance is suspended.
    pub fn suspend(&self) -> Suspend {
        Suspend::new(self.target.clone())
    }

    /// Lets the instance continue after it was suspended or has stalled. Returns once the request
    /// is durable; with [`wait`](Resume::wait) once the instance continues.
    pub fn resume(&self) -> Resume {
        Resume::new(self.target.clone())
    }

    /// Starts the instance once more, with the same input.
    pub fn restart(&self) -> Restart<O> {
        Restart::new(self.target.clone())
    }

    /// Deletes the instance and everything that the store has of it, once it has ended.
    pub fn purge(&self) -> Purge {
        Purge::new(self.target.clone())
    }

    /// Returns the history of the current execution.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Store`].
    pub async fn history(&self) -> Result<History, ClientError> {
        self.target.commands()?.history(self.id(), None).await
    }

    /// Returns the history of one execution.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Store`].
    pub async fn history_of(&self, execution: Execution) -> Result<History, ClientError> {
        let commands = self.target.commands()?;
        commands.history(self.id(), Some(execution)).await
    }
}

impl<O: Orchestrator> Instance<O> {
    /// Raises an event that the orchestrator declares. Returns once the event is durable. An accepted
    /// event is in the inbox before the instance ends.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is raised is given away"
    )]
    pub fn raise<E: Event>(&self, event: E) -> Raise
    where
        O: Declares<E>,
    {
        Raise::new(self.target.clone(), &event)
    }

    /// Waits for the result of the instance.
    pub fn result(&self) -> InstanceResult<O> {
        InstanceResult::new(self.target.clone())
    }

    /// Returns the instance as it is now, with the types of its orchestrator. A restart, a suspend or
    /// a resume that a client has requested shows at once, even before the worker has acted on it. An
    /// end shows once the instance has ended.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Codec`] if a recorded value does not decode as its
    /// type, [`ClientError::Store`].
    pub async fn status(&self) -> Result<Status<O::Output, O::Error, O::Status>, ClientError> {
        // In this order: an event that is not seen here any more shows its effect in the row.
        let unread = self.target.commands()?.unread_events(self.id()).await;
        let row = self.target.row().await?;
        let unread = unless_unreadable(&row, unread)?;
        let waits_in = self.waits_in(&row).await?;
        Status::new(row, unread, waits_in)
    }

    /// What it waits for, if its first turn was recorded and it has not ended.
    async fn waits_in(&self, row: &InstanceRow) -> Result<Vec<Waiting>, ClientError> {
        let calls = open_calls(&**self.target.commands()?, row).await?;
        // Nothing is to be placed, so no state machine has to be made.
        if calls.is_empty() {
            return Ok(calls);
        }
        let machine = O::DEFINITION.state_machine();
        let calls = calls.into_iter();
        Ok(calls.map(|call| placed(call, &machine)).collect())
    }
}

impl<O> Clone for Instance<O> {
    fn clone(&self) -> Self {
        Self {
            target: self.target.clone(),
            orchestrator: PhantomData,
        }
    }
}

impl<O> fmt::Debug for Instance<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instance").field(self.id()).finish()
    }
}
