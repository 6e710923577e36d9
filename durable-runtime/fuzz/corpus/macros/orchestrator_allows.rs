#[orchestrator]
#[allow_nondeterminism(D001, reason = "x")]
async fn f(ctx: &OrchestrationContext) { #[allow_nondeterminism(D002)] let x = rand::random(); f().await }
