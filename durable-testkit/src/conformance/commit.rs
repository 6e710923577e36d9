//! Committing turns.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::failure::CallError;
use durable_runtime::failure::Failure;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::work::Address;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::InstanceUpdate;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::Output;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::bodies;
use super::scene::payload;
use super::scene::raised;
use super::scene::turn;
use super::scene::update;

/// No turns, no commit: even the commit id stays.
pub async fn an_empty_commit_does_nothing(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (lease, before) = (scene.lease.clone(), scene.store.dump().await.unwrap());
    scene.commit(&[]).await;
    assert_eq!(scene.lease, lease);
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// The plain step of a chain is a history row, and the instance's row stays as it is.
pub async fn a_plain_step_is_one_history_row(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    scene.pass(Duration::from_secs(9));
    scene.commit(&[turn(&row, 1)]).await;
    assert_eq!(scene.fetch(&row.id).await, row);
}

/// A turn that was written before is refused, and with it all turns of its commit.
pub async fn a_turn_written_before_is_a_conflict(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (a, b) = (scene.greet("a").await, scene.greet("b").await);
    scene.commit(&[turn(&a, 1)]).await;
    let before = scene.store.dump().await.unwrap();
    let lease = scene.lease.clone();
    let result = scene.try_commit(&[turn(&b, 1), turn(&a, 1)]).await;
    assert!(
        matches!(result, Err(StoreError::Conflict { .. })),
        "{result:?}"
    );
    assert_eq!(scene.lease, lease);
    assert_eq!(scene.store.dump().await.unwrap(), before);
    let twice = scene.try_commit(&[turn(&b, 1), turn(&b, 1)]).await;
    assert!(
        matches!(twice, Err(StoreError::Conflict { .. })),
        "{twice:?}"
    );
    scene.commit(&[turn(&b, 1), turn(&a, 2)]).await;
}

/// All columns of an update come back.
pub async fn an_update_is_stored_as_it_was_given(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    scene.pass(Duration::from_secs(5));
    let given = InstanceUpdate {
        status: InstanceStatus::Stalled,
        execution: Execution(3),
        input: Some(Some(payload("new input"))),
        output: None,
        custom_status: Some(Payload::from_json("null").unwrap()),
        stalled: Some("no such activity".to_owned()),
        load_at_start: true,
        checkpoint: Some(12),
    };
    let mut write = TurnWrite::new(row.key, row.unit);
    write.update = Some(given.clone());
    scene.commit(&[write]).await;
    let mut expected = InstanceRow {
        status: given.status,
        execution: given.execution,
        input: Some(payload("new input")),
        custom_status: given.custom_status,
        stalled: given.stalled,
        load_at_start: true,
        checkpoint: Some(12),
        updated_at: scene.now,
        ..row.clone()
    };
    assert_eq!(scene.fetch(&row.id).await, expected);
    let mut write = TurnWrite::new(row.key, row.unit);
    let mut input_gone = update(InstanceStatus::Running, Execution(4));
    input_gone.input = Some(None);
    write.update = Some(input_gone);
    scene.commit(&[write]).await;
    expected.status = InstanceStatus::Running;
    expected.execution = Execution(4);
    (expected.input, expected.custom_status, expected.stalled) = (None, None, None);
    (expected.load_at_start, expected.checkpoint) = (false, None);
    assert_eq!(scene.fetch(&row.id).await, expected);
}

/// Every way to end comes back.
pub async fn outputs_come_back(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let failed = CallError::Failure(Failure::Panicked {
        message: "no \"luck\"".to_owned(),
        location: None,
    });
    let outputs = [
        (
            InstanceStatus::Completed,
            Output::Completed(payload("done")),
        ),
        (InstanceStatus::Failed, Output::Failed(failed)),
        (
            InstanceStatus::Terminated,
            Output::Terminated("enough".to_owned()),
        ),
    ];
    for (status, output) in outputs {
        let row = scene.greet(&status.to_string()).await;
        let mut write = TurnWrite::new(row.key, row.unit);
        let mut end = update(status, row.execution);
        end.output = Some(output.clone());
        write.update = Some(end);
        scene.commit(&[write]).await;
        let ended = scene.fetch(&row.id).await;
        assert_eq!((ended.status, ended.output), (status, Some(output)));
        assert_eq!(ended.input, row.input);
    }
}

fn message(to: Address, name: &str, parked: bool) -> OutgoingMessage {
    OutgoingMessage {
        to,
        body: raised(name),
        parked,
        due: None,
    }
}

/// By key or by id, to oneself or to others, parked or not; in order.
pub async fn messages_of_a_turn_are_delivered(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (a, b) = (scene.greet("a").await, scene.greet("b").await);
    scene.pass(Duration::from_secs(1));
    let mut write = TurnWrite::new(a.key, a.unit);
    write.sends = vec![
        message(Address::Key(b.key), "one", false),
        message(Address::Id(b.id.clone()), "two", true),
        message(Address::Key(a.key), "self", false),
        message(Address::Id(b.id.clone()), "three", false),
    ];
    scene.commit(&[write]).await;
    let to_b = scene.messages(&b).await;
    assert_eq!(
        bodies(&to_b)[1..],
        [&raised("one"), &raised("two"), &raised("three")]
    );
    assert!(to_b[1..].iter().all(|received| received.at == scene.now));
    assert_eq!(bodies(&scene.messages(&a).await)[1..], [&raised("self")]);
    let polled = scene.inbox().await;
    assert!(
        polled
            .iter()
            .all(|received| received.message.body != raised("two"))
    );
    assert_eq!(polled.len(), 5);
    let of_b = polled.iter().filter(|received| received.key == b.key);
    assert!(of_b.into_iter().all(|received| received.unit == b.unit));
}

/// A receiver that is not there is no error.
pub async fn messages_to_nobody_are_dropped(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let before = scene.store.dump().await.unwrap();
    let mut write = TurnWrite::new(row.key, row.unit);
    let nobody = InstanceId::new("nobody").unwrap();
    write.sends = vec![
        message(Address::Key(InstanceKey(-1)), "e", false),
        message(Address::Id(nobody), "e", false),
    ];
    scene.commit(&[write]).await;
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// A message of the worker goes into the inbox of an ended instance too.
pub async fn messages_of_a_turn_reach_ended_instances(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let (a, b) = (scene.greet("a").await, scene.greet("b").await);
    scene.end(&b, InstanceStatus::Completed).await;
    let mut write = TurnWrite::new(a.key, a.unit);
    write.sends = vec![message(Address::Key(b.key), "late", false)];
    scene.commit(&[write]).await;
    assert_eq!(scene.messages(&b).await.len(), 2);
}

/// Deleting what is gone is no error: the worker may have been told twice.
pub async fn consuming_absent_messages_is_no_error(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut write = TurnWrite::new(row.key, row.unit);
    write.consumed = vec![MessageId(1 << 40)];
    write.parked = vec![MessageId(1 << 41)];
    scene.commit(&[write]).await;
    assert_eq!(scene.inbox().await.len(), 1);
}

/// A commit of many turns with many rows each, beyond the limits of one statement.
pub async fn a_large_commit_is_written_whole(store: Arc<dyn Store>) {
    const INSTANCES: usize = 300;
    let mut scene = Scene::new(store).await;
    let mut rows = Vec::new();
    for number in 0..INSTANCES {
        rows.push(scene.greet(&format!("instance {number}")).await);
    }
    let inbox = scene.inbox().await;
    let writes = rows
        .iter()
        .zip(&inbox)
        .enumerate()
        .map(|(at, (row, received))| {
            let mut write = turn(row, 1);
            write.consumed = vec![received.message.id.unwrap()];
            write.update = Some(update(InstanceStatus::Running, row.execution));
            let next = &rows[(at + 1) % INSTANCES];
            write.sends = vec![
                message(Address::Id(next.id.clone()), "by id", false),
                message(Address::Key(next.key), "by key", false),
            ];
            write
        });
    let writes: Vec<_> = writes.collect();
    scene.commit(&writes).await;
    assert_eq!(scene.inbox().await.len(), 2 * INSTANCES);
    for row in &rows {
        let loaded = scene.store.instance_load(row.key).await.unwrap().unwrap();
        assert_eq!((loaded.turns.unwrap().len(), loaded.inbox.len()), (1, 2));
        assert_eq!(loaded.instance.status, InstanceStatus::Running);
    }
}
