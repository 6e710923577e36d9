//! Operations of entities have mocks, typed like those of activities.

use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
enum StockError {
    #[error("{left} are left")]
    TooFew { left: u32 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
struct Stock {
    left: u32,
}

#[entity]
impl Stock {
    fn receive(&mut self, pieces: u32) {
        self.left += pieces;
    }

    fn take(&mut self, order: String, pieces: u32) -> Result<u32, StockError> {
        assert!(!order.is_empty());
        let left = self.left.checked_sub(pieces);
        self.left = left.ok_or(StockError::TooFew { left: self.left })?;
        Ok(self.left)
    }

    #[read_only]
    fn left(&self) -> u32 {
        self.left
    }
}

#[orchestrator]
async fn sell(_ctx: &OrchestrationContext, order: String) -> Result<u32, StockError> {
    let shelf = Stock::at("shelf");
    shelf.receive(5).await?;
    if shelf.left().await? < 5 {
        return Ok(0);
    }
    shelf.take(order, 3).await
}

#[tokio::test]
async fn a_mocked_operation_is_answered_and_leaves_the_state_to_the_others() {
    let kit = TestHub::new().register(sell).register_entity::<Stock>();
    let takes = kit.mock(StockMocks::take(|_order, pieces| Ok(pieces + 40)));
    let sale = kit.start(sell("A-1".to_owned())).await;
    assert_eq!(sale.result().await, Ok(43));
    assert_called!(takes, with[("A-1".to_owned(), 3)]);
    let shelf = StockClient::new(kit.client().await, "shelf");
    assert_eq!(shelf.state().await.unwrap(), Some(Stock { left: 5 }));
}

#[tokio::test]
async fn mocks_alone_stand_in_for_an_entity_that_is_not_registered() {
    let kit = TestHub::new().register(sell);
    let received = kit.mock(StockMocks::receive(|_pieces| ()));
    kit.mock(StockMocks::left(|| 9));
    kit.mock(
        StockMocks::take(|_, _| Err(StockError::TooFew { left: 1 }))
            .times(1)
            .then(StockMocks::take(|_, pieces| Ok(pieces))),
    );
    let first = kit.start(sell("A-1".to_owned())).await.result().await;
    assert_eq!(first, Err(StockError::TooFew { left: 1 }));
    let second = kit.start(sell("A-2".to_owned())).await.result().await;
    assert_eq!(second, Ok(3));
    assert_called!(received, 2);
}

#[tokio::test]
#[should_panic(expected = "entity `Stock` is neither mocked nor registered")]
async fn an_operation_that_nobody_answers_fails_the_test() {
    let kit = TestHub::new().register(sell);
    kit.mock(StockMocks::receive(|_pieces| ()));
    let _ended = kit.start(sell("A-1".to_owned())).await.result().await;
}

#[tokio::test]
#[should_panic(expected = "the mock of operation `left` of entity `Stock` is to take time")]
async fn an_operation_takes_no_time_and_neither_does_its_mock() {
    let kit = TestHub::new().register(sell).register_entity::<Stock>();
    kit.mock(StockMocks::left(|| 9).after(seconds(1)));
    let _ended = kit.start(sell("A-1".to_owned())).await.result().await;
}

#[tokio::test]
async fn a_crash_at_every_point_does_not_use_up_the_answers_of_a_mocked_operation() {
    let kit = TestHub::new().register(sell).register_entity::<Stock>();
    kit.mock(StockMocks::left(|| 5).times(1).then(StockMocks::left(|| 0)));
    let report = kit.crash_everywhere(sell("A-1".to_owned())).await;
    assert!(report.points().len() > 10, "{report}");
}
