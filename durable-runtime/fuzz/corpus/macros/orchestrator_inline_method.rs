#[orchestrator(inline)]
async fn all(&self, ctx: &OrchestrationContext) { self.one(ctx).await }
