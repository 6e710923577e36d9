//! An instance without the types of its orchestrator.

use serde::Serialize;

use super::ClientError;
use super::Instance;
use super::InstanceInfo;
use super::Raise;
use crate::orchestration::Orchestrator;
use crate::orchestration::Untyped;
use crate::work::UnreadEvent;

/// What goes by names and recorded values.
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
    /// The same as an instance of `O`. Whether it is one, shows when its values are read.
    pub fn of<O: Orchestrator>(&self) -> Instance<O> {
        Instance::to(self.target.clone())
    }

    /// Raises an event by its name, with a value as it is recorded. One that the orchestrator does not
    /// declare, or whose value it cannot read, is refused, as far as the code is known where the store
    /// is: [`undeclared`](Raise::undeclared) raises it all the same.
    pub fn raise<V: Serialize + ?Sized>(&self, name: impl Into<String>, value: &V) -> Raise {
        Raise::by_name(self.target.clone(), name.into(), value)
    }

    /// The instance as it is now, with its values as recorded.
    ///
    /// # Errors
    /// [`ClientError::InvalidInstanceId`], [`ClientError::NotFound`], [`ClientError::Store`].
    pub async fn status(&self) -> Result<InstanceInfo, ClientError> {
        Ok(InstanceInfo::new(self.target.row().await?))
    }

    /// The events it was sent and has not read, oldest first; once it has ended, those it never read.
    ///
    /// # Errors
    /// [`ClientError::InvalidInstanceId`], [`ClientError::NotFound`], [`ClientError::Store`].
    pub async fn unread_events(&self) -> Result<Vec<UnreadEvent>, ClientError> {
        Ok(self.target.commands()?.unread_events(self.id()).await?)
    }
}
