//! Lists of instances, page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::ClientError;
use super::InstanceInfo;
use super::PurgeChunks;
use crate::clock::Timestamp;
use crate::commands::Commands;
use crate::commands::InstanceFilter;
use crate::commands::PageToken;
use crate::ids::InstanceId;
use crate::payload::Payload;
use crate::work::InstanceStatus;

/// A query for instances; by default it lists all of them.
///
/// ```
/// # use durable_runtime::client::{Client, ClientError};
/// # use durable_runtime::work::InstanceStatus;
/// # async fn example(client: Client) -> Result<(), ClientError> {
/// let mut pages = client.instances().status(InstanceStatus::Failed).name("process_order").page(100);
/// while let Some(instances) = pages.next_page().await? {
///     for instance in instances {
///         println!("{}", instance.id());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is listed before `page(..)` and `next_page().await`"]
pub struct Instances {
    commands: Arc<dyn Commands>,
    filter: InstanceFilter,
}

impl Instances {
    pub(super) fn new(commands: Arc<dyn Commands>) -> Self {
        Self {
            commands,
            filter: InstanceFilter::default(),
        }
    }

    /// Lists only instances with this status. Call it again to add another status.
    pub fn status(mut self, status: InstanceStatus) -> Self {
        self.filter.statuses.push(status);
        self
    }

    /// Lists only instances of the orchestrator with this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.filter.name = Some(name.into());
        self
    }

    /// Lists only instances of this version of their orchestrator.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.filter.version = Some(version.into());
        self
    }

    /// Lists only instances with this tag. Call it again to require another tag, too.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.filter.tags.insert(key.into(), value.into());
        self
    }

    /// Lists only the sub-orchestrations that this instance itself called, and not theirs.
    pub fn parent(mut self, parent: &InstanceId) -> Self {
        self.filter.parent = Some(parent.clone());
        self
    }

    /// Lists only instances whose id begins with `prefix`.
    pub fn id_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.filter.id_prefix = Some(prefix.into());
        self
    }

    /// Lists only instances with this custom status.
    ///
    /// # Errors
    /// [`ClientError::Codec`] if the status has no recorded form.
    pub fn custom_status<S: Serialize + ?Sized>(mut self, status: &S) -> Result<Self, ClientError> {
        self.filter.custom_status = Some(Payload::encode(status)?);
        Ok(self)
    }

    /// Lists only instances that were created at `time` or after it.
    pub fn created_after(mut self, time: Timestamp) -> Self {
        self.filter.created_from = Some(time);
        self
    }

    /// Lists only instances that were created before `time`.
    pub fn created_before(mut self, time: Timestamp) -> Self {
        self.filter.created_before = Some(time);
        self
    }

    /// Lists only instances that last changed at `time` or after it.
    pub fn updated_after(mut self, time: Timestamp) -> Self {
        self.filter.updated_from = Some(time);
        self
    }

    /// Lists only instances that last changed before `time`.
    pub fn updated_before(mut self, time: Timestamp) -> Self {
        self.filter.updated_before = Some(time);
        self
    }

    /// Returns the number of instances.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub async fn count(&self) -> Result<u64, ClientError> {
        self.commands.count(&self.filter).await
    }

    /// Returns the number of instances of each status, without statuses that no instance has. It
    /// counts each status separately, so an instance that changes meanwhile may count twice or not at
    /// all.
    ///
    /// ```
    /// # use durable_runtime::client::{Client, ClientError};
    /// # use durable_runtime::work::InstanceStatus;
    /// # async fn example(client: Client) -> Result<(), ClientError> {
    /// let counts = client.instances().name("process_order").counts().await?;
    /// if let Some(stalled) = counts.get(&InstanceStatus::Stalled) {
    ///     println!("{stalled} orders wait for a worker that can run them");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub async fn counts(&self) -> Result<BTreeMap<InstanceStatus, u64>, ClientError> {
        counts(&*self.commands, &self.filter).await
    }

    /// Deletes the instances of the query that have ended.
    pub fn purge(self) -> PurgeChunks {
        PurgeChunks::new(self.commands, self.filter)
    }

    /// Returns the list in pages of at most `size` instances (at least one), in order of creation.
    pub fn page(self, size: u32) -> Pages {
        Pages {
            query: self,
            size: size.max(1),
            next: NextPage::First,
        }
    }
}

/// The number of instances of each status that match a filter.
pub(crate) async fn counts(
    commands: &dyn Commands,
    filter: &InstanceFilter,
) -> Result<BTreeMap<InstanceStatus, u64>, ClientError> {
    let is_wanted =
        |status: &InstanceStatus| filter.statuses.is_empty() || filter.statuses.contains(status);
    let mut counts = BTreeMap::new();
    for status in InstanceStatus::ALL.into_iter().filter(is_wanted) {
        let of_status = InstanceFilter {
            statuses: vec![status],
            ..filter.clone()
        };
        let count = commands.count(&of_status).await?;
        if count > 0 {
            counts.insert(status, count);
        }
    }
    Ok(counts)
}

/// The pages of a list. They skip and repeat no instance, whatever others write between two pages.
#[derive(Debug, Clone)]
pub struct Pages {
    query: Instances,
    size: u32,
    next: NextPage,
}

/// Where a list or a purge continues.
#[derive(Debug, Clone, Copy)]
pub(super) enum NextPage {
    First,
    After(PageToken),
    None,
}

impl NextPage {
    /// The end of the previous page: `Some(None)` before the first page, `None` after the last.
    #[expect(clippy::option_option, reason = "what is asked for is absent twice")]
    pub(super) fn after(self) -> Option<Option<PageToken>> {
        match self {
            Self::First => Some(None),
            Self::After(token) => Some(Some(token)),
            Self::None => None,
        }
    }
}

impl From<Option<PageToken>> for NextPage {
    fn from(next: Option<PageToken>) -> Self {
        next.map_or(Self::None, Self::After)
    }
}

impl Pages {
    /// Continues after the page for which [`token`](Self::token) returned `token`, perhaps in
    /// another process.
    #[must_use]
    pub fn after(mut self, token: PageToken) -> Self {
        self.next = NextPage::After(token);
        self
    }

    /// Returns the next page; `None` after the last.
    ///
    /// # Errors
    /// [`ClientError::Store`]. You can ask for the page again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<InstanceInfo>>, ClientError> {
        let Some(after) = self.next.after() else {
            return Ok(None);
        };
        let Instances { commands, filter } = &self.query;
        let page = commands.instances(filter, after, self.size).await?;
        self.next = NextPage::from(page.next);
        if page.instances.is_empty() {
            return Ok(None);
        }
        let instances = page.instances.into_iter().map(InstanceInfo::new);
        Ok(Some(instances.collect()))
    }

    /// Returns where the next page begins; `None` before the first page and after the last.
    pub fn token(&self) -> Option<PageToken> {
        match self.next {
            NextPage::After(token) => Some(token),
            NextPage::First | NextPage::None => None,
        }
    }
}
