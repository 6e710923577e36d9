//! A clock that the test moves.

use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::clock::Clock;
use durable_runtime::clock::Tick;
use futures::future::BoxFuture;
use tokio::sync::watch;

/// When the tests begin: 2026-11-25T03:00:00Z.
pub(super) const START: Timestamp = Timestamp::from_millis(1_795_575_600_000);

#[derive(Debug)]
pub(super) struct TestClock(watch::Sender<Timestamp>);

impl TestClock {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(START))
    }

    pub(super) fn advance(&self, time: Duration) {
        self.0.send_modify(|now| *now = *now + time);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()> {
        let mut seen = self.0.subscribe();
        Box::pin(async move {
            let _now = seen.wait_for(|now| *now >= due).await;
        })
    }

    fn monotonic(&self) -> Tick {
        Tick::after(self.now().since(START))
    }

    fn sleep_for(&self, time: Duration) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now() + time)
    }
}
