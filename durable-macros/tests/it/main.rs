//! The integration tests, in one binary.

mod mistakes;
mod right_code;
