//! Random commands against the engine and against a small model of what they mean.
//!
//! `DURABLE_SEED=<n>` runs the one sequence that a failure printed.

mod reference;

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::client::ClientError;
use durable_runtime::client::Instance;
use durable_runtime::dispatcher::Progress;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Output;
use durable_testkit::Pump;
use serde::Deserialize;
use serde::Serialize;

use reference::Answer;
use reference::Command;
use reference::Policy;
use reference::Reference;
use reference::Seen;

const SEQUENCES: u64 = 5_000;
const COMMANDS: usize = 24;
const IDS: [&str; 2] = ["one", "two"];

/// No two sums of these and of whole seconds are equal, so that it is clear what comes first.
const LIMIT: Duration = Duration::from_millis(100_003);
const CLEANING: Duration = Duration::from_millis(10_007);
const GRACE: Duration = Duration::from_millis(40_011);
const DELAY: Duration = Duration::from_millis(5_001);

#[derive(Debug, Event, Serialize, Deserialize)]
struct Go;

/// Counts events until there are enough or it is late; cleans up when it is cancelled.
#[orchestrator(events(Go))]
async fn counts_events(ctx: &OrchestrationContext, enough: u64) -> Result<u64, Failure> {
    let mut limit = ctx.sleep(LIMIT);
    let mut count = 0;
    while count < enough {
        select! {
            _ = ctx.wait_for::<Go>() => count += 1,
            _ = &mut limit => return Ok(1_000 + count),
            _ = ctx.cancellation() => {
                ctx.shielded(async { ctx.sleep(CLEANING).await }).await;
                return Err(Failure::Cancelled);
            }
        }
    }
    Ok(count)
}

#[tokio::test]
async fn random_commands_do_what_the_reference_does_in_even_sequences() {
    run(0).await;
}

#[tokio::test]
async fn random_commands_do_what_the_reference_does_in_odd_sequences() {
    run(1).await;
}

async fn run(parity: u64) {
    let chosen = std::env::var("DURABLE_SEED").ok();
    let chosen = chosen.map(|seed| seed.parse().unwrap());
    let seeds = chosen.map_or(0..SEQUENCES, |seed: u64| seed..seed + 1);
    for seed in seeds.filter(|seed| seed % 2 == parity) {
        sequence(seed).await;
    }
}

async fn sequence(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let cache_bytes = if seed.is_multiple_of(3) { 0 } else { 1 << 20 };
    let store = Arc::new(ModelStore::exclusive());
    let builder = Pump::builder()
        .store(store.clone())
        .config(|config| config.cache_bytes = cache_bytes)
        .register(counts_events);
    let mut engine = Engine {
        pump: builder.start().await.unwrap(),
        store,
    };
    let mut reference = Reference::default();
    let mut done = Vec::new();
    for _ in 0..COMMANDS {
        let command = random.command();
        done.push(command);
        let expected = reference.run(command);
        let actual = engine.run(command).await;
        assert_eq!(actual, expected, "DURABLE_SEED={seed}: {done:#?}");
        // Before anything is done of what was told, too.
        for (id, name) in IDS.iter().enumerate() {
            let (expected, actual) = (reference.see(id), engine.see(name).await);
            assert_eq!(actual, expected, "{name}, DURABLE_SEED={seed}: {done:#?}");
        }
    }
}

struct Engine {
    pump: Pump,
    store: Arc<ModelStore>,
}

impl Engine {
    async fn run(&mut self, command: Command) -> Answer {
        let client = CountsEventsClient::new(self.pump.client());
        let of = |id: usize| -> Instance<counts_events> {
            client.instance(InstanceId::new(IDS[id]).unwrap())
        };
        match command {
            Command::Pass(by) => {
                self.pump.clock().advance(by);
                self.drive().await;
                Answer::Done
            }
            Command::Start {
                id,
                enough,
                delayed,
                policy,
            } => {
                let policy = match policy {
                    Policy::Fail => IfExists::Fail,
                    Policy::Use => IfExists::Use,
                    Policy::ReplaceEnded => IfExists::Replace(InstanceStatus::TERMINAL.to_vec()),
                    Policy::ReplaceAny => IfExists::Replace(InstanceStatus::ALL.to_vec()),
                };
                let mut start = client.start(enough).id(IDS[id]).if_exists(policy);
                if delayed {
                    start = start.delay(DELAY);
                }
                answer(start.await.map(drop))
            }
            Command::Raise(id) => answer(of(id).raise(Go).await),
            Command::Suspend(id) => answer(of(id).suspend().await),
            Command::Resume(id) => answer(of(id).resume().await),
            Command::Terminate(id) => answer(of(id).terminate("enough").await),
            Command::Cancel(id) => answer(of(id).cancel().grace(GRACE).await),
            Command::Restart(id) => answer(of(id).restart().await.map(drop)),
            Command::Purge(id) => answer(of(id).purge().await.map(drop)),
        }
    }

    async fn drive(&mut self) {
        loop {
            let dispatcher = self.pump.dispatcher();
            dispatcher.hint();
            if dispatcher.process_next().await.unwrap() == Progress::Idle {
                return;
            }
        }
    }

    async fn see(&self, name: &str) -> Option<Seen> {
        let id = InstanceId::new(name).unwrap();
        let row = self.store.instance_fetch(&id).await.unwrap()?;
        let client = self.pump.client();
        let unread = client.commands().unread_events(&id).await.unwrap();
        let output = match row.output {
            Some(Output::Completed(value)) => Some(value.decode().unwrap()),
            _ => None,
        };
        Some(Seen {
            status: row.status,
            execution: row.execution.0,
            output,
            unread: unread.len(),
        })
    }
}

fn answer(result: Result<(), ClientError>) -> Answer {
    match result {
        Ok(()) => Answer::Done,
        Err(ClientError::AlreadyExists { status, .. }) => Answer::AlreadyExists(status),
        Err(ClientError::NotFound { .. }) => Answer::NotFound,
        Err(ClientError::AlreadyFinished { status, .. }) => Answer::AlreadyFinished(status),
        Err(ClientError::StillRunning { status, .. }) => Answer::StillRunning(status),
        Err(error) => panic!("{error:?}"),
    }
}

/// A small generator of random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % end
    }

    fn command(&mut self) -> Command {
        let id = usize::from(self.below(4) == 0);
        match self.below(30) {
            0..=4 => Command::Start {
                id,
                enough: self.below(5),
                delayed: self.below(4) == 0,
                policy: match self.below(4) {
                    0 => Policy::Fail,
                    1 => Policy::Use,
                    2 => Policy::ReplaceEnded,
                    _ => Policy::ReplaceAny,
                },
            },
            5..=10 => Command::Raise(id),
            11..=13 => Command::Suspend(id),
            14..=17 => Command::Resume(id),
            18 => Command::Terminate(id),
            19..=20 => Command::Cancel(id),
            21 => Command::Restart(id),
            22 => Command::Purge(id),
            23..=27 => Command::Pass(Duration::ZERO),
            _ => Command::Pass(Duration::from_secs([1, 5, 6, 11, 41, 101][self.index(6)])),
        }
    }

    fn index(&mut self, end: u64) -> usize {
        usize::try_from(self.below(end)).unwrap()
    }
}
