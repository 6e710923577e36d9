//! A worker without its epoch changes no row.

use std::sync::Arc;

use durable_runtime::ids::Lane;
use durable_runtime::ids::WorkerId;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::TurnWrite;

use super::scene::LEASE;
use super::scene::START;
use super::scene::Scene;
use super::scene::lane;
use super::scene::message_ids;
use super::scene::new_instance;
use super::scene::turn;
use super::scene::update;
use super::scene::worker;

/// A scene whose worker was taken over by another, with a turn that changes every table.
async fn fenced(store: Arc<dyn Store>) -> (Scene, TurnWrite) {
    let scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut write = turn(&row, 1);
    write.consumed = message_ids(&scene.inbox().await);
    write.update = Some(update(InstanceStatus::Running, row.execution));
    let mut child = new_instance("child");
    "unheard of".clone_into(&mut child.name);
    write.starts = vec![child];
    write.replacement = Some(Box::new(new_instance("a")));
    let later = START + LEASE * 2;
    let next = scene
        .store
        .worker_start(worker("next"), later)
        .await
        .unwrap();
    let claimed = scene.store.units_claim(&next, &[lane()], later).await;
    assert_eq!(claimed.unwrap(), scene.units);
    (scene, write)
}

fn assert_fenced<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Fenced)), "{result:?}");
}

/// No call of a fenced worker changes a row.
pub async fn a_fenced_worker_changes_no_row(store: Arc<dyn Store>) {
    let (mut scene, write) = fenced(store).await;
    let before = scene.store.dump().await.unwrap();
    let lease = scene.lease.clone();
    assert_fenced(&scene.try_commit(&[write]).await);
    assert_eq!(scene.lease, lease);
    assert_fenced(&scene.store.worker_renew(&lease, START).await);
    let lanes = [Lane::orchestrator("new", "1")];
    assert_fenced(&scene.store.units_claim(&lease, &lanes, START).await);
    assert_fenced(&scene.store.commit_outcome(&lease).await);
    scene.store.worker_stop(&lease, START).await.unwrap();
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// A commit that does not know the last one is fenced: two processes think they are this worker.
pub async fn a_commit_after_an_unknown_one_is_fenced(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let stale = scene.lease.clone();
    scene.commit(&[turn(&row, 1)]).await;
    let before = scene.store.dump().await.unwrap();
    let current = std::mem::replace(&mut scene.lease, stale);
    assert_fenced(&scene.try_commit(&[turn(&row, 2)]).await);
    assert_eq!(scene.store.dump().await.unwrap(), before);
    scene.lease = current;
    scene.commit(&[turn(&row, 2)]).await;
}

/// A worker that nobody has heard of is fenced.
pub async fn an_unknown_worker_is_fenced(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    scene.lease.worker = WorkerId(-1);
    assert_fenced(&scene.try_commit(&[turn(&row, 1)]).await);
    assert_fenced(&scene.store.commit_outcome(&scene.lease).await);
}

/// The stored commit id tells whether a commit happened.
pub async fn the_commit_outcome_tells_the_last_commit(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let before = scene.lease.commit_id;
    assert_eq!(
        scene.store.commit_outcome(&scene.lease).await.unwrap(),
        before
    );
    scene.commit(&[turn(&row, 1)]).await;
    assert_eq!(scene.lease.commit_id, before + 1);
    let mut unsure = scene.lease.clone();
    unsure.commit_id = before;
    assert_eq!(
        scene.store.commit_outcome(&unsure).await.unwrap(),
        before + 1
    );
}
