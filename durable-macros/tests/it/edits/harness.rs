//! Compares two versions of an orchestrator, and deploys the second under instances of the first.

use std::sync::Arc;

use durable_runtime::check::Finding;
use durable_runtime::check::LockFile;
use durable_runtime::check::Verdict;
use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;
use durable_runtime::store::ModelStore;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use durable_testkit::PumpBuilder;
use durable_testkit::VirtualClock;

use super::shop;
use super::shop::Kind;
use super::shop::Order;

/// What an edit is expected to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Expected {
    /// The shape is the same.
    Unchanged,
    /// The shape is another, and running instances go on.
    Safe,
    /// Running instances may not go on.
    Breaking,
}

/// `edit! { Expected name |ctx, order| { before } => { after } }`: a test.
macro_rules! edit {
    ($expected:ident $name:ident |$ctx:ident, $order:ident| $before:block => $after:block) => {
        edit! {
            $expected $name
            {
                #[orchestrator(name = "subject", events(Approval))]
                pub(crate) async fn subject($ctx: &OrchestrationContext, $order: Order)
                    -> Result<u64, Failure> $before
            } => {
                #[orchestrator(name = "subject", events(Approval))]
                pub(crate) async fn subject($ctx: &OrchestrationContext, $order: Order)
                    -> Result<u64, Failure> $after
            }
        }
    };
    (
        $expected:ident $name:ident
        { $($before:item)* } $(with $old:ident)? => { $($after:item)* } $(with $new:ident)?
    ) => {
        #[allow(
            dead_code,
            unused_imports,
            unused_variables,
            unused_parens,
            unused_labels,
            clippy::all,
            clippy::pedantic,
            reason = "what is edited is what matters"
        )]
        mod $name {
            mod before {
                use crate::edits::shop::*;
                $($before)*
            }
            mod after {
                use crate::edits::shop::*;
                $($after)*
            }

            #[tokio::test]
            async fn is_told() {
                use crate::edits::harness;
                harness::compare(
                    harness::Expected::$expected,
                    |registry| registry.register(before::subject),
                    |registry| registry.register(after::subject),
                );
                harness::deploy(
                    harness::Expected::$expected,
                    |pump| pump.register(before::subject)$(.register(before::$old))?,
                    |pump| pump.register(after::subject)$(.register(after::$new))?,
                    |client, order| {
                        let client = before::SubjectClient::new(client);
                        async move { drop(client.start(order).await.unwrap()) }
                    },
                )
                .await;
            }
        }
    };
}
pub(crate) use edit;

fn today(register: impl FnOnce(&mut Registry)) -> LockFile {
    let mut registry = Registry::default();
    register(&mut registry);
    LockFile::of(&registry)
}

/// What the comparison says.
#[track_caller]
pub(crate) fn compare(
    expected: Expected,
    before: impl FnOnce(&mut Registry),
    after: impl FnOnce(&mut Registry),
) {
    let file = LockFile::parse(&today(before).to_string()).unwrap();
    let today = today(after);
    let findings: Vec<Finding> = file.compare(&today);
    let worst = findings.iter().map(|finding| finding.verdict).max();
    let found = match worst {
        None => Expected::Unchanged,
        Some(Verdict::Safe) => Expected::Safe,
        Some(_) => Expected::Breaking,
    };
    let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{}\n{file}{today}", told.join("\n"));
    for finding in &findings {
        let placed = finding.place.is_some() || finding.verdict == Verdict::Safe;
        assert!(placed, "without a place: {finding}");
    }
}

fn orders() -> Vec<Order> {
    let order = |total, kind| Order {
        total,
        kind,
        items: vec![1, 2],
    };
    vec![
        order(0, Kind::Letter),
        order(50, Kind::Parcel { pieces: 2 }),
        order(500, Kind::Letter),
    ]
}

fn pump(store: &Arc<ModelStore>, clock: &VirtualClock) -> PumpBuilder {
    Pump::builder()
        .store(store.clone())
        .clock(clock)
        .register(shop::charge)
        .register(shop::refund)
        .register(shop::pack)
        .register(shop::wrap)
        .register(shop::ship)
        .register(shop::insure)
        .register(shop::deliver)
}

/// The hour of the deploy goes from 0 to this.
const LAST_HOUR: u64 = 4;

/// What becomes of instances that the deploy catches at any hour.
pub(crate) async fn deploy<S, F>(
    expected: Expected,
    before: impl Fn(PumpBuilder) -> PumpBuilder,
    after: impl Fn(PumpBuilder) -> PumpBuilder,
    start: S,
) where
    S: Fn(Client, Order) -> F,
    F: Future<Output = ()>,
{
    let mut parked = Vec::new();
    for order in orders() {
        for hour in 0..=LAST_HOUR {
            let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
            let mut old = before(pump(&store, &clock)).start().await.unwrap();
            start(old.client(), order.clone()).await;
            old.run_until_idle().await.unwrap();
            for _ in 0..hour {
                old.advance(hours(1)).await.unwrap();
            }
            drop(old);
            // Longer than a lease, shorter than what is waited for.
            clock.advance(minutes(1));
            let mut new = after(pump(&store, &clock)).start().await.unwrap();
            new.run_until_idle().await.unwrap();
            for _ in 0..8 {
                new.advance(hours(1)).await.unwrap();
            }
            let mut stalled = new
                .client()
                .instances()
                .status(InstanceStatus::Stalled)
                .page(10);
            for instance in stalled.next_page().await.unwrap().unwrap_or_default() {
                let reason = instance.stalled().unwrap_or_default().to_owned();
                parked.push(format!("{order:?}, hour {hour}: {reason}"));
            }
        }
    }
    let breaks = expected == Expected::Breaking;
    assert_eq!(!parked.is_empty(), breaks, "{}", parked.join("\n"));
}
