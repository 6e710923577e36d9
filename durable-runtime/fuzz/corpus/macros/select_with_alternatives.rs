#[orchestrator]
async fn first(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    select! { Ok(_) | Err(_) = look(1) => {} | () = ctx.sleep(hours(1)) => {} }
    Ok(1)
}
