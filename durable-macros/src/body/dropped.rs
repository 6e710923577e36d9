//! Calls that a statement drops, which therefore never run.
//!
//! A macro cannot tell a durable call from another one, so the compiler is asked about each that
//! may be one: a statement `f(…);` or `let _ = f(…);`, with or without the options of a call behind
//! it, and the timers and waits of the context.

use proc_macro2::Ident;
use proc_macro2::Span;
use quote::quote_spanned;
use syn::Expr;
use syn::ExprCall;
use syn::Pat;
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

/// What `statement` drops, if that may be a durable call.
pub(super) fn call_in(statement: &Stmt) -> Option<&Expr> {
    let dropped = match statement {
        Stmt::Expr(expression, Some(_)) => expression,
        Stmt::Local(local) if matches!(local.pat, Pat::Wild(_)) => {
            let init = local.init.as_ref().filter(|init| init.diverge.is_none());
            &init?.expr
        }
        _ => return None,
    };
    may_be_durable(dropped).then_some(dropped)
}

fn may_be_durable(expression: &Expr) -> bool {
    match expression {
        Expr::Call(call) => names_a_function(call),
        Expr::MethodCall(call) => DURABLE.iter().any(|method| call.method == method),
        Expr::Paren(inner) => may_be_durable(&inner.expr),
        _ => false,
    }
}

/// `charge(…)` and `bank::charge(…)`, but no constructor, and no `drop`: who writes that means it.
fn names_a_function(call: &ExprCall) -> bool {
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

/// Has the compiler refuse `statement` if what it drops is durable.
pub(super) fn probe(statement: &mut Stmt, at: Span) {
    let dropped = match statement {
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
        use #seam::{DroppedCall as _, DroppedValue as _};
    };
    let probed = quote_spanned! {at=>
        #imports
        #seam::may_drop((&#seam::DropProbe(&#value)).ask());
    };
    *dropped = Expr::Verbatim(quote_spanned! {generated(at)=>
        match #dropped { #value => { #probed #value } }
    });
}
