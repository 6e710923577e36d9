//! Operations in many forms, and names that the generated code must not disturb.

use durable_runtime::entity::Entity;
use durable_runtime::prelude::*;

mod shop {
    use durable_runtime::prelude::*;

    /// Private, while the entity is public.
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct Secret(u64);

    pub type Result<T> = std::result::Result<T, Failure>;

    #[derive(Default, Clone, serde::Serialize, serde::Deserialize)]
    pub struct Shop {
        sum: u64,
    }

    #[entity]
    impl Shop {
        pub async fn nothing(&mut self) {}

        pub(crate) fn with_self(&self, other: Self, more: Vec<Self>) -> Self {
            Self { sum: self.sum + other.sum + more.len() as u64 }
        }

        fn hidden(&mut self, secret: Secret) -> Secret {
            secret
        }

        pub fn alias(self: &mut Self, ctx: &durable_runtime::entity::EntityContext) -> Result<u64> {
            Ok(ctx.key().len() as u64)
        }

        pub fn pattern(&mut self, (a, mut b): (u64, u64), _: u64) {
            b += a;
            self.sum += b;
        }

        pub fn call(&mut self, call: u64, arguments: u64, refused: u64, operation: u64) {
            self.sum = call + arguments + refused + operation;
        }

        pub fn r#match(&self) -> u64 {
            self.sum
        }

        #[read_only]
        pub async fn state(&self) -> u64 {
            self.sum
        }

        #[cfg(any())]
        pub fn elsewhere(&mut self, unknown: Unknown) {}

        #[allow(clippy::too_many_arguments)]
        pub fn many(
            &mut self,
            a: u8,
            b: u8,
            c: u8,
            d: u8,
            e: u8,
            f: u8,
            g: u8,
            h: u8,
            ctx: &EntityContext,
            i: u8,
            j: u8,
            k: u8,
            l: u8,
        ) -> usize {
            let all = [a, b, c, d, e, f, g, h, i, j, k, l];
            all.len() + ctx.key().len()
        }
    }

    pub(super) fn uses() {
        let _ = Shop::at("x").hidden(Secret(1));
    }
}

/// A private type with public operations.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Private;

#[entity]
impl Private {
    pub fn touch(&mut self) {}
}

mod elsewhere {
    #[derive(Default, serde::Serialize, serde::Deserialize)]
    pub(super) struct Distant;
}

#[entity]
impl elsewhere::Distant {
    fn touch(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

#[orchestrator]
async fn visit(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    let shop = shop::Shop::at("main");
    shop.nothing().await?;
    shop.pattern((1, 2), 3).await?;
    let copy = shop.with_self(shop::Shop::default(), Vec::new()).await?;
    shop.signal_with_self(copy, Vec::new()).await?;
    let _: u64 = shop.alias().await?;
    let _: u64 = shop.r#match().await?;
    shop.signal_match().await?;
    let _: usize = shop.many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12).await?;
    Private::at("main").touch().await?;
    elsewhere::Distant::at("main").touch().await
}

async fn look(client: Client) -> durable_runtime::Result<()> {
    let shop = shop::ShopClient::new(client.clone(), "main");
    // The operation, not what the client reads by itself.
    let _: u64 = shop.state().await?;
    let _: Option<shop::Shop> = client.entity::<shop::Shop>("main").state().await?;
    DistantClient::new(client, "main").touch().await?;
    Ok(())
}

pub(crate) fn main() {
    let names: Vec<_> = shop::Shop::OPERATIONS.iter().map(|operation| operation.name).collect();
    let expected = [
        "nothing", "with_self", "hidden", "alias", "pattern", "call", "match", "state", "many",
    ];
    assert_eq!(names, expected);
    assert!(shop::Shop::OPERATIONS[7].read_only);
    shop::uses();
    let _ = (visit(), look);
}
