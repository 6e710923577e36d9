//! The orchestrators and activities of the cases.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use durable_runtime::prelude::*;
use durable_runtime::store::Store;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::Semaphore;

/// What activities wait for, and what they did.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) open: Semaphore,
    pub(super) begun: AtomicUsize,
    pub(super) dropped: AtomicUsize,
    pub(super) cleaned: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            open: Semaphore::new(0),
            begun: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            cleaned: AtomicUsize::new(0),
        }
    }
}

impl Gate {
    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    pub(super) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }

    pub(super) fn cleaned(&self) -> usize {
        self.cleaned.load(Ordering::SeqCst)
    }

    pub(super) fn crashed(&self) {
        self.begun.store(0, Ordering::SeqCst);
    }
}

/// Counts an attempt that was dropped before it came to its end.
struct Unfinished<'a>(&'a Gate, bool);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[derive(Debug, Clone, Event, Serialize, Deserialize)]
pub(super) struct Line {
    text: String,
}

pub(super) fn line(text: &str) -> Line {
    Line {
        text: text.to_owned(),
    }
}

/// Waits until the gate is open.
#[activity]
pub(super) async fn hold(gate: State<Arc<Gate>>) -> u32 {
    gate.begun.fetch_add(1, Ordering::SeqCst);
    let mut unfinished = Unfinished(&gate, true);
    let _permit = gate.open.acquire().await;
    unfinished.1 = false;
    7
}

#[activity]
pub(super) async fn clean(gate: State<Arc<Gate>>) -> u32 {
    gate.cleaned.fetch_add(1, Ordering::SeqCst);
    1
}

#[activity]
pub(super) async fn refuse() -> Result<u32, Failure> {
    Err(Failure::Terminated {
        reason: "no".to_owned(),
    })
}

/// Reads so many lines.
#[orchestrator(events(Line))]
pub(super) async fn collect(ctx: &OrchestrationContext, lines: u32) -> Vec<String> {
    let mut read = Vec::new();
    for _ in 0..lines {
        read.push(ctx.wait_for::<Line>().await.text);
    }
    read
}

/// Reads two lines and a timer of ten seconds in the order in which they come.
#[orchestrator(events(Line))]
pub(super) async fn in_order(ctx: &OrchestrationContext) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut timer = ctx.sleep(seconds(10));
    let mut fired = false;
    while seen.len() < 3 {
        if fired {
            seen.push(ctx.wait_for::<Line>().await.text);
        } else {
            select! {
                line = ctx.wait_for::<Line>() => seen.push(line.text),
                _ = &mut timer => {
                    fired = true;
                    seen.push("timer".to_owned());
                }
            }
        }
    }
    seen
}

#[orchestrator]
pub(super) async fn nap(ctx: &OrchestrationContext, length: u64) -> u64 {
    ctx.sleep(seconds(length)).await;
    length
}

#[orchestrator]
pub(super) async fn holds(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    hold().await
}

/// Calls the activity once a line has come.
#[orchestrator(events(Line))]
pub(super) async fn holds_when_told(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    ctx.wait_for::<Line>().await;
    hold().await
}

/// Calls a child once a line has come.
#[orchestrator(events(Line))]
pub(super) async fn calls_when_told(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    ctx.wait_for::<Line>().await;
    holds().id("child").await
}

#[orchestrator]
pub(super) async fn parent(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    careful().id("child").await
}

/// Has an attached child with a child, and a detached one.
#[orchestrator]
pub(super) async fn family(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    ctx.start_detached(collect(0).id("detached")).await?;
    grandparent().id("middle").await
}

#[orchestrator]
pub(super) async fn grandparent(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    collect(0).id("lowest").await?;
    Ok(2)
}

/// Calls so many children at once.
#[orchestrator]
pub(super) async fn wide(_ctx: &OrchestrationContext, children: u32) -> Result<u32, Failure> {
    let all = futures::future::try_join_all((0..children).map(|_| collect(0))).await?;
    Ok(u32::try_from(all.len()).unwrap_or(0))
}

/// Cleans up when its call fails, takes ten seconds for it, and passes the error on.
#[orchestrator]
pub(super) async fn careful(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let held = hold().await;
    if held.is_err() {
        ctx.shielded(async {
            clean().await?;
            ctx.sleep(seconds(10)).await;
            clean().await
        })
        .await?;
    }
    held
}

/// Is in a shield when it is cancelled.
#[orchestrator]
pub(super) async fn shielded_hold(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let held = ctx.shielded(async { hold().await }).await?;
    clean().await?;
    Ok(held)
}

#[orchestrator]
pub(super) async fn calls_later(ctx: &OrchestrationContext) -> Result<u32, Failure> {
    ctx.cancellation().await;
    clean().await?;
    collect(0).await?;
    Ok(1)
}

#[orchestrator(events(Line))]
pub(super) async fn races(ctx: &OrchestrationContext) -> Result<String, Failure> {
    select! {
        line = ctx.wait_for::<Line>() => Ok(line.text),
        _ = ctx.sleep(hours(8)) => Ok("slept".to_owned()),
        _ = ctx.cancellation() => Err(Failure::Cancelled),
    }
}

#[orchestrator]
pub(super) async fn completes_anyway(ctx: &OrchestrationContext) -> u32 {
    ctx.cancellation().await;
    5
}

#[orchestrator]
pub(super) async fn panics_when_cancelled(ctx: &OrchestrationContext) -> u32 {
    ctx.cancellation().await;
    panic!("not like this")
}

/// Hears nothing.
#[orchestrator]
pub(super) async fn stubborn(ctx: &OrchestrationContext) -> u32 {
    for _ in 0..1_000 {
        ctx.sleep(seconds(7)).await;
    }
    0
}

/// Hears nothing, and begins anew every half a minute.
#[orchestrator(status = u32)]
pub(super) async fn rolls(ctx: &OrchestrationContext, round: u32) -> u32 {
    ctx.set_status(round);
    ctx.sleep(seconds(30)).await;
    ctx.continue_as_new(round + 1).await
}

#[orchestrator]
pub(super) async fn tries_for_ever(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    refuse().retry_with(|_, _| Some(hours(1))).await
}

pub(super) async fn start(
    store: &Arc<dyn Store>,
    clock: &VirtualClock,
    gate: &Arc<Gate>,
    cache_bytes: usize,
) -> Pump {
    let builder = Pump::builder()
        .store(Arc::clone(store))
        .clock(clock)
        .state(Arc::clone(gate))
        .config(|config| config.cache_bytes = cache_bytes)
        .register(hold)
        .register(clean)
        .register(refuse)
        .register(collect)
        .register(in_order)
        .register(nap)
        .register(holds)
        .register(holds_when_told)
        .register(calls_when_told)
        .register(parent)
        .register(family)
        .register(grandparent)
        .register(wide)
        .register(careful)
        .register(shielded_hold)
        .register(calls_later)
        .register(races)
        .register(completes_anyway)
        .register(panics_when_cancelled)
        .register(stubborn)
        .register(rolls)
        .register(tries_for_ever);
    builder.start().await.unwrap()
}
