//! Calls of orchestrations that an activity awaits: nothing would record them.
//!
//! A macro cannot tell an activity from another function, so the compiler is asked about each call of
//! one by its name, with or without the options of a call behind it, that is awaited. A body without
//! such an await stays the tokens that it was.

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use quote::ToTokens;
use quote::quote_spanned;
use syn::Block;
use syn::Expr;
use syn::Item;
use syn::spanned::Spanned;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use super::await_sites::broken;
use super::await_sites::generated;
use super::dropped::names_a_function;
use crate::callees::MODIFIERS;
use crate::callees::is_one_of;
use crate::item::seam_at;

/// The body of an activity, which the compiler refuses if it awaits a call of an orchestration.
pub(crate) fn refusing_calls(body: &TokenStream) -> TokenStream {
    let mut block = match syn::parse2::<Block>(body.clone()) {
        Ok(block) => block,
        Err(error) => return broken(body, &error),
    };
    let mut awaits = Awaits { found: false };
    awaits.visit_block_mut(&mut block);
    if awaits.found {
        block.into_token_stream()
    } else {
        body.clone()
    }
}

struct Awaits {
    found: bool,
}

impl VisitMut for Awaits {
    /// A function of its own may be an orchestrator's.
    fn visit_item_mut(&mut self, _item: &mut Item) {}

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        if let Expr::Await(awaited) = expression
            && may_be_a_call(&awaited.base)
        {
            self.found = true;
            *awaited.base = Expr::Verbatim(asked(&awaited.base));
        }
    }
}

fn may_be_a_call(expression: &Expr) -> bool {
    match expression {
        Expr::Call(call) => names_a_function(call),
        Expr::MethodCall(call) => {
            let of_an_entity = matches!(&*call.receiver, Expr::Call(call) if is_at(&call.func));
            of_an_entity || is_one_of(&call.method, MODIFIERS) && may_be_a_call(&call.receiver)
        }
        Expr::Paren(inner) => may_be_a_call(&inner.expr),
        _ => false,
    }
}

/// `Account::at`
fn is_at(function: &Expr) -> bool {
    let Expr::Path(path) = function else {
        return false;
    };
    let last = path.path.segments.last();
    path.path.segments.len() > 1 && last.is_some_and(|last| last.ident == "at")
}

fn asked(future: &Expr) -> TokenStream {
    let at = future.span();
    let (seam, value) = (seam_at(at), Ident::new("awaited", generated(at)));
    let imports = quote_spanned! {generated(at)=>
        #[allow(unused_imports)]
        use #seam::{CallElsewhere as _, OtherAwait as _};
    };
    let asked = quote_spanned! {at=>
        #imports
        #seam::may_await((&&#seam::AwaitProbe(&#value)).ask());
    };
    quote_spanned!(generated(at)=> (match #future { #value => { #asked #value } }))
}
