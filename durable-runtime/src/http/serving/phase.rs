//! The phases of a connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::time::Instant;

use super::limits::ConnectionLimits;

/// How long a client may take for its next bytes before its connection gives way first.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// It has sent nothing yet.
    Opening,
    /// It has sent a part of the head of a request.
    Head,
    /// Its request is being answered: it waits for the server, and never gives way.
    Request,
    /// The server waits for the next bytes of the body of its request.
    Body,
    /// The server has made the whole answer, and waits until its client has read it.
    Answer,
    /// It has read its answer, and has asked for nothing since.
    Idle,
}

/// What a connection is doing, and since when it is doing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phase {
    pub(super) doing: Doing,
    pub(super) since: Instant,
}

/// The order in which connections give way to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Its client has stopped in the middle of a request.
    Stuck,
    /// It is in the middle of a request or an answer, like too many others.
    OneOfTooMany,
    /// It has sent nothing yet.
    Opening,
    /// It has sent a part of the head of a request.
    Head,
    /// It is idle between two requests.
    Idle,
    /// It is in the middle of a request or an answer.
    Busy,
}

impl Phase {
    fn now(doing: Doing) -> Self {
        let since = Instant::now();
        Self { doing, since }
    }

    /// From when on it gives way; never while it waits for the server. A client has some time to
    /// read an answer undisturbed.
    pub(super) fn gives_way_at(self, limits: &ConnectionLimits) -> Option<Instant> {
        match self.doing {
            // The server is at work here, and the client can do nothing about how long that takes.
            Doing::Request => None,
            // An answer may be large and its reader slow; only after that time is it held to be
            // stuck.
            Doing::Answer => self.since.checked_add(limits.write_time),
            Doing::Opening | Doing::Head | Doing::Body | Doing::Idle => Some(self.since),
        }
    }

    /// Whether its client sends a body or reads an answer: closing it would lose the most.
    pub(super) fn is_busy(self) -> bool {
        matches!(self.doing, Doing::Body | Doing::Answer)
    }

    /// Its turn to give way, if it does. Of those with the same turn, the one that has waited longest
    /// for its client is the first.
    pub(super) fn turn(self, now: Instant, too_many_are_busy: bool) -> (Turn, Instant) {
        let is_late = now.saturating_duration_since(self.since) > PATIENCE;
        let turn = match self.doing {
            // First of all: whoever sends a byte now and then must not outrank those who behave.
            Doing::Opening | Doing::Head | Doing::Body if is_late => Turn::Stuck,
            Doing::Body | Doing::Answer if too_many_are_busy => Turn::OneOfTooMany,
            Doing::Opening => Turn::Opening,
            Doing::Head => Turn::Head,
            Doing::Idle => Turn::Idle,
            Doing::Body | Doing::Answer | Doing::Request => Turn::Busy,
        };
        // Among equals the one that has waited longest.
        (turn, self.since)
    }
}

/// The phase of a connection, shared by all that change it. Clones belong to the same connection.
#[derive(Debug, Clone)]
pub(super) struct Phases {
    phase: Arc<watch::Sender<Phase>>,
    /// Notified when a connection begins to wait for its client.
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
        self.change(&[Doing::Opening, Doing::Idle], Doing::Head);
    }

    /// The head of a request is complete.
    pub(super) fn has_head(&self) {
        self.phase.send_replace(Phase::now(Doing::Request));
    }

    /// The request cannot go on without more of its body.
    pub(super) fn lacks_body(&self) {
        self.change(&[Doing::Request], Doing::Body);
    }

    /// The request can go on: more of its body came, or nobody wants it any more.
    pub(super) fn goes_on(&self) {
        self.change(&[Doing::Body], Doing::Request);
    }

    /// The whole answer is made; it still has to be sent.
    fn answered(&self) {
        self.change(&[Doing::Request, Doing::Body], Doing::Answer);
    }

    /// All of the answer is sent.
    pub(super) fn sent_all(&self) {
        self.change(&[Doing::Answer], Doing::Idle);
    }

    fn change(&self, from: &[Doing], to: Doing) {
        // From certain phases only: the socket reports bytes of a body as well, and those begin no
        // head.
        let changed = self.phase.send_if_modified(|phase| {
            let changes = from.contains(&phase.doing);
            if changes {
                *phase = Phase::now(to);
            }
            changes
        });
        // Who is being worked for gives no way, so there is nothing to wake the door for.
        if changed && to != Doing::Request {
            self.gives_way.notify_one();
        }
    }
}

/// A response keeps it. When it is dropped, the request is answered.
#[derive(Debug)]
pub(super) struct Answering(pub(super) Phases);

impl Drop for Answering {
    fn drop(&mut self) {
        // On drop, so that it counts also where the client left or the body ended early.
        self.0.answered();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Doing; 6] = [
        Doing::Opening,
        Doing::Head,
        Doing::Request,
        Doing::Body,
        Doing::Answer,
        Doing::Idle,
    ];

    /// Those that give way, first the one that does so first. Each began a moment after the one before.
    fn order(after: Duration, too_many_are_busy: bool) -> Vec<Doing> {
        let began = Instant::now();
        let now = began + after;
        let limits = ConnectionLimits::default();
        let phases = ALL.iter().zip(0..).map(|(doing, n)| Phase {
            doing: *doing,
            since: began + Duration::from_millis(n),
        });
        let mut phases: Vec<_> = phases
            .filter(|phase| phase.gives_way_at(&limits).is_some_and(|at| at <= now))
            .collect();
        phases.sort_by_key(|phase| phase.turn(now, too_many_are_busy));
        phases.iter().map(|phase| phase.doing).collect()
    }

    #[test]
    fn those_that_lose_least_give_way_first_and_a_new_answer_is_left_in_peace() {
        let expected = [Doing::Opening, Doing::Head, Doing::Idle, Doing::Body];
        assert_eq!(order(Duration::from_secs(1), false), expected);
    }

    #[test]
    fn bodies_give_way_first_where_there_are_too_many_of_them() {
        let expected = [Doing::Body, Doing::Opening, Doing::Head, Doing::Idle];
        assert_eq!(order(Duration::from_secs(1), true), expected);
    }

    #[test]
    fn whoever_stops_in_the_middle_of_a_request_gives_way_before_idle_ones() {
        let expected = [Doing::Opening, Doing::Head, Doing::Body, Doing::Idle];
        assert_eq!(order(Duration::from_secs(4), false), expected);
    }

    #[test]
    fn an_answer_that_is_read_for_too_long_gives_way_last() {
        let stuck = [Doing::Opening, Doing::Head, Doing::Body];
        let alone = [&stuck[..], &[Doing::Idle, Doing::Answer]].concat();
        assert_eq!(order(Duration::from_secs(31), false), alone);
        let crowded = [&stuck[..], &[Doing::Answer, Doing::Idle]].concat();
        assert_eq!(order(Duration::from_secs(31), true), crowded);
    }
}
