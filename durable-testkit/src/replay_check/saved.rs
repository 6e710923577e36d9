//! A history in a file.

use std::fs;
use std::path::Path;

use durable_runtime::Payload;
use durable_runtime::client::ClientError;
use durable_runtime::client::Instance;
use durable_runtime::history::History;
use durable_runtime::ids::Execution;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::payload::optional;
use serde::Deserialize;
use serde::Serialize;

use super::ReplayCheckError;
use super::redact;

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

    /// Replaces every field with one of these names in every recorded value, in arguments, results,
    /// events and errors alike: text becomes `"redacted"`, a number 0. The code must not decide by
    /// a replaced value; `replay_check` then shows whether it does.
    ///
    /// # Errors
    /// [`ReplayCheckError::Unreadable`] if the rest is not a history.
    pub fn redact(self, fields: &[&str]) -> Result<Self, ReplayCheckError> {
        self.redact_with(|value| redact::blank_fields(value, fields))
    }

    /// Changes every recorded value.
    ///
    /// # Errors
    /// [`ReplayCheckError::Unreadable`] if the rest is not a history.
    pub fn redact_with(
        self,
        mut change: impl FnMut(&mut serde_json::Value),
    ) -> Result<Self, ReplayCheckError> {
        let mut value = serde_json::from_str(&self.to_json()).unwrap_or_default();
        redact::each_payload(&mut value, &mut change);
        Self::from_json(&value.to_string())
    }
}

pub(super) fn file_error(path: &Path, source: std::io::Error) -> ReplayCheckError {
    ReplayCheckError::File {
        path: path.to_owned(),
        source,
    }
}
