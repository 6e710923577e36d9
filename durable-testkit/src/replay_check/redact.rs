//! Removes from a saved history what nobody should read.

use std::any::type_name;
use std::collections::BTreeSet;

use durable_runtime::payload::Recorded;

use super::ReplayCheckError;
use super::SavedHistory;
use super::changes::Changes;
use super::changes::replace_unchanged;
use super::json::Json;
use super::keys::Keys;
use super::places::ArgumentNames;
use super::places::Parts;
use super::places::each_other_text;
use super::places::each_value;
use super::replacement::Replaced;
use super::replacement::Replacements;
use super::secrets::Secrets;
use super::wanted::Wanted;

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
        let wanted = Wanted::of(names);
        let secrets = self.secrets_of(&wanted, names)?;
        let replacements = secrets.into_replacements(Replaced::default());
        self.replace(&replacements, &mut |path, value| {
            let has_fields = wanted.says_fields(path) && matches!(value, Json::Object(_));
            if !has_fields && !wanted.holds(path) {
                return None;
            }
            if !has_fields {
                replacements.replace_all(value);
            }
            Some(Parts::LookAt)
        })
    }

    fn secrets_of(
        &mut self,
        wanted: &Wanted<'_>,
        names: &[&str],
    ) -> Result<Secrets, ReplayCheckError> {
        let mut missing: BTreeSet<&str> = names.iter().copied().collect();
        let mut known = BTreeSet::new();
        let mut secrets = Secrets::default();
        let mut unclear = None;
        each_value(&mut self.saved, self.arguments, &mut |path, value| {
            known.extend(path.last().cloned());
            for name in wanted.names_of(path) {
                missing.remove(name);
                secrets.add(value);
            }
            if let Json::Object(fields) = value {
                let keys = fields.iter().map(|(key, _)| key);
                match wanted.keys_of(path, fields) {
                    Keys::Data => keys.for_each(|key| secrets.add_key(key)),
                    Keys::Fields => {}
                    Keys::Unknown => {
                        unclear.get_or_insert_with(|| (path.join("."), keys.cloned().collect()));
                    }
                }
            }
            // A name may stand below another.
            Parts::LookAt
        });
        let instance = self.instance.to_owned();
        if !missing.is_empty() {
            return Err(ReplayCheckError::NothingToRedact {
                instance,
                missing: missing.into_iter().map(str::to_owned).collect(),
                known: known.into_iter().collect(),
            });
        }
        match unclear {
            Some((path, keys)) => Err(ReplayCheckError::SecretInKey {
                instance,
                path,
                keys,
            }),
            None => Ok(secrets),
        }
    }

    /// Changes what is a `T`, and the copies of what was changed.
    pub(super) fn values_of<T: Recorded>(
        mut self,
        mut change: impl FnMut(T) -> T,
    ) -> Result<Json, ReplayCheckError> {
        let mut changes = Changes::default();
        let mut refused = None;
        each_value(&mut self.saved, self.arguments, &mut |_, value| {
            let added = changes.add(value, &mut change);
            added.unwrap_or_else(|cause| {
                refused = Some(cause);
                Parts::LeaveOut
            })
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
        let (values, replacements) = changes.into_parts();
        self.replace(&replacements, &mut |_, value| {
            let (old, new) = values.iter().find(|(old, _)| old == value)?;
            value.clone_from(new);
            replace_unchanged(old, value, &replacements);
            Some(Parts::LeaveOut)
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

    /// Replaces secrets: `replace_secret` those that it knows by their places, and then says whether to
    /// look at their parts; everywhere else their copies.
    fn replace(
        mut self,
        replacements: &Replacements,
        replace_secret: &mut dyn FnMut(&[String], &mut Json) -> Option<Parts>,
    ) -> Result<Json, ReplayCheckError> {
        if replacements.is_in(self.instance) {
            return Err(ReplayCheckError::SecretInId {
                instance: self.instance.to_owned(),
            });
        }
        each_value(&mut self.saved, self.arguments, &mut |path, value| {
            replace_secret(path, value).unwrap_or_else(|| {
                replacements.replace_copies(value);
                Parts::LookAt
            })
        });
        each_other_text(&mut self.saved, &mut |text| {
            replacements.replace_copies(text);
        });
        Ok(self.saved)
    }
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
