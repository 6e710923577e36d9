//! `#[allow_nondeterminism(D001, reason = "…")]` on a statement: the rules that it may break.

use proc_macro2::Delimiter;
use proc_macro2::Group;
use proc_macro2::Ident;
use proc_macro2::LineColumn;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::Attribute;
use syn::LitStr;
use syn::Meta;
use syn::Stmt;
use syn::Token;
use syn::parse::ParseStream;
use syn::parse::Parser;

use super::rules::FoundBy;
use super::rules::RULES;
use super::rules::Rule;
use crate::diagnostics::Diagnostics;
use crate::suggest::closest;

/// The attribute's name.
const NAME: &str = "allow_nondeterminism";

const USAGE: &str = "write `#[allow_nondeterminism(D001, reason = \"…\")]` on the statement, with \
                     the code of the rule and the reason why the statement does no harm";

/// A rule that a statement may break.
pub(super) struct Allowed {
    pub(super) rule: Rule,
    code: Ident,
    pub(super) used: bool,
}

impl Allowed {
    /// Reports what allows nothing.
    pub(super) fn finish(self, diagnostics: &mut Diagnostics) {
        if !self.used {
            let code = &self.code;
            let what = format!("nothing in this statement breaks `{code}`");
            diagnostics.rule(
                Rule::Allow,
                code,
                what,
                "remove the code, or the whole attribute if it has no other code",
            );
        }
    }
}

/// The attributes in front of a statement that are this one.
pub(super) fn in_front_of(statement: &Stmt) -> Vec<Attribute> {
    let read = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        input.parse::<TokenStream>()?;
        Ok(attributes)
    };
    let attributes = read.parse2(statement.to_token_stream());
    let mut attributes = attributes.unwrap_or_default();
    attributes.retain(is_allow);
    attributes
}

fn is_allow(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == NAME)
}

/// Where the attribute is.
pub(super) fn place(attribute: &Attribute) -> Option<LineColumn> {
    let last = attribute.path().segments.last()?;
    Some(last.ident.span().start())
}

/// The rules that `attribute` allows; what is wrong with it is reported.
pub(super) fn read(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Vec<Allowed> {
    let Meta::List(list) = &attribute.meta else {
        let what = format!("`{NAME}` needs a code and a reason");
        diagnostics.rule(Rule::Allow, attribute.path(), what, USAGE);
        return Vec::new();
    };
    let Some(read) = diagnostics.take(Allow::parse.parse2(list.tokens.clone())) else {
        return Vec::new();
    };
    if read
        .reason
        .is_none_or(|reason| reason.value().trim().is_empty())
    {
        let what = format!("`{NAME}` needs a reason");
        diagnostics.rule(Rule::Allow, attribute.path(), what, USAGE);
    }
    if read.codes.is_empty() {
        let what = format!("`{NAME}` needs the code of a rule");
        diagnostics.rule(Rule::Allow, attribute.path(), what, USAGE);
    }
    let codes = read.codes.into_iter();
    codes
        .filter_map(|code| allowed(code, diagnostics))
        .collect()
}

/// What stands in the parentheses.
struct Allow {
    codes: Vec<Ident>,
    reason: Option<LitStr>,
}

impl Allow {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut allow = Self {
            codes: Vec::new(),
            reason: None,
        };
        while !input.is_empty() {
            let word: Ident = input.parse().map_err(|error| usage(&error))?;
            if word == "reason" {
                input.parse::<Token![=]>().map_err(|error| usage(&error))?;
                allow.reason = Some(input.parse().map_err(|error| usage(&error))?);
            } else {
                allow.codes.push(word);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|error| usage(&error))?;
            }
        }
        Ok(allow)
    }
}

fn usage(error: &syn::Error) -> syn::Error {
    syn::Error::new(error.span(), Rule::Allow.text(error, USAGE))
}

fn allowed(code: Ident, diagnostics: &mut Diagnostics) -> Option<Allowed> {
    let text = code.to_string();
    let known = Rule::of_code(&text);
    match known {
        Some(rule) if rule.entry().found_by == FoundBy::Body => Some(Allowed {
            rule,
            code,
            used: false,
        }),
        Some(rule) => {
            let what = format!("rule `{text}` allows no exceptions: {}", rule.entry().title);
            diagnostics.rule(
                Rule::Allow,
                &code,
                what,
                "follow the rule, and remove the code",
            );
            None
        }
        None => {
            let codes: Vec<String> = allowable().map(Rule::code).collect();
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            let meant = closest(&text, &codes)
                .map(|code| format!("did you mean `{code}`? "))
                .unwrap_or_default();
            let what = format!("there is no rule `{text}`");
            let help = format!("{meant}the message of a rule ends with its code");
            diagnostics.rule(Rule::Allow, &code, what, help);
            None
        }
    }
}

fn allowable() -> impl Iterator<Item = Rule> {
    let entries = RULES.iter();
    entries
        .filter(|entry| entry.found_by == FoundBy::Body)
        .map(|entry| entry.rule)
}

/// A body without the attribute, which the compiler does not know, and where it stood.
pub(super) struct Stripped {
    pub(super) body: TokenStream,
    pub(super) found: Vec<Ident>,
}

/// Takes the attribute out of `tokens`.
pub(super) fn strip(tokens: &TokenStream) -> Stripped {
    let mut found = Vec::new();
    let body = if mentions(tokens) {
        without(tokens.clone(), &mut found)
    } else {
        tokens.clone()
    };
    Stripped { body, found }
}

fn mentions(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == NAME,
        TokenTree::Group(group) => mentions(&group.stream()),
        _ => false,
    })
}

fn without(tokens: TokenStream, found: &mut Vec<Ident>) -> TokenStream {
    let mut kept = Vec::new();
    for token in tokens {
        let TokenTree::Group(group) = token else {
            kept.push(token);
            continue;
        };
        let behind_hash =
            matches!(kept.last(), Some(TokenTree::Punct(hash)) if hash.as_char() == '#');
        match name_in(&group) {
            Some(name) if behind_hash => {
                kept.pop();
                found.push(name);
            }
            _ => {
                let mut inner = Group::new(group.delimiter(), without(group.stream(), found));
                inner.set_span(group.span());
                kept.push(TokenTree::Group(inner));
            }
        }
    }
    kept.into_iter().collect()
}

/// The attribute's name, where `group` is the brackets of one.
fn name_in(group: &Group) -> Option<Ident> {
    if group.delimiter() != Delimiter::Bracket {
        return None;
    }
    let mut words = group.stream().into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    // Its path may be a longer one: `durable_runtime::allow_nondeterminism`.
    let last = words.find(|word| word == NAME)?;
    Some(last)
}
