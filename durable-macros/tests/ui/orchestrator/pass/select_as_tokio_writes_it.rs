//! Keeps D020, D021.

#![deny(warnings)]
use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval {
    by: String,
}

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator(events(Approval))]
async fn pay(ctx: &OrchestrationContext) -> Result<String, Failure> {
    let mut timer = ctx.sleep(days(1));
    for cents in 0..3 {
        select! {
            biased;
            Approval { by } = ctx.wait_for::<Approval>() => return Ok(by),
            charged = charge(cents) => {
                if charged? == 2 {
                    break;
                }
                continue;
            }
            () = &mut timer => {
                ctx.sleep(seconds(1)).await;
            },
        }
    }
    let value = tokio::select! { _ = &mut timer => 1, cents = charge(7) => cents? };
    futures::select_biased! {
        _ = &mut timer => {}
        (a, b) = async { join!(charge(1), charge(2)) } => { a?; b?; }
    };
    let never: u64 = select! { only = charge(value) => only? };
    Ok(never.to_string())
}

pub(crate) fn main() {}
