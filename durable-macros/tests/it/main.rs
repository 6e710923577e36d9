//! The integration tests, in one binary.

#[cfg(test)]
mod inline_helpers;
mod mistakes;
// The attribute tells clippy that also the functions between the tests may unwrap.
#[cfg(test)]
mod orchestrations;
mod right_code;
