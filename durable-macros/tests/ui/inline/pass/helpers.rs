//! Keeps D018.

use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator(inline)]
async fn nap(ctx: &OrchestrationContext) {
    ctx.sleep(seconds(1)).await;
}

#[orchestrator(inline)]
async fn longest<'a>(ctx: &OrchestrationContext, a: &'a str, b: &mut Vec<&'a str>) -> &'a str {
    nap(ctx).await;
    b.push(a);
    b.iter().copied().max_by_key(|text| text.len()).unwrap_or(a)
}

#[orchestrator(inline)]
async fn charge_all<T>(_ctx: &OrchestrationContext, items: &[T]) -> Result<u64, Failure>
where
    T: Clone + Into<u64> + Sync,
{
    let mut sum = 0;
    for item in items {
        sum += charge(item.clone().into()).await?;
    }
    Ok(sum)
}

#[orchestrator(inline)]
async fn shown(ctx: &OrchestrationContext, what: impl Into<String> + Send) -> String {
    nap(ctx).await;
    what.into()
}

#[orchestrator(inline)]
async fn countdown(ctx: &OrchestrationContext, from: u32) -> u32 {
    nap(ctx).await;
    if from == 0 { 0 } else { countdown(ctx, from - 1).await + 1 }
}

struct Cart {
    cents: Vec<u64>,
}

impl Cart {
    #[orchestrator(inline)]
    async fn pay(&mut self, ctx: &OrchestrationContext) -> Result<&u64, Failure> {
        let sum = charge_all(ctx, &self.cents).await?;
        self.cents.push(sum);
        Ok(&self.cents[self.cents.len() - 1])
    }
}

#[orchestrator]
async fn shop(ctx: &OrchestrationContext, cents: Vec<u64>) -> Result<u64, Failure> {
    let mut names = vec!["a"];
    longest(ctx, "abc", &mut names).await;
    names.push(&shown(ctx, "x").await);
    countdown(ctx, 3).await;
    let mut cart = Cart { cents };
    let boxed = ctx.sleep(seconds(1)).boxed_durable();
    boxed.await;
    Ok(*cart.pay(ctx).await?)
}

pub(crate) fn main() {
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(shop);
    // `charge` is called by a method, which nobody can look up by name.
    assert!(registry.check().is_ok());
}
