//! The names by which secrets are redacted.

use super::json::Json;
use super::keys::Keys;

/// What ends a name whose value is a map with secret keys.
const KEYS: &str = "{}";
/// The step that stands for any name.
const ANY: &str = "*";

/// A name: the end of a path.
#[derive(Debug)]
struct Name<'a> {
    text: &'a str,
    steps: Vec<&'a str>,
    /// Whether the keys of its value are secret as well.
    with_keys: bool,
}

/// The names of what is to be redacted.
#[derive(Debug)]
pub(super) struct Wanted<'a>(Vec<Name<'a>>);

impl<'a> Wanted<'a> {
    pub(super) fn of(names: &[&'a str]) -> Self {
        let names = names.iter().map(|&text| {
            let path = text.strip_suffix(KEYS);
            Name {
                text,
                steps: path.unwrap_or(text).split('.').collect(),
                with_keys: path.is_some(),
            }
        });
        Self(names.collect())
    }

    /// The names of the value under this path.
    pub(super) fn names_of(&self, path: &[String]) -> impl Iterator<Item = &'a str> {
        let names = self.0.iter();
        let names = names.filter(move |name| ends_with(path, &name.steps));
        names.map(|name| name.text)
    }

    /// Whether the value under this path, or one that holds it, is to be redacted.
    pub(super) fn holds(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|steps| self.names_of(&path[..steps]).next().is_some())
    }

    /// What the keys of the object under this path are. Outside of what is to be redacted they are
    /// nothing to ask about.
    pub(super) fn keys_of(&self, path: &[String], fields: &[(String, Json)]) -> Keys {
        let is_map = |name: &Name<'_>| name.with_keys && ends_with(path, &name.steps);
        if self.0.iter().any(is_map) {
            Keys::Data
        } else if self.says_fields(path) || !self.holds(path) {
            Keys::Fields
        } else {
            Keys::of(fields)
        }
    }

    /// Whether a name says that the object under this path has fields: `order.*`.
    pub(super) fn says_fields(&self, path: &[String]) -> bool {
        self.0.iter().any(|name| match name.steps.split_last() {
            Some((&ANY, above)) => ends_with(path, above),
            _ => false,
        })
    }
}

fn ends_with(path: &[String], wanted: &[&str]) -> bool {
    let mut steps = path.iter().rev().map(String::as_str);
    let mut wanted = wanted.iter().rev();
    wanted.all(|wanted| {
        steps
            .next()
            .is_some_and(|step| [step, ANY].contains(wanted))
    })
}
