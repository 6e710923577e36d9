#![deny(warnings)]
use durable_runtime::prelude::*;
use futures::FutureExt;
use futures::StreamExt;
use futures::TryFutureExt;
use futures::TryStreamExt;
use futures::future;
use futures::stream;
use futures::stream::FuturesUnordered;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Bid(u64);

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator(events(Bid))]
async fn pay(ctx: &OrchestrationContext) -> Result<u64, Failure> {
    future::try_join_all((0..3).map(charge)).await?;
    let (first, _rest) = future::select_ok([charge(1), charge(2)]).await?;
    let (_, _, rest) = future::select_all([charge(1), charge(2)]).await;
    future::join_all(rest).await;
    let _: future::Either<_, _> = future::select(charge(1), ctx.sleep(seconds(1))).await;
    charge(1).map(|cents| cents.is_ok()).await;
    charge(1).and_then(|cents| charge(cents + 1)).await?;
    charge(1).then(|_| ctx.sleep(seconds(1))).fuse().await;
    future::OptionFuture::from(Some(charge(1))).await;
    let either = if first == 1 { charge(1).left_future() } else { charge(2).right_future() };
    either.await?;
    let mut open: FuturesUnordered<_> = (0..3).map(charge).collect();
    while let Some(done) = open.next().await {
        if done? == 0 {
            open.push(charge(7));
        }
    }
    stream::iter(0..9).map(charge).buffered(3).try_collect::<Vec<_>>().await?;
    stream::iter(0..9).map(charge).buffer_unordered(3).collect::<Vec<_>>().await;
    let bids = ctx.events::<Bid>().take(2).collect::<Vec<_>>().await;
    let mut call = charge(1);
    (&mut call).await?;
    let boxed: std::pin::Pin<Box<_>> = Box::pin(charge(2));
    boxed.await?;
    let spawned = charge(3).spawn();
    spawned.await?;
    Ok(bids[0].0)
}

pub(crate) fn main() {}
