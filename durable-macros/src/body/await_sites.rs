//! Finds the awaits of a body, in source order, and makes each a durable one.

use proc_macro2::Delimiter;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use quote::quote;
use quote::quote_spanned;
use syn::Block;
use syn::Expr;
use syn::ExprAsync;
use syn::ExprAwait;
use syn::ExprClosure;
use syn::Item;
use syn::Macro;
use syn::ReturnType;
use syn::Stmt;
use syn::spanned::Spanned;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use super::concurrency;
use super::dropped;
use super::known_macros;
use super::source_text;
use crate::callees::Candidates;
use crate::determinism::Checked;
use crate::determinism::Reported;
use crate::diagnostics::Diagnostics;
use crate::item::seam;
use crate::item::seam_at;

/// A body that is durable.
pub(crate) struct Rewritten {
    /// The body with its braces.
    pub(crate) body: TokenStream,
    /// The table of its await sites, a `&[Site]`.
    pub(crate) sites: TokenStream,
    /// What it may call.
    pub(crate) candidates: Candidates,
}

/// Rewrites `body`, whose parameters are `inputs`; `table` is how it names its site table.
///
/// A body that does not parse passes through, with the reason in it.
pub(crate) fn rewrite(
    checked: &Checked,
    table: &TokenStream,
    parameters: &[syn::Pat],
    diagnostics: &mut Diagnostics,
) -> Rewritten {
    rewrite_lowered(checked, table, parameters, |_, _| {}, diagnostics)
}

/// The same for a body that `lower` brings into another form first. What that adds as verbatim
/// tokens is left alone.
pub(crate) fn rewrite_lowered(
    checked: &Checked,
    table: &TokenStream,
    parameters: &[syn::Pat],
    lower: impl FnOnce(&mut Block, &mut Diagnostics),
    diagnostics: &mut Diagnostics,
) -> Rewritten {
    let mut block = match syn::parse2::<Block>(checked.body.clone()) {
        Ok(block) => block,
        Err(error) => {
            return Rewritten {
                body: broken(&checked.body, &error),
                sites: quote!(&[]),
                candidates: Candidates::default(),
            };
        }
    };
    let candidates = Candidates::of(&block, parameters);
    lower(&mut block, diagnostics);
    let mut rewriter = Rewriter {
        sites: Vec::new(),
        table,
        reported: &checked.reported,
        diagnostics,
    };
    rewriter.visit_block_mut(&mut block);
    let sites = &rewriter.sites;
    Rewritten {
        sites: quote!(&[#(#sites),*]),
        body: block.into_token_stream(),
        candidates,
    }
}

/// A body that cannot be read, with the reason in it. The compiler says itself what is wrong, and
/// then does not come to the reason; but it may know more of the language than this crate.
pub(crate) fn broken(body: &TokenStream, error: &syn::Error) -> TokenStream {
    let reason = error.to_compile_error();
    match body.clone().into_iter().next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let inner = group.stream();
            quote_spanned!(group.span()=> { #reason #inner })
        }
        // A method of a trait has no body.
        _ => body.clone(),
    }
}

/// Walks a body and rewrites it on the way.
pub(super) struct Rewriter<'a> {
    sites: Vec<TokenStream>,
    table: &'a TokenStream,
    /// An await of what was reported is not bounded: its mistake is told already.
    reported: &'a Reported,
    pub(super) diagnostics: &'a mut Diagnostics,
}

impl Rewriter<'_> {
    /// `future`, bounded to be durable; a new site whose text is `text`.
    pub(super) fn durable(&mut self, future: &impl ToTokens, at: Span, text: &str) -> TokenStream {
        let (seam, table) = (seam(), self.table);
        let (seam_here, sites) = (seam_at(at), quote_spanned!(generated(at)=> #table));
        let number = proc_macro2::Literal::usize_unsuffixed(self.sites.len());
        // With the user's own span the three macros tell the user's own place.
        self.sites.push(quote_spanned! {at=>
            #seam::Site::new(#number, ::core::file!(), ::core::line!(), ::core::column!(), #text)
        });
        let bounds = self.bounds(&future.to_token_stream(), &seam_here);
        // The whole expression must be the user's, or what is said of it is said at the attribute.
        quote_spanned!(at=> #bounds::durable(#future, #sites, #number))
    }

    /// The module below `seam` that says what `future` must be.
    pub(super) fn bounds(&self, future: &TokenStream, seam: &TokenStream) -> TokenStream {
        if self.reported.in_tokens(future) {
            quote!(#seam::unbounded)
        } else {
            seam.clone()
        }
    }

    fn awaited(&mut self, awaited: &mut ExprAwait) -> TokenStream {
        let text = source_text(awaited.base.to_token_stream());
        let at = awaited.base.span();
        self.visit_expr_mut(&mut awaited.base);
        let future = self.durable(without_parentheses(&awaited.base), at, &text);
        let (attributes, dot, keyword) = (&awaited.attrs, awaited.dot_token, awaited.await_token);
        quote!(#(#attributes)* #future #dot #keyword)
    }

    fn async_block(&mut self, block: &mut ExprAsync) -> TokenStream {
        visit_mut::visit_expr_async_mut(self, block);
        let at = generated(block.async_token.span);
        let seam = seam_at(at);
        quote_spanned!(at=> #seam::branch(#block))
    }

    /// `async |x| body` becomes `|x| branch(async move body)`.
    fn async_closure(&mut self, closure: &mut ExprClosure) {
        let at = generated(closure.asyncness.span());
        let seam = seam_at(at);
        closure.asyncness = None;
        visit_mut::visit_expr_closure_mut(self, closure);
        let body = match &*closure.body {
            Expr::Block(block) if block.label.is_none() => block.to_token_stream(),
            other => quote!({ #other }),
        };
        let output = std::mem::replace(&mut closure.output, ReturnType::Default);
        let branch = match output {
            ReturnType::Default => quote_spanned!(at=> #seam::branch(async move #body)),
            ReturnType::Type(_, ty) => {
                quote_spanned!(at=> #seam::branch_of::<#ty, _>(async move #body))
            }
        };
        *closure.body = Expr::Verbatim(branch);
    }

    /// What stands in place of a macro, if something else does.
    fn expand_macro(&mut self, call: &mut Macro) -> Option<TokenStream> {
        if let Some(kind) = concurrency::Kind::of(&call.path) {
            return Some(concurrency::expand(self, kind, call));
        }
        known_macros::rewrite(self, call);
        None
    }
}

/// An argument needs no parentheses of its own, and the compiler would say so.
pub(super) fn without_parentheses(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) if inner.attrs.is_empty() => without_parentheses(&inner.expr),
        other => other,
    }
}

/// Where `at` is, but as written by a macro: lints leave it alone.
pub(crate) fn generated(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

impl VisitMut for Rewriter<'_> {
    fn visit_item_mut(&mut self, _item: &mut Item) {}

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        let replaced = match expression {
            Expr::Await(awaited) => Some(self.awaited(awaited)),
            Expr::Async(block) => Some(self.async_block(block)),
            Expr::Macro(call) => {
                let instead = self.expand_macro(&mut call.mac);
                instead.map(|instead| quote_spanned!(generated(call.span())=> (#instead)))
            }
            Expr::Closure(closure) if closure.asyncness.is_some() => {
                self.async_closure(closure);
                None
            }
            _ => {
                visit_mut::visit_expr_mut(self, expression);
                None
            }
        };
        if let Some(tokens) = replaced {
            *expression = Expr::Verbatim(tokens);
        }
    }

    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        dropped::as_expression(statement);
        let Stmt::Macro(call) = statement else {
            let call = dropped::call_in(statement);
            let call = call.filter(|call| !self.reported.in_tokens(&call.to_token_stream()));
            if let Some(at) = call.map(Spanned::span) {
                let attributes = dropped::take_attributes(statement);
                visit_mut::visit_stmt_mut(self, statement);
                dropped::probe(statement, &attributes, at);
            } else {
                visit_mut::visit_stmt_mut(self, statement);
            }
            return;
        };
        if let Some(instead) = self.expand_macro(&mut call.mac) {
            let attributes = &call.attrs;
            let instead = quote!(#(#attributes)* #instead);
            *statement = Stmt::Expr(Expr::Verbatim(instead), call.semi_token);
        }
    }
}
