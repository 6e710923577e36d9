//! `monitor`.

use std::time::Duration;

use durable_examples::monitor::Parcel;
use durable_examples::monitor::ParcelState;
use durable_examples::monitor::Watch;
use durable_examples::monitor::WatchParcelClient;
use durable_examples::monitor::Watched;
use durable_examples::monitor::ask_carrier;
use durable_examples::monitor::watch_parcel;
use durable_runtime::Timestamp;
use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use durable_testkit::replay_check;

use crate::program::Program;
use crate::saved;

#[test]
fn the_program_watches_until_the_parcel_is_shipped() {
    let program = Program::new(env!("CARGO_BIN_EXE_monitor"));
    let first = program.run::<&str>([]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(
        first.stdout.starts_with("shipped; looked "),
        "{}",
        first.stdout
    );
    let second = program.run::<&str>([]);
    assert_eq!(second.stdout, first.stdout);
}

async fn watch(taken_at: Timestamp, deadline: Duration) -> Watched {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(watch_parcel)
        .register(ask_carrier)
        .start()
        .await
        .unwrap();
    let watch = Watch {
        parcel: Parcel {
            number: "1".to_owned(),
            taken_at,
        },
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(4),
        deadline,
    };
    let watches = WatchParcelClient::new(runtime.client());
    let result = watches.start(watch).await.unwrap().result().await;
    runtime.shutdown().await.unwrap();
    result.unwrap()
}

#[tokio::test]
async fn a_parcel_that_is_shipped_is_looked_at_once() {
    let long_ago = Timestamp::from_millis(0);
    assert_eq!(
        watch(long_ago, hours(1)).await,
        Watched::Shipped { looks: 1 }
    );
}

#[tokio::test]
async fn the_watch_ends_at_the_deadline() {
    let tomorrow = SystemClock.now() + days(1);
    let watched = watch(tomorrow, Duration::from_millis(20)).await;
    assert!(
        matches!(watched, Watched::TooLate { looks } if looks > 2),
        "{watched:?}"
    );
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(watch_parcel);
    let packed = ask_carrier::with(|_| ParcelState::Packed).times(3);
    kit.mock(packed.then(ask_carrier::with(|_| ParcelState::Shipped)));
    kit
}

fn for_a_week() -> Watch {
    Watch {
        parcel: Parcel {
            number: "1".to_owned(),
            taken_at: Timestamp::from_millis(0),
        },
        first_wait: hours(1),
        longest_wait: hours(2),
        deadline: days(7),
    }
}

#[tokio::test]
async fn each_wait_is_longer_up_to_the_longest() {
    let kit = kit();
    let before = kit.now();
    let watch = kit.start(watch_parcel(for_a_week())).await;
    assert_eq!(watch.result().await.unwrap(), Watched::Shipped { looks: 4 });
    assert_eq!(kit.now().since(before), hours(1 + 2 + 2));
}

#[tokio::test]
async fn a_week_of_watching_takes_no_time_in_a_test() {
    let kit = kit();
    let looks = kit.mock(ask_carrier::with(|_| ParcelState::Packed));
    let watch = kit.start(watch_parcel(for_a_week())).await;
    kit.advance(days(6)).await;
    assert_eq!(watch.status().await.custom_status(), Some(&73));
    let result = watch.result().await.unwrap();
    assert_eq!(result, Watched::TooLate { looks: 86 });
    assert_called!(looks, 86);
}

#[tokio::test]
async fn a_watch_survives_a_crash_at_every_point() {
    let crashes = kit().crash_everywhere(watch_parcel(for_a_week()));
    let report = crashes.pairs(4_000).await;
    assert!(report.points().len() > 20, "{report}");
}

#[tokio::test]
async fn the_saved_history_of_a_watch_fits() {
    let watch = kit().start(watch_parcel(for_a_week())).await;
    watch.result().await.unwrap();
    let saved = saved::history("monitor", &watch).await;
    replay_check(watch_parcel, &saved).unwrap();
}
