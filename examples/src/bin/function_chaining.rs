//! Makes a quote; see `durable_examples::function_chaining`.

use durable_examples::function_chaining::Inquiry;
use durable_examples::function_chaining::MakeQuoteClient;
use durable_examples::function_chaining::convert;
use durable_examples::function_chaining::discount;
use durable_examples::function_chaining::look_up_price;
use durable_examples::function_chaining::make_quote;
use durable_examples::function_chaining::write_quote;
use durable_examples::options::store_url;
use durable_runtime::prelude::*;

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(store_url("function_chaining"))
        .register(make_quote)
        .register(look_up_price)
        .register(discount)
        .register(convert)
        .register(write_quote)
        .start()
        .await?;

    let inquiry = Inquiry {
        article: "record".to_owned(),
        pieces: 12,
        currency: "EUR".to_owned(),
    };
    let quotes = MakeQuoteClient::new(runtime.client());
    let start = quotes.start(inquiry).id("quote-1");
    let quote = start.if_exists(IfExists::Use).await?;
    println!("{}", quote.result().await?.text);

    runtime.shutdown().await
}
