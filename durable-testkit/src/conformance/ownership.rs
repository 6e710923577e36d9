//! Workers and the units they own.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::ids::Lane;
use durable_runtime::ids::Unit;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::WorkerLease;

use super::scene::LEASE;
use super::scene::START;
use super::scene::Scene;
use super::scene::lane;
use super::scene::worker;

async fn start(store: &Arc<dyn Store>, name: &str) -> WorkerLease {
    store.worker_start(worker(name), START).await.unwrap()
}

async fn claim(store: &Arc<dyn Store>, lease: &WorkerLease, after: Duration) -> Vec<Unit> {
    let units = store.units_claim(lease, &[lane()], START + after).await;
    units.unwrap()
}

/// A worker by itself owns everything, and a second claim changes nothing.
pub async fn a_lone_worker_owns_all_units(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    assert_eq!(scene.units.len(), 8);
    assert!(scene.units.is_sorted());
    let again = claim(&scene.store, &scene.lease, Duration::ZERO).await;
    assert_eq!(again, scene.units);
}

/// Lanes have units of their own; a lane no longer named is given back.
pub async fn a_worker_owns_the_lanes_it_registers_for(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let lanes = [
        lane(),
        Lane::orchestrator("greet", "2"),
        Lane::orchestrator("part", "1"),
    ];
    let units = scene
        .store
        .units_claim(&scene.lease, &lanes, START)
        .await
        .unwrap();
    assert_eq!(units.len(), 24);
    assert!(scene.units.iter().all(|unit| units.contains(unit)));
    let fewer = scene
        .store
        .units_claim(&scene.lease, &lanes[1..], START)
        .await
        .unwrap();
    assert_eq!(fewer.len(), 16);
    assert!(scene.units.iter().all(|unit| !fewer.contains(unit)));
    let none = scene
        .store
        .units_claim(&scene.lease, &[], START)
        .await
        .unwrap();
    assert!(none.is_empty());
}

/// What is registered is what the workers that are there have; without any, all that ever was.
pub async fn registered_lanes_are_told(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, lease) = (&scene.store, &scene.lease);
    assert_eq!(store.lanes_registered().await.unwrap(), [lane()]);
    let other = [Lane::orchestrator("greet", "2"), Lane::entity("Stock")];
    store.units_claim(lease, &other, START).await.unwrap();
    let [greet, stock] = other;
    let registered = store.lanes_registered().await.unwrap();
    assert_eq!(registered, [stock.clone(), greet.clone()]);
    store.worker_stop(lease, START).await.unwrap();
    let ever = store.lanes_registered().await.unwrap();
    assert_eq!(ever.len(), 3, "{ever:?}");
    assert!(
        [lane(), greet, stock]
            .iter()
            .all(|lane| ever.contains(lane))
    );
}

/// A renewed lease ends later.
pub async fn a_lease_can_be_renewed(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let before = scene.store.dump().await.unwrap();
    scene
        .store
        .worker_renew(&scene.lease, START + LEASE)
        .await
        .unwrap();
    assert_ne!(scene.store.dump().await.unwrap(), before);
}

/// A worker that stops leaves its units to the next one, at once.
pub async fn a_stopped_worker_gives_everything_back(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    scene.store.worker_stop(&scene.lease, START).await.unwrap();
    let next = start(&scene.store, "next").await;
    assert_ne!(next.worker, scene.lease.worker);
    assert_eq!(
        claim(&scene.store, &next, Duration::ZERO).await,
        scene.units
    );
    let renewed = scene.store.worker_renew(&scene.lease, START).await;
    assert!(matches!(renewed, Err(StoreError::Fenced)));
    scene.store.worker_stop(&scene.lease, START).await.unwrap();
}

/// Where the store is exclusive, a new worker takes everything over at once.
pub async fn an_exclusive_store_hands_over_at_once(store: Arc<dyn Store>) {
    if !store.is_exclusive() {
        return;
    }
    let scene = Scene::new(store).await;
    let next = start(&scene.store, "next").await;
    let renewed = scene.store.worker_renew(&scene.lease, START).await;
    assert!(matches!(renewed, Err(StoreError::Fenced)));
    assert_eq!(
        claim(&scene.store, &next, Duration::ZERO).await,
        scene.units
    );
}

/// Two workers end up with half each.
pub async fn units_are_spread_evenly(store: Arc<dyn Store>) {
    if store.is_exclusive() {
        return;
    }
    let scene = Scene::new(store).await;
    let second = start(&scene.store, "second").await;
    assert!(
        claim(&scene.store, &second, Duration::ZERO)
            .await
            .is_empty()
    );
    let kept = claim(&scene.store, &scene.lease, Duration::ZERO).await;
    let taken = claim(&scene.store, &second, Duration::ZERO).await;
    assert_eq!((kept.len(), taken.len()), (4, 4));
    assert!(kept.iter().all(|unit| !taken.contains(unit)));
}

/// A worker that registered for another lane does not count.
pub async fn only_workers_of_a_lane_share_it(store: Arc<dyn Store>) {
    if store.is_exclusive() {
        return;
    }
    let scene = Scene::new(store).await;
    let second = start(&scene.store, "second").await;
    let other = [Lane::orchestrator("other", "1")];
    let taken = scene
        .store
        .units_claim(&second, &other, START)
        .await
        .unwrap();
    assert_eq!(taken.len(), 8);
    let kept = claim(&scene.store, &scene.lease, Duration::ZERO).await;
    assert_eq!(kept, scene.units);
}

/// A live worker keeps its units, to the end of its lease.
pub async fn a_live_worker_is_left_alone(store: Arc<dyn Store>) {
    if store.is_exclusive() {
        return;
    }
    let scene = Scene::new(store).await;
    let second = start(&scene.store, "second").await;
    let almost = LEASE.checked_sub(Duration::from_millis(1)).unwrap();
    assert!(claim(&scene.store, &second, almost).await.is_empty());
    scene.store.worker_renew(&scene.lease, START).await.unwrap();
}

/// The units of a dead worker go to the next one, and the dead one is fenced.
pub async fn the_units_of_a_dead_worker_are_taken_over(store: Arc<dyn Store>) {
    if store.is_exclusive() {
        return;
    }
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let second = start(&scene.store, "second").await;
    scene
        .store
        .worker_renew(&second, START + LEASE)
        .await
        .unwrap();
    let taken = claim(&scene.store, &second, LEASE).await;
    assert_eq!(taken, scene.units);
    let late = scene.try_commit(&[super::scene::turn(&row, 1)]).await;
    assert!(matches!(late, Err(StoreError::Fenced)));
    let claimed = scene
        .store
        .units_claim(&scene.lease, &[lane()], START)
        .await;
    assert!(matches!(claimed, Err(StoreError::Fenced)));
}

/// A lease that has run out is still good while nobody has taken over.
pub async fn a_late_worker_goes_on_where_nobody_took_over(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let late = START + LEASE * 2;
    scene.store.worker_renew(&scene.lease, late).await.unwrap();
    assert_eq!(
        claim(&scene.store, &scene.lease, LEASE * 4).await,
        scene.units
    );
}
