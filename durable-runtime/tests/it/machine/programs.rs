//! Random programs with random messages: every replay leads to where the live run is, and the
//! decisions do not depend on how messages are split over turns.
//!
//! A failure prints its seed; `DURABLE_TEST_SEED=<seed>` runs that one alone, and
//! `DURABLE_TEST_SEEDS=<count>` runs more of them.

use std::sync::Arc;

use durable_runtime::failure::CallResult;
use durable_runtime::history::HistoryEvent;
use durable_runtime::machine::RawCall;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::future::Either;
use futures::future::join_all;
use futures::future::select;
use futures::stream::FuturesUnordered;
use serde_json::json as value_of;

use super::bench::Bench;
use super::calls::activity;
use super::calls::branch;
use super::calls::child;
use super::calls::done;
use super::calls::event;
use super::calls::secs;
use super::calls::sleep;
use super::calls::spawned;
use super::calls::value;

/// A fixed generator: `SplitMix64`.
#[derive(Clone)]
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }
}

#[derive(Debug, Clone)]
enum Op {
    Activity,
    Child,
    Sleep(u64),
    Wait(&'static str),
    Local,
    /// Schedules a call and drops it later, or never.
    Spawn(Box<Op>, bool),
    /// Calls side by side, as they complete.
    Unordered(Vec<Op>),
    /// Branches side by side.
    Join(Vec<Vec<Op>>),
    /// Branches of which the first to end wins.
    Race(Vec<Op>, Vec<Op>),
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn call_op(draw: &mut Draw) -> Op {
    match draw.below(5) {
        0 | 1 => Op::Activity,
        2 => Op::Child,
        3 => Op::Sleep(draw.next() % 20),
        _ => Op::Wait(NAMES[draw.below(NAMES.len())]),
    }
}

fn op(draw: &mut Draw, depth: u32) -> Op {
    match draw.below(if depth == 0 { 7 } else { 11 }) {
        0..=3 => call_op(draw),
        4 => Op::Local,
        5 => Op::Spawn(Box::new(call_op(draw)), draw.below(2) == 0),
        6 => Op::Unordered((0..=draw.below(40)).map(|_| call_op(draw)).collect()),
        7 | 8 => Op::Join(
            (0..=draw.below(4))
                .map(|_| program(draw, depth - 1, 3))
                .collect(),
        ),
        _ => Op::Race(program(draw, depth - 1, 3), program(draw, depth - 1, 3)),
    }
}

fn program(draw: &mut Draw, depth: u32, longest: usize) -> Vec<Op> {
    (0..=draw.below(longest)).map(|_| op(draw, depth)).collect()
}

fn call(op: &Op) -> RawCall {
    match op {
        Op::Child => child("child", 1),
        Op::Sleep(n) => sleep(secs(*n)),
        Op::Wait(name) => event(name),
        _ => activity("work", 1),
    }
}

fn told(result: CallResult) -> serde_json::Value {
    match result {
        Ok(payload) => value(&payload),
        Err(error) => value_of!({ "error": error.message() }),
    }
}

fn run(ops: Arc<Vec<Op>>) -> BoxFuture<'static, serde_json::Value> {
    Box::pin(async move {
        let mut seen = Vec::new();
        let mut kept = Vec::new();
        for op in ops.iter() {
            match op {
                Op::Local => {
                    let cursor = durable_runtime::machine::Cursor::current().unwrap();
                    seen.push(value_of!([cursor.random(), cursor.now().as_millis()]));
                }
                Op::Spawn(spawn, drops) => {
                    kept.push(spawned(call(spawn)));
                    if *drops {
                        drop(kept.remove(0));
                    }
                }
                Op::Unordered(calls) => {
                    let mut running: FuturesUnordered<_> = calls.iter().map(call).collect();
                    let enough = calls.len() / 2 + 1;
                    for _ in 0..enough {
                        seen.extend(running.next().await.map(told));
                    }
                }
                Op::Join(branches) => {
                    let branches = branches
                        .iter()
                        .map(|ops| branch(run(Arc::new(ops.clone()))));
                    seen.extend(join_all(branches).await);
                }
                Op::Race(left, right) => {
                    let left = branch(run(Arc::new(left.clone())));
                    let right = branch(run(Arc::new(right.clone())));
                    seen.push(match select(left, right).await {
                        Either::Left((seen, _)) => value_of!({ "left": seen }),
                        Either::Right((seen, _)) => value_of!({ "right": seen }),
                    });
                }
                op => seen.push(told(call(op).await)),
            }
        }
        value_of!(seen)
    })
}

fn bench_of(program: &Arc<Vec<Op>>) -> Bench {
    let program = Arc::clone(program);
    Bench::new(move |_, _| {
        let program = Arc::clone(&program);
        async move { done(run(program).await) }
    })
}

/// Runs a program to its end, with messages in an order that the seed decides. Each message is a
/// turn of its own; its script is the list of messages.
fn drive(bench: &mut Bench, draw: &mut Draw, cold: bool) {
    bench.cold = cold;
    let _ = bench.step();
    for _ in 0..2_000 {
        if bench.status().is_terminal() {
            return;
        }
        assert_eq!(bench.row.stalled, None, "{}", bench.told());
        happens(bench, draw);
        let _ = bench.step();
    }
    panic!("the program does not end:\n{}", bench.told());
}

/// Lets one thing happen.
fn happens(bench: &mut Bench, draw: &mut Draw) {
    let tasks: Vec<_> = bench.tasks.keys().cloned().collect();
    let children = open_children(bench);
    match draw.below(6) {
        0 | 1 if !tasks.is_empty() => {
            let path = tasks[draw.below(tasks.len())].to_string();
            bench.completes(&path, path.clone());
        }
        2 if !children.is_empty() => {
            let path = children[draw.below(children.len())].clone();
            bench.child_completes(&path, path.clone());
        }
        3 | 4 => {
            let name = NAMES[draw.below(NAMES.len())];
            bench.raises(name, draw.next() % 1_000);
        }
        _ => {
            bench.now = bench.now + secs(draw.next() % 10);
            bench.fire();
        }
    }
}

fn open_children(bench: &Bench) -> Vec<String> {
    let mut open = std::collections::BTreeSet::new();
    for event in bench.events() {
        match event {
            HistoryEvent::ChildScheduled { path, .. } => {
                open.insert(path.clone());
            }
            HistoryEvent::ChildCompleted { path, .. } | HistoryEvent::CallCancelled { path } => {
                open.remove(path);
            }
            _ => {}
        }
    }
    open.into_iter().map(|path| path.to_string()).collect()
}

fn seeds(count: u64) -> Vec<u64> {
    let asked = |name: &str| std::env::var(name).ok().map(|asked| asked.parse().unwrap());
    match asked("DURABLE_TEST_SEED") {
        Some(seed) => vec![seed],
        None => (0..asked("DURABLE_TEST_SEEDS").unwrap_or(count)).collect(),
    }
}

struct Told(u64, Arc<Vec<Op>>);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("DURABLE_TEST_SEED={} runs {:?}", self.0, self.1);
        }
    }
}

#[test]
fn random_programs_replay_to_where_they_are_after_every_turn() {
    for seed in seeds(30) {
        let mut draw = Draw(seed);
        let program = Arc::new(program(&mut draw, 3, 6));
        let _told = Told(seed, Arc::clone(&program));
        let mut live = bench_of(&program);
        drive(&mut live, &mut draw.clone(), false);
        let mut replayed = bench_of(&program);
        replayed.checked = false;
        drive(&mut replayed, &mut draw, true);
        assert_eq!(live.told(), replayed.told());
        assert_eq!(live.result(), replayed.result());
        assert_eq!(live.cancelled, replayed.cancelled);
    }
}

/// Runs a program, gathering a random number of messages for each turn, and then gives the same
/// messages one by one.
#[test]
fn decisions_do_not_depend_on_how_messages_are_split_over_turns() {
    for seed in seeds(40) {
        let mut draw = Draw(seed);
        let program = Arc::new(program(&mut draw, 3, 6));
        let _told = Told(seed, Arc::clone(&program));
        let mut batched = bench_of(&program);
        let mut script = Vec::new();
        let _ = batched.step();
        while !batched.status().is_terminal() {
            for _ in 0..=draw.below(6) {
                happens(&mut batched, &mut draw);
            }
            script.push(batched.at_hand());
            let _ = batched.step();
            assert!(script.len() < 2_000, "the program does not end");
        }
        let mut single = bench_of(&program);
        single.checked = false;
        let _ = single.step();
        for message in script.into_iter().flatten() {
            single.now = single.now.max(message.at);
            single.hands(message);
            let _ = single.step();
        }
        let events = |bench: &Bench| bench.events().into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(events(&batched), events(&single));
        assert_eq!(batched.timers, single.timers);
    }
}
