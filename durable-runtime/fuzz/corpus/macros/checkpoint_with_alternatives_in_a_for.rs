#[orchestrator(checkpoint)]
async fn all(ctx: &OrchestrationContext, words: Vec<Result<String, String>>) -> Result<(), Failure> {
    for Ok(word) | Err(word) in words { look(word).await?; }
    for | number in 0..2 { ctx.sleep(seconds(number)).await; }
    loop { ctx.sleep(hours(1)).await; }
}
