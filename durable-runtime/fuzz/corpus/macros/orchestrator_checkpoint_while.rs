#[orchestrator(checkpoint)]
async fn drain(ctx: &OrchestrationContext, mut jobs: Vec<Job>) -> Result<(), Failure> { 'outer: while let Some(job) = jobs.pop() { match run(job).await { Ok(x) if x > 1 => continue 'outer, Err(e) => return Err(e), _ => {} } } Ok(()) }
