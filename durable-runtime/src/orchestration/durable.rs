//! The futures that an orchestrator may await.
//!
//! [`Durable`] is a marker without items, so that a future that is not durable causes only one
//! error, and type inference is not affected.

use crate::definition::Site;
use crate::machine::awaits;

/// A future that an orchestrator may await: it survives a crash, and a replay finds it again.
/// Durable futures are calls of activities and orchestrators, the futures that the context gives,
/// `async` blocks, and the combinators of `futures` over all of these.
///
/// ```compile_fail
/// # use durable_runtime::prelude::*;
/// #[orchestrator]
/// async fn nap(ctx: &OrchestrationContext) {
///     tokio::time::sleep(seconds(1)).await; // not durable: use `ctx.sleep`
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not durable: a crash would lose it, and a replay would repeat it",
    label = "awaited in an orchestrator",
    note = "an orchestrator can await calls to `#[activity]` and `#[orchestrator]` functions, \
            timers and events of the context, and combinators of these",
    note = "move anything else into an `#[activity]`; mark a helper that awaits durable \
            operations `#[orchestrator(inline)]` [D018]"
)]
pub trait Durable {}

/// A stream whose items an orchestrator may await.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a durable stream",
    label = "awaited in an orchestrator",
    note = "use `ctx.events::<E>()`, or a stream of the `futures` crate over durable futures [D018]"
)]
pub trait DurableStream {}

/// Returns `future`, which is awaited at the site of that number; for generated code.
pub fn durable<F: Durable>(future: F, sites: &'static [Site], number: usize) -> F {
    if let Some(site) = sites.get(number) {
        awaits(site);
    }
    future
}
