//! The top-level loops of a body, each brought into the form of a `loop` with a head.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use quote::format_ident;
use quote::quote_spanned;
use syn::Block;
use syn::Expr;
use syn::ExprForLoop;
use syn::ExprLoop;
use syn::ExprRange;
use syn::ExprWhile;
use syn::Label;
use syn::Stmt;
use syn::parse_quote;
use syn::parse_quote_spanned;
use syn::spanned::Spanned;

use crate::body::arms::bindable;
use crate::body::generated;
use crate::item::seam_at;

/// The loop that a statement is, if it is one: alone, or what a `let` binds.
pub(super) fn loop_of(statement: &Stmt) -> Option<&Expr> {
    let expression = match statement {
        Stmt::Expr(expression, _) => expression,
        Stmt::Local(local) => match &local.init {
            Some(init) if init.diverge.is_none() => &init.expr,
            _ => return None,
        },
        _ => return None,
    };
    is_loop(expression).then_some(expression)
}

fn is_loop(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_)
    )
}

/// The sequence that a `for` goes through, made before the loop.
pub(super) struct Sequence {
    /// The binding that holds it.
    pub(super) name: Ident,
    /// The statement that makes it.
    pub(super) statement: Stmt,
}

/// Takes the sequence out of a `for` loop, which is the `number`th loop of its body.
pub(super) fn sequence(expression: &Expr, number: usize) -> Option<Sequence> {
    let Expr::ForLoop(repeated) = expression else {
        return None;
    };
    let source = (*repeated.expr).clone();
    let at = source.span();
    let seam = seam_at(generated(at));
    let name = sequence_name(number, at);
    let is_range = matches!(
        without_parentheses(&source),
        Expr::Range(ExprRange { start: Some(_), .. })
    );
    let make = if is_range {
        quote_spanned!(generated(at)=> #seam::range)
    } else {
        quote_spanned!(generated(at)=> #seam::sequence)
    };
    Some(Sequence {
        statement: parse_quote_spanned!(generated(at)=> let mut #name = #make(#source);),
        name,
    })
}

/// The name of the binding that holds the sequence of a `for` loop.
pub(super) fn sequence_name(number: usize, at: Span) -> Ident {
    format_ident!("__items_{number}", span = at)
}

fn without_parentheses(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => without_parentheses(&inner.expr),
        Expr::Group(inner) => without_parentheses(&inner.expr),
        other => other,
    }
}

/// Brings the loop in `statement` into the form of a `loop` that begins with `head`.
pub(super) fn with_head(statement: &mut Stmt, head: TokenStream, number: usize) {
    let expression = match statement {
        Stmt::Expr(expression, _) => expression,
        Stmt::Local(local) => match &mut local.init {
            Some(init) => &mut init.expr,
            None => return,
        },
        _ => return,
    };
    let placeholder = Expr::Verbatim(TokenStream::new());
    *expression = match std::mem::replace(expression, placeholder) {
        Expr::Loop(mut repeated) => {
            repeated.body.stmts.insert(0, verbatim(head));
            Expr::Loop(repeated)
        }
        Expr::While(repeated) => while_loop(repeated, head),
        Expr::ForLoop(repeated) => for_loop(repeated, head, number),
        other => other,
    };
}

/// Generated tokens as a statement.
pub(super) fn verbatim(tokens: TokenStream) -> Stmt {
    Stmt::Expr(Expr::Verbatim(tokens), None)
}

/// `while CONDITION BODY` as `loop { if CONDITION BODY else { break } }`, which means the same.
fn while_loop(repeated: ExprWhile, head: TokenStream) -> Expr {
    let at = generated(repeated.while_token.span);
    let (condition, body) = (repeated.cond, repeated.body);
    let choice: Stmt = Stmt::Expr(
        Expr::If(syn::ExprIf {
            attrs: Vec::new(),
            if_token: syn::Token![if](at),
            cond: condition,
            then_branch: body,
            else_branch: Some((
                syn::Token![else](at),
                Box::new(Expr::Verbatim(quote_spanned!(at=> { break }))),
            )),
        }),
        None,
    );
    looped(
        repeated.attrs,
        repeated.label,
        at,
        vec![verbatim(head), choice],
    )
}

/// `for PATTERN in … BODY` over the sequence made before.
fn for_loop(repeated: ExprForLoop, head: TokenStream, number: usize) -> Expr {
    let at = generated(repeated.for_token.span);
    let name = sequence_name(number, repeated.expr.span());
    let (pattern, body) = (bindable(&repeated.pat), repeated.body);
    let item = Ident::new("__item", at);
    let next = verbatim(quote_spanned! {at=>
        let ::core::option::Option::Some(#item) = #name.next() else { break };
    });
    let bind: Stmt = parse_quote_spanned!(at=> let #pattern = #item;);
    let body = Stmt::Expr(parse_quote!(#body), None);
    looped(
        repeated.attrs,
        repeated.label,
        at,
        vec![verbatim(head), next, bind, body],
    )
}

fn looped(attrs: Vec<syn::Attribute>, label: Option<Label>, at: Span, stmts: Vec<Stmt>) -> Expr {
    Expr::Loop(ExprLoop {
        attrs,
        label,
        loop_token: syn::Token![loop](at),
        body: Block {
            brace_token: syn::token::Brace(at),
            stmts,
        },
    })
}
