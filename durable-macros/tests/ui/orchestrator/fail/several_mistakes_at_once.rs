use durable_runtime::prelude::*;

#[orchestrator(versoin = "2")]
async fn pay(card: &str, ctx: &OrchestrationContext) -> usize {
    ctx.sleep(seconds(1)).await;
    card.len()
}

fn main() {
    // The names are there all the same.
    let _call = pay("1234");
    let _client: Option<PayClient> = None;
}
