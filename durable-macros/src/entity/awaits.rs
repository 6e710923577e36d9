//! The awaits in an operation, each bounded to what an operation may await.
//!
//! What a macro awaits is not seen here: an operation that waits fails when it runs.

use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use quote::quote_spanned;
use syn::Block;
use syn::Expr;
use syn::ExprAwait;
use syn::Item;
use syn::spanned::Spanned;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use crate::body::broken;
use crate::body::generated;
use crate::determinism::Checked;
use crate::determinism::Reported;
use crate::item::seam_at;

/// The body of an operation with its awaits bounded; `own` are the operations that it may await.
pub(super) fn bounded(checked: &Checked, own: &[String]) -> TokenStream {
    let mut block = match syn::parse2::<Block>(checked.body.clone()) {
        Ok(block) => block,
        Err(error) => return broken(&checked.body, &error),
    };
    let mut awaits = Awaits {
        own,
        reported: &checked.reported,
    };
    awaits.visit_block_mut(&mut block);
    block.into_token_stream()
}

struct Awaits<'a> {
    own: &'a [String],
    /// An await of what was reported is not bounded: its mistake is told already.
    reported: &'a Reported,
}

impl Awaits<'_> {
    fn awaited(&mut self, awaited: &mut ExprAwait) -> TokenStream {
        let at = awaited.base.span();
        let free =
            self.is_own(&awaited.base) || self.reported.in_tokens(&awaited.base.to_token_stream());
        self.visit_expr_mut(&mut awaited.base);
        if free {
            return awaited.to_token_stream();
        }
        let (seam, future) = (seam_at(at), without_parentheses(&awaited.base));
        let (attributes, dot, keyword) = (&awaited.attrs, awaited.dot_token, awaited.await_token);
        // The whole expression must be the user's, or what is said of it is said at the attribute.
        let bounded = quote_spanned!(at=> #seam::runs_through(#future));
        quote!(#(#attributes)* #bounded #dot #keyword)
    }

    /// `self.operation(…)` and `Self::operation(self, …)`.
    fn is_own(&self, expression: &Expr) -> bool {
        let is_known = |name: String| self.own.contains(&name);
        match expression {
            Expr::Paren(inner) => self.is_own(&inner.expr),
            Expr::MethodCall(call) => {
                let on_self = matches!(&*call.receiver, Expr::Path(path)
                    if path.path.is_ident("self"));
                on_self && is_known(call.method.to_string())
            }
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) if path.path.segments.len() == 2 => {
                    let (first, last) = (&path.path.segments[0], &path.path.segments[1]);
                    first.ident == "Self" && is_known(last.ident.to_string())
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// An argument needs no parentheses of its own, and the compiler would say so.
fn without_parentheses(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) if inner.attrs.is_empty() => without_parentheses(&inner.expr),
        other => other,
    }
}

impl VisitMut for Awaits<'_> {
    fn visit_item_mut(&mut self, _item: &mut Item) {}

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        let instead = match expression {
            Expr::Await(awaited) => self.awaited(awaited),
            Expr::Async(block) => {
                visit_mut::visit_expr_async_mut(self, block);
                let at = generated(block.async_token.span);
                let seam = seam_at(at);
                quote_spanned!(at=> #seam::through(#block))
            }
            other => return visit_mut::visit_expr_mut(self, other),
        };
        *expression = Expr::Verbatim(instead);
    }
}
