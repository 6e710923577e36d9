//! Deleting instances that have ended.

use std::future::IntoFuture;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::ClientError;
use super::instances::NextPage;
use super::target::Target;
use crate::commands::Commands;
use crate::commands::InstanceFilter;

/// A request to delete an ended instance: its row, history, events and remembered commands, and
/// those of its sub-orchestrations. `.await` returns the number of deleted instances.
///
/// # Errors
/// [`ClientError::NotFound`], [`ClientError::StillRunning`], [`ClientError::Store`].
#[derive(Debug)]
#[must_use = "nothing is purged before `.await`"]
pub struct Purge {
    target: Target,
    children: bool,
}

impl Purge {
    pub(super) fn new(target: Target) -> Self {
        let children = true;
        Self { target, children }
    }

    /// Sets whether its ended sub-orchestrations are deleted too, except detached ones. By default
    /// they are.
    pub fn children(mut self, children: bool) -> Self {
        self.children = children;
        self
    }

    async fn send(self) -> Result<u64, ClientError> {
        let row = self.target.row().await?;
        let (commands, id) = (Arc::clone(self.target.commands()?), self.target.id);
        let still_running = |status| ClientError::StillRunning {
            id: id.clone(),
            status,
        };
        if !row.status.is_terminal() {
            return Err(still_running(row.status));
        }
        let filter = InstanceFilter {
            id: Some(id.clone()),
            ..InstanceFilter::default()
        };
        let mut chunks = PurgeChunks::new(commands, filter);
        chunks.children = self.children;
        match chunks.all().await? {
            // Somebody else has started it anew, or has purged it.
            0 => Err(still_running(chunks.commands.instance(&id).await?.status)),
            purged => Ok(purged),
        }
    }
}

impl IntoFuture for Purge {
    type Output = Result<u64, ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A purge of many instances, in bounded transactions. `.await` deletes all of them and returns
/// their number; [`next_chunk`](Self::next_chunk) runs one transaction.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_runtime::work::InstanceStatus;
/// # async fn example(client: Client, last_year: Timestamp) -> Result<(), ClientError> {
/// let mut purge = client
///     .instances()
///     .status(InstanceStatus::Completed)
///     .created_before(last_year)
///     .purge();
/// while let Some(deleted) = purge.next_chunk().await? {
///     println!("{deleted} more are gone");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ClientError::Store`]. The instances that it had deleted by then stay deleted.
#[derive(Debug)]
#[must_use = "nothing is purged before `.await`"]
pub struct PurgeChunks {
    commands: Arc<dyn Commands>,
    filter: InstanceFilter,
    children: bool,
    next: NextPage,
}

impl PurgeChunks {
    pub(super) fn new(commands: Arc<dyn Commands>, filter: InstanceFilter) -> Self {
        Self {
            commands,
            filter,
            children: true,
            next: NextPage::First,
        }
    }

    /// Sets whether the sub-orchestrations of those instances are deleted too, except detached
    /// ones. By default they are.
    pub fn children(mut self, children: bool) -> Self {
        self.children = children;
        self
    }

    /// Deletes as many instances as one transaction may, and returns how many; `None` if none is
    /// left. It does not delete instances that have not ended.
    ///
    /// # Errors
    /// [`ClientError::Store`]. You can ask for the same chunk again.
    pub async fn next_chunk(&mut self) -> Result<Option<u64>, ClientError> {
        let Some(after) = self.next.after() else {
            return Ok(None);
        };
        let purged = self
            .commands
            .purge(&self.filter, self.children, after)
            .await?;
        self.next = NextPage::from(purged.next);
        Ok(Some(purged.instances))
    }

    async fn all(&mut self) -> Result<u64, ClientError> {
        let mut all = 0;
        while let Some(purged) = self.next_chunk().await? {
            all += purged;
        }
        Ok(all)
    }
}

impl IntoFuture for PurgeChunks {
    type Output = Result<u64, ClientError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.all().await })
    }
}
