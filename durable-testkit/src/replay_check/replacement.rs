//! The replacement of secrets and of their copies.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::json::Json;
use super::keys::Keys;
use super::keys::is_telling;
use super::number::as_float;
use super::number::digits;
use super::number::in_style_of;
use super::number::is_float;
use super::number::value_of;
use super::spelling;
use super::spelling::compact;
use super::stand_in::is_code;

/// A shorter text is replaced only where it is the whole of another.
const SHORTEST_PART: usize = 4;
/// A shorter text is not looked for inside of what may be the name of a field.
const SHORTEST_PART_OF_NAME: usize = 8;
/// A number of fewer digits is too common to be the same one elsewhere.
pub(super) const SHORTEST_NUMBER: usize = 3;
/// A number of fewer digits is not looked for inside of texts.
pub(super) const SHORTEST_NUMBER_IN_TEXT: usize = 6;
/// Whole numbers of fewer digits are exact as floats.
const EXACT_DIGITS: usize = 15;

/// What is replaced, and by what.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    pub(super) texts: BTreeMap<String, String>,
    /// By value: the number and its replacement, as they are written.
    pub(super) numbers: BTreeMap<String, (String, String)>,
}

/// What stands for each secret and for each of its copies.
#[derive(Debug)]
pub(super) struct Replacements {
    /// What stands for a whole text, in every spelling.
    wholes: BTreeMap<String, String>,
    /// What stands for a part of a text.
    parts: Parts,
    /// By value, as it is written.
    numbers: BTreeMap<String, String>,
    /// The keys of maps that are secret.
    keys: BTreeSet<String>,
}

impl Replacements {
    pub(super) fn new(replaced: &Replaced, keys: BTreeSet<String>) -> Self {
        let mut found = Spelled {
            wholes: replaced.texts.clone(),
            parts: BTreeSet::new(),
        };
        for (old, new) in &replaced.texts {
            found.add_text(old, new);
        }
        let mut numbers = BTreeMap::new();
        for (value, (old, new)) in &replaced.numbers {
            found.add_number(old, new);
            numbers.insert(value.clone(), new.clone());
        }
        for (old, new) in replaced.numbers.values() {
            if let Some(value) = rounded(old) {
                numbers.entry(value).or_insert_with(|| new.clone());
            }
        }
        Self {
            parts: Parts::of(&found),
            wholes: found.wholes,
            numbers,
            keys,
        }
    }

    /// Replaces a value, or a part of one, that is secret as a whole. Its own parts are left to the
    /// caller, and the keys of an object unless they are those of a map.
    pub(super) fn replace_all(&self, value: &mut Json) {
        match value {
            Json::Text(text) => {
                if let Some(new) = self.wholes.get(text) {
                    text.clone_from(new);
                }
            }
            Json::Number(number) => self.replace_number(number),
            Json::Word(word) if word == "true" => "false".clone_into(word),
            Json::Object(fields) => self.replace_keys(fields),
            _ => {}
        }
    }

    /// Replaces the secrets that stand in a value, or a part of one, which is not secret itself. Its
    /// own parts are left to the caller.
    pub(super) fn replace_copies(&self, value: &mut Json) {
        match value {
            Json::Text(text) => self.replace_in(text),
            Json::Number(number) if digits(number) >= SHORTEST_NUMBER => {
                self.replace_number(number);
            }
            Json::Object(fields) => self.replace_keys(fields),
            _ => {}
        }
    }

    fn replace_number(&self, number: &mut String) {
        let new = value_of(number).and_then(|value| self.numbers.get(&value));
        if let Some(new) = new {
            *number = in_style_of(number, new);
        }
    }

    /// Replaces secrets in the keys of a map, and leaves the names of fields.
    fn replace_keys(&self, fields: &mut [(String, Json)]) {
        let is_copy = fields.iter().all(|(key, _)| self.keys.contains(key));
        let keys = if is_copy {
            Keys::Data
        } else {
            Keys::of(fields)
        };
        let shortest = match keys {
            Keys::Data => SHORTEST_PART,
            Keys::Unknown => SHORTEST_PART_OF_NAME,
            Keys::Fields => return,
        };
        let keys = fields.iter_mut().map(|(key, _)| key);
        for key in keys.filter(|key| is_telling(key)) {
            self.replace_parts(key, shortest);
        }
    }

    fn replace_in(&self, text: &mut String) {
        self.replace_parts(text, SHORTEST_PART);
    }

    /// Replaces a text that is a secret, or the parts of it that are and that have so many letters.
    fn replace_parts(&self, text: &mut String, shortest: usize) {
        if let Some(new) = self.wholes.get(text) {
            text.clone_from(new);
            return;
        }
        let (mut rest, mut replaced) = (text.as_str(), String::new());
        while let Some(next) = rest.chars().next() {
            if let Some((old, new)) = self.parts.longest_at(rest, next, shortest) {
                replaced.push_str(new);
                rest = &rest[old.len()..];
            } else {
                replaced.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        *text = replaced;
    }

    /// Whether one of the secrets stands in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let mut replaced = text.to_owned();
        self.replace_in(&mut replaced);
        replaced != text
    }
}

/// The value of the float that a long whole number is rounded to.
fn rounded(number: &str) -> Option<String> {
    let is_exact = is_float(number) || digits(number) <= EXACT_DIGITS;
    let float = as_float(number).filter(|_| !is_exact)?;
    value_of(&float.to_string())
}

/// Secrets in all their spellings.
struct Spelled {
    /// Each with what stands for it.
    wholes: BTreeMap<String, String>,
    /// Those that are looked for inside of texts too.
    parts: BTreeSet<String>,
}

impl Spelled {
    fn add_text(&mut self, old: &str, new: &str) {
        let is_long = old.chars().count() >= SHORTEST_PART;
        for (old, new) in spelling::of_text(old, new) {
            self.add(old, new, is_long);
        }
        if is_code(old) && digits(old) >= SHORTEST_NUMBER_IN_TEXT {
            self.add(compact(old), compact(new), true);
        }
    }

    fn add_number(&mut self, old: &str, new: &str) {
        for (old, new) in spelling::of_number(old, new) {
            let digits = digits(&old);
            if digits >= SHORTEST_NUMBER {
                self.add(old, new, digits >= SHORTEST_NUMBER_IN_TEXT);
            }
        }
    }

    fn add(&mut self, old: String, new: String, is_part: bool) {
        if is_part {
            self.parts.insert(old.clone());
        }
        self.wholes.entry(old).or_insert(new);
    }
}

/// What is looked for inside of texts, by its first letter, the longest first.
#[derive(Debug)]
struct Parts(HashMap<char, Vec<(String, String)>>);

impl Parts {
    fn of(spelled: &Spelled) -> Self {
        let mut parts: HashMap<char, Vec<(String, String)>> = HashMap::new();
        for old in &spelled.parts {
            if let (Some(first), Some(new)) = (old.chars().next(), spelled.wholes.get(old)) {
                let pair = (old.clone(), new.clone());
                parts.entry(first).or_default().push(pair);
            }
        }
        for parts in parts.values_mut() {
            parts.sort_by_key(|(old, _)| Reverse(old.len()));
        }
        Self(parts)
    }

    /// The longest that `text` begins with, and what stands for it.
    fn longest_at(&self, text: &str, first: char, shortest: usize) -> Option<(&str, &str)> {
        let mut parts = self.0.get(&first)?.iter();
        let found = parts.find(|(old, _)| {
            text.starts_with(&**old) && (old.len() >= shortest || value_of(old).is_some())
        });
        found.map(|(old, new)| (&**old, &**new))
    }
}
