//! The activities and orchestrators that are measured.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Instant;

use durable_runtime::prelude::*;
use futures::future::try_join_all;
use serde::Deserialize;
use serde::Serialize;

use super::measure::now;

/// A payload of about 100 bytes of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cargo {
    id: String,
    text: String,
}

impl Cargo {
    pub(crate) fn new() -> Self {
        Self {
            id: "0123456789abcdef".to_owned(),
            text: "lorem ipsum dolor sit amet consectetur adipiscing elit sed do".to_owned(),
        }
    }
}

/// When each step was made.
#[derive(Debug, Default)]
pub(crate) struct Stamps(Mutex<Vec<Instant>>);

impl Stamps {
    pub(crate) fn push(&self) {
        self.lock().push(now());
    }

    pub(crate) fn take(&self) -> Vec<Instant> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[activity]
pub(crate) async fn stamped(stamps: State<std::sync::Arc<Stamps>>, cargo: Cargo) -> Cargo {
    stamps.push();
    cargo
}

#[activity]
pub(crate) async fn no_op(cargo: Cargo) -> Cargo {
    cargo
}

#[orchestrator]
pub(crate) async fn stamped_chain(
    _ctx: &OrchestrationContext,
    cargo: Cargo,
    steps: u32,
) -> Result<Cargo, Failure> {
    let mut cargo = cargo;
    for _ in 0..steps {
        cargo = stamped(cargo).await?;
    }
    Ok(cargo)
}

#[orchestrator]
pub(crate) async fn chain(
    _ctx: &OrchestrationContext,
    cargo: Cargo,
    steps: u32,
) -> Result<Cargo, Failure> {
    let mut cargo = cargo;
    for _ in 0..steps {
        cargo = no_op(cargo).await?;
    }
    Ok(cargo)
}

#[orchestrator]
pub(crate) async fn fan_out(
    _ctx: &OrchestrationContext,
    cargo: Cargo,
    width: u32,
) -> Result<usize, Failure> {
    let calls = (0..width).map(|_| no_op(cargo.clone()));
    Ok(try_join_all(calls).await?.len())
}

/// What the waiting ones wait for.
#[derive(Debug, Clone, Event, Serialize, Deserialize)]
pub(crate) struct Go(pub(crate) Cargo);

/// Its custom status is set once it waits.
#[orchestrator(status = bool, events(Go))]
pub(crate) async fn chain_then_wait(
    ctx: &OrchestrationContext,
    cargo: Cargo,
    steps: u32,
) -> Result<Cargo, Failure> {
    let mut cargo = cargo;
    for _ in 0..steps {
        cargo = no_op(cargo).await?;
    }
    ctx.set_status(true);
    Ok(ctx.wait_for::<Go>().await.0)
}

/// A loop without an end, which waits at one turn; its custom status is set then.
#[orchestrator(checkpoint = 200, status = bool, events(Go))]
pub(crate) async fn eternal(
    ctx: &OrchestrationContext,
    cargo: Cargo,
    pause_at: u32,
) -> Result<(), Failure> {
    let mut turn = 0;
    loop {
        if turn == pause_at {
            ctx.set_status(true);
            ctx.wait_for::<Go>().await;
        }
        no_op(cargo.clone()).await?;
        turn += 1;
    }
}

#[orchestrator]
pub(crate) async fn sleeper(ctx: &OrchestrationContext, cargo: Cargo) -> Result<Cargo, Failure> {
    ctx.sleep(days(30)).await;
    Ok(cargo)
}
