//! How the crate that uses a macro names the runtime.
//!
//! Cargo knows the name, also of a dependency that was renamed. Where the runtime is no dependency, as
//! behind the re-export of another crate, the option `crate = path` gives it. Almost everything that
//! is emitted names the runtime, so its path is kept while a macro call is expanded.

use std::cell::RefCell;

use proc_macro_crate::Error;
use proc_macro_crate::FoundCrate;
use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use quote::quote;
use syn::LitStr;
use syn::Path;
use syn::parse::ParseStream;

use crate::determinism::Rule;
use crate::options;

/// The package, as its manifest names it.
const PACKAGE: &str = "durable-runtime";

thread_local! {
    /// Tokens belong to one macro call: they must not outlive it.
    static CURRENT: RefCell<Option<TokenStream>> = const { RefCell::new(None) };
}

/// Names the runtime until it is dropped.
#[must_use]
pub(crate) struct Named(());

impl Drop for Named {
    fn drop(&mut self) {
        CURRENT.set(None);
    }
}

/// Names the runtime as `given`, or else as the manifest does. An error where that does not list it.
pub(crate) fn name(given: Option<&Path>) -> syn::Result<Named> {
    let path = match given {
        Some(path) => path.to_token_stream(),
        None => in_manifest(proc_macro_crate::crate_name(PACKAGE))?,
    };
    CURRENT.set(Some(path));
    Ok(Named(()))
}

fn in_manifest(found: Result<FoundCrate, Error>) -> syn::Result<TokenStream> {
    match found {
        Ok(FoundCrate::Name(name)) => {
            let name: Ident = syn::parse_str(&name)?;
            Ok(quote!(::#name))
        }
        Err(Error::CrateNotFound { .. }) => {
            let what = format!("`{PACKAGE}` is not a dependency of this crate");
            let help = "add it to `Cargo.toml`, or tell the attribute where it is re-exported: \
                        `crate = company::durable`";
            Err(syn::Error::new(
                Span::call_site(),
                Rule::RuntimePath.text(what, help),
            ))
        }
        // The runtime itself, or a build without Cargo.
        Ok(FoundCrate::Itself) | Err(_) => Ok(usual()),
    }
}

fn usual() -> TokenStream {
    quote!(::durable_runtime)
}

/// Reads `= path` after the option `crate`.
pub(crate) fn read(name: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    options::equals(name, input)?;
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        let help = format!("remove the quotes: `crate = {}`", text.value());
        return Err(Rule::RuntimePath.error(text, "`crate` must be a path, not a string", help));
    }
    input.call(Path::parse_mod_style)
}

/// The path of the runtime.
pub(crate) fn tokens() -> TokenStream {
    CURRENT.with_borrow(|path| path.clone().unwrap_or_else(usual))
}

/// The path of the runtime, placed at `at`.
pub(crate) fn tokens_at(at: Span) -> TokenStream {
    let place = |mut token: TokenTree| {
        // What `$crate` means hangs on its span.
        let is_dollar_crate = matches!(&token, TokenTree::Ident(word) if word == "$crate");
        token.set_span(if is_dollar_crate {
            token.span().located_at(at)
        } else {
            at
        });
        token
    };
    tokens().into_iter().map(place).collect()
}

/// Whether `words` are the path of the runtime.
pub(crate) fn is_named<'a>(words: impl Iterator<Item = &'a Ident>) -> bool {
    let path = tokens().into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    path.eq(words.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(found: Result<FoundCrate, Error>) -> String {
        match in_manifest(found) {
            Ok(path) => path.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_renamed_dependency_is_named_as_the_manifest_does() {
        let found = FoundCrate::Name("durable".to_owned());
        assert_eq!(text(Ok(found)), ":: durable");
    }

    #[test]
    fn without_a_manifest_the_runtime_has_its_usual_name() {
        assert_eq!(
            text(Err(Error::CargoManifestDirNotSet)),
            ":: durable_runtime"
        );
    }

    #[test]
    fn a_manifest_without_the_runtime_needs_the_option() {
        let found = Err(Error::CrateNotFound {
            crate_name: PACKAGE.to_owned(),
            path: "Cargo.toml".into(),
        });
        let told = text(found);
        assert!(
            told.contains("`durable-runtime` is not a dependency of this crate"),
            "{told}"
        );
        assert!(told.contains("`crate = company::durable`"), "{told}");
    }

    #[test]
    fn the_path_of_the_option_goes_before_the_manifest() {
        let named = name(Some(&syn::parse_quote!(company::durable))).unwrap();
        assert_eq!(tokens().to_string(), "company :: durable");
        let words: Vec<Ident> = vec![syn::parse_quote!(company), syn::parse_quote!(durable)];
        assert!(is_named(words.iter()));
        drop(named);
        assert_eq!(tokens().to_string(), ":: durable_runtime");
    }
}
