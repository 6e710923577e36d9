#[orchestrator]
async fn f(ctx: &OrchestrationContext) { let = ; }
