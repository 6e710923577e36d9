//! The client over HTTP: what it does is what a client on the store does, and what a network and a
//! server can do to it.

mod answers;
mod config;
mod functions;
mod keys;
mod listener;
mod network;
mod same;
mod scenario;
