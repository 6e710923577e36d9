//! Names that text captures: `"{name}"` in a macro is a use of `name`.

use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use syn::Lit;

/// The names that string literals among `tokens` may capture, each at its literal.
pub(super) fn captured(tokens: &TokenStream) -> Vec<Ident> {
    let mut found = Vec::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Literal(literal) => {
                if let Lit::Str(text) = Lit::new(literal) {
                    found.extend(names_in(&text.value(), text.span()));
                }
            }
            TokenTree::Group(group) => found.extend(captured(&group.stream())),
            _ => {}
        }
    }
    found
}

/// The names in the braces of a format string: arguments, and widths and precisions that end in `$`.
fn names_in(text: &str, at: Span) -> Vec<Ident> {
    let text = text.replace("{{", "").replace("}}", "");
    let braces = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'));
    let mut names = Vec::new();
    for (inside, _) in braces {
        let (argument, spec) = inside.split_once(':').unwrap_or((inside, ""));
        names.extend(name(argument, at));
        let sizes = spec.split('$');
        let count = sizes.clone().count();
        names.extend(
            sizes
                .take(count - 1)
                .filter_map(|size| name(last_word(size), at)),
        );
    }
    names
}

fn last_word(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let start = text.rfind(|c| !is_part(c));
    start.map_or(text, |at| {
        let width = text[at..].chars().next().map_or(0, char::len_utf8);
        &text[at + width..]
    })
}

fn name(text: &str, at: Span) -> Option<Ident> {
    let text = text.trim();
    let begins = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let parsed = begins
        .then(|| syn::parse_str::<Ident>(text).ok())
        .flatten()?;
    Some(Ident::new(&parsed.to_string(), at))
}

#[cfg(test)]
mod tests {
    use super::captured;

    fn of(source: &str) -> Vec<String> {
        let found = captured(&source.parse().unwrap());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_are_found_with_their_widths_and_precisions() {
        assert_eq!(
            of(r#""{a} {b:?} {{c}} {:>d$} {e:.f$} {0} {}""#),
            ["a", "b", "d", "e", "f"]
        );
        assert_eq!(
            of(r#"[1, ("{x:>width$.precision$}")]"#),
            ["x", "width", "precision"]
        );
    }

    #[test]
    fn text_without_names_has_none() {
        assert_eq!(
            of(r#""{}", "{0:?}", "a", 'b', b"{c}""#),
            Vec::<String>::new()
        );
    }
}
