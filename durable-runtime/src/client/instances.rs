//! Lists of instances, page by page.

use std::sync::Arc;

use super::ClientError;
use super::InstanceInfo;
use crate::work::Commands;
use crate::work::InstanceFilter;
use crate::work::InstanceStatus;
use crate::work::PageToken;

/// Which instances to list; all of them unless told otherwise.
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

    /// Only those with this status; called again, also those with another.
    pub fn status(mut self, status: InstanceStatus) -> Self {
        self.filter.statuses.push(status);
        self
    }

    /// Only those of the orchestrator with this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.filter.name = Some(name.into());
        self
    }

    /// In pages of at most `size` instances (at least one), in order of creation.
    pub fn page(self, size: u32) -> Pages {
        Pages {
            query: self,
            size: size.max(1),
            next: NextPage::First,
        }
    }
}

/// The pages of a list. No instance is skipped or repeated, whatever is written between two pages.
#[derive(Debug, Clone)]
pub struct Pages {
    query: Instances,
    size: u32,
    next: NextPage,
}

#[derive(Debug, Clone, Copy)]
enum NextPage {
    First,
    After(PageToken),
    None,
}

impl Pages {
    /// Goes on behind the page after which [`token`](Self::token) gave `token`, maybe in another
    /// process.
    #[must_use]
    pub fn after(mut self, token: PageToken) -> Self {
        self.next = NextPage::After(token);
        self
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// [`ClientError::Store`]. The page can be asked for again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<InstanceInfo>>, ClientError> {
        let after = match self.next {
            NextPage::First => None,
            NextPage::After(token) => Some(token),
            NextPage::None => return Ok(None),
        };
        let Instances { commands, filter } = &self.query;
        let page = commands.instances(filter, after, self.size).await?;
        self.next = page.next.map_or(NextPage::None, NextPage::After);
        if page.instances.is_empty() {
            return Ok(None);
        }
        let instances = page.instances.into_iter().map(InstanceInfo::new);
        Ok(Some(instances.collect()))
    }

    /// Where the next page begins; `None` before the first page and after the last.
    pub fn token(&self) -> Option<PageToken> {
        match self.next {
            NextPage::After(token) => Some(token),
            NextPage::First | NextPage::None => None,
        }
    }
}
