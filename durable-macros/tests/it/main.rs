//! The integration tests, in one binary.

mod mistakes;
mod orchestrations;
mod right_code;
