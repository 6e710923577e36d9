//! The async HTTP API: everything that a client can do, over the paths that users of Durable
//! Functions know.
//!
//! [`router`] makes an [`axum::Router`] from a client. [`Management`] makes one that also lets in
//! other machines than this one. [`serve`] serves either, with an app around it. All use only the
//! client's own [commands](crate::commands::Commands); they know neither a store nor a worker.
//!
//! Every request goes the same way: its route names an [`Action`], the guard decides whether the
//! sender may do that to this target, and only then the handler reads the body.
//!
//! 1. Every route passes the guard, and every route but those of the commands has a description:
//!    nobody can register one without them.
//! 2. The contents of a request never cause a status of 500 or above; only a store that fails does.
//! 3. Neither the log nor `Debug` shows a secret.
//!
//! The [chapter](crate::guide::http) explains how to use it.

mod accepted;
mod access;
mod api;
mod base;
mod body;
mod call;
mod capability;
mod closing;
mod commands;
mod control;
mod describe;
mod entities;
mod guard;
mod history_entry;
mod instances;
mod key;
mod limits;
mod links;
mod management;
mod openapi;
mod page_size;
mod paging;
#[cfg(feature = "schemars")]
mod payloads;
mod places;
mod problem;
mod query;
mod raise;
mod registered;
mod routes;
mod running_activity;
mod serving;
mod start;
mod status;
mod status_object;
mod time;
mod watching;

pub use access::Access;
pub use access::Action;
pub use access::Authorizer;
pub use access::Decision;
pub use access::Scope;
pub use access::Target;
pub use capability::LinkSecret;
pub use closing::Closing;
pub use key::InvalidKey;
pub use key::Key;
pub use limits::HttpLimits;
pub use links::Links;
pub use links::ManagementPayload;
pub use management::Management;
pub use management::router;
pub use openapi::openapi;
pub use serving::ConnectionLimits;
pub use serving::Serve;
pub use serving::serve;
