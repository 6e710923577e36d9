//! What holds whatever stands under an attribute: its macro does not panic, and says at the user's
//! tokens what is wrong.
//!
//! The fuzz target `macros` under `durable-runtime/fuzz` calls [`check`] with texts that it makes up,
//! the test here with those that are kept there.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use proc_macro2::Delimiter;
use proc_macro2::Group;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;

use crate::activity;
use crate::entity;
use crate::event;
use crate::orchestrator;

/// A macro: what stands in its attribute, and what stands under it.
pub(crate) type Expand = fn(TokenStream, &TokenStream) -> TokenStream;

/// The compiler itself goes no deeper into code than this.
const DEEPEST: usize = 128;

/// What a macro came to.
pub(crate) enum Outcome {
    /// The expansion parses, and reports nothing.
    Right,
    /// It reports a mistake.
    Refused,
}

/// Takes the text for an item with one of the attributes in front of it, and expands that.
pub(crate) fn check(input: &[u8]) {
    // The places of all that was read before are kept, and nobody asks for them any more.
    proc_macro2::extra::invalidate_current_thread_spans();
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if nesting(text) > DEEPEST {
        return;
    }
    let Some((expand, options, item)) = text.parse().ok().and_then(split) else {
        return;
    };
    if let Err(problem) = outcome(expand, options, &item) {
        panic!("{problem}");
    }
}

/// The macro that the attribute names, its options, and what follows.
fn split(tokens: TokenStream) -> Option<(Expand, TokenStream, TokenStream)> {
    let mut tokens = tokens.into_iter();
    let hash = tokens.next()?;
    let (TokenTree::Punct(hash), TokenTree::Group(attribute)) = (hash, tokens.next()?) else {
        return None;
    };
    let mut attribute = attribute.stream().into_iter();
    let name = attribute.next()?.to_string();
    let options = match attribute.next() {
        Some(TokenTree::Group(options)) if options.delimiter() == Delimiter::Parenthesis => {
            options.stream()
        }
        _ => TokenStream::new(),
    };
    let expand: Expand = match name.as_str() {
        "activity" => activity::expand,
        "entity" => entity::expand,
        "orchestrator" => orchestrator::expand,
        "derive" => |_, item| event::expand(item.clone()),
        _ => return None,
    };
    let item: TokenStream = tokens.collect();
    (hash.as_char() == '#' && !item.is_empty()).then_some((expand, options, item))
}

fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Expands the item.
///
/// # Errors
/// What is wrong with the macro.
pub(crate) fn outcome(
    expand: Expand,
    options: TokenStream,
    item: &TokenStream,
) -> Result<Outcome, String> {
    let expand = || expand(options, item);
    let Ok(expansion) = catch_unwind(AssertUnwindSafe(expand)) else {
        return Err("the macro panicked".to_owned());
    };
    let parses = syn::parse2::<syn::File>(expansion.clone()).is_ok();
    let mut errors = Vec::new();
    compile_errors(&expansion, &mut errors);
    match (parses, errors.as_slice()) {
        (true, []) => Ok(Outcome::Right),
        (false, []) => Err(format!("the expansion does not parse:\n{expansion}")),
        (_, errors) if errors.iter().all(has_place) => Ok(Outcome::Refused),
        (_, errors) => Err(format!("no place in the source: {errors:?}")),
    }
}

/// The groups behind `compile_error!`.
fn compile_errors(tokens: &TokenStream, found: &mut Vec<Group>) {
    let mut names = false;
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(word) => names = word == "compile_error",
            TokenTree::Punct(mark) => names &= mark.as_char() == '!',
            TokenTree::Group(group) => {
                if names {
                    found.push(group.clone());
                }
                compile_errors(&group.stream(), found);
                names = false;
            }
            TokenTree::Literal(_) => names = false,
        }
    }
}

/// Whether the error is told at tokens of the user. What ends too early ends at the attribute.
fn has_place(error: &Group) -> bool {
    let text = error.stream().to_string();
    let text = text.trim_start_matches('"');
    let ends_too_early = text.starts_with("unexpected end of") || text.starts_with("expected ");
    // Not by its `byte_range`: that is empty wherever a fuzzer runs.
    let place = format!("{:?}", error.span());
    place != format!("{:?}", Span::call_site()) || ends_too_early
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn whatever_is_kept_is_expanded_or_refused_with_a_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("../durable-runtime/fuzz/corpus/macros");
        let files = fs::read_dir(folder).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        // Those without an ending were made up here by the fuzz target.
        files.retain(|file| file.extension().is_some());
        files.sort();
        assert!(files.len() > 10, "{} are too few", files.len());
        for file in files {
            println!("{}", file.display());
            super::check(&fs::read(file).unwrap());
        }
    }
}
