//! What a change of values replaced, and what it took away.

use std::collections::BTreeSet;

use durable_runtime::Payload;
use durable_runtime::payload::Recorded;

use super::json::Json;
use super::keys::is_data;
use super::number::value_of;
use super::places::Parts;
use super::replacement::Replaced;
use super::replacement::Replacements;
use super::secrets::Secrets;

/// The changes of values of a type.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Each value and what it became.
    values: Vec<(Json, Json)>,
    /// What was replaced inside of them.
    replaced: Replaced,
    /// What they held and do not hold any more.
    gone: Secrets,
}

impl Changes {
    /// Changes a value if it is a `T`. The error is the cause.
    ///
    /// A value that an older `T` recorded keeps its form. What the change replaces in it counts, and is
    /// replaced there as everywhere else.
    pub(super) fn add<T: Recorded>(
        &mut self,
        value: &Json,
        change: &mut impl FnMut(T) -> T,
    ) -> Result<Parts, String> {
        let Some(reading) = Reading::<T>::of(value) else {
            return Ok(Parts::LookAt);
        };
        let new = change(reading.read).to_payload();
        let new = new.map_err(|error| error.to_string())?;
        let new = Json::parse(new.as_text()).map_err(|error| error.to_string())?;
        if !reading.is_same {
            self.compare(&common(value, &reading.again), &new);
            return Ok(Parts::LookAt);
        }
        self.compare(value, &new);
        for key in keys_gone::<T>(value, &new) {
            self.gone.add_key(&key);
        }
        self.values.push((value.clone(), new));
        Ok(Parts::LeaveOut)
    }

    fn compare(&mut self, old: &Json, new: &Json) {
        let (mut before, mut left) = (Secrets::default(), Secrets::default());
        before.add(old);
        left.add(new);
        self.pair(old, new, false, &left);
        before.texts.retain(|text| !left.texts.contains(text));
        before
            .numbers
            .retain(|value, _| !left.numbers.contains_key(value));
        self.gone.texts.extend(before.texts);
        self.gone.numbers.extend(before.numbers);
    }

    /// Takes over what stands for what, unless it stands in a list and is still `left`: another item at
    /// the same place may be one that has moved.
    fn pair(&mut self, old: &Json, new: &Json, in_list: bool, left: &Secrets) {
        match (old, new) {
            (Json::Text(old), Json::Text(new)) => {
                let is_moved = in_list && left.texts.contains(old);
                if old != new && !old.is_empty() && !is_moved {
                    let texts = &mut self.replaced.texts;
                    texts.entry(old.clone()).or_insert_with(|| new.clone());
                }
            }
            (Json::Number(old), Json::Number(new)) => {
                let changed = value_of(old).filter(|value| value_of(new).as_ref() != Some(value));
                let is_moved = |value: &String| in_list && left.numbers.contains_key(value);
                if let Some(value) = changed.filter(|value| !is_moved(value)) {
                    let pair = || (old.clone(), new.clone());
                    self.replaced.numbers.entry(value).or_insert_with(pair);
                }
            }
            (Json::Object(fields), new) => {
                for (name, old) in fields {
                    if let Some(new) = new.get(name) {
                        self.pair(old, new, in_list, left);
                    }
                }
            }
            (Json::Array(old), Json::Array(new)) if old.len() == new.len() => {
                for (item, new) in old.iter().zip(new) {
                    self.pair(item, new, true, left);
                }
            }
            _ => {}
        }
    }

    /// Whether there was no value of the type, nor one of an older form that is changed.
    pub(super) fn is_empty(&self) -> bool {
        let Replaced { texts, numbers } = &self.replaced;
        self.values.is_empty() && texts.is_empty() && numbers.is_empty() && self.gone.is_empty()
    }

    /// The changed values, and what stands for the copies of what was changed in them.
    pub(super) fn into_parts(self) -> (Vec<(Json, Json)>, Replacements) {
        (self.values, self.gone.into_replacements(self.replaced))
    }
}

/// A recorded value that reads as a `T`.
struct Reading<T> {
    read: T,
    /// What the `T` is recorded as today.
    again: Json,
    /// Whether that is what was recorded.
    is_same: bool,
}

impl<T: Recorded> Reading<T> {
    fn of(value: &Json) -> Option<Self> {
        let recorded = Payload::from_json(&value.to_string()).ok()?;
        let read = T::from_payload(&recorded).ok()?;
        let again = read.to_payload().ok()?;
        let is_same = again.same_value(&recorded);
        let again = Json::parse(again.as_text()).ok()?;
        // Numbers, texts and arrays read as many types that are recorded otherwise.
        let has_fields = matches!((value, &again), (Json::Object(_), Json::Object(_)));
        (is_same || has_fields).then_some(Self {
            read,
            again,
            is_same,
        })
    }
}

/// What two values have in common, place by place; `null` elsewhere.
fn common(a: &Json, b: &Json) -> Json {
    match (a, b) {
        (Json::Object(fields), b) => {
            let fields = fields.iter().filter_map(|(name, value)| {
                let other = b.get(name)?;
                Some((name.clone(), common(value, other)))
            });
            Json::Object(fields.collect())
        }
        (Json::Array(items), Json::Array(others)) if items.len() == others.len() => {
            let items = items.iter().zip(others);
            Json::Array(items.map(|(item, other)| common(item, other)).collect())
        }
        (Json::Number(number), Json::Number(other)) if value_of(number) == value_of(other) => {
            a.clone()
        }
        _ if a == b => a.clone(),
        _ => Json::Word("null".to_owned()),
    }
}

/// The keys of maps that a `T` held and does not hold any more. Under another key, the value still is
/// a `T` if the key is one of a map, and is none if it is the name of a field.
fn keys_gone<T: Recorded>(old: &Json, new: &Json) -> Vec<String> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    keys_in(old, &mut Vec::new(), &mut before);
    keys_in(new, &mut Vec::new(), &mut after);
    let left: BTreeSet<String> = after.into_iter().map(|(_, key)| key).collect();
    let gone = before.into_iter().filter(|(_, key)| !left.contains(key));
    let of_maps = gone.filter(|(place, key)| {
        let renamed = || Reading::<T>::of(&with_other_key(old, place));
        is_data(key) || renamed().is_some_and(|reading| reading.is_same)
    });
    of_maps.map(|(_, key)| key).collect()
}

/// All keys, each with its place: the numbers of the parts that lead to it.
fn keys_in(value: &Json, place: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, String)>) {
    for (number, part) in value.children().enumerate() {
        place.push(number);
        if let Json::Object(fields) = value {
            let key = fields.get(number).map(|(key, _)| key.clone());
            found.extend(key.map(|key| (place.clone(), key)));
        }
        keys_in(part, place, found);
        place.pop();
    }
}

fn with_other_key(value: &Json, place: &[usize]) -> Json {
    let mut changed = value.clone();
    match (place, &mut changed) {
        ([number], Json::Object(fields)) => {
            if let Some((key, _)) = fields.get_mut(*number) {
                key.push('x');
            }
        }
        ([number, rest @ ..], changed) => {
            if let Some((_, part)) = changed.parts().into_iter().nth(*number) {
                *part = with_other_key(part, rest);
            }
        }
        _ => {}
    }
    changed
}

/// Replaces the copies of secrets in what a change left as it was.
pub(super) fn replace_unchanged(old: &Json, new: &mut Json, replacements: &Replacements) {
    if old == new && new.children().next().is_none() {
        replacements.replace_copies(new);
        return;
    }
    let keeps_keys = keys(old).is_some_and(|names| Some(names) == keys(new));
    match (old, &mut *new) {
        (old, Json::Object(fields)) => {
            for (name, new) in fields {
                if let Some(old) = old.get(name) {
                    replace_unchanged(old, new, replacements);
                }
            }
        }
        (Json::Array(old), Json::Array(new)) => {
            let is_as_long = old.len() == new.len();
            for (place, new) in new.iter_mut().enumerate() {
                let same = old.iter().find(|old| *old == new);
                let old = same.or_else(|| old.get(place).filter(|_| is_as_long));
                if let Some(old) = old {
                    replace_unchanged(old, new, replacements);
                }
            }
        }
        _ => {}
    }
    if keeps_keys {
        replacements.replace_copies(new);
    }
}

fn keys(value: &Json) -> Option<Vec<&str>> {
    match value {
        Json::Object(fields) => Some(fields.iter().map(|(key, _)| &**key).collect()),
        _ => None,
    }
}
