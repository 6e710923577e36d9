//! What a client over HTTP does is what a client on the store does.

use durable_runtime::http::Management;

use super::listener::Listener;
use super::listener::api;
use super::listener::hub;
use super::listener::lossy;
use super::scenario::everything;

#[tokio::test]
async fn a_client_over_http_does_what_a_client_on_the_store_does() {
    let near = hub().await;
    let expected = everything(&near.client()).await;
    let far = hub().await;
    let listener = Listener::of(&far).await;
    let told = everything(&listener.client()).await;
    assert_eq!(expected.0, told.0);
}

#[tokio::test]
async fn answers_that_are_lost_change_nothing_of_what_is_done() {
    let near = hub().await;
    let expected = everything(&near.client()).await;
    let far = hub().await;
    // A purge says how much it deleted, so it is not repeated; a wait for a change is not repeated
    // but begun anew.
    let is_repeated = |path: &str| !path.contains("purge") && !path.ends_with("changed");
    let (app, lost) = lossy(api(Management::new(far.client())), is_repeated);
    let listener = Listener::start(app).await;
    let told = everything(&listener.client()).await;
    assert_eq!(expected.0, told.0);
    assert!(lost.number() > 100, "{lost:?}");
}
