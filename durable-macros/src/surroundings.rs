//! Where the function under an attribute stands, as far as the macro can find out.
//!
//! A macro is given the function alone, and what that becomes cannot stand in an `impl` or a trait. A
//! receiver, a body that is missing and `Self` show that the function stands there. A function without
//! any of these is looked for in its file, if it is indented: it is a method where the file has it in
//! blocks alone.

use std::fs;

use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::ImplItemFn;
use syn::ItemFn;
use syn::Signature;
use syn::TraitItemFn;
use syn::Visibility;
use syn::spanned::Spanned;
use syn::visit;
use syn::visit::Visit;

use crate::item::Function;

/// What shows that a function stands in an `impl` or a trait.
pub(crate) enum Method {
    /// It takes `self`.
    Receiver(syn::Receiver),
    /// It is promised, and defined elsewhere.
    Promise,
    /// It names `Self`, or its file shows it.
    Associated,
}

/// What shows that `function` stands in an `impl` or a trait, if it does.
pub(crate) fn method(function: &Function) -> Option<Method> {
    if let Some(receiver) = function.signature.receiver() {
        return Some(Method::Receiver(receiver.clone()));
    }
    if function.body.to_string() == ";" {
        return Some(Method::Promise);
    }
    let names_self = names_self(function.signature.to_token_stream());
    let associated = names_self || names_self_in_body(function) || stands_in_a_block(function);
    associated.then_some(Method::Associated)
}

/// Whether `Self` is among `tokens`.
pub(crate) fn names_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "Self",
        TokenTree::Group(group) => names_self(group.stream()),
        _ => false,
    })
}

/// An item in the body may have a `Self` of its own.
fn names_self_in_body(function: &Function) -> bool {
    let has_items = |word: &str| contains_word(&function.body, word);
    let may_be_of_an_item = ["impl", "trait", "struct", "enum"]
        .into_iter()
        .any(has_items);
    !may_be_of_an_item && names_self(function.body.clone())
}

fn contains_word(tokens: &TokenStream, wanted: &str) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == wanted,
        TokenTree::Group(group) => contains_word(&group.stream(), wanted),
        _ => false,
    })
}

/// Whether the file of `function` has it in an `impl` or a trait, and nowhere else.
fn stands_in_a_block(function: &Function) -> bool {
    let at = first_word(function);
    // A file is read for what is indented alone: most functions are not.
    if at.start().column == 0 {
        return false;
    }
    let text = at
        .local_file()
        .and_then(|file| fs::read_to_string(file).ok());
    text.is_some_and(|text| has_in_blocks_alone(&text, &function.signature))
}

fn first_word(function: &Function) -> Span {
    let (visibility, signature) = (&function.visibility, &function.signature);
    match (visibility, &signature.asyncness) {
        (Visibility::Inherited, Some(asyncness)) => asyncness.span(),
        (Visibility::Inherited, None) => signature.fn_token.span(),
        (visibility, _) => visibility.span(),
    }
}

fn has_in_blocks_alone(text: &str, signature: &Signature) -> bool {
    let Ok(file) = syn::parse_file(text) else {
        return false;
    };
    let mut places = Places {
        wanted: signature.to_token_stream().to_string(),
        in_blocks: 0,
        elsewhere: 0,
    };
    places.visit_file(&file);
    places.in_blocks > 0 && places.elsewhere == 0
}

/// Counts the functions of one signature.
struct Places {
    wanted: String,
    in_blocks: usize,
    elsewhere: usize,
}

impl Places {
    fn is_wanted(&self, signature: &Signature) -> bool {
        signature.to_token_stream().to_string() == self.wanted
    }
}

impl<'ast> Visit<'ast> for Places {
    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.in_blocks += usize::from(self.is_wanted(&function.sig));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        self.in_blocks += usize::from(self.is_wanted(&function.sig));
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.elsewhere += usize::from(self.is_wanted(&function.sig));
        visit::visit_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::has_in_blocks_alone;

    const FILE: &str = "
        struct Bank;
        impl Bank {
            async fn charge(cents: u64) -> u64 { cents }
            async fn refund(cents: u64) -> u64 { cents }
        }
        mod other {
            async fn refund(cents: u64) -> u64 { cents }
        }
    ";

    #[test]
    fn a_function_of_an_impl_block_is_found_there() {
        let charge = parse_quote!(async fn charge(cents: u64) -> u64);
        assert!(has_in_blocks_alone(FILE, &charge));
    }

    #[test]
    fn a_function_that_stands_elsewhere_too_is_taken_for_a_free_one() {
        let refund = parse_quote!(async fn refund(cents: u64) -> u64);
        assert!(!has_in_blocks_alone(FILE, &refund));
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_nothing() {
        let charge = parse_quote!(async fn charge(cents: u64) -> u64);
        assert!(!has_in_blocks_alone("impl Bank {", &charge));
    }
}
