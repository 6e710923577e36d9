//! Threads for user code. One that it holds is replaced, so that the rest goes on.
//!
//! Nobody can take a thread from code that does not return. So a crew watches its threads: where one
//! is held while a job waits, another takes its place, and it ends with the job that it has.
//!
//! 1. Jobs begin in the order in which they came.
//! 2. There are never more than `size` threads that are not held for longer than [`PATIENCE`].
//! 3. A crew that is closed does what is queued still, which is then only to be dropped, and ends.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio::runtime::Runtime;

use super::held::HeldThread;
use super::held::HeldThreads;
use super::held::Whose;
use crate::machine::LastAwait;
use crate::panics;
use crate::subscriber::Subscriber;

/// How long a thread may be held while a job waits, before another takes its place.
pub(super) const PATIENCE: Duration = Duration::from_millis(10);
/// From when on a thread counts as held, and is told of.
const HELD: Duration = Duration::from_secs(1);
/// After so many looks at idle threads the watchdog sleeps until there is a job again.
const LOOKS_AT_NOTHING: u32 = 100;

/// What a thread of a crew does.
pub(super) trait Job: Send + Sync {
    /// Does it.
    fn run(self: Arc<Self>);

    /// Whose code that is.
    fn whose(&self) -> Whose;
}

/// How a crew is made.
pub(super) struct Plan {
    /// What its threads are called.
    pub(super) name: &'static str,
    /// How many threads there are that are not held.
    pub(super) size: usize,
    /// How many threads there are at most with those that are held.
    pub(super) most: usize,
    /// The tokio runtime that code on its threads finds. It is left as it is with the last thread.
    pub(super) io: Option<Runtime>,
}

/// A handle on a crew.
#[derive(Clone)]
pub(super) struct Crew(Arc<Shared>);

struct Shared {
    name: &'static str,
    size: usize,
    most: usize,
    io: Option<Io>,
    subscriber: Subscriber,
    state: Mutex<State>,
    work: Condvar,
    watch: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<dyn Job>>,
    busy: BTreeMap<u64, Busy>,
    idle: usize,
    /// The threads whose place nobody has taken.
    placed: usize,
    /// All threads.
    alive: usize,
    numbers: u64,
    closed: bool,
    /// The watchdog waits to be told that there is something to watch.
    dozes: bool,
    held_so_far: u64,
}

struct Busy {
    since: Instant,
    job: Arc<dyn Job>,
    last_await: LastAwait,
    /// Another thread has taken its place.
    replaced: bool,
    told: bool,
}

/// The runtime of a crew. Its blocking tasks may never end, so that it must not be waited for.
struct Io(Option<Runtime>);

impl Drop for Io {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The time by which threads are held: real time, whatever the clock of the hub says.
#[expect(clippy::disallowed_methods, reason = "threads are held in real time")]
pub(super) fn real_now() -> Instant {
    Instant::now()
}

impl Crew {
    /// Makes a crew with its first thread.
    ///
    /// # Errors
    /// The operating system's, when it has no thread to give.
    pub(super) fn new(plan: Plan) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            name: plan.name,
            size: plan.size.max(1),
            most: plan.most,
            io: plan.io.map(|runtime| Io(Some(runtime))),
            subscriber: Subscriber::of_this_thread(),
            state: Mutex::default(),
            work: Condvar::new(),
            watch: Condvar::new(),
        });
        shared.add_thread(&mut shared.state())?;
        let watched = Arc::clone(&shared);
        shared.spawn("durable-watchdog", move || watched.watch())?;
        Ok(Self(shared))
    }

    /// Queues a job.
    pub(super) fn push(&self, job: Arc<dyn Job>) {
        self.push_all(std::iter::once(job));
    }

    /// Queues jobs.
    pub(super) fn push_all(&self, jobs: impl IntoIterator<Item = Arc<dyn Job>>) {
        let shared = &self.0;
        let mut state = shared.state();
        state.queue.extend(jobs);
        if state.closed && state.alive == 0 {
            // Out of the lock: what a job drops is user code, and may push another job.
            let nobody_does = std::mem::take(&mut state.queue);
            drop(state);
            drop(nobody_does);
            return;
        }
        // Threads are made as they are needed. A worker that runs no activity has one for them.
        while state.queue.len() > state.idle && state.placed < shared.size {
            if let Err(error) = shared.add_thread(&mut state) {
                // The threads that there are do it.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "no further thread"
                );
                break;
            }
        }
        // Who is busy looks at the queue when it is done; only an idle thread, or the watchdog, has
        // to be woken.
        if state.idle > 0 {
            shared.work.notify_one();
        } else if state.dozes {
            shared.watch.notify_one();
        }
    }

    /// Has the threads end once they have done what is queued.
    pub(super) fn close(&self) {
        self.0.state().closed = true;
        self.0.work.notify_all();
        self.0.watch.notify_all();
    }

    /// What its threads are held by.
    pub(super) fn held(&self) -> HeldThreads {
        let now = real_now();
        let state = self.0.state();
        let held = state.busy.values();
        let held = held.filter(|busy| busy.told).map(|busy| busy.held(now));
        HeldThreads {
            now: held.collect(),
            so_far: state.held_so_far,
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self, name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let subscriber = self.subscriber.clone();
        let thread = std::thread::Builder::new().name(name.to_owned());
        let thread = thread.spawn(move || {
            let _subscriber = subscriber.set();
            body();
        });
        thread.map(drop)
    }

    fn add_thread(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        state.numbers += 1;
        let (shared, number) = (Arc::clone(self), state.numbers);
        self.spawn(self.name, move || shared.work(number))?;
        state.placed += 1;
        state.alive += 1;
        Ok(())
    }

    /// The body of a thread.
    fn work(&self, number: u64) {
        let io = self.io.as_ref().and_then(|io| io.0.as_ref());
        // User code finds a tokio runtime as it would in a task of its own, although none polls it.
        let _io = io.map(Runtime::enter);
        let last_await = LastAwait::default();
        last_await.watch_this_thread();
        let mut is_placed = true;
        let mut state = self.state();
        loop {
            let Some(job) = state.queue.pop_front() else {
                if state.closed {
                    break;
                }
                state.idle += 1;
                state = wait(&self.work, state);
                state.idle -= 1;
                continue;
            };
            // What the last job awaited says nothing about this one.
            last_await.forget();
            // Under the lock that took the job out of the queue: the watchdog sees it in one place
            // or the other.
            state.begin(number, &job, &last_await);
            let dozes = state.dozes;
            drop(state);
            if dozes {
                self.watch.notify_one();
            }
            if let Err(failure) = panics::catch(|| job.run()) {
                tracing::warn!(%failure, "what ran on a thread of its own panicked");
            }
            state = self.state();
            let ended = state.busy.remove(&number);
            // Another thread has its place. With both, there would be one more after each job that
            // held its thread.
            if ended.is_some_and(|busy| busy.replaced) {
                is_placed = false;
            }
            // While the crew ends, whoever is there helps to empty the queue.
            if !is_placed && !state.closed {
                break;
            }
        }
        state.placed -= usize::from(is_placed);
        state.alive -= 1;
    }

    /// The body of the watchdog.
    fn watch(self: Arc<Self>) {
        let mut looks_at_nothing = 0;
        let mut state = self.state();
        while !(state.closed && state.queue.is_empty()) {
            let held = self.look(&mut state);
            // The lock is given back before anything is logged: the subscriber is the user's.
            if !held.is_empty() {
                drop(state);
                held.iter().for_each(tell);
                state = self.state();
                continue;
            }
            looks_at_nothing = if state.is_idle() {
                looks_at_nothing + 1
            } else {
                0
            };
            // It sleeps without a time-out then, so that an idle process does not wake a hundred times
            // a second.
            if looks_at_nothing > LOOKS_AT_NOTHING || state.nobody_waits_for_the_held() {
                state.dozes = true;
                state = wait(&self.watch, state);
                state.dozes = false;
                looks_at_nothing = 0;
            } else {
                let waited = self.watch.wait_timeout(state, PATIENCE);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Replaces threads that are held while jobs wait. Returns those that are to be told of.
    fn look(self: &Arc<Self>, state: &mut State) -> Vec<HeldThread> {
        let now = real_now();
        let mut waiting = state.queue.len().saturating_sub(state.idle);
        let patient = |busy: &&mut Busy| now.duration_since(busy.since) > PATIENCE;
        let held = state.busy.values_mut().filter(patient);
        let in_place = held.filter(|busy| !busy.replaced);
        // A place is taken only where a thread for it can be made: otherwise the held one would end
        // with its job, and nobody would be left.
        let room = self.most.saturating_sub(state.alive).min(waiting);
        for busy in in_place.take(room) {
            busy.replaced = true;
            state.placed -= 1;
        }
        while waiting > 0 && state.placed < self.size && state.alive < self.most {
            if let Err(error) = self.add_thread(state) {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "no further thread"
                );
                break;
            }
            waiting -= 1;
        }
        let mut news = Vec::new();
        for busy in state.busy.values_mut() {
            if !busy.told && now.duration_since(busy.since) > HELD {
                busy.told = true;
                news.push(busy.held(now));
            }
        }
        state.held_so_far += news.len() as u64;
        news
    }
}

fn wait<'a>(until: &Condvar, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    until.wait(state).unwrap_or_else(PoisonError::into_inner)
}

fn tell(held: &HeldThread) {
    tracing::warn!(
        function = held.function,
        instance = held.instance,
        place = held.place,
        held_for = ?held.held_for,
        "a thread is held: nothing else runs on it until this returns or awaits"
    );
}

impl State {
    fn begin(&mut self, number: u64, job: &Arc<dyn Job>, last_await: &LastAwait) {
        let busy = Busy {
            since: real_now(),
            job: Arc::clone(job),
            last_await: last_await.clone(),
            replaced: false,
            told: false,
        };
        self.busy.insert(number, busy);
    }

    fn is_idle(&self) -> bool {
        self.busy.is_empty() && self.queue.is_empty()
    }

    /// Whether there are only threads of which all is told, and no job that would need another.
    fn nobody_waits_for_the_held(&self) -> bool {
        let all_told = self.busy.values().all(|busy| busy.told);
        self.queue.is_empty() && !self.busy.is_empty() && all_told
    }
}

impl Busy {
    fn held(&self, now: Instant) -> HeldThread {
        let whose = self.job.whose();
        HeldThread {
            function: whose.function.into_owned(),
            instance: whose.of.to_string(),
            place: self.last_await.place(),
            held_for: now.duration_since(self.since),
        }
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Crew").field(&self.0.name).finish()
    }
}
