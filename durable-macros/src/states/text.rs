//! Conditions and types as text: for people as they stand in the source, for comparing without what
//! may change freely (white space, the names of locals, the paths of imports).

use std::collections::BTreeSet;

use proc_macro2::Delimiter;
use proc_macro2::Ident;
use proc_macro2::Spacing;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::Expr;
use syn::ExprCall;
use syn::ExprInfer;
use syn::ExprMethodCall;
use syn::FieldPat;
use syn::Pat;
use syn::PatWild;
use syn::Path;
use syn::Token;
use syn::Type;
use syn::parse_quote;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use super::graph::Condition;

/// The condition that `condition` holds.
pub(super) fn holds(condition: &Expr, locals: &BTreeSet<Ident>) -> Condition {
    Condition::new(normal(condition, locals), short(condition))
}

/// The condition that `condition` does not hold.
pub(super) fn fails(condition: &Expr, locals: &BTreeSet<Ident>) -> Condition {
    Condition::new(format!("!({})", normal(condition, locals)), "else")
}

/// An expression without the names of locals.
pub(super) fn normal(expression: &Expr, locals: &BTreeSet<Ident>) -> String {
    let mut expression = strip(expression).clone();
    Nameless(locals).visit_expr_mut(&mut expression);
    tight(expression.into_token_stream())
}

/// A pattern without the names it binds.
pub(super) fn normal_pattern(pattern: &Pat, locals: &BTreeSet<Ident>) -> String {
    if let Pat::Or(either) = pattern {
        let cases = either.cases.iter();
        let cases: Vec<_> = cases.map(|case| normal_pattern(case, locals)).collect();
        return cases.join(" | ");
    }
    let mut pattern = pattern.clone();
    Nameless(locals).visit_pat_mut(&mut pattern);
    tight(pattern.into_token_stream())
}

/// An expression for people: paths and arguments left out, cut where it gets long.
pub(super) fn short(expression: &Expr) -> String {
    let mut expression = strip(expression).clone();
    Essence.visit_expr_mut(&mut expression);
    cut(&spaced(expression.into_token_stream()))
}

/// A pattern for people.
pub(super) fn short_pattern(pattern: &Pat) -> String {
    let mut pattern = pattern.clone();
    Essence.visit_pat_mut(&mut pattern);
    cut(&spaced(pattern.into_token_stream()))
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 36;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A type, whatever path it is named by.
pub(super) fn type_text(ty: &Type) -> String {
    let mut ty = ty.clone();
    LastSegments.visit_type_mut(&mut ty);
    tight(ty.into_token_stream())
}

/// The callee as the source names it, without spaces.
pub(crate) fn path_text(path: &Path) -> String {
    tight(path.to_token_stream())
}

pub(super) fn strip(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(inner) => strip(&inner.expr),
        Expr::Group(inner) => strip(&inner.expr),
        other => other,
    }
}

struct Nameless<'a>(&'a BTreeSet<Ident>);

impl VisitMut for Nameless<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Path(path) = expression
            && path
                .path
                .get_ident()
                .is_some_and(|name| self.0.contains(name))
        {
            *expression = Expr::Infer(ExprInfer {
                attrs: Vec::new(),
                underscore_token: <Token![_]>::default(),
            });
            return;
        }
        visit_mut::visit_expr_mut(self, expression);
    }

    fn visit_pat_mut(&mut self, pattern: &mut Pat) {
        if let Pat::Ident(name) = pattern
            && name.subpat.is_none()
            && self.0.contains(&name.ident)
        {
            *pattern = Pat::Wild(PatWild {
                attrs: Vec::new(),
                underscore_token: <Token![_]>::default(),
            });
            return;
        }
        visit_mut::visit_pat_mut(self, pattern);
    }

    fn visit_field_pat_mut(&mut self, field: &mut FieldPat) {
        field.colon_token.get_or_insert_default();
        visit_mut::visit_field_pat_mut(self, field);
    }
}

/// Leaves out what a reader of a diagram does not need.
struct Essence;

impl VisitMut for Essence {
    fn visit_path_mut(&mut self, path: &mut Path) {
        LastSegments.visit_path_mut(path);
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Await(inner) => *expression = (*inner.base).clone(),
            Expr::Try(inner) => *expression = (*inner.expr).clone(),
            _ => {
                if let Expr::Call(ExprCall { args, .. })
                | Expr::MethodCall(ExprMethodCall { args, .. }) = expression
                    && !args.is_empty()
                {
                    *args = parse_quote!(..);
                }
                return visit_mut::visit_expr_mut(self, expression);
            }
        }
        self.visit_expr_mut(expression);
    }
}

struct LastSegments;

impl VisitMut for LastSegments {
    fn visit_path_mut(&mut self, path: &mut Path) {
        path.leading_colon = None;
        if let Some(last) = path.segments.pop() {
            path.segments.clear();
            path.segments.push(last);
        }
        visit_mut::visit_path_mut(self, path);
    }
}

/// Tokens with white space around operators.
fn spaced(tokens: TokenStream) -> String {
    const AROUND: &[&str] = &[
        "==", "!=", "<", ">", "<=", ">=", "&&", "||", "=", "|", "+", "-", "*", "/", "%", "=>",
    ];
    let mut text = String::new();
    let mut operator = String::new();
    let mut after_word = false;
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            operator.push(punct.as_char());
            if punct.spacing() == Spacing::Joint {
                continue;
            }
            let binary = AROUND.contains(&operator.as_str()) && after_word;
            match operator.as_str() {
                "," => text.push_str(", "),
                ":" => text.push_str(": "),
                operator if binary => {
                    text.push(' ');
                    text.push_str(operator);
                    text.push(' ');
                }
                operator => text.push_str(operator),
            }
            operator.clear();
            after_word = false;
            continue;
        }
        match &token {
            TokenTree::Group(group) => {
                let inner = spaced(group.stream());
                let inner = inner.trim_end_matches(", ");
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => (" { ", " }"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                text.push_str(inner);
                text.push_str(close);
            }
            word => {
                if after_word {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
        after_word = true;
    }
    text
}

/// Tokens with the white space they need and no other.
fn tight(tokens: TokenStream) -> String {
    let mut text = String::new();
    write_tight(tokens, &mut text);
    text
}

fn write_tight(tokens: TokenStream, text: &mut String) {
    let mut after_word = false;
    for token in tokens {
        let word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
        if word && after_word {
            text.push(' ');
        }
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write_tight(group.stream(), text);
                if text.ends_with(", ") {
                    text.truncate(text.len() - 2);
                }
                text.push_str(close);
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => text.push_str(", "),
            other => text.push_str(&other.to_string()),
        }
        after_word = word;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_imports_and_the_names_of_locals_do_not_matter() {
        let locals: BTreeSet<Ident> = [quote::format_ident!("order"), quote::format_ident!("o")]
            .into_iter()
            .collect();
        let of = |source: &str| normal(&syn::parse_str(source).unwrap(), &locals);
        assert_eq!(of("order . total  >\n 100"), of("(o.total>100)"));
        assert_eq!(of("check(order, )"), "check(_)");
        assert_ne!(of("order.total > 100"), of("order.total > 101"));
        let shown = |source: &str| short(&syn::parse_str(source).unwrap());
        assert_eq!(
            shown("ask(parcel.clone(), 1).await? == State::Shipped && !seen"),
            "ask(..) == Shipped && !seen"
        );
        assert_eq!(
            shown("let Some(n) = -order.total"),
            "let Some(n) = -order.total"
        );

        let ty = |source: &str| type_text(&syn::parse_str(source).unwrap());
        assert_eq!(
            ty("std::vec::Vec<crate::order::Order>"),
            ty("Vec < Order >")
        );
    }
}
