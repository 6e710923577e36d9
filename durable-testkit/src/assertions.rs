//! Assertions about what was recorded.

/// Compares the history of an instance with a snapshot. `UPDATE_EXPECT=1` writes the snapshot.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_testkit::{TestHub, assert_history, expect};
/// # #[activity] async fn greet(name: String) -> String { format!("Hello, {name}") }
/// # #[orchestrator]
/// # async fn hello(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
/// #     greet(name).await
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let kit = TestHub::new().register(hello).register(greet);
/// let hello = kit.start(hello("Ada".to_owned())).await;
/// hello.result().await.unwrap();
/// assert_history!(hello, expect![[r#"
///     1 ExecutionStarted hello "Ada"
///     2 ActivityScheduled greet "Ada"
///     3 ActivityCompleted greet "Hello, Ada"
///     4 ExecutionCompleted "Hello, Ada""#]]);
/// # }
/// ```
#[macro_export]
macro_rules! assert_history {
    ($instance:expr, $expected:expr $(,)?) => {
        $expected.assert_eq(&$instance.history_text().await)
    };
}

/// Asserts how often a function was called, or with what: the calls are those that
/// [`TestHub::mock`](crate::TestHub::mock) and [`TestHub::calls_of`](crate::TestHub::calls_of)
/// return.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_testkit::{TestHub, assert_called};
/// # #[activity] async fn greet(name: String) -> String { format!("Hello, {name}") }
/// # #[orchestrator]
/// # async fn hello(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
/// #     greet(name).await
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let kit = TestHub::new().register(hello);
/// let greetings = kit.mock(greet::with(|name| name));
/// kit.start(hello("Ada".to_owned())).await.result().await.unwrap();
/// assert_called!(greetings, 1);
/// assert_called!(greetings, with [("Ada".to_owned(),)]);
/// # }
/// ```
#[macro_export]
macro_rules! assert_called {
    ($calls:expr, with $arguments:expr $(,)?) => {
        assert_eq!($calls.arguments(), $arguments, "{:?}", $calls)
    };
    ($calls:expr, $times:expr $(,)?) => {
        assert_eq!($calls.calls(), $times, "{:?}", $calls)
    };
}
