//! Mocks: answers that stand in for a function. Generated code makes them, and the testkit uses
//! them.
//!
//! 1. A mock has the types of the function's own signature. Its answers go through the recorded
//!    form like any other result.
//! 2. The n-th call of a function gets the n-th answer, whoever calls.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use crate::activity::Activity;
use crate::activity::AttemptEnd;
use crate::callable::CallableError;
use crate::definition::Callee;
use crate::entity::Entity;
use crate::entity::Operation;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::orchestration::Call;
use crate::orchestration::ChildCall;
use crate::orchestration::Orchestrator;
use crate::payload::Arguments;
use crate::payload::Payload;
use crate::payload::Recorded;

/// A function that can be mocked, by its call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be mocked",
    note = "mock a function that has `#[activity]` or `#[orchestrator]` \
            (`charge_card::with(|order| …)`), or an operation of an entity \
            (`InventoryMocks::reserve(|sku, n| …)`)"
)]
pub trait Mockable: 'static {
    /// The recorded arguments.
    type Arguments: Arguments;
    /// The value that it returns.
    type Output: Recorded;
    /// The error it returns.
    type Error: CallableError;

    /// Returns whether another attempt may succeed after `error`.
    fn is_retryable(error: &Self::Error) -> bool;
}

/// An activity or orchestrator that can be mocked, by its call.
pub trait MockableFunction: Mockable {
    /// Returns the function.
    fn callee() -> Callee;
}

impl<A: Activity> Mockable for Call<A> {
    type Arguments = A::Arguments;
    type Output = A::Output;
    type Error = A::Error;

    fn is_retryable(error: &A::Error) -> bool {
        A::is_retryable(error)
    }
}

impl<A: Activity> MockableFunction for Call<A> {
    fn callee() -> Callee {
        Callee::Activity(A::NAME)
    }
}

impl<O: Orchestrator> Mockable for ChildCall<O> {
    type Arguments = O::Arguments;
    type Output = O::Output;
    type Error = O::Error;

    fn is_retryable(error: &O::Error) -> bool {
        O::is_retryable(error)
    }
}

impl<O: Orchestrator> MockableFunction for ChildCall<O> {
    fn callee() -> Callee {
        Callee::Orchestrator(O::DEFINITION.name, O::DEFINITION.version)
    }
}

/// The call of an operation of the entity `N` that takes the arguments `A`, as a tuple, and returns a
/// `T` or the error `E`: what its mock and the calls of that are named by. The testkit's prelude has it.
///
/// ```
/// # use durable_runtime::prelude::*;
/// use durable_runtime::registry::Mock;
/// use durable_runtime::registry::MockedOperation;
///
/// #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
/// struct Stock {
///     left: u32,
/// }
///
/// #[entity]
/// impl Stock {
///     fn take(&mut self, pieces: u32) -> u32 {
///         self.left -= pieces;
///         self.left
///     }
/// }
///
/// fn ten_at_first() -> Mock<MockedOperation<Stock, (u32,), u32>> {
///     StockMocks::take(|pieces| 10 - pieces)
/// }
/// # let _ = ten_at_first();
/// ```
pub struct MockedOperation<N, A, T, E = Failure> {
    entity: PhantomData<fn() -> N>,
    takes: PhantomData<fn() -> A>,
    returns: PhantomData<fn() -> Result<T, E>>,
}

impl<N: Entity, A: Arguments, T: Recorded, E: CallableError> Mockable
    for MockedOperation<N, A, T, E>
where
    Self: 'static,
{
    type Arguments = A;
    type Output = T;
    type Error = E;

    /// An operation is not tried again: each is called anew.
    fn is_retryable(_error: &E) -> bool {
        false
    }
}

impl<N, A, T, E> fmt::Debug for MockedOperation<N, A, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MockedOperation")
    }
}

/// The mocked form of the operation `O` of the entity `N`.
type MockOf<N, O> = MockedOperation<
    N,
    <O as Operation>::Arguments,
    <O as Operation>::Output,
    <O as Operation>::Error,
>;

/// Returns a mock of the operation `O` of the entity `N`; for generated code.
pub fn mocked_operation<N: Entity, O: Operation>(
    body: impl FnMut(O::Arguments) -> Result<O::Output, O::Error> + Send + 'static,
) -> Mock<MockOf<N, O>> {
    Mock::answering(Callee::Operation(N::NAME, O::NAME), body)
}

/// A mock of the function that `C` is a call of. The macros generate functions that make one:
/// `charge_card::with(|order| …)`, `charge_card::fails_times(2, error)`,
/// `charge_card::delayed(hours(1), |order| …)`, `InventoryMocks::reserve(|sku, n| …)`.
///
/// ```
/// # use durable_runtime::prelude::*;
/// #[activity]
/// async fn charge(cents: u64) -> u64 {
///     cents
/// }
///
/// let mock = charge::fails_times(2, Failure::Cancelled).then(charge::with(|cents| cents / 2));
/// # let _ = mock;
/// ```
#[must_use = "a mock does nothing until a hub is given it"]
pub struct Mock<C: Mockable> {
    callee: Callee,
    stages: Vec<Stage<C>>,
}

struct Stage<C: Mockable> {
    /// For how many calls; for all that follow, if none is given.
    times: Option<u64>,
    delay: Duration,
    answer: Answer<C>,
}

type Body<C> = dyn FnMut(<C as Mockable>::Arguments) -> Result<<C as Mockable>::Output, <C as Mockable>::Error>
    + Send;

enum Answer<C: Mockable> {
    Body(Mutex<Box<Body<C>>>),
    Error {
        error: CallError,
        retryable: bool,
    },
    /// The mock is continued with one of that function: two operations may have the same types.
    OfAnother(Callee),
}

impl<C: MockableFunction> Mock<C> {
    /// Answers each call with the result of `body`; for generated code.
    pub fn new(
        body: impl FnMut(C::Arguments) -> Result<C::Output, C::Error> + Send + 'static,
    ) -> Self {
        Self::answering(C::callee(), body)
    }

    /// Fails the first `times` calls with `error`; for generated code.
    pub fn failing(times: u32, error: &C::Error) -> Self {
        let retryable = C::is_retryable(error);
        let error = error.to_call_error();
        let answer = Answer::Error { error, retryable };
        Self::of(C::callee(), Some(u64::from(times)), answer)
    }
}

impl<C: Mockable> Mock<C> {
    fn answering(
        callee: Callee,
        body: impl FnMut(C::Arguments) -> Result<C::Output, C::Error> + Send + 'static,
    ) -> Self {
        Self::of(callee, None, Answer::Body(Mutex::new(Box::new(body))))
    }

    fn of(callee: Callee, times: Option<u64>, answer: Answer<C>) -> Self {
        let stage = Stage {
            times,
            delay: Duration::ZERO,
            answer,
        };
        Self {
            callee,
            stages: vec![stage],
        }
    }

    /// Answers after `delay`, by the hub's time.
    pub fn after(mut self, delay: Duration) -> Self {
        for stage in &mut self.stages {
            stage.delay = delay;
        }
        self
    }

    /// Answers only the next `times` calls; [`then`](Self::then) sets the answers that follow.
    pub fn times(mut self, times: u32) -> Self {
        if let Some(last) = self.stages.last_mut() {
            last.times = Some(u64::from(times));
        }
        self
    }

    /// Continues with the answers of `next` after these. A mock that answers every call, such as
    /// one made by `with`, then answers only one call before `next`.
    pub fn then(mut self, next: Self) -> Self {
        if let Some(last) = self.stages.last_mut() {
            // Without a number it would answer for ever, and the next one never.
            last.times.get_or_insert(1);
        }
        let other = (next.callee != self.callee).then_some(next.callee);
        self.stages.extend(next.stages.into_iter().map(|mut stage| {
            if let Some(other) = other {
                // A builder has no result to return, so the mistake is told by the first call that
                // meets it.
                stage.answer = Answer::OfAnother(other);
            }
            stage
        }));
        self
    }

    /// Returns the mock without its types.
    pub fn into_stand_in(self) -> StandIn {
        let answers = self.stages.into_iter().map(|stage| Scripted {
            times: stage.times,
            delay: stage.delay,
            answer: Box::new(move |input| stage.answer.answer(input)),
        });
        StandIn {
            callee: self.callee,
            script: answers.collect(),
        }
    }
}

impl<C: Mockable> Answer<C> {
    fn answer(&self, input: Option<&Payload>) -> AttemptEnd {
        let body = match self {
            Self::Body(body) => body,
            Self::Error { error, retryable } => {
                let (error, retryable) = (error.clone(), *retryable);
                return AttemptEnd::Failed { error, retryable };
            }
            Self::OfAnother(callee) => {
                let report = format!("`.then(…)` continues a mock with one of {callee}");
                return AttemptEnd::Stalled(report);
            }
        };
        let arguments = match C::Arguments::decode(input) {
            Ok(arguments) => arguments,
            Err(error) => return AttemptEnd::Stalled(format!("failed to call a mock: {error}")),
        };
        // A body may change what it has captured, and calls may come from several threads.
        let mut body = body.lock().unwrap_or_else(PoisonError::into_inner);
        match body(arguments) {
            Ok(value) => match value.to_payload() {
                Ok(payload) => AttemptEnd::Completed(payload),
                Err(error) => AttemptEnd::Failed {
                    error: CallError::Failure(Failure::Codec(error)),
                    retryable: false,
                },
            },
            Err(error) => AttemptEnd::Failed {
                retryable: C::is_retryable(&error),
                error: error.to_call_error(),
            },
        }
    }
}

impl<C: Mockable> fmt::Debug for Mock<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mock").field(&self.callee).finish()
    }
}

/// A mock without its types.
pub struct StandIn {
    callee: Callee,
    script: Vec<Scripted>,
}

/// What comes of a call with this input.
type Respond = Box<dyn Fn(Option<&Payload>) -> AttemptEnd + Send + Sync>;

struct Scripted {
    times: Option<u64>,
    delay: Duration,
    answer: Respond,
}

impl StandIn {
    /// Returns the function that it stands in for.
    pub fn callee(&self) -> Callee {
        self.callee
    }

    /// Returns the delay of the answer to the call with this number, from 0.
    pub fn delay(&self, call: u64) -> Duration {
        self.scripted(call)
            .map_or(Duration::ZERO, |scripted| scripted.delay)
    }

    /// Returns the answer to the call with this number, from 0.
    pub fn answer(&self, call: u64, input: Option<&Payload>) -> AttemptEnd {
        match self.scripted(call) {
            Some(scripted) => (scripted.answer)(input),
            None => AttemptEnd::Stalled(format!(
                "the mock of {} has no answer for call {}: add one with `.then(…)`",
                self.callee,
                call + 1
            )),
        }
    }

    fn scripted(&self, call: u64) -> Option<&Scripted> {
        let mut before = 0;
        self.script.iter().find(|scripted| {
            // `u64::MAX` stands for ever, and must not overflow behind what was counted before.
            before += scripted.times.unwrap_or(u64::MAX - before);
            call < before
        })
    }
}

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StandIn").field(&self.callee).finish()
    }
}
