//! The integration tests, in one binary.

// The attribute tells clippy that also the functions between the tests may unwrap.
#[cfg(test)]
mod edits;
#[cfg(test)]
mod inline_helpers;
mod mistakes;
#[cfg(test)]
mod orchestrations;
mod right_code;
#[cfg(test)]
mod waits;
