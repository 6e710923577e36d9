//! What stands for a secret.
//!
//! 1. The same secret is replaced by the same everywhere, and two secrets by two: what the code
//!    compares, copies or puts together comes out alike.
//! 2. Replacements have the order of what they replace, so that what the code sorts stays sorted.
//! 3. They have the form of it: a whole number, a date and a code in digits can still be read as such.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::json::Json;

/// A shorter text is replaced only where it is the whole of another.
const SHORTEST_PART: usize = 4;
/// A number of fewer digits is too common to be the same one elsewhere.
const SHORTEST_NUMBER: usize = 3;
/// A number of fewer digits is not looked for inside of texts.
const SHORTEST_NUMBER_IN_TEXT: usize = 6;

/// The secrets that were found.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    texts: BTreeSet<String>,
    numbers: Vec<String>,
}

impl Secrets {
    /// Takes all that this value holds for secret.
    pub(super) fn add(&mut self, value: &mut Json) {
        match value {
            Json::Text(text) if !text.is_empty() => {
                self.texts.insert(text.clone());
            }
            Json::Number(number) if !self.numbers.contains(number) => {
                self.numbers.push(number.clone());
            }
            Json::Object(fields) => {
                let keys = fields.iter().map(|(key, _)| key);
                self.texts.extend(keys.filter(|key| is_data(key)).cloned());
            }
            _ => {}
        }
        for (_, part) in value.parts() {
            self.add(part);
        }
    }

    pub(super) fn into_replacements(self) -> Replacements {
        let mut replacements = Replacements::default();
        let many = self.texts.iter().filter(|text| !is_code(text)).count();
        let width = many.to_string().len();
        let mut taken = BTreeSet::new();
        let mut number = 0;
        for text in self.texts {
            let new = if is_code(&text) {
                code_like(&text, &mut taken)
            } else if many == 1 {
                "redacted".to_owned()
            } else {
                number += 1;
                format!("redacted-{number:0width$}")
            };
            replacements.texts.insert(text, new);
        }
        let mut numbers = self.numbers;
        numbers.sort_by(|a, b| as_float(a).total_cmp(&as_float(b)));
        let (below, above) = split_at_zero(&numbers);
        for (place, number) in below.iter().rev().enumerate() {
            replacements.number(number, &format!("-{}", place + 1));
        }
        for (place, number) in above.iter().enumerate() {
            replacements.number(number, &(place + 1).to_string());
        }
        replacements
    }
}

fn as_float(number: &str) -> f64 {
    number.parse().unwrap_or(0.0)
}

/// Those below zero and those above; zero tells nothing and stays.
fn split_at_zero(sorted: &[String]) -> (&[String], &[String]) {
    let below = sorted.partition_point(|number| as_float(number) < 0.0);
    let rest = sorted.partition_point(|number| as_float(number) <= 0.0);
    (&sorted[..below], &sorted[rest..])
}

/// What stands for each secret.
#[derive(Debug, Default)]
pub(super) struct Replacements {
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, String>,
}

impl Replacements {
    fn number(&mut self, old: &str, new: &str) {
        let is_float = old.contains(['.', 'e', 'E']);
        let new = if is_float {
            format!("{new}.0")
        } else {
            new.to_owned()
        };
        self.numbers.insert(old.to_owned(), new);
    }

    /// Takes over what a change of a value replaced.
    pub(super) fn add_changed(&mut self, old: &mut Json, new: &mut Json) {
        match (&*old, &*new) {
            (Json::Text(old), Json::Text(new)) if old != new && !old.is_empty() => {
                self.texts.insert(old.clone(), new.clone());
            }
            (Json::Number(old), Json::Number(new)) if old != new => {
                self.numbers.insert(old.clone(), new.clone());
            }
            _ => {}
        }
        let (old, new) = (old.parts(), new.parts());
        for ((name, old), (other, new)) in old.into_iter().zip(new) {
            if name == other {
                self.add_changed(old, new);
            }
        }
    }

    /// Replaces all that a value holds which is secret as a whole.
    pub(super) fn replace_all(&self, value: &mut Json) {
        match value {
            Json::Text(text) => {
                if let Some(new) = self.texts.get(text) {
                    text.clone_from(new);
                }
            }
            Json::Number(number) => {
                if let Some(new) = self.numbers.get(number) {
                    number.clone_from(new);
                }
            }
            Json::Word(word) if word == "true" => "false".clone_into(word),
            Json::Object(fields) => {
                for (key, _) in fields {
                    if let Some(new) = self.texts.get(key).filter(|_| is_data(key)) {
                        key.clone_from(new);
                    }
                }
            }
            _ => {}
        }
        for (_, part) in value.parts() {
            self.replace_all(part);
        }
    }

    /// Replaces the secrets that stand in a value, or a part of one, which is not secret itself. Its
    /// own parts are left to the caller.
    pub(super) fn replace_copies(&self, value: &mut Json) {
        match value {
            Json::Text(text) => self.replace_in(text),
            Json::Number(number) if digits(number) >= SHORTEST_NUMBER => {
                if let Some(new) = self.numbers.get(number) {
                    number.clone_from(new);
                }
            }
            Json::Object(fields) => {
                let keys = fields.iter_mut().map(|(key, _)| key);
                for key in keys.filter(|key| is_data(key)) {
                    self.replace_in(key);
                }
            }
            _ => {}
        }
    }

    fn replace_in(&self, text: &mut String) {
        let whole = self.texts.get(text).or_else(|| {
            let found = self.numbers.get(text);
            found.filter(|_| digits(text) >= SHORTEST_NUMBER)
        });
        if let Some(new) = whole {
            text.clone_from(new);
            return;
        }
        let (mut rest, mut replaced) = (text.as_str(), String::new());
        while let Some(next) = rest.chars().next() {
            if let Some((old, new)) = self.longest_at(rest) {
                replaced.push_str(new);
                rest = &rest[old.len()..];
            } else {
                replaced.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        *text = replaced;
    }

    /// The longest secret that `text` begins with.
    fn longest_at(&self, text: &str) -> Option<(&str, &str)> {
        let texts = self
            .texts
            .iter()
            .filter(|(old, _)| old.chars().count() >= SHORTEST_PART);
        let numbers = self.numbers.iter();
        let numbers = numbers.filter(|(old, _)| digits(old) >= SHORTEST_NUMBER_IN_TEXT);
        let found = texts
            .chain(numbers)
            .filter(|(old, _)| text.starts_with(&***old));
        let longest = found.max_by_key(|(old, _)| old.len())?;
        Some((longest.0, longest.1))
    }

    /// Whether one of the secrets stands in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let mut replaced = text.to_owned();
        self.replace_in(&mut replaced);
        replaced != text
    }
}

fn digits(number: &str) -> usize {
    number.chars().filter(char::is_ascii_digit).count()
}

/// Whether a key is one of a map. What could be the name of a field is taken for one.
fn is_data(key: &str) -> bool {
    let starts = key.starts_with(|first: char| first.is_alphabetic() || first == '_');
    !starts
        || key
            .chars()
            .any(|letter| !letter.is_alphanumeric() && letter != '_')
}

/// Whether the text is made of digits and what stands between them: a number, a date, a UUID.
fn is_code(text: &str) -> bool {
    let belongs = |letter: char| letter.is_ascii_hexdigit() || "-:.+ TZ/".contains(letter);
    digits(text) >= SHORTEST_PART && text.chars().all(belongs)
}

/// A text of the same form that is not taken: `1111-11-11` for a date.
fn code_like(text: &str, taken: &mut BTreeSet<String>) -> String {
    let mut new: Vec<u8> = text.bytes().map(blank).collect();
    loop {
        let candidate = String::from_utf8_lossy(&new).into_owned();
        let again = candidate == text || !taken.insert(candidate.clone());
        if !again || !count_up(&mut new) {
            return candidate;
        }
    }
}

fn blank(letter: u8) -> u8 {
    match letter {
        b'0'..=b'9' => b'1',
        b'a'..=b'f' => b'a',
        b'A'..=b'F' => b'A',
        other => other,
    }
}

/// The next text of the same form; none after the last.
fn count_up(code: &mut [u8]) -> bool {
    for digit in code.iter_mut().rev().filter(|byte| byte.is_ascii_digit()) {
        if *digit < b'9' {
            *digit += 1;
            return true;
        }
        *digit = b'1';
    }
    false
}
