//! `monitor`.

use std::time::Duration;

use durable_examples::monitor::Parcel;
use durable_examples::monitor::Watch;
use durable_examples::monitor::WatchParcelClient;
use durable_examples::monitor::Watched;
use durable_examples::monitor::ask_carrier;
use durable_examples::monitor::watch_parcel;
use durable_runtime::Timestamp;
use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::prelude::*;

use crate::program::Program;

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
