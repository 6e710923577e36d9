//! Where the function under an attribute stands, as far as the macro can find out.
//!
//! A macro is given the function alone, and what that becomes cannot stand in an `impl` or a trait. A
//! receiver, a body that is missing and `Self` show that the function stands there. A function without
//! any of these is looked for in its file, if it is indented: it is a method where the file has it in
//! blocks alone.

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;
use std::sync::PoisonError;

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
    /// The last file that was read: a compiler expands the functions of one file in a row. Without
    /// it a file with a thousand functions would be parsed a thousand times.
    static LAST: Mutex<Option<(String, Places)>> = Mutex::new(None);

    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.as_ref().is_none_or(|(of, _)| of != text) {
        *last = Some((text.to_owned(), Places::of(text)));
    }
    let wanted = signature.to_token_stream().to_string();
    let found = last.as_ref().and_then(|(_, places)| places.0.get(&wanted));
    found.is_some_and(|place| place.in_blocks > 0 && place.elsewhere == 0)
}

/// How often functions stand in a file, by their signatures. These are texts, since tokens are good
/// for one expansion only.
#[derive(Default)]
struct Places(HashMap<String, Place>);

#[derive(Default)]
struct Place {
    in_blocks: usize,
    elsewhere: usize,
}

impl Places {
    /// A file that cannot be parsed shows nothing.
    fn of(text: &str) -> Self {
        let mut places = Self::default();
        if let Ok(file) = syn::parse_file(text) {
            places.visit_file(&file);
        }
        places
    }

    fn at(&mut self, signature: &Signature) -> &mut Place {
        let signature = signature.to_token_stream().to_string();
        self.0.entry(signature).or_default()
    }
}

impl<'ast> Visit<'ast> for Places {
    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.at(&function.sig).in_blocks += 1;
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        self.at(&function.sig).in_blocks += 1;
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.at(&function.sig).elsewhere += 1;
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
