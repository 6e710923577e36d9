//! The one activity of all workloads: it notes each attempt, and fails as it is told.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::clock::Clock;
use durable_runtime::failure::CallError;
use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use crate::clock::SimClock;
use crate::draw::Draw;
use crate::store::SimStore;
use crate::world::World;

/// What activities know of the process that they run in.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) world: Arc<World>,
    pub(crate) store: Arc<SimStore>,
    pub(crate) clock: SimClock,
    pub(crate) process: usize,
}

/// What a step does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) number: u64,
    /// The attempts up to this one fail, panic or hang.
    pub(crate) bad_attempts: u32,
    pub(crate) trouble: Trouble,
    /// How long a good attempt takes.
    pub(crate) millis: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    #[default]
    Fails,
    Panics,
    Hangs,
    /// Answers when its time is over.
    Late,
    /// Fails for good.
    Hopeless,
    /// Fails in each of the few attempts that it may have.
    Exhausts,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum Broken {
    #[error("step {0} fails this time")]
    ThisTime(u64),
    #[error("step {0} fails for good")]
    Hopeless(u64),
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

impl Broken {
    fn is_hopeless(&self) -> bool {
        matches!(self, Self::Hopeless(_))
    }
}

impl Step {
    pub(crate) fn drawn(draw: &mut Draw, number: u64, trouble: bool) -> Self {
        let mut step = Self {
            number,
            millis: if draw.chance(30) {
                draw.between(1, 4_000)
            } else {
                0
            },
            ..Self::default()
        };
        if trouble && draw.chance(25) {
            step.bad_attempts = 1 + u32::from(draw.chance(30));
            step.trouble = match draw.below(5) {
                0 | 1 => Trouble::Fails,
                2 => Trouble::Panics,
                3 => Trouble::Hangs,
                _ => Trouble::Late,
            };
        }
        step
    }

    /// What comes of it, however many attempts that takes.
    pub(crate) fn expected(&self) -> Result<u64, Broken> {
        match self.trouble {
            Trouble::Hopeless => Err(Broken::Hopeless(self.number)),
            Trouble::Exhausts => Err(Broken::ThisTime(self.number)),
            _ => Ok(self.number.wrapping_mul(7) + 1),
        }
    }
}

/// How long an attempt may take.
pub(crate) const LIMIT_MILLIS: u64 = 20_000;

#[activity(
    timeout = "20s",
    retry(max_attempts = 100, initial = "1s", backoff = 2.0, max_interval = "8s", non_retryable = Broken::is_hopeless)
)]
pub(crate) async fn effect(
    ctx: ActivityContext,
    site: State<Site>,
    step: Step,
) -> Result<u64, Broken> {
    site.attempt(&ctx, step).await
}

/// One that may be tried a few times only.
#[activity(
    timeout = "20s",
    retry(max_attempts = 3, initial = "1s", backoff = 2.0)
)]
pub(crate) async fn few_attempts(
    ctx: ActivityContext,
    site: State<Site>,
    step: Step,
) -> Result<u64, Broken> {
    site.attempt(&ctx, step).await
}

/// How many attempts an activity may have that is not lost.
pub(crate) fn most_attempts(activity: &str) -> u32 {
    if activity == "few_attempts" { 3 } else { 100 }
}

/// How long the attempt after this one waits, at least.
pub(crate) fn wait_after(attempt: u32) -> Duration {
    Duration::from_secs(1 << (attempt.clamp(1, 4) - 1))
}

/// Whether an error says that there is no use in another attempt.
pub(crate) fn is_for_good(error: &CallError) -> bool {
    error.message().contains("fails for good")
}

impl Site {
    async fn attempt(&self, ctx: &ActivityContext, step: Step) -> Result<u64, Broken> {
        let attempt = ctx.attempt();
        self.begins(ctx, &step);
        let ended = self.work(ctx, step).await;
        let (worker, key) = (self.store.worker(), ctx.idempotency_key());
        self.world
            .inner()
            .ledger
            .attempt_over(worker, &key, attempt);
        ended
    }

    async fn work(&self, ctx: &ActivityContext, step: Step) -> Result<u64, Broken> {
        self.trouble(ctx.attempt(), &step).await?;
        if step.millis > 0 {
            ctx.heartbeat(step.number);
            self.clock.sleep(step.millis).await;
        }
        self.takes_effect(ctx, &step);
        step.expected()
    }

    async fn trouble(&self, attempt: u32, step: &Step) -> Result<(), Broken> {
        if step.trouble == Trouble::Exhausts {
            return Err(Broken::ThisTime(step.number));
        }
        if attempt > step.bad_attempts {
            return Ok(());
        }
        match step.trouble {
            Trouble::Fails => return Err(Broken::ThisTime(step.number)),
            Trouble::Panics => {
                self.world.count("activity panics");
                panic!("planned: step {}", step.number)
            }
            Trouble::Hangs => {
                self.world.count("activity hangs");
                std::future::pending::<()>().await;
            }
            Trouble::Late => {
                self.world.count("activity is late");
                self.clock.sleep(LIMIT_MILLIS).await;
            }
            Trouble::Hopeless | Trouble::Exhausts => {}
        }
        Ok(())
    }

    fn begins(&self, ctx: &ActivityContext, step: &Step) {
        let (process, instance, attempt) = (self.process, ctx.instance_id(), ctx.attempt());
        let now = self.clock.now().as_millis() % 100_000_000;
        self.world.note(format_args!(
            "p{process} attempt {attempt} of step {} for {instance} at {now}",
            step.number
        ));
        let time = self.world.time.now();
        let mut inner = self.world.inner();
        inner.activity += 1;
        let begun =
            inner
                .ledger
                .attempt_begins(self.store.worker(), &ctx.idempotency_key(), attempt, time);
        drop(inner);
        if let Err(what) = begun {
            self.world
                .violation(format!("{what}: step {} for `{instance}`", step.number));
        }
    }
}

impl Site {
    fn takes_effect(&self, ctx: &ActivityContext, step: &Step) {
        self.world.count("effect");
        let (worker, key) = (self.store.worker(), ctx.idempotency_key());
        let effect = self.world.inner().ledger.takes_effect(worker, &key);
        if let Err(what) = effect {
            let (number, instance) = (step.number, ctx.instance_id());
            let what = format!("{what}: step {number} for `{instance}`");
            self.world.violation(what);
        }
    }
}

/// A step that is made again as long as its workers get lost.
#[orchestrator(inline)]
pub(crate) async fn sure(_ctx: &OrchestrationContext, step: Step) -> Result<u64, Broken> {
    loop {
        let call = if step.trouble == Trouble::Exhausts {
            few_attempts(step.clone()).await
        } else {
            effect(step.clone()).await
        };
        match call {
            Err(Broken::Infrastructure(Failure::WorkerLost { .. })) => {}
            other => return other,
        }
    }
}
