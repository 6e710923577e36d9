//! Calls that a statement drops, which therefore never run.
//!
//! A macro cannot tell a durable call from another one, so the compiler is asked about each that
//! may be one: a statement `f(…);` or `let _ = f(…);`, with or without the options of a call behind
//! it, and the timers and waits of the context. So it is with critical sections, which last no longer
//! than what `lock!(…).await` yields.

use proc_macro2::Ident;
use proc_macro2::Span;
use quote::quote_spanned;
use syn::Attribute;
use syn::Expr;
use syn::ExprCall;
use syn::ExprMacro;
use syn::Pat;
use syn::Path;
use syn::Stmt;

use super::await_sites::generated;
use crate::item::seam_at;

/// Methods of calls and contexts that yield something durable.
const DURABLE: &[&str] = &[
    "retry",
    "retry_with",
    "timeout",
    "queue",
    "label",
    "id",
    "spawn",
    "boxed_durable",
    "sleep",
    "sleep_until",
    "wait_for",
    "side_effect",
    "start_detached",
    "continue_as_new",
];

/// Makes the expression of a statement `lock!(…);`, which is a future like others.
pub(super) fn as_expression(statement: &mut Stmt) {
    if let Stmt::Macro(call) = statement
        && names_lock(&call.mac.path)
    {
        let (attrs, mac) = (std::mem::take(&mut call.attrs), call.mac.clone());
        *statement = Stmt::Expr(Expr::Macro(ExprMacro { attrs, mac }), call.semi_token);
    }
}

/// What `statement` drops, if that may be a durable call or a critical section.
pub(super) fn call_in(statement: &Stmt) -> Option<&Expr> {
    let (dropped, on_purpose) = match statement {
        Stmt::Expr(Expr::Assign(assigned), Some(_)) if matches!(*assigned.left, Expr::Infer(_)) => {
            (&*assigned.right, true)
        }
        Stmt::Expr(expression, Some(_)) => (expression, false),
        Stmt::Local(local) if matches!(local.pat, Pat::Wild(_)) => {
            let init = local.init.as_ref().filter(|init| init.diverge.is_none());
            (&*init?.expr, true)
        }
        _ => return None,
    };
    let may_be = may_be_durable(dropped)
        || awaited_in(dropped).is_some_and(|base| {
            // A section that a function yields, and nobody takes, the compiler warns of.
            is_lock(base) || on_purpose && may_be_durable(base)
        });
    may_be.then_some(dropped)
}

fn may_be_durable(expression: &Expr) -> bool {
    match expression {
        Expr::Call(call) => names_a_function(call),
        Expr::MethodCall(call) => DURABLE.iter().any(|method| call.method == method),
        Expr::Paren(inner) => may_be_durable(&inner.expr),
        Expr::Macro(_) => is_lock(expression),
        _ => false,
    }
}

/// What `expression` awaits, where it is the value of that await or of its success.
fn awaited_in(expression: &Expr) -> Option<&Expr> {
    match expression {
        Expr::Await(awaited) => Some(&awaited.base),
        Expr::Try(inner) => awaited_in(&inner.expr),
        Expr::Paren(inner) => awaited_in(&inner.expr),
        Expr::MethodCall(call) if call.method == "unwrap" || call.method == "expect" => {
            awaited_in(&call.receiver)
        }
        _ => None,
    }
}

/// `lock!(…)`, under whatever path.
fn is_lock(expression: &Expr) -> bool {
    match expression {
        Expr::Macro(call) => names_lock(&call.mac.path),
        Expr::Paren(inner) => is_lock(&inner.expr),
        _ => false,
    }
}

fn names_lock(path: &Path) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| last.ident == "lock")
}

/// `charge(…)` and `bank::charge(…)`, but no constructor, and no `drop`: who writes that means it.
pub(super) fn names_a_function(call: &ExprCall) -> bool {
    let Expr::Path(function) = &*call.func else {
        return false;
    };
    let last = function
        .path
        .segments
        .last()
        .map(|last| last.ident.to_string());
    last.is_some_and(|name| name != "drop" && name.starts_with(|c: char| c.is_lowercase()))
}

/// Takes what stands before an expression that is a statement: it is the statement's, whatever the
/// expression becomes.
pub(super) fn take_attributes(statement: &mut Stmt) -> Vec<Attribute> {
    let Stmt::Expr(expression, _) = statement else {
        return Vec::new();
    };
    match expression {
        Expr::Await(it) => std::mem::take(&mut it.attrs),
        Expr::Call(it) => std::mem::take(&mut it.attrs),
        Expr::Macro(it) => std::mem::take(&mut it.attrs),
        Expr::MethodCall(it) => std::mem::take(&mut it.attrs),
        Expr::Paren(it) => std::mem::take(&mut it.attrs),
        Expr::Try(it) => std::mem::take(&mut it.attrs),
        _ => Vec::new(),
    }
}

/// Has the compiler refuse `statement`, which has these attributes, if what it drops is durable, or a
/// critical section.
pub(super) fn probe(statement: &mut Stmt, attributes: &[Attribute], at: Span) {
    let dropped = match statement {
        Stmt::Expr(Expr::Assign(assigned), Some(_)) => &mut *assigned.right,
        Stmt::Expr(expression, Some(_)) => expression,
        Stmt::Local(local) => match &mut local.init {
            Some(init) => &mut *init.expr,
            None => return,
        },
        _ => return,
    };
    let (seam, value) = (seam_at(at), Ident::new("dropped", generated(at)));
    let imports = quote_spanned! {generated(at)=>
        #[allow(unused_imports)]
        use #seam::{DroppedCall as _, DroppedSection as _, DroppedValue as _};
    };
    let probed = quote_spanned! {at=>
        #imports
        #seam::may_drop((&&&#seam::DropProbe(&#value)).ask());
    };
    *dropped = Expr::Verbatim(quote_spanned! {generated(at)=>
        #(#attributes)* match #dropped { #value => { #probed #value } }
    });
}
