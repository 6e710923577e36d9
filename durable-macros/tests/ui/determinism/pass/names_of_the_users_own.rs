//! Keeps D007, D008, D010, D012: names that the user may well have.

use durable_runtime::prelude::*;

struct Barrier(u64);

impl Barrier {
    fn new(size: u64) -> Self {
        Self(size)
    }
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> String {
    struct Command {
        name: String,
    }
    impl Command {
        fn new(name: &str) -> Self {
            Self {
                name: name.to_owned(),
            }
        }
    }
    mod process {
        pub(crate) fn id() -> u64 {
            1
        }
    }
    mod reqwest {
        pub(crate) fn get(url: &str) -> String {
            url.to_owned()
        }
    }
    fn spawn(cents: u64) -> u64 {
        cents
    }
    let barrier = Barrier::new(3);
    let command = Command::new("std::process::Command");
    ctx.sleep(seconds(process::id())).await;
    format!("{}{}{}", command.name, reqwest::get("/"), spawn(barrier.0))
}

pub(crate) fn main() {}
