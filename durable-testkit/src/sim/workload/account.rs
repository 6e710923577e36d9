//! The entity of the workloads: a balance, and every posting that led to it.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// The balance that an account begins with.
pub(crate) const FIRST_BALANCE: i64 = 100;

/// The account that is told of postings that are [forwarded](Posting::forwarded).
pub(crate) const AUDIT: &str = "audit";

/// What an account is told to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Posting {
    /// No other posting to the account has it.
    pub(crate) id: u64,
    pub(crate) amount: i64,
    /// The critical section that it is part of.
    pub(crate) section: Option<u64>,
    /// Whether the audit account is signalled.
    pub(crate) forwarded: bool,
    pub(crate) trouble: Trouble,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// The operation returns an error when its work is done.
    Fails,
    /// The operation panics when its work is done.
    Panics,
}

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum PostError {
    #[error("posting {0} fails")]
    Planned(u64),
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) balance: i64,
    pub(crate) postings: Vec<Posting>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            balance: FIRST_BALANCE,
            postings: Vec::new(),
        }
    }
}

#[entity]
impl Account {
    pub(crate) async fn post(
        &mut self,
        ctx: &EntityContext,
        posting: Posting,
    ) -> Result<i64, PostError> {
        let (id, trouble) = (posting.id, posting.trouble);
        if posting.forwarded && ctx.key() != AUDIT {
            let forwarded = Posting {
                section: None,
                ..posting.clone()
            };
            Account::at(AUDIT).signal_post(forwarded).await?;
        }
        self.balance += posting.amount;
        self.postings.push(posting);
        match trouble {
            Trouble::None => Ok(self.balance),
            Trouble::Fails => Err(PostError::Planned(id)),
            Trouble::Panics => panic!("planned: posting {id}"),
        }
    }

    #[read_only]
    pub(crate) fn balance(&self) -> i64 {
        self.balance
    }
}
