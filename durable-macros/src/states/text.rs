//! Conditions and types as text: for people as they stand in the source, for comparing without what
//! may change freely (white space, the names of locals, the paths of imports).

use std::collections::BTreeSet;

use proc_macro2::Ident;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::Expr;
use syn::ExprInfer;
use syn::FieldPat;
use syn::Pat;
use syn::PatWild;
use syn::Path;
use syn::Token;
use syn::Type;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use super::graph::Condition;
use crate::body::source_text;

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
    let mut pattern = pattern.clone();
    Nameless(locals).visit_pat_mut(&mut pattern);
    tight(pattern.into_token_stream())
}

/// Source text, cut where it gets long.
pub(super) fn short(source: &impl ToTokens) -> String {
    const LONGEST: usize = 28;
    let text = source_text(source.to_token_stream());
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
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
            && path.path.get_ident().is_some_and(|name| self.0.contains(name))
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
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
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

        let ty = |source: &str| type_text(&syn::parse_str(source).unwrap());
        assert_eq!(ty("std::vec::Vec<crate::order::Order>"), ty("Vec < Order >"));
    }
}
