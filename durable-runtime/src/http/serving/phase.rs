//! The phases of a connection.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a connection is doing. The variants are in the order in which connections give way to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doing {
    /// It has sent nothing yet.
    Opening,
    /// It has sent a part of the head of a request.
    Head,
    /// It has got an answer, and has sent nothing since.
    Idle,
    /// It has sent a part of the body of a request.
    Body,
    /// Its request is being answered: it waits for the server, and never gives way.
    Request,
}

/// What a connection is doing, and since when it is doing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phase {
    pub(super) doing: Doing,
    pub(super) since: Instant,
}

impl Phase {
    fn now(doing: Doing) -> Self {
        let since = Instant::now();
        Self { doing, since }
    }

    /// Whether the connection waits for its client.
    pub(super) fn gives_way(self) -> bool {
        self.doing != Doing::Request
    }
}

/// The phase of a connection, shared by all that change it. Clones belong to the same connection.
#[derive(Debug, Clone)]
pub(super) struct Phases {
    phase: Arc<watch::Sender<Phase>>,
    /// Notified when a connection begins to give way.
    gives_way: Arc<Notify>,
}

impl Phases {
    pub(super) fn of_new(gives_way: &Arc<Notify>) -> Self {
        Self {
            phase: Arc::new(watch::Sender::new(Phase::now(Doing::Opening))),
            gives_way: Arc::clone(gives_way),
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        let waits = |doing| matches!(doing, Doing::Opening | Doing::Idle);
        self.change(|doing| waits(doing).then_some(Doing::Head));
    }

    /// Bytes went out. A connection is not idle while an answer is on its way.
    pub(super) fn sent(&self) {
        self.change(|doing| (doing == Doing::Idle).then_some(Doing::Idle));
    }

    /// The head of a request is complete.
    pub(super) fn has_head(&self, has_body: bool) {
        let next = if has_body {
            Doing::Body
        } else {
            Doing::Request
        };
        self.change(|_| Some(next));
    }

    /// The body of the request is complete.
    pub(super) fn has_body(&self) {
        self.change(|doing| (doing == Doing::Body).then_some(Doing::Request));
    }

    /// The request was answered.
    fn answered(&self) {
        self.change(|_| Some(Doing::Idle));
        self.gives_way.notify_one();
    }

    fn change(&self, next: impl FnOnce(Doing) -> Option<Doing>) {
        self.phase
            .send_if_modified(|phase| match next(phase.doing) {
                Some(doing) => {
                    *phase = Phase::now(doing);
                    true
                }
                None => false,
            });
    }
}

/// A response keeps it. When it is dropped, the request is answered.
#[derive(Debug)]
pub(super) struct Answering(pub(super) Phases);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answered();
    }
}
