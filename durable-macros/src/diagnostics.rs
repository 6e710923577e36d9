//! Collects every mistake in one macro call, so that the user sees them all at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::determinism::Rule;

/// The errors found so far.
#[derive(Default)]
pub(crate) struct Diagnostics {
    combined: Option<syn::Error>,
}

impl Diagnostics {
    /// Reports at the tokens of `at` that they break `rule`, and what to write instead.
    pub(crate) fn rule(
        &mut self,
        rule: Rule,
        at: impl ToTokens,
        what: impl Display,
        help: impl Display,
    ) {
        self.help(at, what, format_args!("{help} [{}]", rule.code()));
    }

    /// Reports `message` at the tokens of `at`, and below it what to write instead.
    pub(crate) fn help(&mut self, at: impl ToTokens, message: impl Display, help: impl Display) {
        let text = format!("{message}\nhelp: {help}");
        self.push(syn::Error::new_spanned(at, text));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.combined {
            Some(combined) => combined.combine(error),
            None => self.combined = Some(error),
        }
    }

    /// Keeps the value of `result`, or its error.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// How many errors were found.
    pub(crate) fn count(&self) -> usize {
        self.combined
            .as_ref()
            .map_or(0, |errors| errors.clone().into_iter().count())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.combined.is_none()
    }

    /// Takes over the errors of `other`.
    pub(crate) fn absorb(&mut self, other: Self) {
        if let Some(error) = other.combined {
            self.push(error);
        }
    }

    /// The errors as `compile_error!` calls; empty where there are none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.combined
            .map(|error| error.to_compile_error())
            .unwrap_or_default()
    }
}
