//! The totals are the same however often the process dies, and no order has two charges.

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::time::Duration;

use super::hub::Hub;

#[tokio::test]
async fn all_orders_come_out_once_when_the_process_aborts_every_500_orders() {
    let hub = Hub::new();
    let mut crashes = 0;
    let summary = loop {
        let run = hub.run(&["--crash-after", "500"]);
        if run.code == Some(0) {
            break serde_json::from_str(&run.stdout).unwrap();
        }
        assert_eq!(run.code, None, "it ended by itself: {}", run.stderr);
        crashes += 1;
    };
    assert!(crashes >= 5, "{crashes} crashes");
    hub.assert_complete(&summary).await;
}

#[tokio::test]
async fn all_orders_come_out_once_after_twenty_kills_at_random_moments() {
    // From a moment in the start of the process to one in the thick of the work.
    comes_out_after_kills(20, 20, 1_500).await;
}

#[tokio::test]
async fn all_orders_come_out_once_after_thirty_kills_in_rapid_succession() {
    // The same are under way again and again, and none of them is to blame.
    comes_out_after_kills(30, 30, 400).await;
}

async fn comes_out_after_kills(kills: u64, from_millis: u64, to_millis: u64) {
    let seed = std::env::var("KILL_SEED").map_or_else(
        |_| RandomState::new().hash_one(0),
        |seed| seed.parse().unwrap(),
    );
    println!("KILL_SEED={seed}");
    let hub = Hub::new();
    for kill in 0..kills {
        let mut process = hub.spawn();
        let draw = durable_runtime::ids::fnv1a64(format!("{seed}/{kill}").as_bytes());
        let moment = Duration::from_millis(from_millis + draw % (to_millis - from_millis));
        // Which moment it hits is the point of the test; nothing below depends on it.
        std::thread::sleep(moment);
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let summary = hub.summary(&[]);
    hub.assert_complete(&summary).await;
}
