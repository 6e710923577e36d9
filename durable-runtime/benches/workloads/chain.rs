//! `w1`: a chain of activities that do nothing. What a step costs, whether it costs the same at the
//! end of a long history, and how much of that is the disk.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use durable_runtime::Result;
use durable_runtime::Runtime;
use serde_json::Value;
use serde_json::json;

use super::bare_commit::bare_commit;
use super::functions::Cargo;
use super::functions::StampedChainClient;
use super::functions::Stamps;
use super::functions::stamped;
use super::functions::stamped_chain;
use super::hub::Place;
use super::hub::commits;
use super::measure::millis;
use super::measure::now;
use super::options::Options;
use super::process::fsyncs;

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let stamps = Arc::new(Stamps::default());
    let runtime = Runtime::builder()
        .store(place.url.as_str())
        .state(Arc::clone(&stamps))
        .register(stamped_chain)
        .register(stamped)
        .start()
        .await?;
    let client = StampedChainClient::new(runtime.client());
    // Code and prepared statements are warm before the clock starts.
    client.start(Cargo::new(), 20).await?.result().await?;
    stamps.take();
    // The disk's mood changes within seconds, so it is asked before and after.
    let bare_before = bare_commit().await?;

    let before = (commits(&runtime).await?, fsyncs());
    let begun = now();
    client
        .start(Cargo::new(), options.n)
        .await?
        .result()
        .await?;
    let time = begun.elapsed();
    let after = (commits(&runtime).await?, fsyncs());

    let steps = stamps.take();
    runtime.shutdown().await?;
    let tenth = (steps.len() / 10).clamp(1, steps.len());
    Ok(json!({
        "workload": "w1",
        "n": options.n,
        "per_step_ms": millis(time / options.n.max(1)),
        "first_tenth_ms": millis(span(&steps[..tenth])),
        "last_tenth_ms": millis(span(&steps[steps.len() - tenth..])),
        "bare_commit_ms": millis((bare_before + bare_commit().await?) / 2),
        "commits": after.0.zip(before.0).map(|(after, before)| after - before),
        "fsyncs": after.1.zip(before.1).map(|(after, before)| after - before),
    }))
}

/// From the first of these steps to the last.
fn span(steps: &[Instant]) -> Duration {
    match steps {
        [first, .., last] => last.duration_since(*first),
        _ => Duration::ZERO,
    }
}
