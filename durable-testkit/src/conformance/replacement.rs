//! Starting an instance over.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Payload;
use durable_runtime::commands::IfExists;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Lane;
use durable_runtime::store::Created;
use durable_runtime::store::Store;
use durable_runtime::work::Heartbeat;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::NewInstance;
use durable_runtime::work::Output;
use durable_runtime::work::Timer;
use durable_runtime::work::TimerId;
use durable_runtime::work::TimerKind;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::bodies;
use super::scene::lane;
use super::scene::new_instance;
use super::scene::payload;
use super::scene::raised;
use super::scene::salt_of;
use super::scene::turn;
use super::scene::update;

fn again(id: &str) -> NewInstance {
    let mut new = new_instance(id);
    new.input = Some(payload("again"));
    new.salt = salt_of("again");
    "replace".clone_into(&mut new.command);
    new
}

/// Replaces `row` by `new` in a turn that also ends it.
async fn replace(scene: &mut Scene, row: &InstanceRow, new: NewInstance) -> InstanceRow {
    let mut write = turn(row, 1);
    let mut end = update(InstanceStatus::Terminated, row.execution);
    end.output = Some(Output::Terminated("replaced".to_owned()));
    end.custom_status = Some(Payload::from_json("1").unwrap());
    write.update = Some(end);
    write.replacement = Some(Box::new(new));
    scene.commit(&[write]).await;
    scene.fetch(&row.id).await
}

/// The row begins anew under its key and id, as the next execution, with a salt of its own.
pub async fn a_replacement_begins_the_next_execution(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    scene.pass(Duration::from_secs(1));
    let new = again("a");
    let replaced = replace(&mut scene, &row, new.clone()).await;
    let expected = InstanceRow {
        salt: new.salt,
        execution: row.execution.next(),
        input: new.input,
        created_at: scene.now,
        updated_at: scene.now,
        command: new.command,
        ..row.clone()
    };
    assert_eq!(replaced, expected);
    let begin = MessageBody::Start {
        execution: row.execution.next(),
        carried: Vec::new(),
    };
    assert_eq!(bodies(&scene.messages(&row).await)[1..], [&begin]);
    let old = scene.store.history_fetch(row.key, row.execution).await;
    assert_eq!(old.unwrap().len(), 1);
}

/// A replacement can be scheduled; old timers and progress do not survive it.
pub async fn a_replacement_keeps_no_timer_and_no_progress(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut write = TurnWrite::new(row.key, row.unit);
    write.timers = vec![Timer {
        id: TimerId {
            key: row.key,
            execution: row.execution,
            path: CallPath::root().child(1),
            kind: TimerKind::Sleep,
        },
        due: scene.now,
    }];
    write.heartbeats = vec![Heartbeat {
        execution: row.execution,
        path: CallPath::root().child(2),
        progress: payload("half"),
    }];
    scene.commit(&[write]).await;
    let mut new = again("a");
    let due = scene.now + Duration::from_mins(1);
    new.start_at = Some(due);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.replacement = Some(Box::new(new));
    scene.commit(&[write]).await;
    let timers = scene.timers_due(due).await;
    assert_eq!(timers.len(), 1);
    assert_eq!(timers[0].1.id.kind, TimerKind::Start);
    assert_eq!(timers[0].1.id.execution, row.execution.next());
    let loaded = scene.store.instance_load(row.key).await.unwrap().unwrap();
    assert!(loaded.heartbeats.is_empty());
    assert_eq!(loaded.inbox.len(), 1);
}

/// The new one may be of another orchestrator or version: its unit changes, and its inbox moves
/// along.
pub async fn a_replacement_can_move_to_another_lane(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let _ = scene.send("a", "x", &raised("e")).await;
    let mut new = again("a");
    "2".clone_into(&mut new.version);
    let replaced = replace(&mut scene, &row, new).await;
    assert!(!scene.units.contains(&replaced.unit));
    assert!(scene.inbox().await.is_empty());
    let lanes = [lane(), Lane::orchestrator("greet", "2")];
    let units = scene
        .store
        .units_claim(&scene.lease, &lanes, scene.now)
        .await;
    scene.units = units.unwrap();
    let inbox = scene.inbox().await;
    assert_eq!(inbox.len(), 3);
    assert!(inbox.iter().all(|message| message.unit == replaced.unit));
    assert_eq!(replaced.version, "2");
}

/// Both the command that created the old one and the one that replaced it take effect once.
pub async fn commands_around_a_replacement_take_effect_once(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    replace(&mut scene, &row, again("a")).await;
    let before = scene.store.dump().await.unwrap();
    let everything = IfExists::Replace(InstanceStatus::ALL.to_vec());
    let created = scene.create_if(&again("a"), &everything).await;
    assert_eq!(created, Created::Created);
    let created = scene.create_if(&new_instance("a"), &everything).await;
    assert_eq!(created, Created::Replacing);
    assert_eq!(scene.store.dump().await.unwrap(), before);
}
