//! Keeps D101, D102, D103, D104, D105, D106, D107.

use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Inventory {
    stock: std::collections::BTreeMap<String, u32>,
}

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
enum OutOfStock {
    #[error("{missing} are missing")]
    Missing { missing: u32 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[entity]
impl Inventory {
    /// The most of one kind.
    const MOST: u32 = 1_000;

    /// Takes `n` from the stock, and returns what is left.
    async fn reserve(
        &mut self,
        ctx: &EntityContext,
        sku: String,
        n: u32,
    ) -> Result<u32, OutOfStock> {
        let stock = self.stock.entry(sku.clone()).or_default();
        match stock.checked_sub(n) {
            Some(left) => {
                *stock = left;
                Ok(left)
            }
            None => {
                ctx.signal(Inventory::at("supplier").shipped(sku, n)).after(minutes(5));
                Err(OutOfStock::Missing { missing: n - *stock })
            }
        }
    }

    fn shipped(&mut self, sku: String, n: u32) {
        let stock = self.stock.entry(sku).or_default();
        *stock = Self::limited(*stock + n);
    }

    #[read_only]
    fn level(&self, sku: String) -> u32 {
        self.stock.get(&sku).copied().unwrap_or_default()
    }

    /// No operation.
    fn limited(n: u32) -> u32 {
        n.min(Self::MOST)
    }
}

impl Inventory {
    /// No operation either.
    fn is_empty(&self) -> bool {
        self.stock.is_empty()
    }
}

#[orchestrator]
async fn order(_ctx: &OrchestrationContext, sku: String) -> Result<u32, OutOfStock> {
    Inventory::at("main").signal_shipped(sku.clone(), 2).await?;
    let left = Inventory::at("main").reserve(sku.clone(), 1).await?;
    let mut locked = lock!(Inventory::at("main"), Inventory::at(&sku)).await?;
    locked.0.shipped(sku.clone(), 1).await?;
    let level: Result<u32, Failure> = locked.1.level(sku).await;
    Ok(left + level?)
}

async fn from_outside(client: Client) -> durable_runtime::Result<()> {
    let inventory = InventoryClient::new(client, "main");
    inventory.signal_shipped("pen".to_owned(), 2).dedup_id("delivery 1").await?;
    let _left: u32 = inventory.reserve("pen".to_owned(), 1).timeout(seconds(1)).await?;
    let _state: Option<Inventory> = inventory.state().await?;
    let _backlog = inventory.info().await?;
    assert_eq!(inventory.id().key(), "main");
    Ok(())
}

pub(crate) fn main() {
    assert!(Inventory::default().is_empty());
    let entity = Inventory::at("main");
    assert_eq!(entity.id().name(), "Inventory");
    let _call = entity.level("pen".to_owned());
    let _ = (order("pen".to_owned()), from_outside);
}
