//! Tokens as the text they are in the source, on one line.

use proc_macro2::Delimiter;
use proc_macro2::LineColumn;
use proc_macro2::Spacing;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;

/// The text of `tokens`: runs of white space become one space, except at line breaks inside
/// brackets and chains of calls, where they vanish.
pub(crate) fn source_text(tokens: TokenStream) -> String {
    let mut text = Text::default();
    text.stream(tokens);
    text.written
}

#[derive(Default)]
struct Text {
    written: String,
    /// Where the last token ended.
    end: Option<LineColumn>,
    /// Whether the last token is a part of a longer operator.
    joined: bool,
}

impl Text {
    fn stream(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = delimiters(group.delimiter());
                    // Only the span as a whole survives a syntax tree; a delimiter is one column.
                    let (start, end) = (group.span().start(), group.span().end());
                    self.word(open, start, moved(start, 1));
                    self.stream(group.stream());
                    self.word(close, moved(end, -1), end);
                }
                TokenTree::Punct(punct) => {
                    let mut letter = [0; 4];
                    let sign = punct.as_char().encode_utf8(&mut letter);
                    self.word(sign, punct.span().start(), punct.span().end());
                    self.joined = punct.spacing() == Spacing::Joint;
                }
                other => self.word(&other.to_string(), other.span().start(), other.span().end()),
            }
        }
    }

    fn word(&mut self, word: &str, start: LineColumn, end: LineColumn) {
        if word.is_empty() {
            return;
        }
        let apart = self.end.is_some_and(|last| last != start);
        let broken = self.end.is_some_and(|last| last.line != start.line);
        if broken && matches!(word, ")" | "]") && self.written.ends_with(',') {
            self.written.pop();
        }
        let opened = self.written.ends_with(['(', '[']);
        let vanishes = broken && (opened || matches!(word, "." | ")" | "]"));
        if apart && !vanishes && !self.joined && !self.written.is_empty() {
            self.written.push(' ');
        }
        self.written.push_str(word);
        self.end = Some(end);
        self.joined = false;
    }
}

fn moved(place: LineColumn, columns: isize) -> LineColumn {
    LineColumn {
        column: place.column.saturating_add_signed(columns),
        ..place
    }
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::source_text;

    fn of(source: &str) -> String {
        source_text(source.parse().unwrap())
    }

    #[test]
    fn spacing_is_that_of_the_source() {
        let source = "ctx.wait_for::<Decision>().label(&\"a  b\")";
        assert_eq!(of(source), source);
    }

    #[test]
    fn a_chain_over_several_lines_becomes_one() {
        let source = "charge(\n    order.clone(),\n    1 + 2,\n)\n    .retry(policy)";
        assert_eq!(of(source), "charge(order.clone(), 1 + 2).retry(policy)");
    }
}
