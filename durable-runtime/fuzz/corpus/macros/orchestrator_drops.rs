#[orchestrator]
async fn f(ctx: &OrchestrationContext) { a(); let _ = b(); let c = d(); drop(c); { e() }; g().await; }
