//! What a process knows of the code of orchestrators, without running it.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::panics;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;

/// The input that the npm client of Durable Functions sends where it was given none.
const EMPTY_TEXT: &str = "\"\"";

/// Reads an input as the arguments that an orchestrator takes.
pub type InputCheck = fn(Option<&Payload>) -> Result<(), CodecError>;

/// Reads the value of an event as its type.
pub type EventCheck = fn(&Payload) -> Result<(), CodecError>;

/// An event that an orchestrator declares.
#[derive(Debug, Clone, Copy)]
pub struct EventCode {
    /// Its name.
    pub name: &'static str,
    /// Reads a value as the event.
    pub check: EventCheck,
}

impl EventCode {
    /// What is known of an event of this name and type.
    pub const fn of<E: Recorded>(name: &'static str) -> Self {
        Self {
            name,
            check: read_as::<E>,
        }
    }

    /// Checks that `value` is one.
    ///
    /// # Errors
    /// [`CodecError`] when the event cannot be read from it.
    pub fn takes(&self, value: &Payload) -> Result<(), CodecError> {
        unless_it_panics(|| (self.check)(value))
    }
}

fn read_as<E: Recorded>(value: &Payload) -> Result<(), CodecError> {
    E::from_payload(value).map(drop)
}

/// A type that panics while it is read says nothing here: the instance finds that out.
fn unless_it_panics(read: impl FnOnce() -> Result<(), CodecError>) -> Result<(), CodecError> {
    panics::catch(read).unwrap_or(Ok(()))
}

/// An orchestrator whose code is in this process.
#[derive(Debug, Clone, Copy)]
pub struct OrchestratorCode {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Whether it takes arguments at all.
    pub takes_arguments: bool,
    /// Reads an input as its arguments.
    pub check: InputCheck,
    /// The events that it declares.
    pub events: &'static [EventCode],
}

impl OrchestratorCode {
    /// The input as it takes it: an empty text counts as absent where it takes no text.
    ///
    /// # Errors
    /// [`UndecodableInput`] when its arguments cannot be read from it.
    pub fn input(&self, input: Option<Payload>) -> Result<Option<Payload>, UndecodableInput> {
        let is_empty = |input: &Payload| input.as_text() == EMPTY_TEXT;
        let input = input.filter(|input| !is_empty(input) || self.takes(input));
        let read = self.read(input.as_ref());
        read.map_err(|problem| UndecodableInput::new(self, problem))?;
        Ok(input)
    }

    fn takes(&self, input: &Payload) -> bool {
        self.takes_arguments && self.read(Some(input)).is_ok()
    }

    fn read(&self, input: Option<&Payload>) -> Result<(), CodecError> {
        unless_it_panics(|| (self.check)(input))
    }

    /// The event of this name that it declares, whatever the case.
    pub fn event(&self, name: &str) -> Option<EventCode> {
        let name = name.to_lowercase();
        let mut events = self.events.iter();
        events
            .find(|event| event.name.to_lowercase() == name)
            .copied()
    }
}

/// An event that the orchestrator of an instance does not declare, so nobody there would read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub struct UndeclaredEvent {
    /// The name of the orchestrator.
    pub orchestrator: String,
    /// The name of the event.
    pub event: String,
    /// The names of those that it declares.
    pub declared: Vec<String>,
    /// The one among them that may have been meant.
    pub suggestion: Option<String>,
}

impl UndeclaredEvent {
    /// The event `event`, which `code` does not declare, and what may have been meant.
    pub fn new(code: &OrchestratorCode, event: &str, suggestion: Option<&str>) -> Self {
        Self {
            orchestrator: code.name.to_owned(),
            event: event.to_owned(),
            declared: code
                .events
                .iter()
                .map(|event| event.name.to_owned())
                .collect(),
            suggestion: suggestion.map(str::to_owned),
        }
    }
}

impl fmt::Display for UndeclaredEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orchestrator,
            event,
            declared,
            suggestion,
        } = self;
        write!(
            f,
            "orchestrator `{orchestrator}` does not declare the event `{event}`"
        )?;
        if let Some(suggestion) = suggestion {
            write!(f, ": did you mean `{suggestion}`?")?;
        }
        match declared.as_slice() {
            [] => f.write_str(": it declares none"),
            [only] if suggestion.as_ref() == Some(only) => Ok(()),
            all if suggestion.is_some() => write!(f, " It declares `{}`", all.join("`, `")),
            all => write!(f, ": it declares `{}`", all.join("`, `")),
        }
    }
}

/// An event whose value is not what the orchestrator of an instance declares, so nobody there could
/// read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the value of the event `{event}` is not what `{orchestrator}` takes: {}", .problem.mistake())]
#[non_exhaustive]
pub struct UndecodableEvent {
    /// The name of the orchestrator.
    pub orchestrator: String,
    /// The name of the event.
    pub event: String,
    /// What is wrong with the value, and where in it.
    pub problem: CodecError,
}

impl UndecodableEvent {
    /// The event `event` with a value that `code` cannot read.
    pub fn new(code: &OrchestratorCode, event: &EventCode, problem: CodecError) -> Self {
        Self {
            orchestrator: code.name.to_owned(),
            event: event.name.to_owned(),
            problem,
        }
    }
}

/// An input that the code of an orchestrator does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the input is not what `{orchestrator}` takes: {}", .problem.mistake())]
#[non_exhaustive]
pub struct UndecodableInput {
    /// The name of the orchestrator.
    pub orchestrator: String,
    /// What is wrong with the input, and where in it.
    pub problem: CodecError,
}

impl UndecodableInput {
    /// An input that `code` cannot read.
    pub fn new(code: &OrchestratorCode, problem: CodecError) -> Self {
        Self {
            orchestrator: code.name.to_owned(),
            problem,
        }
    }
}
