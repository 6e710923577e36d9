//! Three orders, of which many sources tell; see `durable_examples::aggregator`.

use durable_examples::aggregator::Milestone;
use durable_examples::aggregator::Milestone::Delivered;
use durable_examples::aggregator::Milestone::Packed;
use durable_examples::aggregator::Milestone::Shipped;
use durable_examples::aggregator::OrderEvent;
use durable_examples::aggregator::OrderStatus;
use durable_examples::aggregator::OrderStatusClient;
use durable_examples::aggregator::archive;
use durable_examples::aggregator::close_order;
use durable_examples::aggregator::closing_id;
use durable_examples::aggregator::send_survey;
use durable_examples::options::store_url;
use durable_runtime::client::Client;
use durable_runtime::prelude::*;

/// What is told, in the order in which it comes: some of it twice, some of it too early.
const TOLD: [(&str, Milestone, &str); 13] = [
    ("order-1", Packed, "warehouse"),
    ("order-2", Delivered, "phone"),
    ("order-1", Packed, "warehouse"),
    ("order-3", Packed, "warehouse"),
    ("order-2", Packed, "warehouse"),
    ("order-1", Delivered, "carrier"),
    ("order-3", Shipped, "carrier"),
    ("order-2", Delivered, "carrier"),
    ("order-1", Shipped, "carrier"),
    ("order-1", Delivered, "phone"),
    ("order-2", Packed, "warehouse"),
    ("order-3", Packed, "carrier"),
    ("order-1", Shipped, "carrier"),
];

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(store_url("aggregator"))
        .register_entity::<OrderStatus>()
        .register(close_order)
        .register(archive)
        .register(send_survey)
        .start()
        .await?;
    let client = runtime.client();

    for (order_id, milestone, source) in TOLD {
        let source = source.to_owned();
        let event = OrderEvent { milestone, source };
        let order = OrderStatusClient::new(&client, order_id);
        order.signal_tell(event).await?;
    }
    for order_id in ["order-1", "order-2", "order-3"] {
        // A call comes after all that was told before it.
        let order = OrderStatusClient::new(&client, order_id);
        let (furthest, missing) = (order.furthest().await?, order.missing().await?);
        let furthest = furthest.map_or("unknown".to_owned(), |it| format!("{it:?}"));
        println!("{order_id}: {furthest}, {missing:?} missing");
    }
    println!("{}", archived(&client, "order-1").await?);

    runtime.shutdown().await
}

/// What the archive says of an order; its orchestration sleeps for a week then.
async fn archived(client: &Client, order_id: &str) -> durable_runtime::Result<String> {
    let closing = client.instance(closing_id(order_id)).of::<close_order>();
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
    loop {
        looks.tick().await;
        if let Some(line) = closing.status().await?.custom_status() {
            return Ok(line.clone());
        }
    }
}
