//! `join!`, `try_join!` and `select!` of tokio and futures, replaced by ours: those poll in random
//! order.

use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::format_ident;
use quote::quote;
use quote::quote_spanned;
use syn::Expr;
use syn::Ident;
use syn::Macro;
use syn::Pat;
use syn::Path;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;

use super::arms;
use super::arms::Arm;
use super::arms::bindable;
use super::await_sites::Rewriter;
use super::await_sites::generated;
use super::await_sites::without_parentheses;
use super::source_text;
use crate::item::seam_at;
use crate::runtime_path;

/// Which of the macros.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Join,
    TryJoin,
    Select,
}

impl Kind {
    /// The macro under `path`, if it is one of these: bare, or of a crate that has them.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        const CRATES: [&str; 3] = ["tokio", "futures", "futures_util"];
        let mut words = path.segments.iter().map(|segment| &segment.ident);
        let name = words.next_back()?.to_string();
        let of_others = |first: &Ident| CRATES.iter().any(|known| first == known);
        if words.clone().next().is_some_and(|first| !of_others(first))
            && !runtime_path::is_named(words)
        {
            return None;
        }
        match name.as_str() {
            "join" => Some(Self::Join),
            "try_join" => Some(Self::TryJoin),
            "select" | "select_biased" => Some(Self::Select),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Join => "join!",
            Self::TryJoin => "try_join!",
            Self::Select => "select!",
        }
    }
}

/// What stands in place of `call`.
pub(super) fn expand(rewriter: &mut Rewriter<'_>, kind: Kind, call: &Macro) -> TokenStream {
    let at = call.path.span();
    let expanded = match kind {
        Kind::Join | Kind::TryJoin => {
            arms::futures(&call.tokens).map(|futures| join(rewriter, kind, futures, at))
        }
        Kind::Select => arms::arms(call).map(|arms| select(rewriter, arms, at)),
    };
    rewriter.diagnostics.take(expanded).unwrap_or_else(|| {
        // The mistake is reported; what follows must not add to it.
        quote!(::core::unreachable!())
    })
}

fn join(rewriter: &mut Rewriter<'_>, kind: Kind, mut futures: Vec<Expr>, at: Span) -> TokenStream {
    let seam = seam_at(generated(at));
    let (pair, end) = match kind {
        Kind::TryJoin => (quote!(#seam::try_join), quote!(#seam::try_joined())),
        _ => (quote!(#seam::join), quote!(#seam::joined())),
    };
    let future = chain(rewriter, &mut futures, &pair, &end, kind, at);
    let names: Vec<_> = (0..futures.len())
        .map(|number| format_ident!("__value_{number}", span = generated(at)))
        .collect();
    let nested = names
        .iter()
        .rev()
        .fold(quote!(()), |rest, name| quote!((#name, #rest)));
    if kind == Kind::Join {
        return quote_spanned!(generated(at)=> match #future.await { #nested => (#(#names,)*) });
    }
    quote_spanned! {generated(at)=>
        match #future.await {
            ::core::result::Result::Ok(#nested) => ::core::result::Result::Ok((#(#names,)*)),
            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
        }
    }
}

fn select(rewriter: &mut Rewriter<'_>, arms: Vec<Arm>, at: Span) -> TokenStream {
    let seam = seam_at(generated(at));
    let (mut futures, mut rest): (Vec<_>, Vec<_>) = arms
        .into_iter()
        .map(|arm| (arm.future, (arm.pattern, arm.body)))
        .unzip();
    let (pair, end) = (quote!(#seam::select), quote!(#seam::no_arm()));
    let future = chain(rewriter, &mut futures, &pair, &end, Kind::Select, at);
    let value = Ident::new("value", generated(at));
    let never = Ident::new("never", generated(at));
    let mut branches = TokenStream::new();
    let mut others = never.to_token_stream();
    for (number, (pattern, body)) in rest.iter_mut().enumerate() {
        rewriter.visit_expr_mut(body);
        let pattern = match pattern {
            // Of our own: a lint on `_` would speak of a `let` that nobody wrote.
            Pat::Wild(_) => quote_spanned!(generated(at)=> _),
            written => bindable(written),
        };
        let chosen = (0..number).fold(
            quote!(#seam::Selected::First(#value)),
            |inner, _| quote!(#seam::Selected::Later(#inner)),
        );
        others = quote!(#seam::Selected::Later(#others));
        // A `let`, so that the compiler refuses a pattern that can refuse a value.
        branches.extend(quote_spanned! {generated(at)=>
            #chosen => { let #pattern = #value; #body }
        });
    }
    quote_spanned! {generated(at)=>
        match #future.await {
            #branches
            #others => match #never {},
        }
    }
}

/// The futures, each a branch of its own, chained by `pair` up to `end`, as one durable future.
fn chain(
    rewriter: &mut Rewriter<'_>,
    futures: &mut [Expr],
    pair: &TokenStream,
    end: &TokenStream,
    kind: Kind,
    at: Span,
) -> TokenStream {
    let texts: Vec<_> = futures
        .iter()
        .map(|future| source_text(future.to_token_stream()))
        .collect();
    for future in futures.iter_mut() {
        rewriter.visit_expr_mut(future);
    }
    let chained = futures.iter().rev().fold(end.clone(), |rest, future| {
        let (argument, place) = (without_parentheses(future), generated(future.span()));
        let bounds = rewriter.bounds(&argument.to_token_stream(), &seam_at(place));
        let arm = quote_spanned!(place=> #bounds::arm(#argument));
        quote!(#pair(#arm, #rest))
    });
    let text = format!("{}({})", kind.name(), texts.join(", "));
    rewriter.durable(&chained, at, &text)
}
