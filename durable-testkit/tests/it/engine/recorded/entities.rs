//! An operation is a transaction: one that leaves what would not come back is undone.

use durable_runtime::client::OperationError;
use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use super::values;
use super::values::Order;

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Shelf {
    orders: Vec<Order>,
    mean: f64,
    count: u32,
}

#[entity]
impl Shelf {
    pub(super) fn put(&mut self, order: Order) {
        self.orders.push(order);
    }

    fn spoil(&mut self, kind: usize) {
        self.count += 1;
        self.orders = vec![values::order(kind)];
    }

    fn answer(&mut self, kind: usize) -> Order {
        self.count += 1;
        values::order(kind)
    }

    fn pass_on(&mut self, ctx: &EntityContext, kind: usize) {
        self.count += 1;
        ctx.signal(Shelf::at("other").put(values::order(kind)));
    }

    fn begin(&mut self, ctx: &EntityContext, kind: usize) {
        self.count += 1;
        ctx.start(store(values::order(kind)));
    }

    /// Nobody has added anything yet.
    fn recompute(&mut self) {
        self.mean = f64::from(self.count) / 0.0;
    }

    fn add(&mut self) -> u32 {
        self.count += 1;
        self.count
    }
}

#[orchestrator]
async fn store(_ctx: &OrchestrationContext, order: Order) -> usize {
    drop(order);
    0
}

fn failed<T: std::fmt::Debug>(answer: Result<T, OperationError<Failure>>) -> Failure {
    match answer {
        Err(OperationError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_operation_that_leaves_what_would_not_come_back_is_undone() {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(store)
        .register_entity::<Shelf>();
    let runtime = runtime.start().await.unwrap();
    let shelf = ShelfClient::new(runtime.client(), "a");
    let mut count = 0;
    for kind in 0..values::count() {
        values::assert_told(kind, &failed(shelf.spoil(kind).await));
        values::assert_told(kind, &failed(shelf.answer(kind).await));
        values::assert_told(kind, &failed(shelf.pass_on(kind).await));
        values::assert_told(kind, &failed(shelf.begin(kind).await));
        count += 1;
        assert_eq!(shelf.add().await.unwrap(), count);
    }
    assert_eq!(runtime.client().instances().count().await.unwrap(), 0);
    assert!(shelf.state().await.unwrap().unwrap().orders.is_empty());
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_mean_of_nothing_does_not_spoil_the_entity() {
    let runtime = Runtime::builder()
        .store("memory:")
        .register_entity::<Shelf>();
    let runtime = runtime.start().await.unwrap();
    let shelf = ShelfClient::new(runtime.client(), "a");
    let said = failed(shelf.recompute().await).to_string();
    assert!(said.ends_with("mean: NaN has no JSON form"), "{said}");
    assert_eq!(shelf.add().await.unwrap(), 1);
    runtime.shutdown().await.unwrap();
}
