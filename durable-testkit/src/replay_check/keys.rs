//! Whether the keys of an object are the names of fields, or data: those of a map.
//!
//! JSON does not tell the two apart. The keys of a map may be secret, and without the names of its
//! fields a value cannot be read.

use super::json::Json;
use super::number::digits;
use super::number::value_of;

/// What the keys of an object are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// The names of fields, or of a variant.
    Fields,
    /// Those of a map.
    Data,
    /// Either.
    Unknown,
}

/// A key that is a number of fewer digits tells nothing.
const SHORTEST_NUMBER: usize = 3;

/// The names that serde gives to the parts of types of the standard library.
const STANDARD: [&str; 10] = [
    "Ok",
    "Err",
    "secs",
    "nanos",
    "secs_since_epoch",
    "nanos_since_epoch",
    "start",
    "end",
    "Included",
    "Excluded",
];

impl Keys {
    /// What the keys of an object with these fields show by themselves. A struct has fields of several
    /// kinds; a map has values of one.
    pub(super) fn of(fields: &[(String, Json)]) -> Self {
        if fields.iter().any(|(key, _)| is_data(key)) {
            return Self::Data;
        }
        if fields.iter().all(|(key, _)| STANDARD.contains(&&**key)) {
            return Self::Fields;
        }
        let mut kinds = fields.iter().filter_map(|(_, value)| kind(value));
        let first = kinds.next();
        if kinds.all(|kind| Some(kind) == first) {
            Self::Unknown
        } else {
            Self::Fields
        }
    }
}

/// The kind of a value; none of `null`, which may stand for any.
fn kind(value: &Json) -> Option<u8> {
    match value {
        Json::Object(_) => Some(0),
        Json::Array(_) => Some(1),
        Json::Text(_) => Some(2),
        Json::Number(_) => Some(3),
        Json::Word(word) => (word != "null").then_some(4),
    }
}

/// Whether a key cannot be the name of a field.
pub(super) fn is_data(key: &str) -> bool {
    let starts = key.starts_with(|first: char| first.is_alphabetic() || first == '_');
    !starts
        || key
            .chars()
            .any(|letter| !letter.is_alphanumeric() && letter != '_')
}

/// Whether a key of a map is worth replacing.
pub(super) fn is_telling(key: &str) -> bool {
    !key.is_empty() && (value_of(key).is_none() || digits(key) >= SHORTEST_NUMBER)
}
