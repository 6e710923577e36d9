//! Deleting instances that have ended.

use std::sync::Arc;

use durable_runtime::commands::IfExists;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::commands::PageToken;
use durable_runtime::store::Created;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::NewInstance;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::new_instance;
use super::scene::parent_of;
use super::scene::raised;
use super::scene::turn;

/// Purges chunk by chunk, and tells how many instances each deleted.
async fn purge(scene: &Scene, filter: &InstanceFilter, children: bool, limit: u32) -> Vec<u64> {
    let (mut chunks, mut after) = (Vec::new(), None::<PageToken>);
    loop {
        let purged = scene.store.instances_purge(filter, children, after, limit);
        let purged = purged.await.unwrap();
        chunks.push(purged.instances);
        after = purged.next;
        if after.is_none() {
            return chunks;
        }
    }
}

async fn left(scene: &Scene) -> Vec<String> {
    let all = InstanceFilter::default();
    let page = scene.store.instances_list(&all, None, 100).await.unwrap();
    page.instances
        .iter()
        .map(|row| row.id.to_string())
        .collect()
}

fn of_name(name: &str) -> InstanceFilter {
    InstanceFilter {
        name: Some(name.to_owned()),
        ..InstanceFilter::default()
    }
}

/// An ended instance that `parent` called.
async fn child(scene: &mut Scene, parent: &InstanceRow, id: &str, detached: bool) -> InstanceRow {
    let mut link = parent_of(parent, 0);
    link.detached = detached;
    let row = scene
        .create(&NewInstance {
            name: "part".to_owned(),
            parent: Some(link),
            ..new_instance(id)
        })
        .await;
    scene.end(&row, InstanceStatus::Completed).await;
    row
}

/// Instances that have not ended stay, also when a filter asks for them.
pub async fn only_ended_instances_are_purged(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    for status in InstanceStatus::ALL {
        let row = scene.greet(&status.to_string()).await;
        scene.end(&row, status).await;
    }
    let running = InstanceFilter {
        statuses: vec![InstanceStatus::Running],
        ..InstanceFilter::default()
    };
    assert_eq!(purge(&scene, &running, true, 10).await, [0]);
    let all = InstanceFilter::default();
    assert_eq!(purge(&scene, &all, true, 10).await, [4]);
    let stay = ["Pending", "Running", "Suspended", "Stalled"];
    assert_eq!(left(&scene).await, stay);
}

/// Row, history, inbox, commands.
pub async fn nothing_of_a_purged_instance_is_left(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let other = scene.greet("other").await;
    scene.commit(&[turn(&other, 1)]).await;
    let before = scene.store.dump().await.unwrap();
    let row = scene.greet("gone").await;
    let _accepted = scene.send("gone", "raise", &raised("a")).await;
    scene.commit(&[turn(&row, 1)]).await;
    scene.end(&row, InstanceStatus::Failed).await;
    let failed = InstanceFilter {
        id: Some(row.id.clone()),
        ..InstanceFilter::default()
    };
    assert_eq!(purge(&scene, &failed, true, 10).await, [1]);
    assert_eq!(scene.store.dump().await.unwrap(), before);
    assert!(scene.store.instance_load(row.key).await.unwrap().is_none());
    // What its owner still writes for it finds nothing, and does no harm.
    let mut late = TurnWrite::new(row.key, row.unit);
    late.unpark = true;
    scene.commit(&[late]).await;
    assert_eq!(left(&scene).await, ["other"]);
}

/// No transaction deletes more than it is told.
pub async fn a_purge_is_bounded(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    for number in 0..7 {
        let row = scene.greet(&number.to_string()).await;
        if number != 3 {
            scene.end(&row, InstanceStatus::Completed).await;
        }
    }
    let all = InstanceFilter::default();
    assert_eq!(purge(&scene, &all, true, 2).await, [2, 2, 2]);
    assert_eq!(left(&scene).await, ["3"]);
    assert_eq!(purge(&scene, &all, true, 0).await, [0]);
}

/// The lowest go first where all together are too many.
pub async fn children_are_purged_before_or_with_their_parents(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let top = scene.greet("top").await;
    for number in 0..3 {
        let middle = child(&mut scene, &top, &format!("middle {number}"), false).await;
        for lower in 0..2 {
            let id = format!("low {number}{lower}");
            child(&mut scene, &middle, &id, false).await;
        }
    }
    scene.end(&top, InstanceStatus::Completed).await;
    let chunks = purge(&scene, &of_name("greet"), true, 4).await;
    assert!(chunks.iter().all(|purged| (1..=4).contains(purged)));
    assert_eq!(chunks.iter().sum::<u64>(), 10);
    assert_eq!(left(&scene).await, [""; 0]);
}

/// What a filter wants and what goes with its parent is one instance.
pub async fn one_that_is_wanted_and_a_child_is_purged_once(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    for limit in [10, 2] {
        let top = scene.greet("top").await;
        let middle = child(&mut scene, &top, "middle", false).await;
        child(&mut scene, &middle, "low", false).await;
        scene.end(&top, InstanceStatus::Completed).await;
        let all = InstanceFilter::default();
        let chunks = purge(&scene, &all, true, limit).await;
        assert_eq!(chunks.iter().sum::<u64>(), 3, "{chunks:?}");
        assert_eq!(left(&scene).await, [""; 0]);
    }
}

/// Nor do those that still run.
pub async fn detached_children_are_not_purged_with_their_parents(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let top = scene.greet("top").await;
    child(&mut scene, &top, "detached", true).await;
    child(&mut scene, &top, "attached", false).await;
    let live = NewInstance {
        parent: Some(parent_of(&top, 1)),
        ..new_instance("live")
    };
    scene.create(&live).await;
    scene.end(&top, InstanceStatus::Terminated).await;
    assert_eq!(purge(&scene, &of_name("greet"), false, 9).await, [1]);
    assert_eq!(left(&scene).await, ["detached", "attached", "live"]);
    let again = scene.greet("again").await;
    child(&mut scene, &again, "detached too", true).await;
    child(&mut scene, &again, "attached too", false).await;
    scene.end(&again, InstanceStatus::Terminated).await;
    assert_eq!(purge(&scene, &of_name("greet"), true, 9).await, [2]);
    let stay = ["detached", "attached", "live", "detached too"];
    assert_eq!(left(&scene).await, stay);
}

/// Its replacement is as good as there.
pub async fn one_that_is_about_to_be_replaced_is_not_purged(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("one").await;
    scene.end(&row, InstanceStatus::Completed).await;
    let ended = IfExists::Replace(InstanceStatus::TERMINAL.to_vec());
    let again = |command: &str| NewInstance {
        command: command.to_owned(),
        ..new_instance("one")
    };
    let first = scene.create_if(&again("first"), &ended).await;
    assert_eq!(first, Created::Replacing);
    assert_eq!(
        purge(&scene, &InstanceFilter::default(), true, 9).await,
        [0]
    );
    let second = scene.create_if(&again("second"), &ended).await;
    assert_eq!(second, Created::Refused(InstanceStatus::Pending));
}
