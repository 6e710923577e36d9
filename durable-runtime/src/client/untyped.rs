//! An instance without the types of its orchestrator.

use serde::Serialize;

use super::ClientError;
use super::Instance;
use super::InstanceInfo;
use super::Raise;
use crate::history::ExternalEvent;
use crate::orchestration::Orchestrator;
use crate::orchestration::Untyped;

/// Methods that work with names and recorded values instead of types.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_runtime::work::InstanceStatus;
/// # async fn example(client: Client) -> Result<(), ClientError> {
/// let mut stalled = client.instances().status(InstanceStatus::Stalled).page(100);
/// while let Some(page) = stalled.next_page().await? {
///     for info in page {
///         let instance = client.instance(info.id());
///         instance.raise("Approval", &true).await?;
///         instance.terminate("nobody knows it any more").await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
impl Instance<Untyped> {
    /// Returns the same instance with the types of `O`. It does not check whether the instance is one
    /// of `O`; if it is not, reading its values may fail.
    pub fn of<O: Orchestrator>(&self) -> Instance<O> {
        Instance::to(self.target.clone())
    }

    /// Raises an event by its name. If the process that has the store also has the orchestrator's
    /// code, it refuses an event that the orchestrator does not declare, and a value that does not
    /// decode as the declared event. [`undeclared`](Raise::undeclared) raises it anyway.
    pub fn raise<V: Serialize + ?Sized>(&self, name: impl Into<String>, value: &V) -> Raise {
        Raise::by_name(self.target.clone(), name.into(), value)
    }

    /// Returns the instance as it is now, with values in their recorded form.
    ///
    /// # Errors
    /// [`ClientError::InvalidInstanceId`], [`ClientError::NotFound`], [`ClientError::Store`].
    pub async fn status(&self) -> Result<InstanceInfo, ClientError> {
        Ok(InstanceInfo::new(self.target.row().await?))
    }

    /// Returns the events that were sent to the instance and that it has not read, oldest first.
    /// After its end, these are the events that it never read.
    ///
    /// # Errors
    /// [`ClientError::InvalidInstanceId`], [`ClientError::NotFound`], [`ClientError::Store`].
    pub async fn unread_events(&self) -> Result<Vec<ExternalEvent>, ClientError> {
        self.target.commands()?.unread_events(self.id()).await
    }
}
