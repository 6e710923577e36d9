#[orchestrator]
async fn f(ctx: &OrchestrationContext) { let c = |x| async move { g(x).await }; join_all((0..3).map(c)).await; let d = async move |x: u8| -> u8 { x }; if let Some(x) = h().await && let Ok(y) = x { d(y).await } else { return } }
