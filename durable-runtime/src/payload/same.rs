//! Whether two JSON texts hold the same value, number for number.
//!
//! Not by `serde_json::Value`: whole numbers of more than 64 bits are rounded there, and `-0.0` is
//! `0.0`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::error::Problem;
use super::path::push_key;

/// What the order in arrays means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrays {
    /// Each item has its place.
    Ordered,
    /// They may be sets, which are written in another order each time.
    Unordered,
}

/// Deeper than this nobody reads JSON.
const DEEPEST: usize = 128;

/// Whether both are the same value, whatever the order of keys.
pub(super) fn is_same(a: &str, b: &str, arrays: Arrays) -> bool {
    // As a rule they are the same text, and nothing has to be parsed.
    a == b
        || matches!((canonical(a, arrays, 0), canonical(b, arrays, 0)), (Some(a), Some(b)) if a == b)
}

/// The first difference between what was written and what that is written as once it was read. Both
/// come from one type, so arrays in another order are sets.
pub(super) fn difference(written: &str, again: &str) -> Option<Problem> {
    if is_same(written, again, Arrays::Unordered) {
        return None;
    }
    let mut path = String::new();
    let (written, again) = deepest(written, again, &mut path);
    let cause = format!("{} would come back as {}", short(written), short(again));
    Some(Problem { path, cause })
}

/// The value in a form of its own: keys in order, numbers by their bits.
fn canonical(json: &str, arrays: Arrays, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    let json = json.trim();
    match json.as_bytes().first()? {
        // The order of fields is no difference, since an object is read by name.
        b'{' => {
            let fields = fields(json)?.into_iter();
            let fields = fields.map(|(key, value)| {
                let value = canonical(value.get(), arrays, depth + 1)?;
                Some(format!("{key:?}:{value}"))
            });
            let fields: Option<Vec<_>> = fields.collect();
            Some(format!("{{{}}}", fields?.join(",")))
        }
        b'[' => {
            let items = items(json)?.into_iter();
            let items = items.map(|item| canonical(item.get(), arrays, depth + 1));
            let mut items = items.collect::<Option<Vec<_>>>()?;
            if arrays == Arrays::Unordered {
                // A set is written as an array, in an order that its hash decides.
                items.sort();
            }
            Some(format!("[{}]", items.join(",")))
        }
        b'"' => serde_json::from_str::<String>(json)
            .ok()
            .map(|text| format!("{text:?}")),
        _ => Some(number(json)),
    }
}

fn fields(json: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(json).ok()
}

fn items(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json).ok()
}

/// A number, or a word, which is itself.
fn number(json: &str) -> String {
    let is_float = json.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        && json.contains(['.', 'e', 'E']);
    let float = is_float.then(|| json.parse::<f64>().ok()).flatten();
    float.map_or_else(
        || json.to_owned(),
        |float| format!("f{:x}", float.to_bits()),
    )
}

/// Follows the first difference down as far as both have the same form.
fn deepest<'a>(a: &'a str, b: &'a str, path: &mut String) -> (&'a str, &'a str) {
    if let Some((a, b)) = differing_field(a, b, path).or_else(|| differing_item(a, b, path)) {
        return deepest(a, b, path);
    }
    (a, b)
}

const NOTHING: &str = "nothing";

fn differing_field<'a>(a: &'a str, b: &'a str, path: &mut String) -> Option<(&'a str, &'a str)> {
    let (a, b) = (fields(a)?, fields(b)?);
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    keys.into_iter().find_map(|key| {
        let text = |fields: &BTreeMap<String, &'a RawValue>| {
            fields.get(key).map_or(NOTHING, |value| value.get())
        };
        let (a, b) = (text(&a), text(&b));
        if is_same(a, b, Arrays::Unordered) {
            return None;
        }
        // Writing to a `String` cannot fail.
        let _ = push_key(path, key);
        Some((a, b))
    })
}

fn differing_item<'a>(a: &'a str, b: &'a str, path: &mut String) -> Option<(&'a str, &'a str)> {
    let (a, b) = (items(a)?, items(b)?);
    // Then nothing can be paired, and the whole arrays are shown.
    if a.len() != b.len() {
        return None;
    }
    let mut pairs = a.into_iter().zip(b).enumerate();
    let differs = |(_, (a, b)): &(usize, (&RawValue, &RawValue))| {
        !is_same(a.get(), b.get(), Arrays::Unordered)
    };
    let (number, (a, b)) = pairs.find(differs)?;
    path.extend(["[", &number.to_string(), "]"]);
    Some((a.get(), b.get()))
}

/// A text for people.
fn short(json: &str) -> String {
    const LONGEST: usize = 60;
    if json.chars().count() <= LONGEST {
        return json.to_owned();
    }
    let start: String = json.chars().take(LONGEST).collect();
    format!("{start}…")
}
