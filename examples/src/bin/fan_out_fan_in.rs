//! Takes stock in forty warehouses; see `durable_examples::fan_out_fan_in`.

use durable_examples::fan_out_fan_in::TakeStockClient;
use durable_examples::fan_out_fan_in::count_warehouse;
use durable_examples::fan_out_fan_in::list_warehouses;
use durable_examples::fan_out_fan_in::take_stock;
use durable_examples::options::store_url;
use durable_runtime::prelude::*;

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(store_url("fan_out_fan_in"))
        .register(take_stock)
        .register(list_warehouses)
        .register(count_warehouse)
        .start()
        .await?;

    let counts = TakeStockClient::new(runtime.client());
    let start = counts.start("eu".to_owned()).id("stock-1");
    let count = start.if_exists(IfExists::Use).await?;
    for (article, pieces) in count.result().await? {
        println!("{article}: {pieces}");
    }

    runtime.shutdown().await
}
