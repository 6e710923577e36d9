//! The arguments of `join!` and the arms of `select!`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote;
use syn::Attribute;
use syn::Expr;
use syn::Ident;
use syn::Macro;
use syn::Pat;
use syn::Path;
use syn::Token;
use syn::parse::ParseStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;

use super::source_text;
use crate::determinism::Rule;

/// `pattern = future => body`.
pub(crate) struct Arm {
    pub(crate) pattern: Pat,
    pub(crate) future: Expr,
    pub(crate) body: Expr,
}

/// The arguments of `join!`; `biased;` is accepted, as ours always is.
pub(crate) fn futures(arguments: &TokenStream) -> syn::Result<Vec<Expr>> {
    let read = |input: ParseStream<'_>| {
        skip_biased(input)?;
        Punctuated::<Expr, Token![,]>::parse_terminated(input)
    };
    let futures = read.parse2(arguments.clone())?;
    Ok(futures.into_iter().collect())
}

/// The pattern as a `let` takes it. Where a `for` or an arm has alternatives or a leading `|`, a `let`
/// has them in parentheses only.
pub(crate) fn bindable(pattern: &Pat) -> TokenStream {
    match pattern {
        Pat::Or(alternatives) => quote!((#alternatives)),
        other => other.to_token_stream(),
    }
}

/// The arms of a `select!`.
pub(super) fn arms(call: &Macro) -> syn::Result<Vec<Arm>> {
    let arms = read_arms(call)?;
    if arms.is_empty() {
        let what = "`select!` needs at least one arm";
        let help = "write `pattern = future => body`";
        return Err(Rule::SelectArm.error(&call.path, what, help));
    }
    let refutable = arms.iter().filter(|arm| is_refutable(&arm.pattern));
    let refused = refutable.map(refusal).reduce(|mut all, error| {
        all.combine(error);
        all
    });
    refused.map_or(Ok(arms), Err)
}

/// The arms of a `select!` that can be read: pattern, future and body.
pub(crate) fn selected(call: &Macro) -> Vec<(Pat, Expr, Expr)> {
    let arms = read_arms(call).unwrap_or_default();
    arms.into_iter()
        .map(|arm| (arm.pattern, arm.future, arm.body))
        .collect()
}

pub(crate) fn read_arms(call: &Macro) -> syn::Result<Vec<Arm>> {
    let read = |input: ParseStream<'_>| {
        skip_biased(input)?;
        let mut arms = Vec::new();
        while !input.is_empty() {
            arms.push(read_arm(input)?);
        }
        Ok(arms)
    };
    // What ends too early ends at the macro's bracket.
    call.parse_body_with(read)
}

fn read_arm(input: ParseStream<'_>) -> syn::Result<Arm> {
    refuse_attributes(input)?;
    refuse_keyword_arm(input)?;
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    input.parse::<Token![=]>()?;
    let future = input.parse()?;
    if input.peek(Token![,]) && input.peek2(Token![if]) {
        let what = "an arm of `select!` cannot have a condition";
        let help = "write an `if` with a `select!` in each branch";
        return Err(input.error(Rule::SelectArm.text(what, help)));
    }
    input.parse::<Token![=>]>()?;
    let body = Expr::parse_with_earlier_boundary_rule(input)?;
    let optional = matches!(
        body,
        Expr::Block(_)
            | Expr::Match(_)
            | Expr::If(_)
            | Expr::Loop(_)
            | Expr::While(_)
            | Expr::ForLoop(_)
            | Expr::Unsafe(_)
    );
    if input.peek(Token![,]) || !(input.is_empty() || optional) {
        input.parse::<Token![,]>()?;
    }
    Ok(Arm {
        pattern,
        future,
        body,
    })
}

fn refuse_attributes(input: ParseStream<'_>) -> syn::Result<()> {
    let attributes = input.call(Attribute::parse_outer)?;
    let Some(attribute) = attributes.first() else {
        return Ok(());
    };
    let what = "an arm of `select!` cannot have attributes: every build must have the same arms";
    let help = "write two `select!` statements, and put `#[cfg(…)]` on each";
    Err(Rule::SelectArm.error(attribute, what, help))
}

/// `else`, `complete` and `default` arms are of others' `select!`.
fn refuse_keyword_arm(input: ParseStream<'_>) -> syn::Result<()> {
    let otherwise = input.peek(Token![else]);
    if otherwise || (input.peek(Ident) && input.peek2(Token![=>])) {
        let what = "expected an arm of the form `pattern = future => body`";
        let help = "remove this arm: the patterns of the other arms always match, so it would \
                    never run";
        return Err(input.error(Rule::SelectArm.text(what, help)));
    }
    Ok(())
}

fn skip_biased(input: ParseStream<'_>) -> syn::Result<()> {
    let ahead = input.fork();
    if ahead.parse::<Ident>().is_ok_and(|word| word == "biased") && ahead.peek(Token![;]) {
        input.parse::<Ident>()?;
        input.parse::<Token![;]>()?;
    }
    Ok(())
}

fn refusal(arm: &Arm) -> syn::Error {
    let pattern = source_text(arm.pattern.to_token_stream());
    let future = source_text(arm.future.to_token_stream());
    let what = "this pattern does not match every value: `select!` would lose the \
                values that do not match";
    let help = format!("write `value = {future} => match value {{ {pattern} => …, _ => … }}`");
    Rule::SelectPattern.error(&arm.pattern, what, help)
}

/// Whether the pattern shows that it can refuse a value. What it does not show the compiler finds.
fn is_refutable(pattern: &Pat) -> bool {
    match pattern {
        Pat::Lit(_) | Pat::Range(_) => true,
        Pat::Ident(name) => name
            .subpat
            .as_ref()
            .is_some_and(|(_, inner)| is_refutable(inner)),
        Pat::Paren(inner) => is_refutable(&inner.pat),
        Pat::Reference(inner) => is_refutable(&inner.pat),
        Pat::Type(inner) => is_refutable(&inner.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().any(is_refutable),
        Pat::TupleStruct(variant) => is_variant(&variant.path),
        Pat::Struct(variant) => is_variant(&variant.path),
        Pat::Path(variant) => is_variant(&variant.path),
        _ => false,
    }
}

/// `Some`, `Ok` and the like, and `Enum::Variant`.
fn is_variant(path: &Path) -> bool {
    let mut names = path
        .segments
        .iter()
        .rev()
        .map(|segment| segment.ident.to_string());
    let last = names.next().unwrap_or_default();
    let of_a_type = names
        .next()
        .is_some_and(|name| name.starts_with(char::is_uppercase));
    of_a_type || ["Some", "None", "Ok", "Err"].contains(&last.as_str())
}
