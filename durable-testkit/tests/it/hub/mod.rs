//! `TestHub`: mocks, time, crashes and the past.

mod functions;
mod mocks;
mod order;
mod past;
mod time;
