//! Why a value has no recorded form, or why a recorded value does not decode.

use std::any::type_name;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::path::path_text;

/// A value that could not be encoded or decoded.
///
/// ```
/// use durable_runtime::payload::Recorded;
///
/// let error = vec![(1, 0.5), (2, f64::NAN)].to_payload().unwrap_err();
/// assert_eq!(error.path(), Some("[1].1"));
/// assert!(error.to_string().ends_with("[1].1: NaN has no JSON form"), "{error}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error(transparent)]
#[serde(transparent)]
pub struct CodecError(Box<Details>);

// Behind a box, since most results that can carry one do not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("failed to {action} `{type_name}`{}: {}{cause}", of(*argument), at(path.as_deref()))]
struct Details {
    action: String,
    type_name: String,
    /// Which of several arguments it is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    argument: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    cause: String,
}

fn of(argument: Option<u32>) -> String {
    argument
        .map(|number| format!(" (argument {number})"))
        .unwrap_or_default()
}

fn at(path: Option<&str>) -> String {
    path.map(|path| format!("{path}: ")).unwrap_or_default()
}

impl CodecError {
    pub(super) fn new(action: &str, type_name: &str, cause: &dyn fmt::Display) -> Self {
        Self(Box::new(Details {
            action: action.to_owned(),
            type_name: type_name.to_owned(),
            argument: None,
            path: None,
            cause: cause.to_string(),
        }))
    }

    /// A `T` that cannot be recorded.
    pub(super) fn refused<T: ?Sized>(problem: Problem) -> Self {
        let mut error = Self::new("encode", type_name::<T>(), &problem.cause);
        error.0.path = Some(problem.path).filter(|path| !path.is_empty());
        error
    }

    /// JSON that is no `T`.
    pub(super) fn unread<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> Self {
        let mut unread = Self::new("decode", type_name::<T>(), &cause_of(error));
        unread.0.path = path_of::<T>(text, error);
        unread
    }

    /// An error about arguments that are missing or too many.
    pub(crate) fn arguments(type_name: &str, cause: &str) -> Self {
        Self::new("decode", type_name, &cause)
    }

    /// The same of the argument with this number, from 1.
    pub(super) fn of_argument(mut self, number: u32) -> Self {
        self.0.argument = Some(number);
        self
    }

    /// What is wrong and where, without the name of the type.
    pub(crate) fn mistake(&self) -> String {
        let Details {
            argument,
            path,
            cause,
            ..
        } = &*self.0;
        let of = argument.map(|number| format!("argument {number}: "));
        format!("{}{}{cause}", of.unwrap_or_default(), at(path.as_deref()))
    }

    /// Returns the path of the problem in the value: `order.items[3].price`. `None` if the problem
    /// is the value itself, or if the path is not known.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }
}

/// The most characters that are said of a mistake, and of its place: serde repeats the value.
const WORDS: usize = 400;

/// What is wrong, without the place in the text: what is recorded is one line, whose columns nobody
/// counts.
fn cause_of(error: &serde_json::Error) -> String {
    let told = error.to_string();
    // Recorded JSON is one line, so a column helps nobody; the path does.
    let place = format!(" at line {} column {}", error.line(), error.column());
    shortened(told.strip_suffix(&place).unwrap_or(&told))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Where in the value the mistake is. The value is read once more for that, and the place counts only if
/// the same is wrong: types may take their parts in another way when they are watched.
fn path_of<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> Option<String> {
    let mut json = serde_json::Deserializer::from_str(text);
    // Only after a failure: keeping the path costs each part of a value something.
    let found = serde_path_to_error::deserialize::<_, T>(&mut json).err()?;
    let path = path_text(found.path()).ok()?;
    // A `Deserialize` that does not answer the same twice has no place that would be true.
    let is_same = cause_of(found.inner()) == cause_of(error);
    Some(shortened(&path)).filter(|path| is_same && !path.is_empty())
}

/// What is wrong with a value, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) path: String,
    pub(super) cause: String,
}
