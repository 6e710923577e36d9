//! What an orchestrator with many calls at once and its test need comes with the two preludes.

use durable_runtime::prelude::*;
use durable_testkit::prelude::*;

#[activity]
async fn double(number: u32) -> u32 {
    number * 2
}

#[orchestrator]
async fn all_at_once(_ctx: &OrchestrationContext, numbers: Vec<u32>) -> Result<u32, Failure> {
    let each: u32 = try_join_all(numbers.iter().copied().map(double))
        .await?
        .iter()
        .sum();
    let again = join_all(numbers.iter().copied().map(double)).await;
    let again: u32 = again.into_iter().flatten().sum();
    let mut open: FuturesUnordered<_> = numbers.into_iter().map(double).collect();
    let mut in_turn = 0;
    while let Some(doubled) = open.next().await {
        in_turn += doubled?;
    }
    Ok(each + again + in_turn)
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Stock {
    left: u32,
}

#[entity]
impl Stock {
    fn take(&mut self, order: String, pieces: u32) -> Result<u32, Failure> {
        assert!(!order.is_empty());
        self.left -= pieces;
        Ok(self.left)
    }

    fn give(&mut self, order: String, pieces: u32) -> Result<u32, Failure> {
        assert!(!order.is_empty());
        self.left += pieces;
        Ok(self.left)
    }
}

#[orchestrator]
async fn sell(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    Stock::at("shelf").take("A-1".to_owned(), 2).await?;
    Stock::at("shelf").take("A-1".to_owned(), 3).await
}

type Take = MockedOperation<Stock, (String, u32), u32>;

/// A mock of an operation and its calls, in a signature.
fn sold(mock: Mock<Take>) -> (TestHub, Calls<Take>) {
    let kit = TestHub::new().register(sell);
    let calls = kit.mock(mock);
    (kit, calls)
}

#[tokio::test]
async fn the_types_of_a_mocked_operation_can_be_named() {
    let (kit, calls) = sold(StockMocks::take(|_order, pieces| Ok(10 - pieces)));
    assert_eq!(kit.start(sell()).await.result().await, Ok(7));
    assert_called!(calls, with[("A-1".to_owned(), 2), ("A-1".to_owned(), 3)]);
}

#[tokio::test]
#[should_panic(
    expected = "`.then(…)` continues a mock with one of operation `give` of entity `Stock`"
)]
async fn a_mock_is_not_continued_with_one_of_another_operation_of_the_same_types() {
    let take = StockMocks::take(|_order, pieces| Ok(pieces));
    let (kit, _calls) = sold(take.then(StockMocks::give(|_order, pieces| Ok(pieces))));
    let _ = kit.start(sell()).await.result().await;
}

/// The types of a mock and of its calls in a signature.
fn counted(mock: Mock<Call<double>>) -> (TestHub, Calls<Call<double>>) {
    let kit = TestHub::new().register(all_at_once);
    let calls = kit.mock(mock);
    (kit, calls)
}

#[tokio::test]
async fn many_calls_at_once_need_no_other_import() {
    let (kit, calls) = counted(double::with(|number| number * 2));
    let instance = kit.start(all_at_once(vec![1, 2])).await;
    assert_eq!(instance.result().await, Ok(18));
    assert_eq!(calls.calls(), 6);
}
