//! Why a value has no recorded form, or why a recorded value does not decode.

use std::any::type_name;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

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

    /// An error about arguments that are missing or too many.
    pub(crate) fn arguments(type_name: &str, cause: &str) -> Self {
        Self::new("decode", type_name, &cause)
    }

    /// The same of the argument with this number, from 1.
    pub(super) fn of_argument(mut self, number: u32) -> Self {
        self.0.argument = Some(number);
        self
    }

    /// Returns the path of the problem in the value: `order.items[3].price`. `None` if the problem
    /// is the value itself, or if the path is not known.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }
}

/// What is wrong with a value, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) path: String,
    pub(super) cause: String,
}
