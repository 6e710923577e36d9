//! Where replays, turns and operations are computed: here, or on threads that they may hold.
//!
//! With threads a batch is handed over as a whole, and in the common case one thread does all of it
//! while nothing else goes on. What holds its thread for longer than [`PATIENCE`] is *away*: the
//! dispatcher goes on without it, and takes its result in when it comes. What is away for longer than
//! the limit on time is given up: its result does not count any more, should it come.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Notify;

use super::crew::Crew;
use super::crew::Job;
use super::crew::PATIENCE;
use super::crew::Plan;
use super::crew::real_now;
use super::held::Whose;
use super::resting::Discards;
use super::simulated::Holds;
use super::simulated::SimulatedTurns;
use super::work::Operation;
use super::work::Work;
use super::work::Worked;
use crate::clock::Clock;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::machine::LastAwait;

/// The number of a piece of work; they grow.
pub(super) type Ticket = u64;

/// So many threads may be held by turns before all others wait for them.
const MOST_THREADS: usize = 256;
/// How long the dispatcher waits for work that has not begun.
const LONGEST_QUEUE: Duration = Duration::from_secs(1);

/// Where user code is computed.
#[derive(Debug)]
pub(super) enum Turns {
    /// On the dispatcher's own thread, for tests that are to come out the same each time.
    Inline,
    Threads(Box<TurnThreads>),
    Simulated(Box<SimulatedTurns>),
}

#[derive(Debug)]
pub(super) struct TurnThreads {
    crew: Crew,
    results: Arc<Results>,
    limit: Duration,
    tickets: Ticket,
    away: BTreeMap<Ticket, Away>,
}

/// What holds its thread.
#[derive(Debug)]
struct Away {
    job: Arc<TurnJob>,
    /// How far it was when it was last looked at, and since when.
    seen: u64,
    since: Option<Instant>,
}

impl Away {
    fn new(job: Arc<TurnJob>) -> Self {
        Self {
            seen: job.progress(),
            since: job.begun.get().copied(),
            job,
        }
    }

    /// Since when it has got no further.
    fn since(&mut self, now: Instant) -> Option<Instant> {
        let seen = self.job.progress();
        if std::mem::replace(&mut self.seen, seen) != seen {
            self.since = Some(now);
        }
        self.since = self.since.or(self.job.begun.get().copied());
        self.since
    }
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) done: Vec<Worked>,
    /// What holds its thread.
    pub(super) away: Vec<(Ticket, InstanceKey)>,
}

/// Work that was given up.
#[derive(Debug)]
pub(super) struct GivenUp {
    pub(super) ticket: Ticket,
    pub(super) key: InstanceKey,
    pub(super) after: Duration,
    /// The await that it came to last.
    pub(super) place: Option<String>,
    /// Which operation of an entity that was.
    pub(super) operation: Option<(MessageId, String)>,
}

#[derive(Debug, Default)]
struct Results {
    done: Mutex<Vec<(Ticket, Worked)>>,
    news: Notify,
}

impl Results {
    fn take(&self) -> Vec<(Ticket, Worked)> {
        std::mem::take(&mut self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, ticket: Ticket, worked: Worked) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.push((ticket, worked));
    }

    fn tickets(&self) -> BTreeSet<Ticket> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.iter().map(|(ticket, _)| *ticket).collect()
    }

    fn are_there(&self) -> bool {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        !done.is_empty()
    }
}

/// A piece of work on its way.
#[derive(Debug)]
struct TurnJob {
    ticket: Ticket,
    key: InstanceKey,
    whose: Whose,
    work: Mutex<Option<Work>>,
    queued: Instant,
    // Set by the thread that takes it, so that the time in the queue is not counted as time on a
    // thread.
    begun: OnceLock<Instant>,
    /// Of the thread that it is on.
    last_await: OnceLock<LastAwait>,
    operation: Operation,
    /// Whether it is made of many parts, each of which may take its time.
    has_parts: bool,
    is_away: AtomicBool,
    given_up: AtomicBool,
    /// How much of its batch is left.
    left: Arc<AtomicUsize>,
    results: Arc<Results>,
}

impl Job for TurnJob {
    fn run(self: Arc<Self>) {
        let _ended = Ended(&self);
        if let Some(last_await) = LastAwait::of_this_thread() {
            let _noted = self.last_await.set(last_await);
        }
        let _noted = self.begun.set(real_now());
        let work = self.work.lock();
        let work = work.unwrap_or_else(PoisonError::into_inner).take();
        // Given up before it began: whatever it comes to would not count.
        let Some(work) = work.filter(|_| !self.is_given_up()) else {
            return;
        };
        let worked = work.run(self.operation.clone());
        // Only a saving of memory: what comes all the same is thrown away by its ticket.
        if !self.is_given_up() {
            self.results.add(self.ticket, worked);
        }
    }

    fn whose(&self) -> Whose {
        let mut whose = self.whose.clone();
        if let Some((_, operation)) = self.operation.get() {
            whose.function = format!("{}::{operation}", whose.function).into();
        }
        whose
    }
}

/// Tells that a job is over, also if it panics.
struct Ended<'a>(&'a TurnJob);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        // A batch that is on time tells once, with its last turn; what is away tells of itself.
        let was_last = self.0.left.fetch_sub(1, Ordering::AcqRel) == 1;
        if was_last || self.0.is_away.load(Ordering::Acquire) {
            self.0.results.news.notify_one();
        }
    }
}

impl TurnJob {
    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    /// A number that grows with each part of it: a replay gets from await to await, a turn of an entity
    /// from operation to operation. A turn of an orchestration is one part.
    fn progress(&self) -> u64 {
        if !self.has_parts {
            return 0;
        }
        let awaits = self.last_await.get().map_or(0, LastAwait::awaits);
        awaits + self.operation.count()
    }

    /// Whether the dispatcher is to go on without it.
    fn takes_long(&self, now: Instant) -> bool {
        match self.begun.get() {
            Some(begun) => now.duration_since(*begun) > PATIENCE,
            None => now.duration_since(self.queued) > LONGEST_QUEUE,
        }
    }
}

impl Turns {
    /// Threads of their own, for work that may take `limit`.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn on_threads(limit: Duration) -> io::Result<Self> {
        let crew = Crew::new(Plan {
            name: "durable-turn",
            // The dispatcher waits for a batch as long as it is on time, so one thread does for all
            // of it. The crew adds another when that is held.
            size: 1,
            most: MOST_THREADS,
            io: None,
        })?;
        Ok(Self::Threads(Box::new(TurnThreads {
            crew,
            results: Arc::default(),
            limit,
            tickets: 0,
            away: BTreeMap::new(),
        })))
    }

    /// Here, as if it held threads of its own.
    pub(super) fn simulated(clock: Arc<dyn Clock>, holds: Arc<dyn Holds>, limit: Duration) -> Self {
        Self::Simulated(Box::new(SimulatedTurns::new(clock, holds, limit)))
    }

    pub(super) fn discards(&self) -> Discards {
        match self {
            Self::Inline | Self::Simulated(_) => Discards::default(),
            Self::Threads(threads) => Discards::on(&threads.crew),
        }
    }

    /// The threads, to ask what holds them.
    pub(super) fn crew(&self) -> Option<Crew> {
        match self {
            Self::Inline | Self::Simulated(_) => None,
            Self::Threads(threads) => Some(threads.crew.clone()),
        }
    }

    /// Computes a batch, except what holds its thread.
    pub(super) async fn run(&mut self, batch: Vec<Work>) -> Batch {
        match self {
            _ if batch.is_empty() => Batch::default(),
            Self::Inline => Batch {
                done: batch
                    .into_iter()
                    .map(|work| work.run(Operation::default()))
                    .collect(),
                away: Vec::new(),
            },
            Self::Threads(threads) => threads.run(batch).await,
            Self::Simulated(turns) => turns.run(batch),
        }
    }

    /// Whether something that was away has come.
    pub(super) fn have_news(&self) -> bool {
        match self {
            Self::Inline => false,
            Self::Threads(threads) => threads.results.are_there(),
            Self::Simulated(turns) => turns.have_news(),
        }
    }

    /// Takes what was away and has come.
    pub(super) fn take_returned(&mut self) -> Vec<(Ticket, Worked)> {
        match self {
            Self::Inline => Vec::new(),
            Self::Threads(threads) => {
                let mut returned = threads.results.take();
                // A ticket that is not there was given up: its instance has gone on without it.
                returned.retain(|(ticket, _)| threads.away.remove(ticket).is_some());
                // In the order in which they were handed over, whatever order the threads had.
                returned.sort_unstable_by_key(|(ticket, _)| *ticket);
                returned
            }
            Self::Simulated(turns) => turns.take_returned(),
        }
    }

    /// Whether something holds its thread, and counts.
    pub(super) fn any_away(&self) -> bool {
        match self {
            Self::Inline => false,
            Self::Threads(threads) => !threads.away.is_empty(),
            Self::Simulated(turns) => turns.any_away(),
        }
    }

    /// Gives up what has been away for longer than the limit.
    pub(super) fn give_up(&mut self) -> Vec<GivenUp> {
        match self {
            Self::Inline => Vec::new(),
            Self::Threads(threads) => threads.give_up(),
            Self::Simulated(turns) => turns.give_up(),
        }
    }

    /// Completes when something that was away comes, or is to be given up.
    pub(super) async fn news(&self) {
        match self {
            Self::Inline => std::future::pending().await,
            Self::Threads(threads) => threads.news().await,
            Self::Simulated(turns) => turns.news().await,
        }
    }
}

impl TurnThreads {
    async fn run(&mut self, batch: Vec<Work>) -> Batch {
        let mut open = self.hand_over(batch);
        let mut done = Vec::with_capacity(open.len());
        let mut away = Vec::new();
        while !open.is_empty() {
            // Whoever is on time is told of once, with the last of the batch.
            let told = tokio::time::timeout(PATIENCE, self.results.news.notified()).await;
            let mut others = Vec::new();
            for (ticket, worked) in self.results.take() {
                match open.remove(&ticket) {
                    Some(_) => done.push((ticket, worked)),
                    // It was away since an earlier batch. It is taken in by the next step, not by
                    // this one, which knows nothing of it.
                    None => others.push((ticket, worked)),
                }
            }
            for (ticket, worked) in others {
                self.results.add(ticket, worked);
            }
            let now = real_now();
            // All of them: those that only wait behind one that is held get another thread from the
            // watchdog, and are on time with it.
            if told.is_err() && open.values().all(|job| job.takes_long(now)) {
                away.extend(open.iter().map(|(ticket, job)| (*ticket, job.key)));
                self.leave(std::mem::take(&mut open));
            }
        }
        done.sort_unstable_by_key(|(ticket, _)| *ticket);
        Batch {
            done: done.into_iter().map(|(_, worked)| worked).collect(),
            away,
        }
    }

    fn hand_over(&mut self, batch: Vec<Work>) -> BTreeMap<Ticket, Arc<TurnJob>> {
        // Before any of them runs: the first to end must not find zero left.
        let left = Arc::new(AtomicUsize::new(batch.len()));
        let queued = real_now();
        let jobs = batch.into_iter().map(|work| {
            self.tickets += 1;
            let job = TurnJob {
                ticket: self.tickets,
                key: work.key(),
                whose: work.whose(),
                // A replay of a long history and a turn with many operations may well take longer
                // than the limit, as long as each part of them does not.
                has_parts: !matches!(work, Work::Turn(_)),
                work: Mutex::new(Some(work)),
                queued,
                begun: OnceLock::new(),
                last_await: OnceLock::new(),
                operation: Operation::default(),
                is_away: AtomicBool::new(false),
                given_up: AtomicBool::new(false),
                left: Arc::clone(&left),
                results: Arc::clone(&self.results),
            };
            (job.ticket, Arc::new(job))
        });
        let jobs: BTreeMap<_, _> = jobs.collect();
        let queue = jobs.values().map(|job| Arc::clone(job) as Arc<dyn Job>);
        self.crew.push_all(queue);
        jobs
    }

    fn leave(&mut self, jobs: BTreeMap<Ticket, Arc<TurnJob>>) {
        for job in jobs.values() {
            job.is_away.store(true, Ordering::Release);
        }
        let away = jobs.into_iter();
        self.away
            .extend(away.map(|(ticket, job)| (ticket, Away::new(job))));
        // One may have come in between, and told nobody.
        self.results.news.notify_one();
    }

    fn give_up(&mut self) -> Vec<GivenUp> {
        if self.away.is_empty() {
            return Vec::new();
        }
        // What has come counts, however late it is taken in: a store that hangs takes its time too.
        let come = self.results.tickets();
        let (now, limit) = (real_now(), self.limit);
        let is_over = |away: &mut Away| {
            let since = away.since(now);
            since.is_some_and(|since| now.duration_since(since) >= limit)
                && !come.contains(&away.job.ticket)
        };
        let away = self.away.values_mut();
        let over = away.filter_map(|away| is_over(away).then(|| Arc::clone(&away.job)));
        let over: Vec<_> = over.collect();
        over.into_iter()
            .map(|job| {
                // Nobody can stop the thread. It goes on, and what it comes to is dropped where it
                // was made.
                job.given_up.store(true, Ordering::Release);
                self.away.remove(&job.ticket);
                GivenUp {
                    ticket: job.ticket,
                    key: job.key,
                    after: self.limit,
                    place: job.last_await.get().and_then(LastAwait::place),
                    operation: job.operation.get(),
                }
            })
            .collect()
    }

    async fn news(&self) {
        // Asked before waiting: the notification may have been used up by the batch that ran
        // meanwhile.
        if self.results.are_there() {
            return;
        }
        let since = self.away.values().filter_map(|away| away.since);
        // `None` for a limit beyond all time (`a_limit_beyond_all_time_is_none`).
        let over = since.min().and_then(|since| since.checked_add(self.limit));
        let limit = async {
            match over {
                #[expect(clippy::disallowed_methods, reason = "threads are held in real time")]
                Some(over) => {
                    tokio::time::sleep(over.saturating_duration_since(real_now())).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.results.news.notified() => {}
            () = limit => {}
        }
    }
}

impl Drop for TurnThreads {
    /// What they hold is theirs to end.
    fn drop(&mut self) {
        for Away { job, .. } in self.away.values() {
            job.given_up.store(true, Ordering::Release);
        }
        self.crew.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;
    use std::sync::OnceLock;
    use std::time::Duration;
    use std::time::Instant;

    use futures_util::FutureExt;

    use super::Away;
    use super::Operation;
    use super::Ticket;
    use super::TurnJob;
    use super::Turns;
    use super::Whose;
    use super::Worked;
    use super::real_now;
    use crate::clock::Timestamp;
    use crate::dispatcher::held::Of;
    use crate::ids::EntityId;
    use crate::ids::InstanceKey;
    use crate::ids::MessageId;
    use crate::ids::Unit;
    use crate::machine::entity::EntityOutcome;
    use crate::machine::entity::Invocation;
    use crate::work::EntityRow;
    use crate::work::TurnWrite;

    /// What has held its thread since then.
    fn away(begun: Instant, has_parts: bool) -> (Away, Operation) {
        away_with(1, begun, has_parts)
    }

    fn away_with(ticket: Ticket, begun: Instant, has_parts: bool) -> (Away, Operation) {
        let operation = Operation::default();
        let job = TurnJob {
            ticket,
            key: InstanceKey(1),
            whose: Whose {
                function: "Tally".into(),
                of: Of::Entity(EntityId::new("Tally", "one")),
            },
            work: Mutex::default(),
            queued: begun,
            begun: OnceLock::from(begun),
            last_await: OnceLock::new(),
            operation: operation.clone(),
            has_parts,
            is_away: true.into(),
            given_up: false.into(),
            left: Arc::default(),
            results: Arc::default(),
        };
        (Away::new(Arc::new(job)), operation)
    }

    fn next_part(operation: &Operation) {
        operation.begins(&Invocation {
            entity: &EntityId::new("Tally", "one"),
            state: None,
            operation: "add",
            input: None,
            message: MessageId(1),
            now: Timestamp::from_millis(0),
        });
    }

    #[test]
    fn the_limit_on_what_has_parts_begins_anew_with_each_of_them() {
        let begun = real_now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let (mut away, operation) = away(begun, true);
        assert_eq!(away.since(after(20)), Some(begun));
        next_part(&operation);
        assert_eq!(away.since(after(25)), Some(after(25)));
        assert_eq!(away.since(after(45)), Some(after(25)));
    }

    /// What has come of work on an entity.
    fn worked() -> Worked {
        let id = EntityId::new("Tally", "one");
        let (key, unit, now) = (InstanceKey(1), Unit(1), Timestamp::from_millis(0));
        let outcome = EntityOutcome {
            write: TurnWrite::new(key, unit),
            row: EntityRow::new(key, unit, id, now),
            left: Vec::new(),
            is_blocked: false,
            reload: false,
        };
        Worked::EntityTurned(key, Box::new(outcome))
    }

    #[test]
    fn what_has_come_counts_however_late_it_is_taken_in() {
        let Turns::Threads(mut threads) = Turns::on_threads(Duration::ZERO).unwrap() else {
            panic!("they have no threads");
        };
        threads.away.insert(1, away(real_now(), false).0);
        threads.away.insert(2, away_with(2, real_now(), false).0);
        threads.results.add(1, worked());
        let given_up: Vec<_> = threads.give_up().into_iter().map(|of| of.ticket).collect();
        assert_eq!(given_up, [2]);
        assert_eq!(Turns::Threads(threads).take_returned().len(), 1);
    }

    #[tokio::test]
    async fn a_limit_beyond_all_time_is_none() {
        let Turns::Threads(mut threads) = Turns::on_threads(Duration::MAX).unwrap() else {
            panic!("they have no threads");
        };
        threads.away.insert(1, away(real_now(), false).0);
        assert!(threads.news().now_or_never().is_none());
    }

    #[test]
    fn the_limit_on_what_is_one_part_counts_from_its_beginning() {
        let begun = real_now();
        let (mut away, operation) = away(begun, false);
        next_part(&operation);
        let now = begun + Duration::from_secs(20);
        assert_eq!(away.since(now), Some(begun));
    }
}
