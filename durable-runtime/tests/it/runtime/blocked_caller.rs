//! Callers that block the only thread of their runtime, whatever they have under way: the hub goes on.

use std::future::Future;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use durable_runtime::prelude::*;

use super::functions::OrderClient;
use super::hub::Hub;

/// Far more than the hub needs, and less than the 30 s that the driver waits for a connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// Has a runtime with a single thread, which the test may block.
fn on_one_thread<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(test)
}

/// Runs on a thread of its own; this one is blocked until that has ended.
fn blocked_by<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let (ends, ended) = mpsc::channel();
    std::thread::spawn(move || ends.send(on_one_thread(work)));
    // In time only if the hub goes on.
    ended.recv_timeout(PATIENCE).unwrap()
}

/// Starts an order as another process does, and waits for its end.
fn one_elsewhere(hub: &Hub, id: &str) -> u32 {
    let (url, id) = (hub.url.clone(), id.to_owned());
    blocked_by(async move {
        let client = Client::open(&url).await.unwrap();
        let order = OrderClient::new(&client).start(3).id(id).await.unwrap();
        let items = order.result().await.unwrap();
        client.close().await;
        items
    })
}

/// Gets as far with it as `polls` polls do, and leaves it there.
async fn get_into<F: Future + ?Sized>(mut future: Pin<&mut F>, polls: usize) {
    for _ in 0..polls {
        let ready = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if ready {
            return;
        }
        tokio::task::yield_now().await;
        // Answers come from other threads.
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn what_a_caller_started_completes_while_it_blocks_its_only_thread() {
    let hub = Hub::new();
    on_one_thread(async {
        let runtime = hub.start().await;
        OrderClient::new(runtime.client())
            .start(3)
            .id("order")
            .await
            .unwrap();
        let url = hub.url.clone();
        let items = blocked_by(async move {
            let client = Client::open(&url).await.unwrap();
            let order = OrderClient::new(&client).instance(InstanceId::new("order").unwrap());
            order.result().await.unwrap()
        });
        assert_eq!(items, 3);
        runtime.shutdown().await.unwrap();
    });
}

#[test]
fn a_command_that_its_caller_leaves_anywhere_holds_up_nobody() {
    let hub = Hub::new();
    on_one_thread(async {
        let runtime = hub.start().await;
        let orders = OrderClient::new(runtime.client());
        for polls in 1..12 {
            let mut left = Box::pin(orders.start(1).into_future());
            get_into(left.as_mut(), polls).await;
            assert_eq!(one_elsewhere(&hub, &format!("beside-{polls}")), 3);
            drop(left);
            assert_eq!(one_elsewhere(&hub, &format!("after-{polls}")), 3);
        }
        runtime.shutdown().await.unwrap();
    });
}

#[test]
fn reads_that_their_caller_leaves_anywhere_hold_up_nobody() {
    let hub = Hub::new();
    on_one_thread(async {
        let runtime = hub.start().await;
        let client = runtime.client();
        let order = OrderClient::new(&client).start(1).await.unwrap();
        order.result().await.unwrap();
        for polls in 1..8 {
            // More than there are connections to read with.
            let mut left: Vec<_> = (0..9).map(|_| Box::pin(order.status())).collect();
            for read in &mut left {
                get_into(read.as_mut(), polls).await;
            }
            assert_eq!(one_elsewhere(&hub, &format!("beside-{polls}")), 3);
            drop(left);
            assert_eq!(one_elsewhere(&hub, &format!("after-{polls}")), 3);
        }
        runtime.shutdown().await.unwrap();
    });
}
