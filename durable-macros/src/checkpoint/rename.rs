//! Giving a binding another name, from its declaration on.

use std::collections::BTreeMap;

use proc_macro2::Group;
use proc_macro2::Ident;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::quote;
use syn::Expr;
use syn::FieldPat;
use syn::FieldValue;
use syn::Item;
use syn::Macro;
use syn::PatIdent;
use syn::visit_mut;
use syn::visit_mut::VisitMut;

use super::bindings::spell_out;
use super::captures::captured;
use crate::body::is_concurrency;

/// The new names by the old ones.
#[derive(Default)]
pub(super) struct Renames(BTreeMap<String, String>);

impl Renames {
    pub(super) fn set(&mut self, old: &Ident, new: &Ident) {
        self.0.insert(old.to_string(), new.to_string());
    }

    pub(super) fn forget(&mut self, old: &Ident) {
        self.0.remove(&old.to_string());
    }

    fn of(&self, name: &Ident) -> Option<Ident> {
        let new = self.0.get(&name.to_string())?;
        Some(Ident::new(new, name.span()))
    }

    /// Whatever the names mean inside, they mean the same under the new names: a binding that hides
    /// an outer one is renamed with it.
    fn tokens(&self, tokens: TokenStream, all: bool) -> TokenStream {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let renamed = tokens.iter().enumerate().map(|(at, token)| match token {
            TokenTree::Ident(name) if all || is_variable(&tokens, at) => {
                let new = self.of(name).filter(|_| is_free_standing(&tokens, at));
                TokenTree::Ident(new.unwrap_or_else(|| name.clone()))
            }
            TokenTree::Group(group) => {
                let inner = self.tokens(group.stream(), all);
                let mut renamed = Group::new(group.delimiter(), inner);
                renamed.set_span(group.span());
                TokenTree::Group(renamed)
            }
            other => other.clone(),
        });
        renamed.collect()
    }
}

fn punct(tokens: &[TokenTree], at: Option<usize>) -> Option<char> {
    match tokens.get(at?)? {
        TokenTree::Punct(punct) => Some(punct.as_char()),
        _ => None,
    }
}

/// Neither a field, a method, a lifetime, a macro nor a part of a path.
fn is_free_standing(tokens: &[TokenTree], at: usize) -> bool {
    let before = at.checked_sub(1);
    let range = punct(tokens, before) == Some('.') && punct(tokens, at.checked_sub(2)) == Some('.');
    let member = matches!(punct(tokens, before), Some('.' | '\'')) && !range;
    let path = |at: Option<usize>, other: Option<usize>| {
        punct(tokens, at) == Some(':') && punct(tokens, other) == Some(':')
    };
    let called =
        punct(tokens, Some(at + 1)) == Some('!') && punct(tokens, Some(at + 2)) != Some('=');
    !(member || called || path(before, at.checked_sub(2)) || path(Some(at + 1), Some(at + 2)))
}

/// Not the name of an argument: `name = value`.
fn is_variable(tokens: &[TokenTree], at: usize) -> bool {
    let first = matches!(punct(tokens, at.checked_sub(1)), None | Some(','));
    let names = punct(tokens, Some(at + 1)) == Some('=')
        && !matches!(punct(tokens, Some(at + 2)), Some('=' | '>'));
    !(first && names)
}

impl VisitMut for Renames {
    fn visit_item_mut(&mut self, _item: &mut Item) {}

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Path(path) = expression
            && path.qself.is_none()
            && let Some(new) = path.path.get_ident().and_then(|name| self.of(name))
        {
            path.path = new.into();
            return;
        }
        visit_mut::visit_expr_mut(self, expression);
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        if let Some(new) = self.of(&pattern.ident) {
            pattern.ident = new;
        }
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_field_pat_mut(&mut self, field: &mut FieldPat) {
        spell_out(field);
        visit_mut::visit_field_pat_mut(self, field);
    }

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        if field.colon_token.is_none() {
            field.colon_token = Some(syn::parse_quote!(:));
        }
        visit_mut::visit_field_value_mut(self, field);
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let all = is_concurrency(&call.path);
        let tokens = std::mem::take(&mut call.tokens);
        let mut arguments = Vec::new();
        for name in captured(&tokens) {
            let new = self.of(&name).filter(|_| !all);
            let known = |(old, _): &(Ident, Ident)| *old == name;
            if let Some(new) = new
                && !arguments.iter().any(known)
                && !is_given(&tokens, &name)
            {
                arguments.push((name, new));
            }
        }
        call.tokens = self.tokens(tokens, all);
        if !arguments.is_empty() {
            // What a text captures by the old name it is given under the old name.
            let comma = !ends_with_comma(&call.tokens);
            let comma = comma.then(|| quote!(,));
            let arguments = arguments.iter().map(|(old, new)| quote!(#old = #new));
            call.tokens.extend(quote!(#comma #(#arguments),*));
        }
    }
}

fn is_given(tokens: &TokenStream, name: &Ident) -> bool {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let given = |at: usize| matches!(&tokens[at], TokenTree::Ident(is) if is == name);
    (0..tokens.len()).any(|at| given(at) && !is_variable(&tokens, at))
}

fn ends_with_comma(tokens: &TokenStream) -> bool {
    let last = tokens.clone().into_iter().last();
    matches!(last, Some(TokenTree::Punct(punct)) if punct.as_char() == ',')
}

/// Whether a variable `name` is mentioned anywhere in `tokens`, also by a text.
pub(super) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    fn any(tokens: &TokenStream, name: &Ident) -> bool {
        let tokens: Vec<_> = tokens.clone().into_iter().collect();
        (0..tokens.len()).any(|at| match &tokens[at] {
            TokenTree::Ident(word) => word == name && is_free_standing(&tokens, at),
            TokenTree::Group(group) => any(&group.stream(), name),
            _ => false,
        })
    }
    any(tokens, name) || captured(tokens).contains(name)
}
