//! What orchestrators call and no macro can look into: ordinary functions of another module.

use std::collections::HashMap;
use std::future::Future;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::time::Duration;
use std::time::Instant;

use durable_runtime::orchestration::Durable;
use futures::future::BoxFuture;
use tokio::sync::oneshot;

/// The items of an order and how many of each, in no order.
pub(super) fn items() -> HashMap<String, u32> {
    (1..=20).map(|n| (format!("item-{n}"), n)).collect()
}

/// The names of the items, in the order of the map.
pub(super) fn names(items: &HashMap<String, u32>) -> Vec<String> {
    items.keys().cloned().collect()
}

/// A clock that runs a million times too fast, for timers are as fine as a millisecond.
pub(super) fn uptime() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "it stands for code that knows no better"
    )]
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Duration::from_millis(u64::try_from(START.elapsed().as_nanos()).unwrap())
}

/// A random number.
pub(super) fn lucky_number() -> u64 {
    RandomState::new().hash_one(0)
}

/// Heads and tails by turns.
pub(super) fn heads() -> bool {
    static TOSSES: AtomicU32 = AtomicU32::new(0);
    TOSSES.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
}

/// Says of a future that it is durable, which it is not.
pub(super) struct Claimed<F>(pub(super) F);

impl<F: Future + Unpin> Future for Claimed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<F> Durable for Claimed<F> {}

/// Answers that somebody outside gives.
pub(super) type Answers = Mutex<Vec<oneshot::Sender<u32>>>;

/// Those that one orchestrator waits for.
pub(super) static FIRST: Answers = Mutex::new(Vec::new());
/// Those that another waits for.
static SECOND: Answers = Mutex::new(Vec::new());

fn asks(answers: &Answers) -> Claimed<oneshot::Receiver<u32>> {
    let (sender, receiver) = oneshot::channel();
    answers.lock().unwrap().push(sender);
    Claimed(receiver)
}

pub(super) fn asks_first() -> Claimed<oneshot::Receiver<u32>> {
    asks(&FIRST)
}

pub(super) fn asks_second() -> Claimed<oneshot::Receiver<u32>> {
    asks(&SECOND)
}

/// Lets other tasks of this thread run.
pub(super) fn gives_way_to_others() -> Claimed<BoxFuture<'static, ()>> {
    Claimed(Box::pin(tokio::task::yield_now()))
}

/// Runs `future` as a task of its own.
pub(super) fn in_a_task(future: impl Future + Send + 'static) {
    tokio::spawn(async move {
        future.await;
    });
}

/// Polls `future` once on another thread, and drops it there.
pub(super) fn on_a_thread(future: impl Future + Send + 'static) {
    let polling = std::thread::spawn(move || {
        let mut future = Box::pin(future);
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        drop(polled);
    });
    polling.join().unwrap();
}

/// Drops `value` on another thread.
pub(super) fn dropped_on_a_thread(value: impl Send + 'static) {
    std::thread::spawn(move || drop(value)).join().unwrap();
}
