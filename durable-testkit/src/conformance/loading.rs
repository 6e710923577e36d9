//! Loading instances.

use std::sync::Arc;

use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::store::Store;
use durable_runtime::work::Heartbeat;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::new_instance;
use super::scene::payload;
use super::scene::raised;
use super::scene::turn;
use super::scene::update;

/// Row, turns of the current execution, inbox and progress, all in one.
pub async fn an_instance_is_loaded_with_all_it_needs(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let _ = scene.send("a", "x", &raised("e")).await;
    let mut write = turn(&row, 1);
    write.heartbeats = vec![beat(&row, 2, "half")];
    scene.commit(&[write]).await;
    let loaded = scene.store.instance_load(row.key).await.unwrap().unwrap();
    assert_eq!(loaded.instance, row);
    assert_eq!((loaded.turns.unwrap().len(), loaded.inbox.len()), (1, 2));
    assert!(loaded.inbox.is_sorted_by_key(|message| message.id));
    assert_eq!(loaded.heartbeats, [beat(&row, 2, "half")]);
}

/// The turns of executions before are not loaded.
pub async fn only_the_current_execution_is_loaded(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut write = turn(&row, 1);
    let mut anew = update(InstanceStatus::Running, Execution(2));
    anew.input = Some(Some(payload("again")));
    write.update = Some(anew);
    scene.commit(&[write]).await;
    let loaded = scene.store.instance_load(row.key).await.unwrap().unwrap();
    assert!(loaded.turns.unwrap().is_empty());
    assert_eq!(loaded.instance.execution, Execution(2));
    assert_eq!(loaded.instance.input, Some(payload("again")));
}

/// Where a turn has a checkpoint, what stands before it is not loaded, and is still kept.
pub async fn loading_begins_with_the_checkpoint(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut writes: Vec<_> = (1..=9).map(|number| turn(&row, number)).collect();
    for (write, checkpoint) in [(2, 3), (6, 7)] {
        let mut saved = update(InstanceStatus::Running, row.execution);
        saved.checkpoint = Some(checkpoint);
        writes[write].update = Some(saved);
    }
    scene.commit(&writes).await;
    let loaded = scene.store.instance_load(row.key).await.unwrap().unwrap();
    assert_eq!(loaded.instance.checkpoint, Some(7));
    let turns: Vec<_> = loaded
        .turns
        .unwrap()
        .iter()
        .map(|record| record.turn)
        .collect();
    assert_eq!(turns, [7, 8, 9]);
    let all = scene.store.history_fetch(row.key, row.execution).await;
    assert_eq!(all.unwrap().len(), 9);
}

/// The next execution begins without a checkpoint.
pub async fn a_checkpoint_ends_with_its_execution(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut write = turn(&row, 1);
    let mut saved = update(InstanceStatus::Running, row.execution);
    saved.checkpoint = Some(1);
    write.update = Some(saved);
    scene.commit(&[write]).await;
    let mut write = turn(&row, 2);
    let mut ended = update(InstanceStatus::Terminated, row.execution);
    ended.checkpoint = Some(1);
    write.update = Some(ended);
    write.replacement = Some(Box::new(new_instance("a")));
    scene.commit(&[write]).await;
    let loaded = scene.store.instance_load(row.key).await.unwrap().unwrap();
    assert_eq!(loaded.instance.checkpoint, None);
    assert_eq!(loaded.instance.execution, row.execution.next());
}

/// An instance that is not there is no error.
pub async fn an_absent_instance_is_loaded_as_none(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    assert!(
        scene
            .store
            .instance_load(InstanceKey(-1))
            .await
            .unwrap()
            .is_none()
    );
}

/// Those that must be loaded at once, in order, in pages, of the units asked for.
pub async fn instances_to_load_come_by_key(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let mut keys = Vec::new();
    for number in 0..12 {
        let row = scene.greet(&format!("instance {number}")).await;
        let mut write = TurnWrite::new(row.key, row.unit);
        let mut open = update(InstanceStatus::Running, row.execution);
        open.load_at_start = number % 3 != 0;
        write.update = Some(open);
        scene.commit(&[write]).await;
        keys.extend((number % 3 != 0).then_some(row.key));
    }
    let store = &scene.store;
    let first = store
        .instances_to_load(&scene.units, None, 5)
        .await
        .unwrap();
    let rest = store
        .instances_to_load(&scene.units, first.last().copied(), 5)
        .await;
    assert_eq!([first, rest.unwrap()].concat(), keys);
    let mut by_unit = Vec::new();
    for unit in &scene.units {
        by_unit.extend(store.instances_to_load(&[*unit], None, 20).await.unwrap());
    }
    by_unit.sort();
    assert_eq!(by_unit, keys);
}

fn beat(row: &InstanceRow, number: u32, progress: &str) -> Heartbeat {
    Heartbeat {
        execution: row.execution,
        path: CallPath::root().child(number),
        progress: payload(progress),
    }
}

async fn heartbeats(scene: &Scene, key: InstanceKey) -> Vec<Heartbeat> {
    let loaded = scene.store.instance_load(key).await.unwrap();
    let mut loaded = loaded.unwrap().heartbeats;
    let mut fetched = scene.store.heartbeats_fetch(key).await.unwrap();
    loaded.sort_by(|a, b| a.path.cmp(&b.path));
    fetched.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(fetched, loaded);
    loaded
}

/// The last progress of a call replaces the one before.
pub async fn the_last_heartbeat_of_a_call_counts(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    for beats in [
        vec![beat(&row, 1, "a"), beat(&row, 2, "b")],
        vec![beat(&row, 1, "c")],
    ] {
        let mut write = TurnWrite::new(row.key, row.unit);
        write.heartbeats = beats;
        scene.commit(&[write]).await;
    }
    let found = heartbeats(&scene, row.key).await;
    assert_eq!(found, [beat(&row, 1, "c"), beat(&row, 2, "b")]);
}

/// Progress ends with the instance, and with its execution.
pub async fn heartbeats_end_with_the_execution(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    for (id, status) in [
        ("a", InstanceStatus::Running),
        ("b", InstanceStatus::Completed),
    ] {
        let row = scene.greet(id).await;
        let mut write = TurnWrite::new(row.key, row.unit);
        write.heartbeats = vec![beat(&row, 1, "a")];
        scene.commit(&[write]).await;
        let mut write = TurnWrite::new(row.key, row.unit);
        let mut end = update(status, row.execution);
        end.input = (!status.is_terminal()).then_some(None);
        write.update = Some(end);
        scene.commit(&[write]).await;
        assert!(heartbeats(&scene, row.key).await.is_empty());
    }
}
