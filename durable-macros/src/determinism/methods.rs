//! The methods that a rule knows.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Expr;
use syn::ExprMethodCall;

use crate::body::source_text;

/// Methods that poll a future once, and tell what came of it.
const POLLING: &[&str] = &[
    "now_or_never",
    "poll_unpin",
    "try_poll_unpin",
    "poll_next_unpin",
    "try_poll_next_unpin",
];

/// Combinators that make futures of their own, of closures, and run them out of sight.
const HIDING: &[&str] = &["for_each_concurrent", "try_for_each_concurrent"];

/// What to write in place of those.
pub(super) const INSTEAD_OF_HIDING: &str =
    "write `.map(…).buffer_unordered(n).collect::<Vec<_>>().await`";

/// Whether the method polls by hand.
pub(super) fn polls(method: &Ident) -> bool {
    POLLING.iter().any(|known| method == known)
}

/// Whether the method hides futures.
pub(super) fn hides_futures(method: &Ident) -> bool {
    HIDING.iter().any(|known| method == known)
}

/// What an orchestrator writes in place of `ctx.signal(Account::at(key).deposit(1))`.
pub(super) fn as_signal(call: &ExprMethodCall) -> String {
    let Some(Expr::MethodCall(operation)) = call.args.first() else {
        return "write `Account::at(key).signal_deposit(1).await`".to_owned();
    };
    let entity = source_text(operation.receiver.to_token_stream());
    let arguments = source_text(operation.args.to_token_stream());
    let name = operation.method.to_string();
    let name = name.strip_prefix("signal_").unwrap_or(&name);
    format!("write `{entity}.signal_{name}({arguments}).await`")
}
