//! What all parts of a simulation share: chance, the trace, the calls that are held up, and what
//! was found wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use durable_runtime::Timestamp;
use durable_runtime::ids::fnv1a64;

use crate::clock::Time;
use crate::draw::Draw;
use crate::ledger::Ledger;
use crate::plan::Faults;

/// How often each thing happened.
pub(crate) type Coverage = BTreeMap<&'static str, u64>;

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) time: Arc<Time>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) draw: Draw,
    pub(crate) faults: Faults,
    /// Whether faults happen now.
    pub(crate) chaos: bool,
    /// Since when they do not.
    pub(crate) calm_since: Option<Timestamp>,
    /// Until when the store has no room.
    pub(crate) full_until: Timestamp,
    pub(crate) ledger: Ledger,
    pub(crate) coverage: Coverage,
    pub(crate) violations: Vec<String>,
    pub(crate) parked: Vec<Parked>,
    /// Processes that what they run takes down.
    pub(crate) doomed: Vec<usize>,
    numbers: u64,
    /// Goes up with everything that anybody does.
    pub(crate) activity: u64,
    hash: u64,
    printed: bool,
}

/// A call of the store that is held up.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) number: u64,
    pub(crate) process: usize,
    pub(crate) what: &'static str,
    /// Not to go on before the time of the simulation has come so far.
    pub(crate) until: i64,
    verdict: Option<Verdict>,
    waker: Option<Waker>,
}

/// How a call of the store goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    /// Not available.
    Unavailable,
    /// Refused, for good as far as can be told.
    Refused,
    /// There is no room; nothing was written.
    Full,
}

impl World {
    pub(crate) fn new(draw: Draw, faults: Faults, printed: bool) -> Arc<Self> {
        let inner = Inner {
            draw,
            faults,
            chaos: true,
            calm_since: None,
            full_until: Timestamp::from_millis(0),
            ledger: Ledger::default(),
            coverage: Coverage::new(),
            violations: Vec::new(),
            parked: Vec::new(),
            doomed: Vec::new(),
            numbers: 0,
            activity: 0,
            hash: 0,
            printed,
        };
        Arc::new(Self {
            time: Time::new(),
            inner: Mutex::new(inner),
        })
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the trace.
    pub(crate) fn note(&self, line: fmt::Arguments<'_>) {
        let now = self.time.elapsed().as_millis();
        self.inner().note(now, line);
    }

    pub(crate) fn count(&self, what: &'static str) {
        self.inner().count(what);
    }

    pub(crate) fn violation(&self, what: String) {
        self.note(format_args!("VIOLATION {what}"));
        self.inner().violations.push(what);
    }

    pub(crate) fn hash(&self) -> u64 {
        self.inner().hash
    }

    /// Holds the caller up until the simulation lets it go.
    pub(crate) fn park(self: &Arc<Self>, process: usize, what: &'static str, until: i64) -> Held {
        let mut inner = self.inner();
        inner.numbers += 1;
        let number = inner.numbers;
        inner.parked.push(Parked {
            number,
            process,
            what,
            until,
            verdict: None,
            waker: None,
        });
        Held {
            world: Arc::clone(self),
            number,
        }
    }

    /// Lets a call go.
    pub(crate) fn release(&self, number: u64, verdict: Verdict) {
        let mut inner = self.inner();
        let parked = inner.parked.iter_mut().find(|p| p.number == number);
        let waker = parked.and_then(|parked| {
            parked.verdict = Some(verdict);
            parked.waker.take()
        });
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Inner {
    pub(crate) fn printed(&self) -> bool {
        self.printed
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.coverage.entry(what).or_default() += 1;
    }

    pub(crate) fn note(&mut self, now: u128, line: fmt::Arguments<'_>) {
        let text = format!("{now:>8} {line}");
        self.hash = self.hash.rotate_left(7) ^ fnv1a64(text.as_bytes());
        if self.printed {
            println!("{text}");
        }
    }
}

/// A call that is held up.
pub(crate) struct Held {
    world: Arc<World>,
    number: u64,
}

impl Future for Held {
    type Output = Verdict;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Verdict> {
        let mut inner = self.world.inner();
        let number = self.number;
        let Some(parked) = inner.parked.iter_mut().find(|p| p.number == number) else {
            return Poll::Ready(Verdict::Pass);
        };
        if let Some(verdict) = parked.verdict {
            return Poll::Ready(verdict);
        }
        parked.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let number = self.number;
        self.world.inner().parked.retain(|p| p.number != number);
    }
}
