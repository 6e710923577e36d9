//! Watches a parcel that is shipped after two seconds; see `durable_examples::monitor`.

use std::time::Duration;

use durable_examples::monitor::Parcel;
use durable_examples::monitor::Watch;
use durable_examples::monitor::WatchParcelClient;
use durable_examples::monitor::Watched;
use durable_examples::monitor::ask_carrier;
use durable_examples::monitor::watch_parcel;
use durable_examples::options::store_url;
use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::prelude::*;

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(store_url("monitor"))
        .register(watch_parcel)
        .register(ask_carrier)
        .start()
        .await?;

    let watch = Watch {
        parcel: Parcel {
            number: "1001".to_owned(),
            taken_at: SystemClock.now() + seconds(2),
        },
        first_wait: Duration::from_millis(100),
        longest_wait: seconds(1),
        deadline: seconds(30),
    };
    let watches = WatchParcelClient::new(runtime.client());
    let start = watches.start(watch).id("parcel-1001");
    let watch = start.if_exists(IfExists::Use).await?;
    match watch.result().await? {
        Watched::Shipped { looks } => println!("shipped; looked {looks} times"),
        Watched::TooLate { looks } => println!("too late; looked {looks} times"),
    }

    runtime.shutdown().await
}
