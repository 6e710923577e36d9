use durable_runtime::prelude::*;

mod reqwest {
    pub async fn get(url: &str) -> String {
        url.to_owned()
    }
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let page = reqwest::get("http://localhost/").await;
    ctx.log().info("fetched");
    page.len() as u64
}

fn main() {}
