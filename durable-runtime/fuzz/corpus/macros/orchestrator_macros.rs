#[orchestrator]
async fn f(ctx: &OrchestrationContext) { vec![a().await; 2]; format!("{}", b().await); my!(c().await); assert!(d().await, "x"); join!(a(), async { b().await }); lock!(A::at(1), B::at(2)).await?; tokio::select! { biased; x = a() => x, else => 1 } }
