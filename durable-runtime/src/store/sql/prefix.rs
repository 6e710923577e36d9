//! Texts that begin with a prefix, as a range that an index has.

use sea_orm::ColumnTrait;
use sea_orm::Condition;

/// The texts of `column` that begin with `prefix`, by bytes. Not `LIKE`: it does not tell upper from
/// lower case everywhere.
pub(super) fn begins_with(column: impl ColumnTrait, prefix: &str) -> Condition {
    Condition::all()
        .add(column.gte(prefix))
        .add_option(above(prefix).map(|above| column.lt(above)))
}

/// The first text after all that begin with `prefix`, by bytes; none if there is none.
fn above(prefix: &str) -> Option<String> {
    let mut text: Vec<char> = prefix.chars().collect();
    // A last character that has none after it is dropped, and the one before it is counted up.
    while let Some(last) = text.pop() {
        let next = u32::from(last) + 1;
        // The code points of surrogates are no characters.
        let next = if next == 0xd800 { 0xe000 } else { next };
        if let Some(next) = char::from_u32(next) {
            text.push(next);
            return Some(text.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn what_begins_with_a_prefix_ends_before_the_next_text() {
        assert_eq!(above("order-1").as_deref(), Some("order-2"));
        assert_eq!(above("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(above("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(above(""), None);
    }
}
