use durable_runtime::prelude::*;

#[orchestrator(inline)]
async fn pay<'a>(ctx: &OrchestrationContext, names: &'a [String]) -> &'a str {
    let name = names.join(" ");
    ctx.sleep(seconds(1)).await;
    if names.is_empty() { "nobody" } else { &name }
}

fn main() {}
