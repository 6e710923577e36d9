//! What would not come back is refused at each place where a value is recorded.

use durable_runtime::client::ClientError;
use durable_runtime::client::OperationError;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;

use super::entities::Shelf;
use super::entities::ShelfClient;
use super::values;
use super::values::Order;

#[activity(retry(max_attempts = 3, initial = "1s"))]
async fn take(order: Order) {
    drop(order);
}

#[activity]
async fn take_second(number: u8, order: Order) {
    let _ = (number, order);
}

#[activity(retry(max_attempts = 3, initial = "1s"))]
async fn give(kind: usize) -> Order {
    values::order(kind)
}

#[orchestrator(events(Order))]
async fn receive(ctx: &OrchestrationContext, order: Order) -> usize {
    let _ = (order, ctx.wait_for::<Order>().await);
    0
}

#[orchestrator]
async fn call_with(
    ctx: &OrchestrationContext,
    place: u8,
    kind: usize,
) -> Result<Result<(), Failure>, Failure> {
    let order = values::order(kind);
    Ok(match place {
        0 => take(order).await,
        1 => take_second(1, order).await,
        2 => give(kind).await.map(drop),
        3 => receive(order).await.map(drop),
        4 => ctx.start_detached(receive(order)).await.map(drop),
        5 => end_with(0, kind, None).await.map(drop),
        6 => Shelf::at("a").put(order).await,
        _ => Shelf::at("a").signal_put(order).await,
    })
}

#[orchestrator(status = Order)]
async fn end_with(
    ctx: &OrchestrationContext,
    place: u8,
    kind: usize,
    carried: Option<Order>,
) -> Result<Order, Failure> {
    drop(carried);
    let order = values::order(kind);
    match place {
        0 => return Ok(order),
        1 => return Ok(ctx.side_effect(|| order).await),
        2 => ctx.set_status(order),
        _ => return ctx.continue_as_new((place, kind, Some(order))).await,
    }
    ctx.sleep(hours(1)).await;
    Ok(Order::default())
}

fn hub() -> TestHub {
    TestHub::new()
        .register(take)
        .register(take_second)
        .register(give)
        .register(receive)
        .register(call_with)
        .register(end_with)
        .register_entity::<Shelf>()
}

fn assert_told_to_client(kind: usize, refused: Result<(), ClientError>) {
    match refused {
        Err(ClientError::Codec(error)) => values::assert_told(kind, &Failure::Codec(error)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_is_told_and_nothing_is_written() {
    let kit = hub();
    let client = kit.client().await;
    let starts = ReceiveClient::new(&client);
    let shelf = ShelfClient::new(&client, "a");
    let waiting = kit.start(receive(Order::default())).await;
    for kind in 0..values::count() {
        let order = || values::order(kind);
        assert_told_to_client(kind, starts.start(order()).await.map(drop));
        let with_event = starts.start(Order::default()).event(order()).await;
        assert_told_to_client(kind, with_event.map(drop));
        assert_told_to_client(kind, waiting.instance().raise(order()).await);
        assert_told_to_client(kind, shelf.signal_put(order()).await.map(drop));
        match shelf.put(order()).await {
            Err(OperationError::Client(error)) => assert_told_to_client(kind, Err(error)),
            other => panic!("{other:?}"),
        }
        let listed = client.instances().custom_status(&order());
        if let Err(error) = listed {
            assert_told_to_client(kind, Err(error));
        }
    }
    kit.settle().await;
    assert_eq!(client.instances().count().await.unwrap(), 1);
    assert!(shelf.info().await.unwrap().is_none());
    assert!(!waiting.status().await.status().is_terminal());
}

#[tokio::test]
async fn a_call_of_an_orchestrator_fails_and_the_orchestrator_goes_on() {
    for place in 0..8 {
        for kind in 0..values::count() {
            let kit = hub();
            let refused = kit.start(call_with(place, kind)).await.result().await;
            values::assert_told(kind, &refused.unwrap().unwrap_err());
        }
    }
}

#[tokio::test]
async fn an_instance_fails_where_its_code_could_not_be_told() {
    for place in 0..4 {
        for kind in 0..values::count() {
            let kit = hub();
            let ended = kit.start(end_with(place, kind, None)).await.result().await;
            values::assert_told(kind, &ended.unwrap_err());
        }
    }
}

#[tokio::test]
async fn a_result_that_is_refused_is_not_tried_again() {
    let kit = hub();
    let refused = kit.start(call_with(2, 0)).await.result().await;
    values::assert_told(0, &refused.unwrap().unwrap_err());
    assert_eq!(kit.calls_of(give).calls(), 1);
}

#[tokio::test]
async fn the_answer_of_a_mock_is_held_to_the_same() {
    let kit = hub();
    kit.mock(give::with(|_| values::order(1)));
    let refused = kit.start(call_with(2, 0)).await.result().await;
    values::assert_told(1, &refused.unwrap().unwrap_err());
}

#[tokio::test]
async fn the_number_of_the_argument_is_told() {
    let refused = hub().start(call_with(1, 0)).await.result().await;
    let said = refused.unwrap().unwrap_err().to_string();
    assert!(
        said.contains("Order` (argument 2): items[1].Price: NaN"),
        "{said}"
    );
}
