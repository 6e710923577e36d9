//! What a network and a server can do to a client that means well.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Client;
use durable_runtime::client::ClientError;
use durable_runtime::http::HttpLimits;
use durable_runtime::http::Management;
use durable_runtime::prelude::*;

use super::listener::Counted;
use super::listener::Listener;
use super::listener::api;
use super::listener::hub;
use super::listener::lossy;
use super::scenario::until;
use crate::http::functions::Approval;
use crate::http::functions::ApprovedOrderClient;
use crate::http::functions::EchoClient;
use crate::http::functions::OrderClient;

fn approval() -> Approval {
    Approval {
        by: "Ada".to_owned(),
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_unreachable() {
    let runtime = hub().await;
    let listener = Listener::of(&runtime).await;
    let impatient = listener.commands().patience(Duration::ZERO).build();
    let client = Client::new(Arc::new(impatient.unwrap()));
    let order = ApprovedOrderClient::new(&client).start(1).await.unwrap();
    let url = listener.url();
    listener.stop().await;
    let error = OrderClient::new(&client).start(1).await.unwrap_err();
    let ClientError::Unreachable { server, source } = &error else {
        panic!("{error:?}");
    };
    assert!(url.starts_with(server), "{server}");
    assert!(!source.to_string().is_empty());
    let error = order.result().await.unwrap_err();
    assert!(
        matches!(&error, ResultError::Client(ClientError::Unreachable { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_wait_goes_on_when_the_server_comes_back() {
    let runtime = hub().await;
    let seen = Counted::default();
    let app = seen.around(api(Management::new(runtime.client())));
    let listener = Listener::start(app.clone()).await;
    let order = ApprovedOrderClient::new(listener.client()).start(2);
    let order = order.await.unwrap();
    let waiting = order.clone();
    let result = tokio::spawn(async move { waiting.result().await });
    until(&runtime.client(), order.id(), |row| {
        row.custom_status.is_some()
    })
    .await;
    // The start, and one request that waits at least.
    seen.until(3).await;
    let address = listener.stop().await;
    let _listener = Listener::start_at(address, app).await;
    order.raise(approval()).await.unwrap();
    assert_eq!(result.await.unwrap().unwrap(), "Ada");
}

#[tokio::test]
async fn a_start_whose_answer_was_lost_starts_one_instance() {
    let runtime = hub().await;
    let management = Management::new(runtime.client());
    let (app, lost) = lossy(api(management), |path| path.ends_with("/start"));
    let listener = Listener::start(app).await;
    let order = OrderClient::new(listener.client()).start(4).await.unwrap();
    assert_eq!(order.result().await.unwrap(), 4);
    assert_eq!(lost.number(), 1);
    assert_eq!(runtime.client().instances().count().await.unwrap(), 1);
}

/// It could have deleted something, and would not say so the second time.
#[tokio::test]
async fn a_purge_whose_answer_was_lost_is_not_repeated() {
    let runtime = hub().await;
    let order = OrderClient::new(runtime.client()).start(4).await.unwrap();
    order.result().await.unwrap();
    let management = Management::new(runtime.client());
    let (app, lost) = lossy(api(management), |path| path.contains("/purge"));
    let listener = Listener::start(app).await;
    let error = listener.client().instances().purge().await.unwrap_err();
    assert!(
        matches!(error, ClientError::Unreachable { .. }),
        "{error:?}"
    );
    assert_eq!(lost.number(), 1);
    assert_eq!(runtime.client().instances().count().await.unwrap(), 0);
}

#[tokio::test]
async fn who_waits_asks_when_something_has_changed_and_not_before() {
    let runtime = hub().await;
    let order = ApprovedOrderClient::new(runtime.client()).start(2);
    let order = order.await.unwrap();
    until(&runtime.client(), order.id(), |row| {
        row.custom_status.is_some()
    })
    .await;
    let seen = Counted::default();
    let listener = Listener::start(seen.around(api(Management::new(runtime.client())))).await;
    let waiting = listener
        .client()
        .instance(order.id().clone())
        .of::<crate::http::functions::approved_order>();
    let result = tokio::spawn(async move { waiting.result().await });
    seen.until(2).await;
    order.raise(approval()).await.unwrap();
    assert_eq!(result.await.unwrap().unwrap(), "Ada");
    // The row, a change of it, the row again.
    assert_eq!(seen.number(), 3);
}

#[tokio::test]
async fn a_client_that_waits_does_not_hold_up_the_end_of_the_server() {
    let runtime = hub().await;
    let management = Management::new(runtime.client());
    let (closing, seen) = (management.closing(), Counted::default());
    let app = seen.around(api(management));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/durable", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
            let _stopped = stopped.await;
            closing.close();
        });
        serving.await
    });
    let commands = durable_runtime::client::HttpCommands::builder(url).patience(Duration::ZERO);
    let client = Client::new(Arc::new(commands.build().unwrap()));
    let order = ApprovedOrderClient::new(client).start(2).await.unwrap();
    let waiting = tokio::spawn(async move { order.result().await });
    seen.until(3).await;
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, ResultError::Client(ClientError::Unreachable { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_does_not_fit_in_one_answer_comes_with_the_next_page() {
    let runtime = hub().await;
    let echo = EchoClient::new(runtime.client());
    let text = serde_json::Value::from("x".repeat(1_000_000));
    for n in 0..7 {
        let instance = echo.start(Some(text.clone())).id(format!("e-{n}"));
        instance.await.unwrap().result().await.unwrap();
    }
    let listener = Listener::of(&runtime).await;
    // Each row has two megabytes: its input, and the same as its output.
    let commands = listener.commands().answer_bytes(9 * 1024 * 1024).build();
    let client = Client::new(Arc::new(commands.unwrap()));
    let mut pages = client.instances().page(1_000);
    let mut found = Vec::new();
    while let Some(page) = pages.next_page().await.unwrap() {
        found.push(
            page.into_iter()
                .map(|info| info.id().to_string())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [4, 3]);
    let all: BTreeSet<_> = found.into_iter().flatten().collect();
    assert_eq!(all.len(), 7);
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_after_a_while() {
    let runtime = hub().await;
    let mut limits = HttpLimits::default();
    limits.per_second = NonZeroU32::new(2);
    let management = Management::new(runtime.client()).limits(limits);
    let listener = Listener::start(api(management)).await;
    let client = listener.client();
    let orders = OrderClient::new(&client);
    for n in 0..4 {
        orders.start(1).id(format!("o-{n}")).await.unwrap();
    }
    assert_eq!(runtime.client().instances().count().await.unwrap(), 4);

    let impatient = listener.commands().patience(Duration::ZERO).build();
    let impatient = Client::new(Arc::new(impatient.unwrap()));
    let refused = async {
        loop {
            if let Err(error) = impatient.instances().count().await {
                return error;
            }
        }
    };
    let error = refused.await;
    assert!(
        matches!(error, ClientError::TooManyRequests { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn who_finds_no_place_to_wait_looks_now_and_then() {
    let runtime = hub().await;
    let mut limits = HttpLimits::default();
    limits.waiting = 0;
    let management = Management::new(runtime.client()).limits(limits);
    let seen = Counted::default();
    let listener = Listener::start(seen.around(api(management))).await;
    let order = ApprovedOrderClient::new(listener.client()).start(2);
    let order = order.await.unwrap();
    let waiting = order.clone();
    let result = tokio::spawn(async move { waiting.result().await });
    seen.until(3).await;
    order.raise(approval()).await.unwrap();
    assert_eq!(result.await.unwrap().unwrap(), "Ada");
}

#[tokio::test]
async fn a_command_that_the_server_does_not_take_is_too_large() {
    let runtime = hub().await;
    let listener = Listener::of(&runtime).await;
    let echo = EchoClient::new(listener.client());
    let text = serde_json::Value::from("x".repeat(3_000_000));
    let error = echo.start(Some(text)).id("e-1").await.unwrap_err();
    assert!(
        matches!(error, ClientError::PayloadTooLarge { .. }),
        "{error:?}"
    );
    assert_eq!(runtime.client().instances().count().await.unwrap(), 0);
}
