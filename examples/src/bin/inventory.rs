//! Four customers want records, and there are not enough for all; see `durable_examples::inventory`.

use durable_examples::inventory::Inventory;
use durable_examples::inventory::InventoryClient;
use durable_examples::inventory::Sale;
use durable_examples::inventory::SellClient;
use durable_examples::inventory::charge_card;
use durable_examples::inventory::sell;
use durable_examples::options::store_url;
use durable_runtime::client::ResultError;
use durable_runtime::failure::causes_of;
use durable_runtime::prelude::*;

/// The orders, how many records each wants, and what is on the customer's card.
const SALES: [(&str, u32, u64); 4] = [
    ("order-1", 3, 10_000),
    ("order-2", 2, 1_000),
    ("order-3", 3, 10_000),
    ("order-4", 2, 10_000),
];

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(store_url("inventory"))
        .register_entity::<Inventory>()
        .register(sell)
        .register(charge_card)
        .start()
        .await?;
    let client = runtime.client();
    let inventory = InventoryClient::new(&client, "main");

    let shop = SellClient::new(&client);
    for (order_id, pieces, credit) in SALES {
        let sale = Sale {
            order_id: order_id.to_owned(),
            article: "record".to_owned(),
            pieces,
            credit,
        };
        let start = shop.start(sale).id(order_id).if_exists(IfExists::Use);
        match start.await?.result().await {
            Ok(cents) => println!("{order_id}: {pieces} records for {cents} cents"),
            Err(ResultError::Failed(error)) => {
                let why = causes_of(&error).join(": ");
                println!("{order_id}: {error}: {why}");
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Once, however often this program is started.
    let delivery = inventory.restock("record".to_owned(), 7);
    delivery.dedup_id("second delivery").await?;
    let left = inventory.level("record".to_owned()).await?;
    println!("{left} records are left");

    runtime.shutdown().await
}
