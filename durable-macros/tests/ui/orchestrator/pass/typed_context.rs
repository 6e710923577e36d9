//! Keeps D022 and D039.

#![deny(warnings)]
use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval {
    by: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
enum Stage {
    Waiting,
}

#[orchestrator(version = "7", status = Stage, events(Approval))]
async fn approve(ctx: &OrchestrationContext, round: u32, asked: Vec<String>) -> Option<String> {
    ctx.set_status(Stage::Waiting);
    ctx.log().info(format_args!("round {round} of {}", ctx.instance_id()));
    let share: f64 = ctx.random();
    let _ = (ctx.now(), ctx.new_uuid(), ctx.is_replaying(), ctx.parent(), share);
    let _cores: usize = ctx.side_effect(|| 4).await;
    let deadline = ctx.now() + if ctx.patched("longer") { days(3) } else { days(2) };
    select! {
        approval = ctx.wait_for::<Approval>() => Some(approval.by),
        _ = ctx.sleep_until(deadline) => {
            if round > 3 {
                return None;
            }
            ctx.continue_as_new((round + 1, asked)).await
        }
    }
}

pub(crate) fn main() {
    use durable_runtime::orchestration::Orchestrator;

    assert_eq!(approve::DEFINITION.version, "7");
    assert_eq!(approve::DEFINITION.events, ["Approval"]);
}
