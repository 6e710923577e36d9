//! Five hundred transfers between ten accounts; see `durable_examples::bank_transfer`. Kill it wherever
//! you like and start it again.

use durable_examples::bank_transfer::Account;
use durable_examples::bank_transfer::AccountClient;
use durable_examples::bank_transfer::AddUpClient;
use durable_examples::bank_transfer::TransferClient;
use durable_examples::bank_transfer::add_up;
use durable_examples::bank_transfer::transfer;
use durable_examples::options::store_url;
use durable_runtime::client::Client;
use durable_runtime::client::ResultError;
use durable_runtime::ids::fnv1a64;
use durable_runtime::prelude::*;
use futures::StreamExt;
use futures::TryStreamExt;
use futures::stream;

const ACCOUNTS: u64 = 10;
const OPENING_CENTS: u64 = 1_000;
const TRANSFERS: u64 = 500;
/// How many transfers are under way at the same time.
const CONCURRENCY: usize = 32;

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(store_url("bank_transfer"))
        .register_entity::<Account>()
        .register(transfer)
        .register(add_up)
        .start()
        .await?;
    let client = runtime.client();
    let accounts: Vec<String> = (0..ACCOUNTS).map(account).collect();

    for number in &accounts {
        let account = AccountClient::new(&client, number);
        // Once, however often this program is started.
        account.deposit(OPENING_CENTS).dedup_id("opening").await?;
    }
    // Transfers of an earlier run may be under way: only a lock of all accounts sees one moment.
    let adding_up = AddUpClient::new(&client).start(accounts.clone()).await?;
    println!("sum_before {}", adding_up.result().await?);

    stream::iter(0..TRANSFERS)
        .map(|number| move_money(&client, number))
        .buffer_unordered(CONCURRENCY)
        .try_collect::<()>()
        .await?;

    // A call waits behind the locks, whose ends may still be on their way.
    let mut sum = 0;
    for number in &accounts {
        sum += AccountClient::new(&client, number).balance().await?;
    }
    println!("sum_after {sum}");
    println!("locks_held {}", locks_held(&client).await?);

    runtime.shutdown().await
}

fn account(number: u64) -> String {
    format!("account-{number}")
}

/// A transfer between two accounts that its number draws, of as much as it draws. It may not be
/// covered; then nothing is moved.
async fn move_money(client: &Client, number: u64) -> durable_runtime::Result<()> {
    let draw = fnv1a64(format!("transfer {number}").as_bytes());
    let from = draw % ACCOUNTS;
    let to = (from + 1 + draw / 64 % (ACCOUNTS - 1)) % ACCOUNTS;
    let cents = 1 + draw / 1_024 % 500;
    let transfers = TransferClient::new(client);
    let start = transfers.start(account(from), account(to), cents);
    let start = start.id(format!("transfer-{number}"));
    let transfer = start.if_exists(IfExists::Use).await?;
    match transfer.result().await {
        Ok(()) | Err(ResultError::Failed(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn locks_held(client: &Client) -> Result<usize, ClientError> {
    let mut pages = client.entities().name("Account").page(100);
    let mut held = 0;
    while let Some(accounts) = pages.next_page().await? {
        let locked = accounts
            .iter()
            .filter(|account| account.locked_by().is_some());
        held += locked.count();
    }
    Ok(held)
}
