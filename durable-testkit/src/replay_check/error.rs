//! Why histories and code do not fit.

use std::fmt;
use std::io;
use std::path::PathBuf;

use durable_runtime::client::ClientError;

/// Why histories and code do not fit. Its `Debug` form is the report, so that a test can end in `?`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ReplayCheckError {
    /// The text is not a saved history.
    #[error("this is not a saved history: {cause}")]
    Unreadable {
        /// The message of the decoder.
        cause: String,
    },
    /// A file cannot be read or written.
    #[error("failed to use {}{}", path.display(), advice(source))]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The history belongs to another orchestrator.
    #[error("the history of `{instance}` is one of `{found}`, not of `{expected}`")]
    OtherOrchestrator {
        /// The instance.
        instance: String,
        /// The orchestrator of the history, `name@version`.
        found: String,
        /// The expected orchestrator.
        expected: String,
    },
    /// The code does not make the recorded decisions.
    #[error("execution {execution} of `{instance}` does not fit the code\n{report}")]
    DoesNotFit {
        /// The instance.
        instance: String,
        /// Its execution.
        execution: u32,
        /// What was recorded and what the code does now, each with its line.
        report: String,
    },
    /// Several histories do not fit.
    #[error("{} histories do not fit the code{}", .0.len(), listed(.0))]
    Several(Vec<Self>),
    /// There was no history of this orchestrator to check, so nothing is proved.
    #[error("there is no history of `{expected}` here")]
    NothingToCheck {
        /// The orchestrator, `name@version`.
        expected: String,
    },
    /// Nothing has a name that is to be redacted.
    #[error(
        "nothing recorded of `{instance}` is called {}{}",
        quoted(missing),
        but_this(known)
    )]
    NothingToRedact {
        /// The instance.
        instance: String,
        /// The names of which there is nothing.
        missing: Vec<String>,
        /// The names that there are.
        known: Vec<String>,
    },
    /// There is no value of a type that is to be redacted.
    #[error("nothing recorded of `{instance}` is a `{type_name}`")]
    NoValueToRedact {
        /// The instance.
        instance: String,
        /// The type.
        type_name: &'static str,
    },
    /// The id of the instance holds a secret, and the replay needs the id.
    #[error(
        "the id of the instance `{instance}` holds what is to be redacted: record an instance \
         under another id"
    )]
    SecretInId {
        /// The instance.
        instance: String,
    },
    /// A value that is to be redacted holds an object whose keys may be the names of fields, which must
    /// stay, or those of a map, which may be secret.
    #[error(
        "the keys of `{path}` in `{instance}` may be secret: {}; write `{path}{{}}` to replace them as \
         well, or add `{path}.*` to keep them as the names of fields",
        keys.join(", ")
    )]
    SecretInKey {
        /// The instance.
        instance: String,
        /// The path of the object.
        path: String,
        /// Its keys.
        keys: Vec<String>,
    },
    /// The hub does not answer.
    #[error("failed to read the histories of a hub")]
    Client(#[from] ClientError),
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "; record it first: `instance.record().await.save(…)`",
        _ => "",
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

/// A few of the names that there are.
fn but_this(known: &[String]) -> String {
    const MOST: usize = 30;
    if known.is_empty() {
        return String::new();
    }
    let shown: Vec<&str> = known.iter().take(MOST).map(String::as_str).collect();
    let more = if known.len() > MOST { ", …" } else { "" };
    format!("; there are: {}{more}", shown.join(", "))
}

fn listed(errors: &[ReplayCheckError]) -> String {
    errors.iter().fold(String::new(), |listed, error| {
        listed + "\n\n" + &error.to_string()
    })
}

impl fmt::Debug for ReplayCheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
