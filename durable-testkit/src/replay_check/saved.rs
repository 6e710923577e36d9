//! A history in a file.

use std::fs;
use std::path::Path;

use durable_runtime::Payload;
use durable_runtime::client::ClientError;
use durable_runtime::client::Instance;
use durable_runtime::definition::Callee;
use durable_runtime::history::History;
use durable_runtime::ids::Execution;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::orchestration::argument_names_of;
use durable_runtime::payload::Recorded;
use durable_runtime::payload::optional;
use serde::Deserialize;
use serde::Serialize;

use super::ReplayCheckError;
use super::json::Json;
use super::places::ArgumentNames;
use super::redact::Redaction;

/// The number of the file's format.
const FORMAT: u32 = 1;

/// The histories of one instance, to be kept in a file.
///
/// ```
/// # use durable_runtime::prelude::*;
/// # use durable_testkit::{SavedHistory, TestHub, replay_check};
/// # #[orchestrator]
/// # async fn nap(ctx: &OrchestrationContext) -> u32 { ctx.sleep(hours(8)).await; 8 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kit = TestHub::new().register(nap);
/// let instance = kit.start(nap()).await;
/// instance.result().await?;
/// let saved = instance.record().await.to_json(); // or .save("tests/histories/nap.json")
/// replay_check(nap, &saved)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedHistory {
    format: u32,
    pub(super) instance: String,
    pub(super) name: String,
    pub(super) version: String,
    /// That of the last execution, whose beginning may be gone.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub(super) input: Option<Payload>,
    /// The names of arguments, which a history does not have, by what takes them.
    #[serde(default, skip_serializing_if = "ArgumentNames::is_empty")]
    pub(super) arguments: ArgumentNames,
    pub(super) executions: Vec<SavedExecution>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedExecution {
    pub(super) execution: Execution,
    pub(super) turns: History,
}

impl SavedHistory {
    /// Returns the kept histories of an instance, from any hub.
    ///
    /// # Errors
    /// [`ClientError`] if the hub does not answer.
    pub async fn of<O: Orchestrator>(instance: &Instance<O>) -> Result<Self, ClientError> {
        let status = instance.status().await?;
        let last = status.execution();
        let mut executions = Vec::new();
        for number in 1..=last.0 {
            let execution = Execution(number);
            let turns = instance.history_of(execution).await?;
            if !turns.is_empty() {
                executions.push(SavedExecution { execution, turns });
            }
        }
        Ok(Self {
            format: FORMAT,
            instance: instance.id().to_string(),
            name: O::DEFINITION.name.to_owned(),
            version: O::DEFINITION.version.to_owned(),
            input: status.input().cloned(),
            arguments: argument_names::<O>(),
            executions,
        })
    }

    /// Reads a saved history.
    ///
    /// # Errors
    /// [`ReplayCheckError::Unreadable`].
    pub fn from_json(text: &str) -> Result<Self, ReplayCheckError> {
        let unreadable = |cause: String| ReplayCheckError::Unreadable { cause };
        let saved: Self =
            serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        if saved.format == FORMAT {
            return Ok(saved);
        }
        let found = saved.format;
        Err(unreadable(format!(
            "it has format {found}, and this version reads format {FORMAT}"
        )))
    }

    /// Returns the text that [`from_json`](Self::from_json) reads.
    ///
    /// # Panics
    /// Never: everything in it was JSON before.
    pub fn to_json(&self) -> String {
        match serde_json::to_string_pretty(self) {
            Ok(text) => text + "\n",
            Err(error) => unreachable!("a history is JSON: {error}"),
        }
    }

    /// Reads a saved history from a file.
    ///
    /// # Errors
    /// [`ReplayCheckError::File`], [`ReplayCheckError::Unreadable`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ReplayCheckError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| file_error(path, source))?;
        Self::from_json(&text)
    }

    /// Writes a file, and creates its folders.
    ///
    /// # Errors
    /// [`ReplayCheckError::File`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ReplayCheckError> {
        let path = path.as_ref();
        let folders = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = folders.and_then(|()| fs::write(path, self.to_json()));
        written.map_err(|source| file_error(path, source))
    }

    /// Replaces secrets by name, wherever they are recorded. A name is that of an argument, a field,
    /// an event, a tag, or the function that returned the value; everything inside the value is
    /// replaced. A name with dots is the end of a path: `order.card_number` is the field
    /// `card_number` of everything that is called `order`, inside an array or not. `*` stands for any
    /// name.
    ///
    /// The keys of a map may be secret, and JSON does not tell a map from a struct. `redact` replaces
    /// the keys of an object if one of them cannot be the name of a field, such as `ada@example.com`. It
    /// keeps them if the values are of several kinds, as the fields of a struct mostly are. Otherwise it
    /// fails, and you say what they are: `tokens{}` is a map, whose keys are replaced as well;
    /// `address.*` are the fields of a struct, which keep their names.
    ///
    /// Text becomes `redacted`, or `redacted-1` and so on; a number, a date or a UUID becomes another
    /// of its form; `true` becomes `false`. Copies of a secret are replaced by the same value: copies
    /// passed on under another name, and copies inside other texts, such as the result of `format!`,
    /// the message of an error or the key of an entity. A copy may be escaped, as in JSON or by `{:?}`;
    /// a number may be a text elsewhere, and be spelled in another way; a code may have lost what stands
    /// between its digits. Short copies stay, because they are too common: a number of one or two
    /// digits anywhere; a number of fewer than six digits or a text of fewer than four characters inside
    /// another text. Copies that the code encoded, cut or changed in other ways stay too.
    ///
    /// The redacted history still replays, unless the code decides by a replaced value or reads it as
    /// a type that does not take every text, such as an enum. For those,
    /// [`redact_type`](Self::redact_type) lets you choose the value.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # use durable_testkit::{TestHub, replay_check};
    /// # #[activity] async fn ask(prompt: String, retries: u32) -> String { format!("{prompt} {retries}") }
    /// #[orchestrator]
    /// async fn agent(_ctx: &OrchestrationContext, goal: String, steps: u32) -> Result<String, Failure> {
    ///     ask(format!("Plan: {goal}"), steps).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kit = TestHub::new().register(agent).register(ask);
    /// # let instance = kit.start(agent("buy Acme".to_owned(), 3)).await;
    /// # instance.result().await?;
    /// let saved = instance.record().await.redact(&["goal"])?.to_json();
    /// assert!(!saved.contains("Acme") && saved.contains("Plan: redacted"));
    /// replay_check(agent, &saved)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ReplayCheckError::NothingToRedact`] if nothing has one of the names;
    /// [`ReplayCheckError::SecretInKey`] if keys may be secret; [`ReplayCheckError::SecretInId`];
    /// [`ReplayCheckError::Unreadable`] if the redacted text is not a history.
    pub fn redact(self, names: &[&str]) -> Result<Self, ReplayCheckError> {
        Self::from_tree(&Redaction::of(&self)?.names(names)?)
    }

    /// Replaces every recorded value of the type `T`, and every part of one: all that reads as a `T`
    /// and is written back as the same. Copies of what `change` replaces get the same replacement, and
    /// copies of what it removes are replaced as by [`redact`](Self::redact). An object that reads as a
    /// `T` but is written back otherwise may come from an older form of the type: it stays as it is,
    /// except for what `change` replaces or removes. A type that reads any text, such as a wrapped
    /// `String` without a check, takes every text for one of its own: redact that by name.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # use durable_testkit::{TestHub, replay_check};
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Clone, Serialize, Deserialize)]
    /// struct Card {
    ///     holder: String,
    ///     number: String,
    /// }
    ///
    /// # #[activity] async fn charge(card: Card) -> String { card.holder }
    /// #[orchestrator]
    /// async fn pay(_ctx: &OrchestrationContext, card: Card, cents: u64) -> Result<String, Failure> {
    ///     charge(card).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kit = TestHub::new().register(pay).register(charge);
    /// # let card = Card { holder: "Ada".to_owned(), number: "4111".to_owned() };
    /// # let instance = kit.start(pay(card, 500)).await;
    /// # instance.result().await?;
    /// let saved = instance.record().await.redact_type(|card: Card| Card {
    ///     number: "4000 0000 0000 0002".to_owned(),
    ///     ..card
    /// })?;
    /// replay_check(pay, &saved.to_json())?;
    /// # assert!(!saved.to_json().contains("4111"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ReplayCheckError::NoValueToRedact`] when there is no such value; else as
    /// [`redact`](Self::redact).
    pub fn redact_type<T: Recorded>(
        self,
        change: impl FnMut(T) -> T,
    ) -> Result<Self, ReplayCheckError> {
        Self::from_tree(&Redaction::of(&self)?.values_of(change)?)
    }

    /// Gives every recorded value to `change`, and every text beside them: messages of errors, keys
    /// of entities, reasons. Nothing else is changed, copies neither.
    ///
    /// # Errors
    /// [`ReplayCheckError::Unreadable`] if the rest is not a history.
    pub fn redact_with(
        self,
        mut change: impl FnMut(&mut serde_json::Value),
    ) -> Result<Self, ReplayCheckError> {
        Self::from_tree(&Redaction::of(&self)?.each(&mut change)?)
    }

    fn from_tree(tree: &Json) -> Result<Self, ReplayCheckError> {
        Self::from_json(&tree.to_string())
    }
}

/// The names of the arguments of `O` and of what it calls.
fn argument_names<O: Orchestrator>() -> ArgumentNames {
    let known = argument_names_of::<O>().into_iter();
    let known = known.filter(|(_, names)| !names.is_empty());
    let known = known.filter_map(|(callee, names)| {
        let key = match callee {
            Callee::Activity(name) => name.to_owned(),
            Callee::Orchestrator(name, version) => format!("{name}@{version}"),
            Callee::Operation(entity, operation) => format!("{entity}.{operation}"),
            _ => return None,
        };
        Some((key, names.iter().map(|name| (*name).to_owned()).collect()))
    });
    known.collect()
}

pub(super) fn file_error(path: &Path, source: std::io::Error) -> ReplayCheckError {
    ReplayCheckError::File {
        path: path.to_owned(),
        source,
    }
}
