//! The ways in which a copy of a secret may be written, each with what stands for it, written in the
//! same way.

use std::collections::BTreeMap;

use super::number::as_float;

/// How often a copy may have been escaped: the JSON of a value that holds the JSON of an error that
/// shows the secret.
const MOST_ESCAPES: usize = 3;

/// Spellings of secrets, by what replaces them.
pub(super) type Spellings = BTreeMap<String, String>;

/// The spellings of a text: as it is, and escaped.
pub(super) fn of_text(old: &str, new: &str) -> Spellings {
    let mut all = Spellings::from([(old.to_owned(), new.to_owned())]);
    let mut latest = all.clone();
    for _ in 0..MOST_ESCAPES {
        let mut escaped = Spellings::new();
        for (old, new) in &latest {
            for escape in [as_debug, as_json, as_ascii_json] {
                let old = escape(old);
                if !all.contains_key(&old) {
                    escaped.entry(old).or_insert_with(|| escape(new));
                }
            }
        }
        all.extend(escaped.clone());
        latest = escaped;
    }
    all
}

/// As `{:?}` shows it.
fn as_debug(text: &str) -> String {
    without_quotes(&format!("{text:?}"))
}

/// As it stands in JSON.
fn as_json(text: &str) -> String {
    without_quotes(&serde_json::Value::from(text).to_string())
}

/// As it stands in the JSON of those who write only ASCII.
fn as_ascii_json(text: &str) -> String {
    let mut escaped = String::new();
    for letter in as_json(text).chars() {
        if letter.is_ascii() {
            escaped.push(letter);
        } else {
            let units = letter.encode_utf16(&mut [0; 2]).to_vec();
            escaped.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    escaped
}

fn without_quotes(quoted: &str) -> String {
    let inner = quoted.strip_prefix('"');
    let inner = inner.and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(quoted).to_owned()
}

/// The spellings of a number: as it is, as `{}`, `{:?}` and `{:e}` write it, and with two decimals.
pub(super) fn of_number(old: &str, new: &str) -> Spellings {
    let mut all = Spellings::from([(old.to_owned(), new.to_owned())]);
    let (Some(old), Some(new)) = (as_float(old), as_float(new)) else {
        return all;
    };
    let mut add = |old: String, new: String| {
        all.entry(old).or_insert(new);
    };
    add(format!("{old}"), format!("{new}"));
    add(format!("{old:?}"), format!("{new:?}"));
    add(format!("{old:e}"), format!("{new:e}"));
    if old.abs() >= 1.0 {
        add(format!("{old:.2}"), format!("{new:.2}"));
    }
    all
}

/// A code without what stands between its digits: `4111-1111` as `41111111`.
pub(super) fn compact(code: &str) -> String {
    let digits = code.chars().filter(char::is_ascii_alphanumeric);
    digits.collect()
}
