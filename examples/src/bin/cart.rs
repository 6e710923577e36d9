//! Three customers check out: one confirms, one cancels, one wants more than there is. See
//! `durable_examples::cart`.

use durable_examples::cart::Cart;
use durable_examples::cart::CartClient;
use durable_examples::cart::CheckOutClient;
use durable_examples::cart::Confirmed;
use durable_examples::cart::Items;
use durable_examples::cart::Stock;
use durable_examples::cart::StockClient;
use durable_examples::cart::charge;
use durable_examples::cart::check_out;
use durable_examples::cart::remind;
use durable_examples::cart::send_mail;
use durable_runtime::prelude::*;

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store("sqlite://cart.db")
        .register_entity::<Cart>()
        .register_entity::<Stock>()
        .register(check_out)
        .register(remind)
        .register(charge)
        .register(send_mail)
        .start()
        .await?;
    let client = runtime.client();

    let stock = StockClient::new(&client, "main");
    // Once, however often this program is started.
    stock.put(records(5)).dedup_id("delivery").await?;
    for (customer, pieces) in [("ada", 3), ("bob", 2), ("cleo", 4)] {
        let cart = CartClient::new(&client, customer);
        cart.put(records(pieces)).dedup_id("records").await?;

        let checkouts = CheckOutClient::new(&client);
        let start = checkouts.start(customer.to_owned());
        let start = start.id(format!("checkout-{customer}"));
        let checkout = start.if_exists(IfExists::Use).await?;
        let told = match customer {
            "bob" => checkout.cancel().await,
            _ => checkout.raise(Confirmed {}).dedup_id("confirmed").await,
        };
        match told {
            // It ended in an earlier run of this program, or because it wants more than there is.
            Ok(()) | Err(ClientError::AlreadyFinished { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match checkout.result().await {
            Ok(cents) => println!("{customer} has paid {cents} cents"),
            Err(ResultError::Failed(error)) => println!("{customer} has paid nothing: {error}"),
            Err(ResultError::Canceled) => println!("{customer} has changed their mind"),
            Err(error) => return Err(error.into()),
        }
        println!("in the cart: {:?}", cart.items().await?);
    }
    println!("in stock: {:?}", stock.items().await?);
    runtime.shutdown().await
}

fn records(pieces: u32) -> Items {
    Items::from([("record".to_owned(), pieces)])
}
