//! Where attempts run: as tasks beside the dispatcher, or on threads that they may hold.
//!
//! With threads an attempt is a task of our own, which a [`Crew`] polls: one queue for all, so that
//! nothing is stuck behind a thread that is held, and another thread where all are. Code in it finds
//! a tokio runtime whose own threads drive I/O and time and poll no attempt.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::Wake;
use std::task::Waker;

use futures_util::future::BoxFuture;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::task::Id;
use tokio::task::JoinError;
use tokio::task::JoinSet;

use super::attempt::AttemptReport;
use super::crew::Crew;
use super::crew::Job;
use super::crew::Plan;
use super::held::Whose;
use super::pool::AttemptKey;
use super::resting::Discards;
use crate::failure::Failure;
use crate::panics;
use crate::panics::message_of;

/// Where attempts run.
#[derive(Debug)]
pub(super) enum Attempts {
    /// As tasks of the tokio runtime that drives the dispatcher.
    Inline(JoinSet<AttemptReport>, HashMap<Id, AttemptKey>),
    Threads(AttemptThreads),
}

/// An attempt that was begun.
#[derive(Debug, Clone)]
pub(super) enum Begun {
    Task(AbortHandle),
    Job(Arc<Attempt>),
}

/// An attempt that has ended, and how: the failure, if it was not its code that ended it.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) key: AttemptKey,
    pub(super) report: Result<AttemptReport, Failure>,
    which: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Task(Id),
    Job(u64),
}

impl Begun {
    /// Ends it: its future is dropped as soon as it does not run.
    pub(super) fn abort(&self) {
        match self {
            Self::Task(task) => task.abort(),
            Self::Job(attempt) => attempt.abort(),
        }
    }

    fn which(&self) -> Which {
        match self {
            Self::Task(task) => Which::Task(task.id()),
            Self::Job(attempt) => Which::Job(attempt.number),
        }
    }
}

impl Ended {
    pub(super) fn is(&self, begun: &Begun) -> bool {
        self.which == begun.which()
    }
}

impl Attempts {
    /// As tasks beside the dispatcher.
    pub(super) fn inline() -> Self {
        Self::Inline(JoinSet::new(), HashMap::new())
    }

    /// On threads of their own, `most` of which may be held.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn on_threads(most: usize) -> io::Result<Self> {
        let size = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
        let io = Builder::new_multi_thread()
            .worker_threads(IO_THREADS)
            // A blocking attempt takes one of these. With fewer than attempts may run, those that
            // have begun would wait for a thread while their time limit runs.
            .max_blocking_threads(most.max(BLOCKING_THREADS))
            .thread_name("durable-activity-io")
            .enable_all()
            .build()?;
        let crew = Crew::new(Plan {
            name: "durable-activity",
            size,
            // All attempts may hold a thread at once, and the crew still has its own number of
            // threads beside them.
            most: most.saturating_add(size),
            io: Some(io),
        })?;
        Ok(Self::Threads(AttemptThreads {
            crew,
            numbers: 0,
            open: HashMap::new(),
            ended: Arc::default(),
        }))
    }

    /// The threads, to ask what holds them.
    pub(super) fn crew(&self) -> Option<Crew> {
        match self {
            Self::Inline(..) => None,
            Self::Threads(threads) => Some(threads.crew.clone()),
        }
    }

    /// Where values of user code are dropped that belong to attempts.
    pub(super) fn discards(&self) -> Discards {
        self.crew().as_ref().map(Discards::on).unwrap_or_default()
    }

    /// Begins an attempt.
    pub(super) fn spawn(
        &mut self,
        key: AttemptKey,
        whose: Whose,
        attempt: impl Future<Output = AttemptReport> + Send + 'static,
    ) -> Begun {
        match self {
            Self::Inline(tasks, keys) => {
                // Its key is kept beside it and not in it: a task that panics or is aborted returns
                // nothing, and has only its id.
                let task = tasks.spawn(attempt);
                keys.insert(task.id(), key);
                Begun::Task(task)
            }
            Self::Threads(threads) => Begun::Job(threads.spawn(key, whose, Box::pin(attempt))),
        }
    }

    /// The next attempt that has ended; pending while none is under way.
    pub(super) async fn next_ended(&mut self) -> Option<Ended> {
        match self {
            Self::Inline(tasks, keys) => match tasks.join_next_with_id().await {
                Some(ended) => of_task(keys, ended),
                // An empty set is no news. Completing here would let the dispatcher's wait return
                // at once, for ever.
                None => std::future::pending().await,
            },
            Self::Threads(threads) => threads.next_ended().await,
        }
    }

    /// An attempt that has ended already.
    pub(super) fn try_ended(&mut self) -> Option<Ended> {
        match self {
            Self::Inline(tasks, keys) => std::iter::from_fn(|| tasks.try_join_next_with_id())
                .find_map(|ended| of_task(keys, ended)),
            Self::Threads(threads) => threads.try_ended(),
        }
    }
}

/// The threads that drive I/O and time for attempts.
const IO_THREADS: usize = 2;
/// How many blocking activities and the like may run at least, as in tokio's own runtimes.
const BLOCKING_THREADS: usize = 512;

fn of_task(
    keys: &mut HashMap<Id, AttemptKey>,
    ended: Result<(Id, AttemptReport), JoinError>,
) -> Option<Ended> {
    let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
    Some(Ended {
        key: keys.remove(&id)?,
        report: ended.map(|(_, report)| report).map_err(died),
        which: Which::Task(id),
    })
}

/// The runtime shuts down, or the task itself panicked outside the user's function.
fn died(error: JoinError) -> Failure {
    match error.try_into_panic() {
        Ok(panic) => Failure::Panicked {
            message: message_of(&*panic),
            location: None,
        },
        Err(_) => Failure::Cancelled,
    }
}

/// Threads that attempts may hold.
#[derive(Debug)]
pub(super) struct AttemptThreads {
    crew: Crew,
    numbers: u64,
    open: HashMap<u64, Arc<Attempt>>,
    ended: Arc<Ends>,
}

/// The attempts that have ended.
#[derive(Debug, Default)]
struct Ends {
    ended: Mutex<VecDeque<Ended>>,
    news: Notify,
}

impl Ends {
    fn ended(&self) -> MutexGuard<'_, VecDeque<Ended>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AttemptThreads {
    fn spawn(
        &mut self,
        key: AttemptKey,
        whose: Whose,
        future: BoxFuture<'static, AttemptReport>,
    ) -> Arc<Attempt> {
        self.numbers += 1;
        let attempt = Arc::new(Attempt {
            number: self.numbers,
            key,
            whose,
            stage: Mutex::new(Stage::Resting),
            // Locked for the length of a poll, by one thread at a time: the stage lets nobody else
            // run it.
            future: Mutex::new(Some(future)),
            aborted: AtomicBool::new(false),
            crew: self.crew.clone(),
            ends: Arc::clone(&self.ended),
        });
        // An attempt that waits is otherwise known to its wakers only, and could not be ended with
        // its worker.
        self.open.insert(attempt.number, Arc::clone(&attempt));
        attempt.wake_by_ref();
        attempt
    }

    async fn next_ended(&mut self) -> Option<Ended> {
        loop {
            let ends = Arc::clone(&self.ended);
            let news = ends.news.notified();
            if let Some(ended) = self.try_ended() {
                return Some(ended);
            }
            news.await;
        }
    }

    fn try_ended(&mut self) -> Option<Ended> {
        let ended = self.ended.ended().pop_front()?;
        if let Which::Job(number) = ended.which {
            self.open.remove(&number);
        }
        Some(ended)
    }
}

impl Drop for AttemptThreads {
    /// Attempts end with their worker. Those that hold their threads are left to end by themselves.
    fn drop(&mut self) {
        for attempt in self.open.values() {
            attempt.abort();
        }
        self.crew.close();
    }
}

/// An attempt as a task.
pub(super) struct Attempt {
    number: u64,
    key: AttemptKey,
    whose: Whose,
    stage: Mutex<Stage>,
    /// Gone once it has ended.
    future: Mutex<Option<BoxFuture<'static, AttemptReport>>>,
    aborted: AtomicBool,
    crew: Crew,
    ends: Arc<Ends>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It waits to be woken.
    Resting,
    /// It is in the crew's queue.
    Queued,
    Running,
    /// It runs, and is to run again.
    RunningAndWoken,
    Over,
}

/// What comes after a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Rests,
    RunsAgain,
}

impl Attempt {
    fn abort(self: &Arc<Self>) {
        // Only a mark: its future may be running on a thread, and is dropped by whoever polls it
        // next. So it is woken, although it may rest.
        self.aborted.store(true, Ordering::Release);
        self.wake_by_ref();
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(self: &Arc<Self>) -> Poll<Result<AttemptReport, Failure>> {
        let mut future = self.future.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(future) = future.as_mut() else {
            return Poll::Ready(Err(Failure::Cancelled));
        };
        if self.aborted.load(Ordering::Acquire) {
            return Poll::Ready(Err(Failure::Cancelled));
        }
        let waker = Waker::from(Arc::clone(self));
        // The user's function is caught further inside.
        match panics::catch(|| future.as_mut().poll(&mut Context::from_waker(&waker))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(report)) => Poll::Ready(Ok(report)),
            Err(failure) => Poll::Ready(Err(failure)),
        }
    }

    fn rest(&self) -> Then {
        let mut stage = self.stage();
        // The wake came during the poll. Resting now, the attempt would wait for a wake that has
        // been.
        if *stage == Stage::RunningAndWoken {
            *stage = Stage::Queued;
            return Then::RunsAgain;
        }
        *stage = Stage::Resting;
        Then::Rests
    }

    fn end(&self, report: Result<AttemptReport, Failure>) {
        // Before its future is dropped: what that wakes must not queue it again.
        *self.stage() = Stage::Over;
        self.ends.ended().push_back(Ended {
            key: self.key.clone(),
            report,
            which: Which::Job(self.number),
        });
        self.ends.news.notify_one();
        // Only now: its values may take their time to be dropped.
        let future = self.future.lock();
        let future = future.unwrap_or_else(PoisonError::into_inner).take();
        if let Err(failure) = panics::catch(|| drop(future)) {
            tracing::warn!(%failure, function = %self.whose.function, "an attempt was dropped");
        }
    }
}

impl Job for Attempt {
    fn run(self: Arc<Self>) {
        *self.stage() = Stage::Running;
        match self.poll() {
            Poll::Ready(report) => self.end(report),
            Poll::Pending => {
                if self.rest() == Then::Rests {
                    return;
                }
                if self.aborted.load(Ordering::Acquire) {
                    // Its thread may be the last of a crew that ends.
                    self.end(Err(Failure::Cancelled));
                } else {
                    self.crew.push(Arc::clone(&self) as Arc<dyn Job>);
                }
            }
        }
    }

    fn whose(&self) -> Whose {
        self.whose.clone()
    }
}

impl Wake for Attempt {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut stage = self.stage();
        match *stage {
            Stage::Resting => {
                *stage = Stage::Queued;
                drop(stage);
                self.crew.push(Arc::clone(self) as Arc<dyn Job>);
            }
            Stage::Running => *stage = Stage::RunningAndWoken,
            // One run answers any number of wakes that came before it began.
            Stage::Queued | Stage::RunningAndWoken | Stage::Over => {}
        }
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
