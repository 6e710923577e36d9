//! A store that is let go of.

use std::fmt::Debug;
use std::sync::Arc;

use durable_runtime::store::InstanceCommand;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;

use super::scene::START;
use super::scene::Scene;
use super::scene::lane;
use super::scene::new_instance;
use super::scene::raised;
use super::scene::turn;
use super::scene::worker;

fn assert_closed<T: Debug>(result: &Result<T, StoreError>) {
    assert!(
        matches!(result, Err(StoreError::Closed { .. })),
        "{result:?}"
    );
}

/// Nothing is read or written any more once it is closed, whoever asks; closing again is no error.
pub async fn a_closed_store_refuses_everything(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    scene.store.close().await;
    scene.store.close().await;
    assert_closed(&scene.try_commit(&[turn(&row, 1)]).await);
    let (store, lease) = (&scene.store, &scene.lease);
    assert_closed(&store.commit_outcome(lease).await);
    assert_closed(&store.instance_fetch(&row.id).await);
    assert_closed(&store.instance_load(row.key).await);
    let new = new_instance("b");
    let if_exists = durable_runtime::commands::IfExists::Fail;
    assert_closed(&store.instance_create(&new, &if_exists, 10, START).await);
    let command = InstanceCommand {
        command: "command".to_owned(),
        body: raised("Approval"),
        refused_by: Vec::new(),
        most_unread: 10,
    };
    assert_closed(&store.message_send(&row.id, &command, START).await);
    assert_closed(&store.inbox_fetch(&scene.units, &[], None, 10).await);
    assert_closed(&store.units_claim(lease, &[lane()], START).await);
    assert_closed(&store.worker_renew(lease, START).await);
    assert_closed(&store.worker_stop(lease, START).await);
    assert_closed(&store.worker_start(worker("next"), START).await);
    assert_closed(&store.answers_expire(START, 1).await);
    assert_closed(&store.dump().await);
    assert_closed(&store.hub_open(START).await);
}
