//! The secrets of a history, and the choice of what stands for each.
//!
//! 1. The same secret is replaced by the same everywhere, and two secrets by two: what the code
//!    compares, copies or puts together comes out alike.
//! 2. Replacements have the order of what they replace, so that what the code sorts stays sorted.
//! 3. They have the form of it: a whole number, a date and a code in digits can still be read as such.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::json::Json;
use super::keys::is_telling;
use super::number::ZERO;
use super::number::as_float;
use super::number::digits;
use super::number::is_float;
use super::number::literal;
use super::number::value_of;
use super::replacement::Replaced;
use super::replacement::Replacements;
use super::replacement::SHORTEST_NUMBER;
use super::replacement::SHORTEST_NUMBER_IN_TEXT;
use super::spelling::compact;
use super::stand_in::code_like;
use super::stand_in::is_code;

/// The secrets that were found.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    pub(super) texts: BTreeSet<String>,
    /// As they are written, by value.
    pub(super) numbers: BTreeMap<String, String>,
    /// The texts among them that are keys of maps.
    pub(super) keys: BTreeSet<String>,
}

impl Secrets {
    /// Takes all that this value holds for secret, except keys.
    pub(super) fn add(&mut self, value: &Json) {
        match value {
            Json::Text(text) if !text.is_empty() && !is_no_amount(text) => {
                self.texts.insert(text.clone());
            }
            Json::Number(number) => {
                if let Some(value) = value_of(number) {
                    let known = self.numbers.entry(value);
                    known.or_insert_with(|| number.clone());
                }
            }
            _ => {}
        }
        for part in value.children() {
            self.add(part);
        }
    }

    /// Takes the key of a map for secret.
    pub(super) fn add_key(&mut self, key: &str) {
        if is_telling(key) {
            self.texts.insert(key.to_owned());
            self.keys.insert(key.to_owned());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.numbers.is_empty()
    }

    /// Chooses what stands for each, unless it is `chosen` already.
    pub(super) fn into_replacements(mut self, chosen: Replaced) -> Replacements {
        let Replaced { texts, mut numbers } = chosen;
        let texts = stand_ins(&self.texts, texts);
        for (value, (old, new)) in numbers_among(&texts) {
            if value_of(&new).is_some() {
                let pair = (literal(&old), literal(&new));
                numbers.entry(value).or_insert(pair);
            } else {
                self.numbers.entry(value).or_insert(literal(&old));
            }
        }
        let numbers = ranks(self.numbers, numbers);
        Replacements::new(&Replaced { texts, numbers }, self.keys)
    }
}

/// Whether the text is `0.00`, which tells nothing; `0000` may be a code.
fn is_no_amount(text: &str) -> bool {
    is_float(text) && value_of(text).as_deref() == Some(ZERO)
}

/// Adds to `chosen` what stands for the texts.
fn stand_ins(
    texts: &BTreeSet<String>,
    mut chosen: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let texts: Vec<_> = texts
        .iter()
        .filter(|text| !chosen.contains_key(*text))
        .collect();
    let many = texts.iter().filter(|text| !is_code(text)).count();
    let width = many.to_string().len();
    let mut taken: BTreeSet<String> = chosen.values().cloned().collect();
    let mut number = 0;
    for text in texts {
        let new = if is_code(text) {
            code_like(text, &mut taken)
        } else if many == 1 {
            "redacted".to_owned()
        } else {
            number += 1;
            format!("redacted-{number:0width$}")
        };
        chosen.insert(text.clone(), new);
    }
    chosen
}

/// The numbers that the code may read from texts, by value, each with what stands for its text.
fn numbers_among(texts: &BTreeMap<String, String>) -> BTreeMap<String, (String, String)> {
    let codes = texts.iter().filter(|(old, _)| is_code(old));
    let codes = codes.map(|(old, new)| (compact(old), compact(new)));
    let codes = codes.filter(|(old, _)| digits(old) >= SHORTEST_NUMBER_IN_TEXT);
    let all = texts.iter().map(|(old, new)| (old.clone(), new.clone()));
    let mut numbers = BTreeMap::new();
    for (old, new) in all.chain(codes) {
        if let Some(value) = value_of(&old).filter(|_| digits(&old) >= SHORTEST_NUMBER) {
            numbers.entry(value).or_insert((old, new));
        }
    }
    numbers.remove(ZERO);
    numbers
}

/// Adds to `chosen` what stands for the numbers: their places in the order of all. Zero tells nothing
/// and stays.
fn ranks(
    numbers: BTreeMap<String, String>,
    mut chosen: BTreeMap<String, (String, String)>,
) -> BTreeMap<String, (String, String)> {
    let others = numbers.into_iter();
    let others = others.filter(|(value, _)| value != ZERO && !chosen.contains_key(value));
    let mut others: Vec<_> = others.collect();
    let size = |number: &str| as_float(number).unwrap_or(0.0).abs();
    others.sort_by(|(_, a), (_, b)| size(a).total_cmp(&size(b)));
    let (mut below, mut above) = (0, 0);
    for (value, old) in others {
        let (sign, rank) = if old.starts_with('-') {
            ("-", &mut below)
        } else {
            ("", &mut above)
        };
        *rank += 1;
        let decimals = if is_float(&old) { ".0" } else { "" };
        let new = format!("{sign}{rank}{decimals}");
        chosen.insert(value, (old, new));
    }
    chosen
}
