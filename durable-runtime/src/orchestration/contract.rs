//! The traits that `#[orchestrator]` implements.

use futures_util::future::BoxFuture;

use super::CalleeList;
use super::Untyped;
use crate::callable::CallableError;
use crate::commands::EventCode;
use crate::definition::OrchestratorDefinition;
use crate::machine::BodyEnd;
use crate::machine::Cursor;
use crate::payload::Arguments;
use crate::payload::Payload;
use crate::payload::Recorded;
#[cfg(feature = "schemars")]
use crate::schemas::OrchestratorSchemas;

/// An orchestrator as a type; `#[orchestrator]` implements it for a type with the function's name.
///
/// ```
/// use durable_runtime::orchestration::Orchestrator;
/// use durable_runtime::prelude::*;
///
/// #[orchestrator(version = "2")]
/// async fn greet(ctx: &OrchestrationContext, name: String) -> String {
///     ctx.sleep(hours(1)).await;
///     format!("Hello, {name}")
/// }
///
/// assert_eq!(greet::DEFINITION.version, "2");
/// assert_eq!(greet::DEFINITION.sites[0].expression, "ctx.sleep(hours(1))");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an orchestrator",
    note = "an orchestrator is an `async fn` with `#[orchestrator]` [D034]"
)]
pub trait Orchestrator: Sized + Send + Sync + 'static {
    /// Its definition, which is known without running it.
    const DEFINITION: OrchestratorDefinition;
    /// The events that it declares.
    const EVENTS: &'static [EventCode];
    /// The recorded arguments.
    type Arguments: Arguments;
    /// The function's whole return type, which `continue_as_new(…).await` yields.
    type Return;
    /// The `T` of a `Result<T, E>`, or the plain value.
    type Output: Recorded;
    /// The error; [`Failure`](crate::Failure) for a plain value.
    type Error: CallableError;
    /// The custom status; `()` unless the attribute says `#[orchestrator(status = T)]`.
    type Status: Recorded;

    /// Lists the callees that the macro saw in the source.
    fn callees(list: &mut CalleeList);

    /// Returns whether another attempt may succeed after `error`.
    fn is_retryable(error: &Self::Error) -> bool;

    /// Returns the schemas of its types.
    #[cfg(feature = "schemars")]
    fn schemas() -> OrchestratorSchemas {
        OrchestratorSchemas::default()
    }

    /// Starts the body.
    fn start(cursor: Cursor, input: Option<Payload>) -> BoxFuture<'static, BodyEnd>;
}

/// An orchestrator that declares the event `E`; `#[orchestrator(events(E))]` implements it.
///
/// ```
/// use durable_runtime::prelude::*;
///
/// #[derive(Event, serde::Serialize, serde::Deserialize)]
/// struct Approval {
///     by: String,
/// }
///
/// #[orchestrator(events(Approval))]
/// async fn approved_by(ctx: &OrchestrationContext) -> String {
///     ctx.wait_for::<Approval>().await.by
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the orchestrator `{Self}` does not declare the event `{E}`",
    label = "`{E}` is not declared",
    note = "declare it: `#[orchestrator(events({E}))]` [D028]"
)]
pub trait Declares<E> {}

/// Refuses a context that does not know its orchestrator, with an error of its own.
#[diagnostic::do_not_recommend]
impl<E> Declares<E> for Untyped {}

/// Because of this second candidate, the compiler takes the event from the raised value and not from
/// the declaration. Its error then names the event that is not declared.
#[derive(Debug)]
pub enum NoEvent {}

#[diagnostic::do_not_recommend]
impl<O: Orchestrator> Declares<NoEvent> for O {}

/// An orchestrator whose status is an `S`; `#[orchestrator(status = S)]` implements it.
///
/// ```
/// use durable_runtime::prelude::*;
///
/// #[orchestrator(status = String)]
/// async fn nap(ctx: &OrchestrationContext) {
///     ctx.set_status("asleep".to_owned());
///     ctx.sleep(hours(1)).await;
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the orchestrator `{Self}` does not declare a status",
    label = "no status is declared",
    note = "declare the type of the status: `#[orchestrator(status = …)]` [D039]"
)]
pub trait Reports<S> {}

#[diagnostic::do_not_recommend]
impl<S> Reports<S> for Untyped {}
