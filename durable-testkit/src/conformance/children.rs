//! Instances that turns create.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::failure::Failure;
use durable_runtime::ids::Execution;
use durable_runtime::store::Store;
use durable_runtime::work::Address;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::NewInstance;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::bodies;
use super::scene::new_instance;
use super::scene::parent_of;
use super::scene::raised;

fn child(parent: &InstanceRow, call: u32, id: &str) -> NewInstance {
    let mut new = new_instance(id);
    new.parent = Some(parent_of(parent, call));
    new.command = format!("call {call} of {}", parent.id);
    new
}

async fn start(scene: &mut Scene, parent: &InstanceRow, children: &[NewInstance]) {
    let mut write = TurnWrite::new(parent.key, parent.unit);
    write.starts = children.to_vec();
    scene.commit(&[write]).await;
}

fn already_exists(new: &NewInstance) -> MessageBody {
    let parent = new.parent.clone().unwrap();
    MessageBody::ChildFailed {
        execution: parent.execution,
        path: parent.path,
        error: Failure::AlreadyExists {
            instance: new.id.clone(),
        }
        .into(),
    }
}

/// A child is an instance like any other, with its start message.
pub async fn a_turn_creates_children(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let parent = scene.greet("parent").await;
    scene.pass(Duration::from_secs(1));
    let mut other = child(&parent, 2, "second child");
    "other".clone_into(&mut other.name);
    let children = [child(&parent, 1, "first child"), other];
    start(&mut scene, &parent, &children).await;
    for new in &children {
        let row = scene.fetch(&new.id).await;
        assert_eq!((&row.parent, &row.name), (&new.parent, &new.name));
        assert_eq!(
            (row.status, row.created_at),
            (InstanceStatus::Pending, scene.now)
        );
        let begin = MessageBody::Start {
            execution: Execution::FIRST,
            carried: Vec::new(),
        };
        assert_eq!(bodies(&scene.messages(&row).await), [&begin]);
    }
    assert_eq!(scene.messages(&parent).await.len(), 1);
}

/// A child can be started later.
pub async fn a_child_can_be_scheduled(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let parent = scene.greet("parent").await;
    let mut new = child(&parent, 1, "child");
    let due = scene.now + Duration::from_mins(1);
    new.start_at = Some(due);
    start(&mut scene, &parent, std::slice::from_ref(&new)).await;
    let row = scene.fetch(&new.id).await;
    assert!(scene.messages(&row).await.is_empty());
    let timers = scene.timers_due(due).await;
    assert_eq!((timers.len(), timers[0].1.id.key), (1, row.key));
}

/// An id that is taken is the caller's failure; the other instance is left alone.
pub async fn a_taken_id_fails_the_call(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (parent, other) = (scene.greet("parent").await, scene.greet("taken").await);
    let new = child(&parent, 4, "taken");
    start(&mut scene, &parent, std::slice::from_ref(&new)).await;
    assert_eq!(scene.fetch(&other.id).await, other);
    assert_eq!(scene.messages(&other).await.len(), 1);
    let told = scene.messages(&parent).await;
    assert_eq!(bodies(&told)[1..], [&already_exists(&new)]);
    assert_eq!(told[1].at, scene.now);
}

/// The same call starts its child once, whatever became of it.
pub async fn a_child_that_its_call_made_before_is_no_failure(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let parent = scene.greet("parent").await;
    let mut new = child(&parent, 1, "child");
    start(&mut scene, &parent, std::slice::from_ref(&new)).await;
    let before = scene.store.dump().await.unwrap();
    start(&mut scene, &parent, std::slice::from_ref(&new)).await;
    "another command of the same call".clone_into(&mut new.command);
    start(&mut scene, &parent, std::slice::from_ref(&new)).await;
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// Two calls of one commit that ask for one id: the first gets it.
pub async fn the_first_of_two_equal_ids_wins(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let parents = [scene.greet("a").await, scene.greet("b").await];
    let children = parents.each_ref().map(|parent| child(parent, 1, "child"));
    let mut writes = parents
        .each_ref()
        .map(|row| TurnWrite::new(row.key, row.unit));
    for (write, new) in writes.iter_mut().zip(&children) {
        write.starts = vec![new.clone()];
    }
    scene.commit(&writes).await;
    assert_eq!(
        scene.fetch(&children[0].id).await.parent,
        children[0].parent
    );
    assert_eq!(scene.messages(&parents[0]).await.len(), 1);
    let told = scene.messages(&parents[1]).await;
    assert_eq!(bodies(&told)[1..], [&already_exists(&children[1])]);
}

/// Nobody asked, nobody is told.
pub async fn a_taken_id_without_a_caller_tells_nobody(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let parent = scene.greet("parent").await;
    scene.greet("taken").await;
    let before = scene.store.dump().await.unwrap();
    let mut new = new_instance("taken");
    "another".clone_into(&mut new.command);
    start(&mut scene, &parent, &[new]).await;
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// A message reaches an instance that the same commit creates, whichever turn comes first.
pub async fn a_commit_can_send_to_what_it_creates(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (a, b) = (scene.greet("a").await, scene.greet("b").await);
    let new = child(&b, 1, "child");
    let mut sender = TurnWrite::new(a.key, a.unit);
    sender.sends = vec![OutgoingMessage {
        to: Address::Id(new.id.clone()),
        body: raised("hello"),
        parked: false,
        due: None,
    }];
    let mut creator = TurnWrite::new(b.key, b.unit);
    creator.starts = vec![new.clone()];
    scene.commit(&[sender, creator]).await;
    let row = scene.fetch(&new.id).await;
    let messages = scene.messages(&row).await;
    assert_eq!(bodies(&messages)[1..], [&raised("hello")]);
}
