//! Removes from a saved history what nobody should read.

use std::any::type_name;
use std::collections::BTreeSet;

use durable_runtime::Payload;
use durable_runtime::payload::Recorded;

use super::ReplayCheckError;
use super::SavedHistory;
use super::json::Json;
use super::places::ArgumentNames;
use super::places::Parts;
use super::places::each_other_text;
use super::places::each_value;
use super::replacement::Replacements;
use super::replacement::Secrets;

/// A saved history in which values are replaced.
pub(super) struct Redaction<'a> {
    instance: &'a str,
    arguments: &'a ArgumentNames,
    saved: Json,
}

impl<'a> Redaction<'a> {
    pub(super) fn of(saved: &'a SavedHistory) -> Result<Self, ReplayCheckError> {
        Ok(Self {
            instance: &saved.instance,
            arguments: &saved.arguments,
            saved: Json::parse(&saved.to_json()).map_err(unreadable)?,
        })
    }

    /// Replaces what has one of these names, and its copies.
    pub(super) fn names(mut self, names: &[&str]) -> Result<Json, ReplayCheckError> {
        let wanted: Vec<Vec<&str>> = names.iter().map(|name| name.split('.').collect()).collect();
        let mut missing: BTreeSet<&str> = names.iter().copied().collect();
        let mut known = BTreeSet::new();
        let mut secrets = Secrets::default();
        each_value(&mut self.saved, self.arguments, &mut |path, value| {
            known.extend(path.last().cloned());
            for (name, _) in names
                .iter()
                .zip(&wanted)
                .filter(|(_, wanted)| ends_with(path, wanted))
            {
                missing.remove(name);
                secrets.add(value);
            }
            // A name may stand below another.
            Parts::LookAt
        });
        if !missing.is_empty() {
            return Err(ReplayCheckError::NothingToRedact {
                instance: self.instance.to_owned(),
                missing: missing.into_iter().map(str::to_owned).collect(),
                known: known.into_iter().collect(),
            });
        }
        let replacements = secrets.into_replacements();
        self.replace(&replacements, &mut |path, value| {
            let found = wanted.iter().any(|wanted| ends_with(path, wanted));
            if found {
                replacements.replace_all(value);
            }
            found
        })
    }

    /// Changes what is a `T`, and the copies of what was changed.
    pub(super) fn values_of<T: Recorded>(
        mut self,
        mut change: impl FnMut(T) -> T,
    ) -> Result<Json, ReplayCheckError> {
        let mut replacements = Replacements::default();
        let mut changes: Vec<(Json, Json)> = Vec::new();
        let mut refused = None;
        each_value(&mut self.saved, self.arguments, &mut |_, value| {
            let Some(read) = read_as::<T>(value) else {
                return Parts::LookAt;
            };
            let new = change(read).to_payload().map_err(|error| error.to_string());
            let new = new.and_then(|payload| {
                Json::parse(payload.as_text()).map_err(|error| error.to_string())
            });
            match new {
                Ok(mut new) => {
                    replacements.add_changed(value, &mut new);
                    changes.push((value.clone(), new));
                }
                Err(cause) => refused = Some(cause),
            }
            Parts::LeaveOut
        });
        if let Some(cause) = refused {
            return Err(ReplayCheckError::Unreadable { cause });
        }
        if changes.is_empty() {
            return Err(ReplayCheckError::NoValueToRedact {
                instance: self.instance.to_owned(),
                type_name: type_name::<T>(),
            });
        }
        self.replace(&replacements, &mut |_, value| {
            let found = changes.iter().find(|(old, _)| old == value);
            if let Some((_, new)) = found {
                value.clone_from(new);
            }
            found.is_some()
        })
    }

    /// Gives every recorded value to `change`.
    pub(super) fn each(
        mut self,
        change: &mut dyn FnMut(&mut serde_json::Value),
    ) -> Result<Json, ReplayCheckError> {
        let mut failed = Ok(());
        each_value(&mut self.saved, self.arguments, &mut |_, value| {
            match changed(value, change) {
                Ok(Some(new)) => *value = new,
                Ok(None) => {}
                Err(error) => failed = Err(unreadable(error)),
            }
            Parts::LeaveOut
        });
        each_other_text(&mut self.saved, &mut |text| {
            if let Ok(Some(new)) = changed(text, change) {
                *text = new;
            }
        });
        failed.map(|()| self.saved)
    }

    /// Replaces secrets: `is_secret` those that it finds itself, and everywhere else their copies.
    fn replace(
        mut self,
        replacements: &Replacements,
        is_secret: &mut dyn FnMut(&[String], &mut Json) -> bool,
    ) -> Result<Json, ReplayCheckError> {
        if replacements.is_in(self.instance) {
            return Err(ReplayCheckError::SecretInId {
                instance: self.instance.to_owned(),
            });
        }
        each_value(&mut self.saved, self.arguments, &mut |path, value| {
            if is_secret(path, value) {
                return Parts::LeaveOut;
            }
            replacements.replace_copies(value);
            Parts::LookAt
        });
        each_other_text(&mut self.saved, &mut |text| {
            replacements.replace_copies(text);
        });
        Ok(self.saved)
    }
}

fn ends_with(path: &[String], wanted: &[&str]) -> bool {
    let mut steps = path.iter().rev().map(String::as_str);
    wanted
        .iter()
        .rev()
        .all(|wanted| steps.next() == Some(wanted))
}

/// The value as a `T`, if it is what a `T` is recorded as.
fn read_as<T: Recorded>(value: &Json) -> Option<T> {
    let recorded = Payload::from_json(&value.to_string()).ok()?;
    let read = T::from_payload(&recorded).ok()?;
    let again = read.to_payload().ok()?;
    again.same_value(&recorded).then_some(read)
}

/// What `change` makes of a value; nothing where it leaves it as it is.
fn changed(
    value: &Json,
    change: &mut dyn FnMut(&mut serde_json::Value),
) -> Result<Option<Json>, serde_json::Error> {
    let old: serde_json::Value = serde_json::from_str(&value.to_string())?;
    let mut new = old.clone();
    change(&mut new);
    if new == old {
        return Ok(None);
    }
    Json::parse(&new.to_string()).map(Some)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn unreadable(error: serde_json::Error) -> ReplayCheckError {
    ReplayCheckError::Unreadable {
        cause: error.to_string(),
    }
}
