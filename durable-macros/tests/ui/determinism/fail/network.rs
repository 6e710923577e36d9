use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let connected = std::net::TcpStream::connect("127.0.0.1:80");
    ctx.sleep(seconds(1)).await;
    u64::from(connected.is_ok())
}

fn main() {}
