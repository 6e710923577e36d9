//! The lines of the guide, in a program that runs.

use std::collections::BTreeMap;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

type Sku = String;

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
enum OutOfStock {
    #[error("{missing} are missing")]
    Missing { missing: u32 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Default, Serialize, Deserialize)]
struct Inventory {
    stock: BTreeMap<Sku, u32>,
    shipped: usize,
}

#[entity]
impl Inventory {
    async fn reserve(
        &mut self,
        ctx: &EntityContext,
        sku: Sku,
        n: u32,
    ) -> Result<u32, OutOfStock> {
        let stock = self.stock.entry(sku).or_insert(10);
        if *stock < n {
            ctx.signal(Inventory::at("lost").shipped(1)).after(minutes(5));
            return Err(OutOfStock::Missing { missing: n - *stock });
        }
        *stock -= n;
        ctx.start(note(format!("{n} of {}", ctx.key())));
        Ok(*stock)
    }

    fn shipped(&mut self, n: usize) {
        self.shipped += n;
    }

    fn clear(&mut self, ctx: &EntityContext) {
        ctx.delete_state();
    }

    #[read_only]
    fn level(&self, sku: Sku) -> u32 {
        self.stock.get(&sku).copied().unwrap_or_default()
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Account {
    balance: i64,
}

#[entity]
impl Account {
    fn withdraw(&mut self, amount: i64) {
        self.balance -= amount;
    }

    fn deposit(&mut self, amount: i64) {
        self.balance += amount;
    }
}

#[orchestrator]
async fn note(_ctx: &OrchestrationContext, text: String) -> String {
    text
}

#[orchestrator]
async fn order(_ctx: &OrchestrationContext, sku: Sku) -> Result<u32, OutOfStock> {
    let left = Inventory::at("main").reserve(sku, 3).await?;
    Inventory::at("main").signal_shipped(3).await?;
    Ok(left)
}

#[orchestrator]
async fn transfer(_ctx: &OrchestrationContext, a: String, b: String) -> Result<(), Failure> {
    let (mut from, mut to) = lock!(Account::at(&a), Account::at(&b)).await?;
    from.withdraw(10).await?;
    to.deposit(10).await?;
    Ok(())
}

async fn shop() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store("memory:")
        .register_entity::<Inventory>()
        .register_entity::<Account>()
        .register(note)
        .register(order)
        .register(transfer)
        .start()
        .await?;
    let sku = "pen".to_owned();

    let inventory = InventoryClient::new(runtime.client(), "main");
    assert_eq!(inventory.reserve(sku.clone(), 3).await?, 7);
    inventory.signal_shipped(2).await?;
    let instance = OrderClient::new(runtime.client()).start(sku.clone()).await?;
    assert_eq!(instance.result().await?, 4);
    let missing = inventory.reserve(sku.clone(), 5).await;
    assert!(matches!(missing, Err(OperationError::Failed(OutOfStock::Missing { missing: 1 }))));
    assert_eq!(inventory.level(sku).await?, 4);
    assert_eq!(inventory.state().await?.map(|state| state.shipped), Some(5));
    inventory.clear().await?;
    assert!(inventory.state().await?.is_none());

    let transfers = TransferClient::new(runtime.client());
    transfers.start("a".to_owned(), "b".to_owned()).await?.result().await?;
    let balance = AccountClient::new(runtime.client(), "b").state().await?;
    assert_eq!(balance.map(|account| account.balance), Some(10));
    runtime.shutdown().await
}

pub(crate) fn main() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    tokio.block_on(shop()).unwrap();
}
