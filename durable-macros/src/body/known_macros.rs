//! Macros in a body hide awaits: those known to evaluate their arguments are read, and an await in
//! any other is refused.

use proc_macro2::Delimiter;
use proc_macro2::Group;
use proc_macro2::Punct;
use proc_macro2::Spacing;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use quote::quote;
use syn::Expr;
use syn::Macro;
use syn::visit_mut::VisitMut;

use super::await_sites::Rewriter;
use super::source_text;
use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;

/// The macros that take expressions, and evaluate them where they stand. Those of logs and
/// `debug_assert!` are not among them: what they evaluate depends on how the program is built and
/// run, so an await in them would not be replayed.
const KNOWN: &[&str] = &[
    "anyhow",
    "assert",
    "assert_eq",
    "assert_ne",
    "bail",
    "dbg",
    "ensure",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "json",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Makes the awaits among the arguments of `call` durable.
pub(super) fn rewrite(rewriter: &mut Rewriter<'_>, call: &mut Macro) {
    if !is_known(call) {
        if has_await(&call.tokens) {
            refuse(call, &call.tokens, rewriter.diagnostics);
        }
        return;
    }
    let arguments = call.tokens.clone();
    match rewrite_arguments(rewriter, arguments) {
        Ok(rewritten) => call.tokens = rewritten,
        Err(argument) => refuse(call, &argument, rewriter.diagnostics),
    }
}

/// The expressions among the arguments of a known macro.
pub(crate) fn expressions(call: &Macro) -> Vec<Expr> {
    let pieces = split(call.tokens.clone()).into_iter();
    pieces
        .filter_map(|(piece, _)| syn::parse2(piece).ok())
        .collect()
}

fn is_known(call: &Macro) -> bool {
    let name = call.path.segments.last();
    name.is_some_and(|name| KNOWN.iter().any(|known| name.ident == known))
}

fn refuse(call: &Macro, at: &TokenStream, diagnostics: &mut Diagnostics) {
    let name = source_text(call.path.to_token_stream());
    diagnostics.rule(
        Rule::HiddenAwait,
        at,
        format_args!("`durable` cannot see whether or when `{name}!` awaits this"),
        "await it in a `let` statement first, and pass the variable to the macro",
    );
}

/// Rewrites each argument; an argument that cannot be read is the error.
fn rewrite_arguments(
    rewriter: &mut Rewriter<'_>,
    arguments: TokenStream,
) -> Result<TokenStream, TokenStream> {
    let mut rewritten = TokenStream::new();
    for (piece, separator) in split(arguments) {
        rewritten.extend(rewrite_argument(rewriter, piece)?);
        separator.to_tokens(&mut rewritten);
    }
    Ok(rewritten)
}

fn rewrite_argument(
    rewriter: &mut Rewriter<'_>,
    argument: TokenStream,
) -> Result<TokenStream, TokenStream> {
    if !is_of_interest(&argument) {
        return Ok(argument);
    }
    if let Ok(mut expression) = syn::parse2::<Expr>(argument.clone()) {
        rewriter.visit_expr_mut(&mut expression);
        return Ok(expression.into_token_stream());
    }
    if let Some(group) = only_group(&argument) {
        let inner = rewrite_arguments(rewriter, group.stream())?;
        return Ok(Group::new(group.delimiter(), inner).into_token_stream());
    }
    let (label, value) = after_label(&argument).ok_or(argument)?;
    let value = rewrite_argument(rewriter, value)?;
    Ok(quote!(#label #value))
}

/// A list or an object of `json!`.
fn only_group(tokens: &TokenStream) -> Option<Group> {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() != Delimiter::None => {
            Some(group)
        }
        _ => None,
    }
}

/// Takes what stands before a value apart: `name =`, `target:`, `%`, `?`.
fn after_label(argument: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let tokens: Vec<TokenTree> = argument.clone().into_iter().collect();
    let sigil =
        |token: &TokenTree| matches!(token, TokenTree::Punct(p) if "%?".contains(p.as_char()));
    let end = tokens.iter().position(is_label_end);
    let cut = match tokens.first() {
        Some(first) if sigil(first) => 1,
        _ => end? + 1,
    };
    let (label, value) = tokens.split_at(cut);
    Some((
        label.iter().cloned().collect(),
        value.iter().cloned().collect(),
    ))
}

fn is_label_end(token: &TokenTree) -> bool {
    let alone = |punct: &Punct| punct.spacing() == Spacing::Alone && "=:".contains(punct.as_char());
    let before_sigil = |punct: &Punct| punct.as_char() == '=';
    matches!(token, TokenTree::Punct(punct) if alone(punct) || before_sigil(punct))
}

/// Whether there is anything to rewrite.
fn is_of_interest(tokens: &TokenStream) -> bool {
    any_word(tokens, &|word| {
        ["await", "async", "join", "try_join", "select"].contains(&word)
    })
}

fn has_await(tokens: &TokenStream) -> bool {
    any_word(tokens, &|word| word == "await")
}

fn any_word(tokens: &TokenStream, test: &dyn Fn(&str) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => test(&word.to_string()),
        TokenTree::Group(group) => any_word(&group.stream(), test),
        _ => false,
    })
}

/// The arguments between top-level commas and semicolons, each with what follows it.
fn split(arguments: TokenStream) -> Vec<(TokenStream, Option<Punct>)> {
    let mut pieces = vec![(TokenStream::new(), None)];
    for token in arguments {
        let Some((piece, separator)) = pieces.last_mut() else {
            continue;
        };
        match token {
            TokenTree::Punct(punct) if ",;".contains(punct.as_char()) => {
                *separator = Some(punct);
                pieces.push((TokenStream::new(), None));
            }
            token => piece.extend([token]),
        }
    }
    pieces
}
