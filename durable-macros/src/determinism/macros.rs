//! The macros that a rule knows.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::Expr;
use syn::ExprLit;
use syn::Lit;
use syn::Macro;

use super::rules::Rule;
use crate::body::expressions_in;
use crate::body::source_text;

/// Macros of the standard library that write.
const PRINTING: &[&str] = &["println", "print", "eprintln", "eprint", "dbg"];

/// Macros of `log` and `tracing`, named like the levels.
const LEVELS: &[&str] = &["trace", "debug", "info", "warn", "error"];

/// Crates whose macros log.
const LOGGING: &[&str] = &["tracing", "log", "slog", "defmt", "log4rs"];

/// The rule that the macro under `path` breaks.
pub(super) fn known(path: &[String]) -> Option<Rule> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [name] | ["std", name] if PRINTING.contains(name) => Some(Rule::Log),
        [name] if LEVELS.contains(name) => Some(Rule::Log),
        [first, .., last] if LOGGING.contains(first) => {
            let logs = LEVELS.contains(last) || ["event", "log"].contains(last);
            logs.then_some(Rule::Log)
        }
        [name] | ["std", name] if *name == "thread_local" => Some(Rule::SharedState),
        [.., "lazy_static"] => Some(Rule::SharedState),
        [.., "nanoid"] => Some(Rule::NewId),
        ["sqlx", _] => Some(Rule::Network),
        ["poll"] | ["futures" | "futures_util", "poll" | "pending"] => Some(Rule::Polled),
        _ => None,
    }
}

/// What to write in place of a log macro.
pub(super) fn logged(call: &Macro, context: &str) -> String {
    let name = call.path.segments.last().map(|last| last.ident.to_string());
    let name = name.unwrap_or_default();
    let level = match name.as_str() {
        "dbg" => "debug",
        level if LEVELS.contains(&level) => level,
        _ => "info",
    };
    format!("{context}.log().{level}({})", message(call, &name))
}

fn message(call: &Macro, name: &str) -> String {
    let arguments: Vec<Expr> = expressions_in(call).into_iter().map(|(e, _)| e).collect();
    let begins = call.tokens.clone().into_iter().next();
    let begins = matches!(begins, Some(TokenTree::Literal(_)));
    let text = arguments.first().filter(|_| begins).and_then(literal);
    match (name, arguments.as_slice(), text) {
        ("dbg", [value], _) => {
            let value = source_text(value.to_token_stream());
            format!("format_args!(\"{{:?}}\", {value})")
        }
        (_, [_], Some(text)) if !text.contains('{') => source_text(call.tokens.clone()),
        (_, [_, ..], Some(_)) => format!("format_args!({})", source_text(call.tokens.clone())),
        _ => "…".to_owned(),
    }
}

fn literal(argument: &Expr) -> Option<String> {
    match argument {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}
