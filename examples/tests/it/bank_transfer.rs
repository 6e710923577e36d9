//! `bank_transfer`.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::time::Duration;

use durable_examples::bank_transfer::Account;
use durable_examples::bank_transfer::AccountClient;
use durable_examples::bank_transfer::AccountError;
use durable_examples::bank_transfer::add_up;
use durable_examples::bank_transfer::transfer;
use durable_testkit::TestHub;
use durable_testkit::replay_check;

use crate::program::Program;
use crate::program::says_the_same_twice;
use crate::saved;

const EXPECTED: &str = "sum_before 10000\nsum_after 10000\nlocks_held 0\n";

#[test]
fn the_program_conserves_the_sum_and_holds_no_lock() {
    says_the_same_twice(env!("CARGO_BIN_EXE_bank_transfer"), EXPECTED);
}

#[test]
fn the_sum_is_conserved_and_no_lock_stays_held_after_twenty_kills_at_random_moments() {
    const KILLS: u64 = 20;
    let seed = std::env::var("KILL_SEED").map_or_else(
        |_| RandomState::new().hash_one(0),
        |seed| seed.parse().unwrap(),
    );
    println!("KILL_SEED={seed}");
    let program = Program::new(env!("CARGO_BIN_EXE_bank_transfer"));
    for kill in 0..KILLS {
        let mut process = program.spawn::<&str>([]);
        // Which moment it hits is the point of the test; nothing below depends on it.
        std::thread::sleep(moment(seed, kill));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let run = program.run::<&str>([]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout, EXPECTED);
}

/// From a moment in the start of the process to one in the thick of the work.
fn moment(seed: u64, kill: u64) -> Duration {
    let draw = durable_runtime::ids::fnv1a64(format!("{seed}/{kill}").as_bytes());
    Duration::from_millis(20 + draw % 400)
}

fn kit() -> TestHub {
    TestHub::new()
        .register_entity::<Account>()
        .register(transfer)
        .register(add_up)
}

async fn accounts_in(kit: &TestHub) -> [AccountClient; 3] {
    let client = kit.client().await;
    ["a", "b", "c"].map(|key| AccountClient::new(&client, key))
}

async fn open_accounts(kit: &TestHub) -> [AccountClient; 3] {
    let accounts = accounts_in(kit).await;
    for account in &accounts {
        account.signal_deposit(100).await.unwrap();
    }
    kit.settle().await;
    accounts
}

async fn balances(kit: &TestHub, accounts: &[AccountClient; 3]) -> Vec<u64> {
    kit.settle().await;
    let mut balances = Vec::new();
    for account in accounts {
        let info = account.info().await.unwrap().unwrap();
        assert_eq!(info.locked_by(), None);
        balances.push(account.state().await.unwrap().unwrap().balance());
    }
    balances
}

fn of(from: &str, to: &str, cents: u64) -> durable_runtime::orchestration::ChildCall<transfer> {
    transfer(from.to_owned(), to.to_owned(), cents)
}

#[tokio::test]
async fn transfers_that_cross_each_other_do_not_wait_for_each_other() {
    let kit = kit();
    let accounts = open_accounts(&kit).await;
    let there = kit.start(of("a", "b", 30)).await;
    let back = kit.start(of("b", "a", 10)).await;
    let on = kit.start(of("b", "c", 5)).await;
    for transfer in [there, back, on] {
        assert_eq!(transfer.result().await, Ok(()));
    }
    assert_eq!(balances(&kit, &accounts).await, [80, 115, 105]);
}

#[tokio::test]
async fn a_transfer_that_is_not_covered_moves_nothing() {
    let kit = kit();
    let accounts = open_accounts(&kit).await;
    let transfer = kit.start(of("a", "b", 101)).await;
    let error = AccountError::NotCovered { missing: 1 };
    assert_eq!(transfer.result().await, Err(error));
    assert_eq!(balances(&kit, &accounts).await, [100, 100, 100]);
}

#[tokio::test]
async fn a_transfer_that_is_cancelled_at_any_moment_moves_all_of_the_money_or_none() {
    let kit = kit();
    open_accounts(&kit).await;
    let moving = kit.start(of("a", "b", 30)).await;
    moving.result().await.unwrap();
    let mut ends = BTreeSet::new();
    for moment in moving.moments() {
        let moving = moving.rewind_to(moment).await;
        // It may have ended.
        let _ = moving.instance().cancel().await;
        let accounts = accounts_in(moving.hub()).await;
        let balances = balances(moving.hub(), &accounts).await;
        ends.insert((moving.result().await.is_ok(), balances));
    }
    let none = (false, vec![100, 100, 100]);
    let all = (true, vec![70, 130, 100]);
    assert_eq!(ends, BTreeSet::from([none, all]));
}

#[tokio::test]
async fn the_sum_is_the_same_at_every_moment() {
    let kit = kit();
    open_accounts(&kit).await;
    let keys: Vec<_> = ["c", "a", "b"].map(ToOwned::to_owned).into();
    for number in 0..20 {
        let (from, to) = [("a", "b"), ("b", "c"), ("c", "a")][number % 3];
        let moving = kit.start(of(from, to, 7)).await;
        let sum = kit.start(add_up(keys.clone())).await;
        assert_eq!(sum.result().await, Ok(300));
        assert_eq!(moving.result().await, Ok(()));
    }
}

#[tokio::test]
async fn a_transfer_survives_a_crash_at_every_point() {
    // Of nothing, for there is nothing on a fresh account.
    let crashes = kit().crash_everywhere(of("a", "b", 0));
    let report = crashes.pairs(1_000).await;
    assert!(report.points().len() > 10, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_transfer_fits() {
    let kit = kit();
    open_accounts(&kit).await;
    let moving = kit.start(of("a", "b", 30)).await;
    moving.result().await.unwrap();
    let saved = saved::history("bank_transfer", &moving).await;
    replay_check(transfer, &saved).unwrap();
}
