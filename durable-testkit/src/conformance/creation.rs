//! Creating instances.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::commands::IfExists;
use durable_runtime::ids::Execution;
use durable_runtime::store::Created;
use durable_runtime::store::HubInfo;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::TimerKind;

use super::scene::START;
use super::scene::Scene;
use super::scene::lane;
use super::scene::new_instance;
use super::scene::parent_of;
use super::scene::salt_of;

/// A hub opens as often as one likes and stays what it is.
pub async fn a_hub_opens_twice(store: Arc<dyn Store>) {
    let first = store.hub_open(START).await.unwrap();
    let second = store.hub_open(START + Duration::from_secs(1)).await;
    assert_eq!(first, second.unwrap());
    assert_eq!((first.format, first.partitions), (HubInfo::FORMAT, 8));
}

/// What was given is what is fetched, to the last column.
pub async fn a_new_instance_is_stored_as_it_was_given(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let parent = scene.greet("parent").await;
    let mut new = new_instance("Käthe 🎻");
    new.tags = BTreeMap::from([("team".to_owned(), "a \"b\"".to_owned())]);
    new.headers = BTreeMap::from([("traceparent".to_owned(), "00-1".to_owned())]);
    new.parent = Some(parent_of(&parent, 3));
    let row = scene.create(&new).await;
    assert_eq!(
        (row.status, row.execution),
        (InstanceStatus::Pending, Execution::FIRST)
    );
    assert_eq!(
        (&row.name, &row.version, &row.input),
        (&new.name, &new.version, &new.input)
    );
    assert_eq!((&row.tags, &row.headers), (&new.tags, &new.headers));
    assert_eq!(row.salt, new.salt);
    assert_eq!((&row.parent, &row.command), (&new.parent, &new.command));
    assert_eq!((row.created_at, row.updated_at), (scene.now, scene.now));
    assert_eq!(
        (&row.output, &row.custom_status, &row.stalled),
        (&None, &None, &None)
    );
    assert!(!row.load_at_start && row.start_at.is_none());
    assert_eq!(row.unit, scene.units[usize::from(new.id.partition())]);
}

/// No input, `null` and an empty text are three things.
pub async fn an_absent_input_is_not_null(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let inputs = [None, Some("null"), Some("\"\""), Some("0"), Some("false")];
    for (at, text) in inputs.into_iter().enumerate() {
        let mut new = new_instance(&format!("input {at}"));
        new.input = text.map(|text| Payload::from_json(text).unwrap());
        let row = scene.create(&new).await;
        assert_eq!(row.input, new.input);
    }
}

/// An instance that begins at once gets its message at once.
pub async fn a_creation_sends_the_start_message(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    scene.pass(Duration::from_secs(1));
    let row = scene.greet("a").await;
    let inbox = scene.inbox().await;
    assert_eq!(inbox.len(), 1);
    assert_eq!((inbox[0].key, inbox[0].unit), (row.key, row.unit));
    assert_eq!(inbox[0].message.at, scene.now);
    let start = MessageBody::Start {
        execution: Execution::FIRST,
        carried: Vec::new(),
    };
    assert_eq!(inbox[0].message.body, start);
}

/// An instance that begins later gets a timer and no message.
pub async fn a_scheduled_creation_sets_the_start_timer(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let due = scene.now + Duration::from_mins(1);
    let mut new = new_instance("later");
    new.start_at = Some(due);
    let row = scene.create(&new).await;
    assert_eq!(
        (row.start_at, row.status),
        (Some(due), InstanceStatus::Pending)
    );
    assert!(scene.inbox().await.is_empty());
    let timers = scene.timers_due(due).await;
    assert_eq!(timers.len(), 1);
    let (unit, timer) = &timers[0];
    assert_eq!((*unit, timer.due, timer.id.key), (row.unit, due, row.key));
    assert_eq!(
        (timer.id.kind, timer.id.execution),
        (TimerKind::Start, Execution::FIRST)
    );
    assert!(timer.id.path.numbers().is_empty());
}

/// A start in the past is a start now.
pub async fn a_creation_scheduled_for_now_begins_at_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let mut new = new_instance("now");
    new.start_at = Some(scene.now);
    scene.create(&new).await;
    assert_eq!(scene.inbox().await.len(), 1);
}

/// The default policy refuses, names the status, writes nothing.
pub async fn a_taken_id_is_refused(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut second = new_instance("a");
    "another".clone_into(&mut second.command);
    let before = scene.store.dump().await.unwrap();
    let created = scene.create_if(&second, &IfExists::Fail).await;
    assert_eq!(created, Created::Refused(InstanceStatus::Pending));
    assert_eq!(scene.store.dump().await.unwrap(), before);
    scene.end(&row, InstanceStatus::Completed).await;
    let created = scene.create_if(&second, &IfExists::Fail).await;
    assert_eq!(created, Created::Refused(InstanceStatus::Completed));
}

/// The policy `Use` takes what is there, whatever its status, and writes nothing.
pub async fn a_taken_id_can_be_used(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    scene.end(&row, InstanceStatus::Failed).await;
    let mut second = new_instance("a");
    "another".clone_into(&mut second.command);
    let before = scene.store.dump().await.unwrap();
    let created = scene.create_if(&second, &IfExists::Use).await;
    assert_eq!(created, Created::Existed);
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// A repeated command is recognised whatever the policy, even after the end.
pub async fn a_repeated_creation_counts_as_created(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let everything = IfExists::Replace(InstanceStatus::ALL.to_vec());
    for status in [InstanceStatus::Running, InstanceStatus::Completed] {
        scene.end(&row, status).await;
        let before = scene.store.dump().await.unwrap();
        for policy in [&IfExists::Fail, &IfExists::Use, &everything] {
            let created = scene.create_if(&new_instance("a"), policy).await;
            assert_eq!(created, Created::Created);
        }
        assert_eq!(scene.store.dump().await.unwrap(), before);
    }
}

/// Of two creations by one command the first gives the salt, so that the instance has one only.
pub async fn a_repeated_creation_leaves_the_salt_alone(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut again = new_instance("a");
    again.salt = salt_of("another");
    let created = scene.create_if(&again, &IfExists::Fail).await;
    assert_eq!(created, Created::Created);
    assert_eq!(scene.fetch(&row.id).await, row);
}

/// A replacement is the owner's work: the row stays, a message asks, once.
pub async fn a_replacing_creation_asks_the_owner_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut second = new_instance("a");
    "another".clone_into(&mut second.command);
    let policy = IfExists::Replace(vec![InstanceStatus::Pending]);
    for _ in 0..2 {
        let created = scene.create_if(&second, &policy).await;
        assert_eq!(created, Created::Replacing);
    }
    let loaded = scene.store.instance_load(row.key).await.unwrap();
    assert_eq!(loaded.map(|loaded| loaded.instance), Some(row));
    let inbox = scene.inbox().await;
    assert_eq!(inbox.len(), 2);
    let replace = MessageBody::Replace(Box::new(second));
    assert_eq!(inbox[1].message.body, replace);
}

/// A status that the policy does not name is not replaced.
pub async fn a_replacing_creation_refuses_other_statuses(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    scene.greet("a").await;
    let mut second = new_instance("a");
    "another".clone_into(&mut second.command);
    let before = scene.store.dump().await.unwrap();
    let policy = IfExists::Replace(vec![InstanceStatus::Failed]);
    let created = scene.create_if(&second, &policy).await;
    assert_eq!(created, Created::Refused(InstanceStatus::Pending));
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// Ids are compared byte by byte.
pub async fn ids_differ_by_case(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let ids = ["a", "A", "ä", "a\u{308}", "a "];
    for id in ids {
        scene.greet(id).await;
    }
    for id in ids {
        assert_eq!(
            scene.fetch(&InstanceId::new(id).unwrap()).await.id.as_str(),
            id
        );
    }
    let unknown = InstanceId::new("b").unwrap();
    assert!(
        scene
            .store
            .instance_fetch(&unknown)
            .await
            .unwrap()
            .is_none()
    );
}

/// A client needs no worker: the lane of a new orchestrator is created on the way.
pub async fn an_instance_can_be_created_before_any_worker_comes(store: Arc<dyn Store>) {
    store.hub_open(START).await.unwrap();
    let new = new_instance("a");
    let created = store.instance_create(&new, &IfExists::Fail, u64::MAX, START);
    assert_eq!(created.await.unwrap(), Created::Created);
    let lease = store.worker_start(super::scene::worker("late"), START);
    let lease = lease.await.unwrap();
    let units = store.units_claim(&lease, &[lane()], START).await.unwrap();
    let page = store.inbox_fetch(&units, &[], None, 10).await.unwrap();
    assert_eq!(page.messages.len(), 1);
}
