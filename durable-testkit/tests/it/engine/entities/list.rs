//! Another entity.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use super::calls::started_by_an_entity;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) entries: Vec<String>,
}

/// What [`Journal`] was before.
#[derive(Deserialize)]
struct OldJournal {
    text: String,
}

impl From<OldJournal> for Journal {
    fn from(old: OldJournal) -> Self {
        let entries = old.text.lines().map(ToOwned::to_owned).collect();
        Self { entries }
    }
}

/// The attribute does not see into a macro.
macro_rules! wait_for_ever {
    () => {
        std::future::pending::<()>().await
    };
}

#[entity(version = "2", migrate_from = OldJournal)]
impl Journal {
    pub(super) fn append(&mut self, entry: String) {
        self.entries.push(entry);
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn erase(&mut self, ctx: &EntityContext) {
        self.entries.push("erased".to_owned());
        ctx.delete_state();
    }

    pub(super) fn launch(&mut self, ctx: &EntityContext, id: String) -> String {
        self.entries.push(format!("launched {id}"));
        let key = ctx.key().to_owned();
        ctx.start(started_by_an_entity(key).id(id)).to_string()
    }

    /// Awaits a signal, which it may, and then something that it may not.
    pub(super) async fn dawdle(&mut self, long: bool) {
        self.entries.push("dawdled".to_owned());
        let signalled = Journal::at("other").signal_append("hello".to_owned());
        signalled.after(seconds(1)).await.unwrap();
        if long {
            wait_for_ever!();
        }
    }

    /// Reads only, and yet signals.
    #[read_only]
    pub(super) fn peek(&self, ctx: &EntityContext) -> usize {
        ctx.signal(Journal::at("other").append("peeked".to_owned()));
        self.entries.len()
    }
}
