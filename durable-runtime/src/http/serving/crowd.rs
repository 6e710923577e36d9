//! All open connections.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::task::Id;
use tokio::task::JoinSet;

use super::connection::Connection;
use super::phase::Phase;

/// All open connections. Dropping it ends them.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    tasks: JoinSet<()>,
    known: HashMap<Id, Known>,
    /// Notified when a connection begins to give way.
    pub(super) gives_way: Arc<Notify>,
}

#[derive(Debug)]
struct Known {
    phase: watch::Receiver<Phase>,
    task: AbortHandle,
}

impl Crowd {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Serves another connection.
    pub(super) fn add(&mut self, connection: Connection, app: Router) {
        let phase = connection.phases.watch();
        let task = self.tasks.spawn(connection.serve(app));
        self.known.insert(task.id(), Known { phase, task });
    }

    /// Completes when one has ended. While there is none, it never completes.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => self.known.remove(&id),
            Some(Err(error)) => self.known.remove(&error.id()),
            None => std::future::pending().await,
        };
    }

    /// Completes when all have ended.
    pub(super) async fn all_ended(&mut self) {
        while !self.tasks.is_empty() {
            self.ended().await;
        }
    }

    /// Whether one of them would give way to another connection.
    pub(super) fn has_one_that_gives_way(&self) -> bool {
        self.known
            .values()
            .any(|known| known.phase.borrow().gives_way())
    }

    /// Ends the connection that has waited longest for its client. Connections that never sent anything
    /// come first.
    pub(super) fn give_way(&mut self) {
        let phases = self
            .known
            .iter()
            .map(|(id, known)| (*known.phase.borrow(), *id));
        let first = phases
            .filter(|(phase, _)| phase.gives_way())
            .min_by_key(|(phase, _)| *phase);
        if let Some(known) = first.and_then(|(_, id)| self.known.remove(&id)) {
            known.task.abort();
        }
    }
}
