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
    message = "`{Self}` is not durable: a crash would forget it, and a replay would repeat it",
    label = "awaited in an orchestrator",
    note = "durable are calls of `#[activity]` and `#[orchestrator]` functions, timers and events of \
            the context, and combinators of those",
    note = "put anything else into an `#[activity]`; a function that awaits durable operations \
            itself is `#[orchestrator(inline)]` [D018]"
)]
pub trait Durable {}

/// A stream whose items an orchestrator may await.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a durable stream",
    label = "awaited in an orchestrator",
    note = "durable are `ctx.events::<E>()`, and streams of `futures` over durable futures [D018]"
)]
pub trait DurableStream {}

/// Returns `future`, which is awaited at the site of that number; for generated code.
pub fn durable<F: Durable>(future: F, sites: &'static [Site], number: usize) -> F {
    if let Some(site) = sites.get(number) {
        awaits(site);
    }
    future
}
