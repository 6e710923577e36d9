//! The options in an attribute: each is read by itself, so that a mistake in one hides no other.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use syn::LitStr;
use syn::Token;
use syn::ext::IdentExt;
use syn::parse::Parse;
use syn::parse::ParseStream;
use syn::parse::Parser;

use crate::determinism::Rule;
use crate::diagnostics::Diagnostics;
use crate::suggest::closest;

/// Reads one option; what it returns as an error is reported, and the next option is read.
pub(crate) trait ReadOption {
    /// The options there are.
    const VALID: &'static [&'static str];
    /// What the options belong to, for messages: "`#[activity]`", say.
    const OF: &'static str;

    fn read(
        &mut self,
        name: &Ident,
        input: ParseStream<'_>,
        diagnostics: &mut Diagnostics,
    ) -> syn::Result<()>;
}

/// Reads all of `tokens` into `options`.
pub(crate) fn read_all<O: ReadOption>(
    tokens: TokenStream,
    options: &mut O,
    diagnostics: &mut Diagnostics,
) {
    let read = |input: ParseStream<'_>| {
        let mut seen = Vec::new();
        while !input.is_empty() {
            if let Err(error) = read_one(input, options, &mut seen, diagnostics) {
                diagnostics.push(error);
                skip_to_comma(input);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    let read = read.parse2(tokens);
    diagnostics.take(read);
}

fn read_one<O: ReadOption>(
    input: ParseStream<'_>,
    options: &mut O,
    seen: &mut Vec<Ident>,
    diagnostics: &mut Diagnostics,
) -> syn::Result<()> {
    let name = input.call(Ident::parse_any)?;
    let text = name.to_string();
    if !O::VALID.contains(&text.as_str()) {
        return Err(unknown::<O>(&name));
    }
    if seen.contains(&name) {
        let what = format!("`{name}` is given twice");
        return Err(Rule::OptionValue.error(name, what, "remove one of the two"));
    }
    seen.push(name.clone());
    options.read(&name, input, diagnostics)?;
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input.error("expected `,`"))
}

fn unknown<O: ReadOption>(name: &Ident) -> syn::Error {
    let valid = O::VALID
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let meant = closest(&name.to_string(), O::VALID)
        .map(|name| format!("did you mean `{name}`? "))
        .unwrap_or_default();
    let what = format!("unknown option `{name}` for {}", O::OF);
    let help = format!("{meant}the options are {valid}");
    Rule::UnknownOption.error(name, what, help)
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

/// Reads `= VALUE`.
pub(crate) fn value<T: Parse>(name: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
    equals(name, input)?;
    input.parse()
}

/// Reads `= Name`, the name of a type that is generated.
pub(crate) fn type_name(name: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    equals(name, input)?;
    let refused = |at: Span| {
        let help = format!("write `{name} = OrdersClient`");
        syn::Error::new(
            at,
            Rule::OptionValue.text(format!("`{name}` must be the name of a type"), help),
        )
    };
    // The end of the options has no place of its own.
    let at = if input.is_empty() {
        name.span()
    } else {
        input.span()
    };
    let given: Ident = input.parse().map_err(|_| refused(at))?;
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(given);
    }
    Err(refused(at))
}

/// Reads the `=` between an option and its value.
pub(crate) fn equals(name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        let (what, help) = (
            format!("`{name}` needs a value"),
            format!("write `{name} = …`"),
        );
        return Err(Rule::OptionValue.error(name, what, help));
    }
    input.parse::<Token![=]>().map(drop)
}

/// Reads the parentheses after an option.
pub(crate) fn list(name: &Ident, input: ParseStream<'_>) -> syn::Result<TokenStream> {
    if !input.peek(syn::token::Paren) {
        let (what, help) = (
            format!("`{name}` needs a list in parentheses"),
            format!("write `{name}(…)`"),
        );
        return Err(Rule::OptionValue.error(name, what, help));
    }
    let content;
    syn::parenthesized!(content in input);
    content.parse()
}

/// Reads nothing: the option stands alone.
pub(crate) fn flag(name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    let what = format!("`{name}` does not take a value");
    Err(Rule::OptionValue.error(name, what, format!("write `{name}` without a value")))
}

/// Reads `= "text"`, which must have characters, none of them in `forbidden`, and be no name of a
/// folder: the names of functions and events stand in URLs.
pub(crate) fn text(
    name: &Ident,
    input: ParseStream<'_>,
    forbidden: &[char],
) -> syn::Result<LitStr> {
    equals(name, input)?;
    let literal: LitStr = input.parse().map_err(|error: syn::Error| {
        let what = format!("`{name}` must be a string");
        let text = Rule::OptionValue.text(what, format!("write `{name} = \"…\"`"));
        if input.is_empty() {
            return syn::Error::new_spanned(name, text);
        }
        syn::Error::new(error.span(), text)
    })?;
    let text = literal.value();
    if text.trim().is_empty() {
        let what = format!("`{name}` must not be empty");
        return Err(Rule::OptionValue.error(
            literal,
            what,
            "write some text, or remove the option",
        ));
    }
    if matches!(text.as_str(), "." | "..") {
        let what = format!("`{name}` must not be `{text}`: a URL with it leads to another path");
        return Err(Rule::OptionValue.error(literal, what, "write another text"));
    }
    if let Some(bad) = text
        .chars()
        .find(|c| forbidden.contains(c) || c.is_control())
    {
        let what = format!("`{name}` must not contain {bad:?}");
        return Err(Rule::OptionValue.error(literal, what, format!("remove {bad:?}")));
    }
    Ok(literal)
}
