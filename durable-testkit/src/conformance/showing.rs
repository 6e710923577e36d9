//! What others see of an instance before its owner has done what was asked.

use std::sync::Arc;

use durable_runtime::commands::IfExists;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::ids::InstanceId;
use durable_runtime::ids::InstanceKey;
use durable_runtime::store::Created;
use durable_runtime::store::Sent;
use durable_runtime::store::Store;
use durable_runtime::work::FirstEvent;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::NewInstance;
use durable_runtime::work::Output;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::message_ids;
use super::scene::new_instance;
use super::scene::payload;
use super::scene::raised;
use super::scene::turn;
use super::scene::update;

fn again(id: &str) -> NewInstance {
    let mut new = new_instance(id);
    new.input = Some(payload("again"));
    "again".clone_into(&mut new.command);
    new
}

fn any() -> IfExists {
    IfExists::Replace(InstanceStatus::ALL.to_vec())
}

/// An instance whose first turn was recorded.
async fn running(scene: &mut Scene, id: &str) -> InstanceRow {
    let row = scene.greet(id).await;
    let mut write = turn(&row, 1);
    write.consumed = message_ids(&scene.inbox().await);
    write.update = Some(update(InstanceStatus::Running, row.execution));
    scene.commit(&[write]).await;
    scene.fetch(&row.id).await
}

async fn completed(scene: &mut Scene, id: &str) -> InstanceRow {
    let row = running(scene, id).await;
    let mut write = turn(&row, 2);
    let mut end = update(InstanceStatus::Completed, row.execution);
    end.output = Some(Output::Completed(payload("done")));
    write.update = Some(end);
    scene.commit(&[write]).await;
    scene.fetch(&row.id).await
}

/// The row as its owner wrote it.
async fn owned(scene: &Scene, row: &InstanceRow) -> InstanceRow {
    let loaded = scene.store.instance_load(row.key).await.unwrap();
    loaded.expect("the case has created this instance").instance
}

/// All ways to look agree that the instance stands so.
async fn shows(scene: &Scene, row: &InstanceRow, status: InstanceStatus) -> InstanceRow {
    let seen = scene.fetch(&row.id).await;
    assert_eq!(seen.status, status);
    for wanted in InstanceStatus::ALL {
        let filter = InstanceFilter {
            statuses: vec![wanted],
            id: Some(row.id.clone()),
            ..InstanceFilter::default()
        };
        let page = scene.store.instances_list(&filter, None, 10).await.unwrap();
        let expected: &[InstanceRow] = if wanted == status {
            std::slice::from_ref(&seen)
        } else {
            &[]
        };
        assert_eq!(page.instances, expected, "{wanted}");
        let count = scene.store.instances_count(&filter).await.unwrap();
        assert_eq!(count, expected.len() as u64, "{wanted}");
    }
    seen
}

/// A replacement that was accepted is there for everybody but the owner, with nothing of the old one.
pub async fn a_replacement_shows_as_pending_at_once(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = completed(&mut scene, "a").await;
    scene.pass(std::time::Duration::from_secs(1));
    let new = again("a");
    assert_eq!(scene.create_if(&new, &any()).await, Created::Replacing);
    let seen = shows(&scene, &row, InstanceStatus::Pending).await;
    let expected = InstanceRow {
        status: InstanceStatus::Pending,
        execution: row.execution.next(),
        input: new.input,
        output: None,
        created_at: scene.now,
        updated_at: scene.now,
        command: new.command,
        is_asked: true,
        ..row.clone()
    };
    assert_eq!(seen, expected);
    assert_eq!(owned(&scene, &row).await, row);
    assert_eq!(scene.send("a", "e", &raised("e")).await, Sent::Accepted);
    let unread = scene.store.events_unread(row.key).await.unwrap();
    assert!(unread.turns.is_empty());
    assert_eq!(unread.inbox.len(), 1);
    let purged = InstanceFilter::default();
    let purged = scene.store.instances_purge(&purged, true, None, 10).await;
    assert_eq!(purged.unwrap().instances, 0);
    // By what shows: it is pending, so it is not one that has ended.
    let ended = IfExists::Replace(InstanceStatus::TERMINAL.to_vec());
    let mut other = again("a");
    "other".clone_into(&mut other.command);
    let refused = Created::Refused(InstanceStatus::Pending);
    assert_eq!(scene.create_if(&other, &ended).await, refused);
}

/// Also where the old one still runs, whatever its turns write meanwhile.
pub async fn a_live_instance_that_is_to_be_replaced_shows_as_pending(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = running(&mut scene, "a").await;
    assert_eq!(
        scene.create_if(&again("a"), &any()).await,
        Created::Replacing
    );
    let mut write = turn(&row, 2);
    let mut end = update(InstanceStatus::Completed, row.execution);
    end.output = Some(Output::Completed(payload("done")));
    write.update = Some(end);
    scene.commit(&[write]).await;
    let seen = shows(&scene, &row, InstanceStatus::Pending).await;
    assert_eq!(seen.output, None);
    assert_eq!(owned(&scene, &row).await.status, InstanceStatus::Completed);
    let replace = message_ids(&scene.inbox().await);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.consumed = replace;
    write.replacement = Some(Box::new(again("a")));
    scene.commit(&[write]).await;
    let seen = shows(&scene, &row, InstanceStatus::Pending).await;
    assert!(!seen.is_asked);
    assert_eq!(owned(&scene, &row).await, seen);
}

/// A pause shows from the moment it was accepted until it is taken, then as the owner writes it.
pub async fn a_suspension_shows_at_once(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = running(&mut scene, "a").await;
    let sent = scene.send("a", "s", &MessageBody::Suspend).await;
    assert_eq!(sent, Sent::Accepted);
    assert!(
        shows(&scene, &row, InstanceStatus::Suspended)
            .await
            .is_asked
    );
    assert_eq!(owned(&scene, &row).await, row);
    // A turn that was under way does not know of it.
    let mut write = turn(&row, 2);
    let mut change = update(InstanceStatus::Running, row.execution);
    change.custom_status = Some(payload("half"));
    write.update = Some(change);
    scene.commit(&[write]).await;
    let seen = shows(&scene, &row, InstanceStatus::Suspended).await;
    assert_eq!(seen.custom_status, Some(payload("half")));
    let mut write = turn(&row, 3);
    write.consumed = message_ids(&scene.inbox().await);
    write.update = Some(update(InstanceStatus::Suspended, row.execution));
    scene.commit(&[write]).await;
    assert!(
        !shows(&scene, &row, InstanceStatus::Suspended)
            .await
            .is_asked
    );
}

/// The wishes show in their order; what had not begun goes on as pending.
pub async fn a_resumption_shows_at_once(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let begun = running(&mut scene, "begun").await;
    let new = scene.greet("new").await;
    for (row, goes_on) in [
        (&begun, InstanceStatus::Running),
        (&new, InstanceStatus::Pending),
    ] {
        let id = row.id.as_str();
        let _ = scene.send(id, "s", &MessageBody::Suspend).await;
        let _ = scene.send(id, "r", &MessageBody::Resume).await;
        shows(&scene, row, goes_on).await;
        let _ = scene.send(id, "once more", &MessageBody::Suspend).await;
        shows(&scene, row, InstanceStatus::Suspended).await;
    }
    let _ = scene.create_if(&again("begun"), &any()).await;
    shows(&scene, &begun, InstanceStatus::Pending).await;
    let _ = scene.send("begun", "s2", &MessageBody::Suspend).await;
    let _ = scene.send("begun", "r2", &MessageBody::Resume).await;
    shows(&scene, &begun, InstanceStatus::Pending).await;
}

/// Once the instance has ended, what was asked of it before shows no more.
pub async fn an_end_hides_what_was_asked_before(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = running(&mut scene, "a").await;
    let _ = scene.send("a", "s", &MessageBody::Suspend).await;
    scene.end(&row, InstanceStatus::Failed).await;
    let seen = shows(&scene, &row, InstanceStatus::Failed).await;
    assert!(!seen.is_asked);
}

/// An end shows when it has come: another may be quicker.
pub async fn a_termination_shows_when_it_has_come(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = running(&mut scene, "a").await;
    let terminate = MessageBody::Terminate {
        reason: "enough".to_owned(),
        by_parent: None,
        recursive: true,
    };
    assert_eq!(scene.send("a", "t", &terminate).await, Sent::Accepted);
    let seen = shows(&scene, &row, InstanceStatus::Running).await;
    assert_eq!(seen, row);
}

/// An execution lives until its owner has ended it, whatever the instance shows.
pub async fn an_execution_lives_until_its_owner_has_ended_it(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = running(&mut scene, "a").await;
    let lives = |execution| scene.store.execution_lives(row.key, execution);
    assert!(lives(row.execution).await.unwrap());
    assert!(!lives(row.execution.next()).await.unwrap());
    let _ = scene.create_if(&again("a"), &any()).await;
    let lives = |execution| scene.store.execution_lives(row.key, execution);
    assert!(lives(row.execution).await.unwrap());
    assert!(!lives(row.execution.next()).await.unwrap());
    scene.end(&row, InstanceStatus::Terminated).await;
    let lives = scene.store.execution_lives(row.key, row.execution);
    assert!(!lives.await.unwrap());
    let absent = InstanceKey(4_711);
    let lives = scene.store.execution_lives(absent, row.execution);
    assert!(!lives.await.unwrap());
}

async fn unread_count(scene: &Scene, id: &str) -> Option<u64> {
    let id = InstanceId::new(id).unwrap();
    scene.store.events_unread_count(&id).await.unwrap()
}

/// An instance takes as many unread events as it may have, and more once some were read.
pub async fn unread_events_are_bounded(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    scene.most_unread = 3;
    let row = running(&mut scene, "a").await;
    for command in ["1", "2", "3"] {
        assert_eq!(scene.send("a", command, &raised("e")).await, Sent::Accepted);
    }
    assert_eq!(scene.send("a", "4", &raised("e")).await, Sent::Backlogged);
    assert_eq!(unread_count(&scene, "a").await, Some(3));
    // What was accepted stays accepted; what is no event has no limit.
    assert_eq!(scene.send("a", "3", &raised("e")).await, Sent::Repeated);
    let suspended = scene.send("a", "s", &MessageBody::Suspend).await;
    assert_eq!(suspended, Sent::Accepted);
    let mut started = new_instance("a");
    "start with".clone_into(&mut started.command);
    started.event = Some(FirstEvent {
        name: "e".to_owned(),
        payload: payload("e"),
    });
    let used = scene.create_if(&started, &IfExists::Use).await;
    assert_eq!(used, Created::Backlogged);
    // Taken and not read: they count still.
    let ids = message_ids(&scene.inbox().await);
    let mut write = turn(&row, 2);
    write.consumed = ids[..2].to_vec();
    write.unread = Some(2);
    scene.commit(&[write]).await;
    assert_eq!(scene.send("a", "4", &raised("e")).await, Sent::Backlogged);
    assert_eq!(unread_count(&scene, "a").await, Some(3));
    // One is read.
    let mut write = turn(&row, 3);
    write.unread = Some(1);
    scene.commit(&[write]).await;
    assert_eq!(unread_count(&scene, "a").await, Some(2));
    assert_eq!(unread_count(&scene, "b").await, None);
    assert_eq!(scene.send("a", "4", &raised("e")).await, Sent::Accepted);
    assert_eq!(scene.send("a", "5", &raised("e")).await, Sent::Backlogged);
}

/// A replacement begins without the events of the old one, whose turns do not count for it.
pub async fn a_replacement_has_no_unread_events(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    scene.most_unread = 3;
    let row = running(&mut scene, "a").await;
    for command in ["1", "2", "3"] {
        let _ = scene.send("a", command, &raised("old")).await;
    }
    let mut new = again("a");
    new.event = Some(FirstEvent {
        name: "first".to_owned(),
        payload: payload("first"),
    });
    let _ = scene.create_if(&new, &any()).await;
    assert_eq!(scene.send("a", "4", &raised("new")).await, Sent::Accepted);
    let mut write = turn(&row, 2);
    write.unread = Some(3);
    scene.commit(&[write]).await;
    let unread = scene.store.events_unread(row.key).await.unwrap();
    let names: Vec<_> = unread.inbox.iter().map(|event| &event.name).collect();
    assert_eq!(names, ["first", "new"]);
    assert_eq!(unread_count(&scene, "a").await, Some(2));
    let ids = message_ids(&scene.inbox().await);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.consumed = ids[..4].to_vec();
    write.replacement = Some(Box::new(new));
    scene.commit(&[write]).await;
    assert_eq!(scene.send("a", "5", &raised("new")).await, Sent::Accepted);
    assert_eq!(scene.send("a", "6", &raised("new")).await, Sent::Backlogged);
}
