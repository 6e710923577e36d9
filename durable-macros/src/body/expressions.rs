//! What a macro in a body evaluates.

use syn::Expr;
use syn::Macro;

use super::arms;
use super::concurrency::Kind;
use super::known_macros;

/// The expressions that a macro evaluates, and whether it awaits them.
pub(crate) fn expressions_in(call: &Macro) -> Vec<(Expr, bool)> {
    let plain = |expression| (expression, false);
    let awaited = |expression| (expression, true);
    match Kind::of(&call.path) {
        Some(Kind::Join | Kind::TryJoin) => {
            let futures = arms::futures(&call.tokens).unwrap_or_default();
            futures.into_iter().map(awaited).collect()
        }
        Some(Kind::Select) => arms::selected(call)
            .into_iter()
            .flat_map(|(_, future, body)| [awaited(future), plain(body)])
            .collect(),
        None => known_macros::expressions(call)
            .into_iter()
            .map(plain)
            .collect(),
    }
}
