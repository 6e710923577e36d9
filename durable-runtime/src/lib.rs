//! Durable orchestrations for Rust: annotated `async fn`s that survive crashes, deploys and
//! month-long waits, with no server to install.
//!
//! An *activity* touches the outside world and runs at least once. An *orchestrator* is ordinary
//! async Rust that calls activities. `durable` records the result of every `.await` in it, and
//! after a crash the orchestration continues from there.
//!
//! ```
//! use durable_runtime::prelude::*;
//!
//! #[activity]
//! async fn say_hello(name: String) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! #[orchestrator]
//! async fn greet(ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
//!     let greeting = say_hello(name).await?;
//!     ctx.sleep(seconds(0)).await;
//!     Ok(greeting)
//! }
//!
//! #[tokio::main]
//! async fn main() -> durable_runtime::Result<()> {
//!     let runtime = Runtime::builder()
//!         .store("memory:") // or sqlite://hello.db
//!         .register(greet)
//!         .register(say_hello)
//!         .start()
//!         .await?;
//!     let instance = GreetClient::new(runtime.client()).start("Ada".to_owned()).await?;
//!     assert_eq!(instance.result().await?, "Hello, Ada!");
//!     runtime.shutdown().await
//! }
//! ```
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | orchestrator, orchestration | the function; what runs when you start it |
//! | instance, execution | one started orchestration; the part of it between two continue-as-news |
//! | activity, attempt | a function with side effects, which runs at least once; one try of it |
//! | history, history event, replay | the recorded past; one entry of it; running the code against it |
//! | turn, outcome | one delivery of messages, until the orchestration waits again; the decisions it made |
//! | durable timer, external event | a recorded deadline; an event that somebody outside raises |
//! | entity, operation, signal | state under a name and a key; a call of it; a call without an answer |
//! | message, inbox | anything that is sent to an instance; the messages that wait for it |
//! | hub, lane | all tables under one name; `name@version`, or the name of an entity |
//! | owner, epoch | the worker that has a partition of a lane; the number that fences off an earlier owner |
//! | continuation | a suspended orchestration in memory |
//! | branch, call path | a strand of an orchestration; the place of a call: in which branch, and where in it |
//!
//! # How it works
//!
//! A [`Client`] puts messages into the [`store`]. The [`dispatcher`] takes them out and passes them
//! to the [`machine`], a pure function that computes the next turn. The dispatcher commits the
//! outcomes of many turns together. Only then do activities start, timers run and replies go out.
//!
//! Read next: the guides of [`macro@orchestrator`] and [`macro@activity`], and the [chapters](guide).

// Generated code names this crate as its users do, also inside this crate.
extern crate self as durable_runtime;

/// Chapters on topics that concern more than one item.
pub mod guide {
    #[doc = include_str!("../docs/changing_code.md")]
    pub mod changing_code {}

    #[doc = include_str!("../docs/entities.md")]
    pub mod entities {}

    #[doc = include_str!("../docs/payloads.md")]
    pub mod payloads {}

    #[doc = include_str!("../docs/state_machine.md")]
    pub mod state_machine {}

    #[cfg(feature = "http")]
    #[doc = include_str!("../docs/http.md")]
    pub mod http {}
}

#[doc(hidden)]
pub mod __private;
pub mod activity;
pub mod callable;
pub mod check;
pub mod client;
pub mod clock;
pub mod commands;
pub mod definition;
pub mod dispatcher;
pub mod entity;
pub mod failure;
pub mod history;
#[cfg(feature = "http")]
pub mod http;
pub mod ids;
pub mod machine;
#[doc(hidden)]
pub mod mutants;
pub mod notifier;
pub mod orchestration;
pub mod panics;
pub mod payload;
pub mod prelude;
pub mod registry;
pub mod retry;
pub mod running;
pub mod salt;
#[cfg(feature = "schemars")]
pub mod schemas;
pub mod store;
mod subscriber;
pub mod work;
pub mod worker;

#[doc = include_str!("../docs/event.md")]
pub use durable_macros::Event;
#[doc = include_str!("../docs/activity.md")]
pub use durable_macros::activity;
#[doc = include_str!("../docs/entity.md")]
pub use durable_macros::entity;
#[doc = include_str!("../docs/orchestrator.md")]
pub use durable_macros::orchestrator;

pub use client::Client;
pub use clock::Timestamp;
pub use failure::Failure;
pub use ids::InstanceId;
pub use ids::InvalidEntityKey;
pub use ids::InvalidInstanceId;
pub use payload::Payload;
pub use retry::RetryPolicy;
pub use worker::Error;
pub use worker::Result;
pub use worker::Runtime;
