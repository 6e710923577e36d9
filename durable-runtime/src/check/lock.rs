//! The lock file: one JSON object a line. It lists orchestrators by name and version, each followed
//! by its states and edges in source order. It has no line numbers, so moved code changes nothing.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use super::Finding;
use super::compare;
use crate::definition::Edge;
use crate::definition::MachineState;
use crate::definition::SourcePlace;
use crate::definition::StateId;
use crate::definition::StateKind;
use crate::definition::StateMachine;
use crate::registry::Registry;

/// The number of the file's format.
const FORMAT: u32 = 1;

const TWICE: &str = "is in the file already";

/// The shapes of orchestrators, as the file has them or as they are today.
///
/// ```
/// use durable_runtime::check::LockFile;
/// use durable_runtime::prelude::*;
/// use durable_runtime::registry::Registry;
///
/// #[orchestrator]
/// async fn nap(ctx: &OrchestrationContext) {
///     ctx.sleep(hours(1)).await;
/// }
///
/// let mut registry = Registry::default();
/// registry.register(nap);
/// let today = LockFile::of(&registry);
/// let text = today.to_string();
/// assert_eq!(text.lines().count(), 5);
/// let read = LockFile::parse(&text)?;
/// assert_eq!(read.compare(&today), []);
/// # Ok::<(), durable_runtime::check::LockError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LockFile {
    machines: Vec<StateMachine>,
}

/// Why a lock file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The file system reported an error.
    #[error(
        "failed to {action} the lock file {}, which must be a file that this program may {action}",
        path.display()
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A line of the file is not a line of a lock file.
    #[error(
        "line {line}{} is not a line of a lock file: {cause}\n\
         help: restore the file from version control; after a merge, keep one of the two sides. If it \
         cannot be restored, run this with DURABLE_LOCK=update: that writes the file anew from today's \
         code, and compares nothing",
        of(path.as_deref())
    )]
    Unreadable {
        /// The file; `None` if its text was read.
        path: Option<PathBuf>,
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        cause: String,
    },
    /// Another version of this crate wrote the file.
    #[error(
        "{} has format {format} and this version reads format {FORMAT}\n\
         help: use the version of `durable-runtime` that wrote the file. If there is none, run this with \
         DURABLE_LOCK=update: that writes the file anew from today's code, and compares nothing",
        named(path.as_deref())
    )]
    UnknownFormat {
        /// The file; `None` if its text was read.
        path: Option<PathBuf>,
        /// Its format.
        format: u32,
    },
}

impl LockError {
    /// The same of the text of the file at `file`.
    fn of_file(mut self, file: &Path) -> Self {
        match &mut self {
            Self::Io { .. } => {}
            Self::Unreadable { path, .. } | Self::UnknownFormat { path, .. } => {
                *path = Some(file.to_owned());
            }
        }
        self
    }
}

fn named(path: Option<&Path>) -> String {
    path.map_or_else(
        || "the lock file".to_owned(),
        |path| path.display().to_string(),
    )
}

fn of(path: Option<&Path>) -> String {
    path.map(|path| format!(" of {}", path.display()))
        .unwrap_or_default()
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Format {
        durable_lock: u32,
    },
    Orchestrator {
        orchestrator: String,
        version: String,
        /// For people and for differences: it follows from the lines below.
        shape: String,
        arguments: Vec<String>,
        returns: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        patches: Vec<String>,
    },
    Helper {
        helper: String,
        returns: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        patches: Vec<String>,
    },
    State {
        state: StateId,
        kind: StateKind,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arguments: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        returns: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<String>,
    },
    Edge {
        edge: (StateId, StateId),
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        when: Vec<String>,
    },
}

impl LockFile {
    /// Returns today's orchestrators of `registry`.
    pub fn of(registry: &Registry) -> Self {
        let orchestrators = registry.orchestrators();
        Self {
            machines: orchestrators
                .map(|orchestrator| orchestrator.definition.state_machine())
                .collect(),
        }
    }

    /// Reads a file. If it does not exist, the result is empty.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn read(path: &Path) -> Result<Self, LockError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|error| error.of_file(path)),
            // No file is an empty one: the first run finds everything new, which is safe.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(LockError::Io {
                action: "read",
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Writes the file; its text is that of [`Display`](std::fmt::Display).
    ///
    /// # Errors
    /// [`LockError::Io`].
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        fs::write(path, self.to_string()).map_err(|source| LockError::Io {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`LockError::Unreadable`] and [`LockError::UnknownFormat`].
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let mut file = Self::default();
        for (number, text) in text.lines().enumerate() {
            // What an editor or a merge leaves behind.
            if text.trim().is_empty() {
                continue;
            }
            let unreadable = |cause: String| LockError::Unreadable {
                path: None,
                line: number + 1,
                cause,
            };
            let line = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
            match line {
                Line::Format {
                    durable_lock: FORMAT,
                } => {}
                Line::Format { durable_lock } => {
                    return Err(LockError::UnknownFormat {
                        path: None,
                        format: durable_lock,
                    });
                }
                line => {
                    // A merge that kept both sides would otherwise be compared by whichever of them
                    // comes first.
                    if let Some(name) = file.repeated(&line) {
                        return Err(unreadable(format!("`{name}` {TWICE}")));
                    }
                    let added = file.add(line);
                    added.ok_or_else(|| unreadable("it belongs to no orchestrator".to_owned()))?;
                }
            }
        }
        Ok(file)
    }

    /// The orchestrator that the line begins, if the file has it already: a merge has kept both sides.
    fn repeated(&self, line: &Line) -> Option<String> {
        let Line::Orchestrator {
            orchestrator,
            version,
            ..
        } = line
        else {
            return None;
        };
        self.machine(orchestrator, version)?;
        Some(format!("{orchestrator}@{version}"))
    }

    fn add(&mut self, line: Line) -> Option<()> {
        match line {
            Line::Format { .. } => {}
            Line::Orchestrator {
                orchestrator,
                version,
                arguments,
                returns,
                patches,
                ..
            } => self.machines.push(StateMachine {
                version,
                arguments,
                ..empty(orchestrator, returns, patches)
            }),
            Line::Helper {
                helper,
                returns,
                patches,
            } => {
                let machine = empty(helper, returns, patches);
                self.machines.last_mut()?.helpers.push(machine);
            }
            Line::State {
                state,
                kind,
                name,
                arguments,
                returns,
                options,
            } => self.current()?.states.push(MachineState {
                label: name.clone(),
                id: state,
                kind,
                name,
                arguments: arguments.unwrap_or_default(),
                returns: returns.unwrap_or_default(),
                options,
                // The file has none, so that moved code does not change it.
                place: SourcePlace(String::new()),
            }),
            Line::Edge {
                edge: (from, to),
                when,
            } => self.current()?.edges.push(Edge {
                from,
                to,
                when,
                label: String::new(),
            }),
        }
        Some(())
    }

    /// The machine that the next line belongs to.
    fn current(&mut self) -> Option<&mut StateMachine> {
        let machine = self.machines.last_mut()?;
        if machine.helpers.is_empty() {
            return Some(machine);
        }
        machine.helpers.last_mut()
    }

    /// Returns the shape of the orchestrator of that name and version.
    pub fn machine(&self, name: &str, version: &str) -> Option<&StateMachine> {
        let mut machines = self.machines.iter();
        machines.find(|machine| machine.name == name && machine.version == version)
    }

    /// Returns the differences in `today`, orchestrator by orchestrator.
    pub fn compare(&self, today: &Self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for locked in &self.machines {
            let (name, version) = (&locked.name, &locked.version);
            let found = match today.machine(name, version) {
                Some(current) => compare(locked, current),
                None => vec![Finding::breaking(
                    "it is no longer registered: its instances wait for a worker that has it",
                    None,
                )],
            };
            findings.extend(found.into_iter().map(|finding| finding.of(name, version)));
        }
        for added in &today.machines {
            if self.machine(&added.name, &added.version).is_none() {
                findings.push(Finding::safe("it is new").of(&added.name, &added.version));
            }
        }
        findings
    }
}

fn empty(name: String, returns: String, patches: Vec<String>) -> StateMachine {
    StateMachine {
        name,
        version: String::new(),
        arguments: Vec::new(),
        returns,
        states: Vec::new(),
        edges: Vec::new(),
        patches,
        helpers: Vec::new(),
    }
}

impl std::fmt::Display for LockFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        write_line(
            &mut text,
            &Line::Format {
                durable_lock: FORMAT,
            },
        );
        for machine in &self.machines {
            write_line(
                &mut text,
                &Line::Orchestrator {
                    orchestrator: machine.name.clone(),
                    version: machine.version.clone(),
                    // For people who compare two versions of the file; reading does not use it.
                    shape: format!("{:016x}", machine.fingerprint()),
                    arguments: machine.arguments.clone(),
                    returns: machine.returns.clone(),
                    patches: machine.patches.clone(),
                },
            );
            write_machine(&mut text, machine);
            for helper in &machine.helpers {
                write_line(
                    &mut text,
                    &Line::Helper {
                        helper: helper.name.clone(),
                        returns: helper.returns.clone(),
                        patches: helper.patches.clone(),
                    },
                );
                write_machine(&mut text, helper);
            }
        }
        f.write_str(&text)
    }
}

fn write_machine(text: &mut String, machine: &StateMachine) {
    for state in &machine.states {
        let called = !state.returns.is_empty();
        // Nothing is written for states that call nothing, so that the file stays short to read.
        let takes = called || !state.arguments.is_empty();
        write_line(
            text,
            &Line::State {
                state: state.id.clone(),
                kind: state.kind,
                name: state.name.clone(),
                arguments: takes.then(|| state.arguments.clone()),
                returns: called.then(|| state.returns.clone()),
                options: state.options.clone(),
            },
        );
    }
    for edge in &machine.edges {
        write_line(
            text,
            &Line::Edge {
                edge: (edge.from.clone(), edge.to.clone()),
                when: edge.when.clone(),
            },
        );
    }
}

fn write_line(text: &mut String, line: &Line) {
    // Text, lists and numbers: serde_json cannot refuse them.
    let line = serde_json::to_string(line).unwrap_or_default();
    let _ = writeln!(text, "{line}");
}
