//! All open connections.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::task::Id;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::Connection;
use super::limits::ConnectionLimits;
use super::limits::three_quarters;
use super::phase::Phase;

/// All open connections. Dropping it ends them.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    tasks: JoinSet<()>,
    known: HashMap<Id, Known>,
    /// Notified when a connection begins to wait for its client.
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
            // A handler that panicked has taken its own connection down, and no other.
            Some(Err(error)) => self.known.remove(&error.id()),
            // An empty set is no news; completing would let the door spin.
            None => std::future::pending().await,
        };
    }

    /// Completes when all have ended.
    pub(super) async fn all_ended(&mut self) {
        while !self.tasks.is_empty() {
            self.ended().await;
        }
    }

    /// When the first of them gives way to another connection; never while all wait for the server.
    pub(super) fn gives_way_at(&self, limits: &ConnectionLimits) -> Option<Instant> {
        let phases = self.known.values().map(|known| *known.phase.borrow());
        phases.filter_map(|phase| phase.gives_way_at(limits)).min()
    }

    /// Ends the one whose [turn](Phase::turn) it is.
    ///
    /// Connections that send a body or read an answer come last, unless they are most of those that can
    /// give way. Otherwise clients that are slow on purpose would leave the others so few places that
    /// these would always displace each other.
    pub(super) fn give_way(&mut self, limits: &ConnectionLimits) {
        let now = Instant::now();
        let phases = self
            .known
            .iter()
            .map(|(id, known)| (*id, *known.phase.borrow()));
        // Only those whose time has come: what is being answered is left in peace.
        let phases: Vec<_> = phases
            .filter(|(_, phase)| phase.gives_way_at(limits).is_some_and(|at| at <= now))
            .collect();
        let busy = phases.iter().filter(|(_, phase)| phase.is_busy()).count();
        // One alone is not too many.
        let too_many = busy >= three_quarters(phases.len()).max(2);
        let first = phases
            .into_iter()
            .min_by_key(|(_, phase)| phase.turn(now, too_many));
        // Removed at once and not when its task has ended, so that the door counts the free place.
        if let Some(known) = first.and_then(|(id, _)| self.known.remove(&id)) {
            known.task.abort();
        }
    }
}
