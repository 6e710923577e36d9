//! The calls that a function got, for a test to query.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use durable_runtime::definition::Callee;
use durable_runtime::payload::Arguments;
use durable_runtime::registry::Mockable;

use super::attempts::Attempts;

/// The calls of a function in one hub, including attempts that were made again.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_testkit::TestHub;
/// # #[activity] async fn refund(id: String, cents: u64) -> u64 { cents }
/// # #[orchestrator]
/// # async fn cancel(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
/// #     refund("order-1".to_owned(), 500).await
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let kit = TestHub::new().register(cancel);
/// let refunds = kit.mock(refund::with(|_id, cents| cents));
/// kit.start(cancel()).await.result().await.unwrap();
/// assert_eq!(refunds.calls(), 1);
/// assert_eq!(refunds.arguments(), [("order-1".to_owned(), 500)]);
/// # }
/// ```
pub struct Calls<C> {
    attempts: Arc<Attempts>,
    callee: Callee,
    call: PhantomData<fn() -> C>,
}

impl<C: Mockable> Calls<C> {
    pub(super) fn new(attempts: &Arc<Attempts>, callee: Callee) -> Self {
        Self {
            attempts: Arc::clone(attempts),
            callee,
            call: PhantomData,
        }
    }

    /// Returns how many calls have begun.
    pub fn calls(&self) -> usize {
        let calls = self.attempts.calls_of(self.callee);
        calls.iter().filter(|call| call.begun).count()
    }

    /// Returns the arguments of each call that has begun, as a tuple.
    ///
    /// # Panics
    /// Panics if the recorded arguments are not those of the function.
    #[track_caller]
    pub fn arguments(&self) -> Vec<C::Arguments> {
        let calls = self.attempts.calls_of(self.callee);
        let begun = calls.iter().filter(|call| call.begun);
        let arguments = begun.map(|call| C::Arguments::decode(call.input.as_ref()));
        match arguments.collect() {
            Ok(arguments) => arguments,
            Err(error) => panic!("recorded arguments of {}: {error}", self.callee),
        }
    }
}

impl<C> Clone for Calls<C> {
    fn clone(&self) -> Self {
        Self {
            attempts: Arc::clone(&self.attempts),
            callee: self.callee,
            call: PhantomData,
        }
    }
}

impl<C: Mockable> fmt::Debug for Calls<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls of {}", self.calls(), self.callee)
    }
}
