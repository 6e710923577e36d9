//! What the objects do when one operation comes after the other.

use serde::Deserialize;
use serde::Serialize;

/// An operation on a register or on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Operation {
    /// Sets the register.
    Write(u64),
    /// Sets the register to the second if it is the first.
    CompareAndSet(u64, u64),
    /// Reads the register.
    Read,
    /// Appends to the list.
    Append(u64),
    /// Reads the list.
    ReadList,
}

/// What an operation answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    Written,
    /// Whether it was the expected value.
    Compared(bool),
    Value(u64),
    /// How long the list is now.
    Length(usize),
    List(Vec<u64>),
}

/// A register and a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Reference {
    value: u64,
    list: Vec<u64>,
}

impl Reference {
    pub(super) fn perform(&mut self, operation: &Operation) -> Answer {
        match operation {
            Operation::Write(value) => {
                self.value = *value;
                Answer::Written
            }
            Operation::CompareAndSet(expected, value) => {
                let is_expected = self.value == *expected;
                if is_expected {
                    self.value = *value;
                }
                Answer::Compared(is_expected)
            }
            Operation::Read => Answer::Value(self.value),
            Operation::Append(value) => {
                self.list.push(*value);
                Answer::Length(self.list.len())
            }
            Operation::ReadList => Answer::List(self.list.clone()),
        }
    }
}
