//! Work that holds a thread by the clock alone: for simulations, which have one thread.
//!
//! 1. It is computed as it begins; what comes of it is kept until its time is over.
//! 2. It is given up as on a thread, and comes all the same: nobody takes it in then.
//! 3. The record of what is computed says nothing of it meanwhile: a process that ends then has not
//!    died of it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use super::turns::Batch;
use super::turns::GivenUp;
use super::turns::Ticket;
use super::work::Operation;
use super::work::Work;
use super::work::Worked;
use crate::clock::Clock;
use crate::clock::Tick;
use crate::ids::InstanceKey;
use crate::mutants::Mutant;
use crate::mutants::mutant;

/// Decides how long turns, replays and operations hold their threads.
pub trait Holds: Debug + Send + Sync {
    /// Returns how long the next one does, which may be an entity's; zero for one that is done at
    /// once.
    fn next(&self, of_entity: bool) -> Duration;
}

#[derive(Debug)]
pub(super) struct SimulatedTurns {
    clock: Arc<dyn Clock>,
    holds: Arc<dyn Holds>,
    limit: Duration,
    tickets: Ticket,
    away: BTreeMap<Ticket, Away>,
}

#[derive(Debug)]
struct Away {
    key: InstanceKey,
    operation: Operation,
    worked: Mutex<Worked>,
    until: Tick,
    /// When it is given up; `None` once it is.
    limit: Option<Tick>,
}

impl SimulatedTurns {
    /// For work that may take `limit`.
    pub(super) fn new(clock: Arc<dyn Clock>, holds: Arc<dyn Holds>, limit: Duration) -> Self {
        Self {
            clock,
            holds,
            limit,
            tickets: 0,
            away: BTreeMap::new(),
        }
    }

    pub(super) fn run(&mut self, batch: Vec<Work>) -> Batch {
        let mut made = Batch::default();
        for work in batch {
            let held = self.holds.next(matches!(work, Work::EntityTurn(_)));
            let (key, operation) = (work.key(), Operation::default());
            // At once and not when its time is over: all that differs from a thread is when the
            // result comes, and that is decided by the clock.
            let worked = work.run(operation.clone());
            if held.is_zero() {
                made.done.push(worked);
            } else {
                made.away
                    .push((self.leave(key, operation, worked, held), key));
            }
        }
        made
    }

    fn leave(
        &mut self,
        key: InstanceKey,
        operation: Operation,
        worked: Worked,
        held: Duration,
    ) -> Ticket {
        let now = self.clock.monotonic();
        let away = Away {
            key,
            operation,
            worked: Mutex::new(worked),
            until: now + held,
            limit: Some(now + self.limit),
        };
        self.tickets += 1;
        self.away.insert(self.tickets, away);
        self.tickets
    }

    pub(super) fn any_away(&self) -> bool {
        self.away.values().any(|away| away.limit.is_some())
    }

    pub(super) fn have_news(&self) -> bool {
        let now = self.clock.monotonic();
        self.away.values().any(|away| away.until <= now)
    }

    pub(super) fn take_returned(&mut self) -> Vec<(Ticket, Worked)> {
        let now = self.clock.monotonic();
        let all = std::mem::take(&mut self.away).into_iter();
        let (come, away) = all.partition(|(_, away)| away.until <= now);
        self.away = away;
        // By tickets, so in the order in which they began.
        let come: BTreeMap<_, Away> = come;
        let counts = |away: &Away| away.limit.is_some() || mutant(Mutant::GivenUpCounts);
        let come = come.into_iter().filter(|(_, away)| counts(away));
        let taken = |worked: Mutex<_>| worked.into_inner().unwrap_or_else(PoisonError::into_inner);
        come.map(|(ticket, away)| (ticket, taken(away.worked)))
            .collect()
    }

    pub(super) fn give_up(&mut self) -> Vec<GivenUp> {
        let (now, after) = (self.clock.monotonic(), self.limit);
        let away = self.away.iter_mut();
        away.filter_map(|(ticket, away)| {
            away.limit
                // What would have come by now counts, as on a thread.
                .take_if(|limit| *limit <= now && *limit < away.until)?;
            Some(GivenUp {
                ticket: *ticket,
                key: away.key,
                after,
                place: None,
                operation: away.operation.get(),
            })
        })
        .collect()
    }

    pub(super) async fn news(&self) {
        let due = |away: &Away| away.limit.map_or(away.until, |limit| limit.min(away.until));
        let next = self.away.values().map(due).min();
        match next {
            Some(next) => {
                let rest = next.since(self.clock.monotonic());
                self.clock.sleep_for(rest).await;
            }
            None => std::future::pending().await,
        }
    }
}
