//! Entities: their rows, what is sent to them, what clients are answered.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::commands::EntityFilter;
use durable_runtime::commands::EntityPage;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::Lane;
use durable_runtime::store::EntityCommand;
use durable_runtime::store::LoadedEntity;
use durable_runtime::store::Store;
use durable_runtime::work::Address;
use durable_runtime::work::Answer;
use durable_runtime::work::EntityOperation;
use durable_runtime::work::EntityRow;
use durable_runtime::work::LockHolder;
use durable_runtime::work::MessageBody;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::TimerId;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::payload;

fn id(key: &str) -> EntityId {
    EntityId::new("Account", key)
}

pub(super) fn operation(due: Option<Timestamp>) -> EntityOperation {
    EntityOperation {
        name: "deposit".to_owned(),
        input: Some(payload("10")),
        caller: None,
        lock: None,
        due,
        sender: None,
    }
}

fn command(name: &str, remember_until: Option<Timestamp>) -> EntityCommand {
    EntityCommand {
        command: name.to_owned(),
        operation: operation(None),
        remember_until,
    }
}

/// A scene whose worker owns the entities too.
pub(super) async fn scene(store: Arc<dyn Store>) -> Scene {
    let mut scene = Scene::new(store).await;
    scene
        .claim(&[super::scene::lane(), Lane::entity("Account")])
        .await;
    scene
}

async fn send(scene: &Scene, key: &str, command: &EntityCommand) -> LoadedEntity {
    let sent = scene.store.entity_send(&id(key), command, scene.now).await;
    let key = sent.unwrap().key;
    assert!(key.is_entity());
    scene.store.entity_load(key).await.unwrap().unwrap()
}

async fn change(scene: &mut Scene, row: &EntityRow) {
    let mut write = TurnWrite::new(row.key, row.unit);
    write.entity = Some(Box::new(row.update()));
    scene.commit(&[write]).await;
}

async fn consume(scene: &mut Scene, loaded: &LoadedEntity) {
    let mut write = TurnWrite::new(loaded.entity.key, loaded.entity.unit);
    write.consumed = loaded
        .inbox
        .iter()
        .filter_map(|message| message.id)
        .collect();
    scene.commit(&[write]).await;
}

async fn keys(scene: &Scene, filter: &EntityFilter) -> Vec<String> {
    let (mut after, mut keys) = (None, Vec::new());
    loop {
        let page = scene.store.entities_list(filter, after.as_ref(), 1).await;
        let EntityPage { entities, next } = page.unwrap();
        keys.extend(entities.iter().map(|found| found.row.id.key().to_owned()));
        after = next;
        if after.is_none() {
            return keys;
        }
    }
}

/// The first message to an entity creates it; the same command again does nothing.
pub async fn a_client_sends_to_an_entity_once(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    assert_eq!(scene.store.entity_fetch(&id("a")).await.unwrap(), None);
    let first = send(&scene, "a", &command("c1", None)).await;
    assert_eq!(first.entity.state, None);
    assert_eq!(first.entity.created_at, scene.now);
    assert_eq!(first.inbox.len(), 1);
    assert!(first.parked.is_empty());
    let (a, c1) = (id("a"), command("c1", None));
    let again = scene.store.entity_send(&a, &c1, scene.now).await;
    assert!(again.unwrap().repeated);
    let second = send(&scene, "a", &command("c2", None)).await;
    assert_eq!(second.inbox.len(), 2);
    assert_eq!(second.inbox[0], first.inbox[0]);
    // Another entity, or the same command to it, is another matter.
    let other = send(&scene, "A", &command("c1", None)).await;
    assert_ne!(other.entity.key, first.entity.key);
    assert_eq!(other.inbox.len(), 1);
    let polled = scene.inbox().await;
    assert_eq!(polled.len(), 3);
    assert_eq!(polled[0].key, first.entity.key);
    assert_eq!(polled[0].unit, first.entity.unit);
}

/// All columns are written and read back, a `null` state too.
pub async fn an_entitys_row_is_written_and_read_back(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let greeting = scene.greet("holder").await;
    let holder = LockHolder {
        key: greeting.key,
        instance: greeting.id.clone(),
        execution: greeting.execution,
        path: CallPath::root().child(3),
    };
    let mut row = send(&scene, "a", &command("c1", None)).await.entity;
    scene.pass(Duration::from_secs(5));
    row.state = Some(durable_runtime::Payload::from_json("null").unwrap());
    row.version = Some("2".to_owned());
    row.lock = Some(holder.clone());
    row.withdrawn = vec![holder];
    row.load_at_start = true;
    row.changed_at = scene.now;
    change(&mut scene, &row).await;
    let loaded = scene.store.entity_load(row.key).await.unwrap().unwrap();
    assert_eq!(loaded.entity, row);
    let listing = scene.store.entity_fetch(&id("a")).await.unwrap().unwrap();
    assert_eq!(listing.row, row);
    assert!(listing.has_state);
    assert_eq!(listing.backlog, 1);
    (row.state, row.version, row.lock) = (None, None, None);
    (row.withdrawn, row.load_at_start) = (Vec::new(), false);
    change(&mut scene, &row).await;
    let loaded = scene.store.entity_load(row.key).await.unwrap().unwrap();
    assert_eq!(loaded.entity, row);
}

/// An entity that has no state, is not locked and has no messages is not shown, though it is there.
pub async fn an_entity_without_state_shows_while_something_waits_for_it(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let loaded = send(&scene, "a", &command("c1", None)).await;
    let listing = scene.store.entity_fetch(&id("a")).await.unwrap().unwrap();
    assert!(!listing.has_state);
    assert_eq!(keys(&scene, &EntityFilter::default()).await, ["a"]);
    consume(&mut scene, &loaded).await;
    assert_eq!(scene.store.entity_fetch(&id("a")).await.unwrap(), None);
    assert!(keys(&scene, &EntityFilter::default()).await.is_empty());
    let loaded = scene.store.entity_load(loaded.entity.key).await.unwrap();
    assert!(loaded.is_some());
}

/// By name, prefix and last change; a prefix matches byte by byte; states only if asked for.
pub async fn entities_are_listed_by_name_and_key(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let start = scene.now;
    for key in ["eu-2", "eu-1", "EU-1", "eu_1", "us-1", ""] {
        let loaded = send(&scene, key, &command("c", None)).await;
        consume(&mut scene, &loaded).await;
        let mut row = loaded.entity;
        row.state = Some(payload(key));
        row.changed_at = scene.now;
        change(&mut scene, &row).await;
        scene.pass(Duration::from_secs(1));
    }
    let all = EntityFilter::default();
    let sorted = ["", "EU-1", "eu-1", "eu-2", "eu_1", "us-1"];
    assert_eq!(keys(&scene, &all).await, sorted);
    let prefix = |prefix: &str| EntityFilter {
        key_prefix: Some(prefix.to_owned()),
        ..EntityFilter::default()
    };
    assert_eq!(keys(&scene, &prefix("eu-")).await, ["eu-1", "eu-2"]);
    assert_eq!(keys(&scene, &prefix("eu")).await, ["eu-1", "eu-2", "eu_1"]);
    assert_eq!(keys(&scene, &prefix("")).await, sorted);
    let named = |name: &str| EntityFilter {
        name: Some(name.to_owned()),
        ..EntityFilter::default()
    };
    assert_eq!(keys(&scene, &named("Account")).await, sorted);
    assert!(keys(&scene, &named("account")).await.is_empty());
    let changed = EntityFilter {
        changed_from: Some(start + Duration::from_secs(1)),
        changed_before: Some(start + Duration::from_secs(3)),
        ..EntityFilter::default()
    };
    assert_eq!(keys(&scene, &changed).await, ["EU-1", "eu-1"]);
    let page = scene.store.entities_list(&all, None, 2).await.unwrap();
    assert_eq!(page.next, Some(id("EU-1")));
    assert_eq!(page.entities[1].row.state, None);
    assert!(page.entities[1].has_state);
    let with_state = EntityFilter {
        with_state: true,
        ..all
    };
    let page = scene
        .store
        .entities_list(&with_state, None, 2)
        .await
        .unwrap();
    assert_eq!(page.entities[1].row.state, Some(payload("EU-1")));
}

/// A turn's messages reach entities that exist and those that do not, in order.
pub async fn a_turn_sends_to_entities(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let greeting = scene.greet("a").await;
    let known = send(&scene, "known", &command("c", None)).await;
    let message = |key: &str, name: &str| {
        let mut operation = operation(None);
        name.clone_into(&mut operation.name);
        let body = MessageBody::EntityOperation(Box::new(operation));
        OutgoingMessage::new(Address::Entity(id(key)), body)
    };
    let mut write = TurnWrite::new(greeting.key, greeting.unit);
    write.sends = vec![
        message("new", "first"),
        message("known", "second"),
        message("new", "third"),
    ];
    scene.commit(&[write]).await;
    let listing = scene.store.entity_fetch(&id("new")).await.unwrap().unwrap();
    let new = scene
        .store
        .entity_load(listing.row.key)
        .await
        .unwrap()
        .unwrap();
    let names = new.inbox.iter().map(|message| match &message.body {
        MessageBody::EntityOperation(operation) => operation.name.as_str(),
        _ => "",
    });
    assert_eq!(names.collect::<Vec<_>>(), ["first", "third"]);
    let known = scene
        .store
        .entity_load(known.entity.key)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(known.inbox.len(), 2);
    assert_eq!(scene.inbox().await.len(), 5);
}

/// A message that is due later is parked, and its entity's timer set; one that is due already is not.
pub async fn a_delayed_signal_is_parked_until_its_timer(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let due = scene.now + Duration::from_mins(1);
    let delayed = EntityCommand {
        operation: operation(Some(due)),
        ..command("c1", None)
    };
    let loaded = send(&scene, "a", &delayed).await;
    assert_eq!(loaded.parked.len(), 1);
    assert!(scene.inbox().await.is_empty());
    let greeting = scene.greet("g").await;
    let key = loaded.entity.key;
    let signal = |due| OutgoingMessage {
        due: Some(due),
        ..OutgoingMessage::new(
            Address::Entity(id("a")),
            MessageBody::EntityOperation(Box::new(operation(Some(due)))),
        )
    };
    let later = due + Duration::from_secs(1);
    let mut write = TurnWrite::new(greeting.key, greeting.unit);
    write.sends = vec![signal(due), signal(later), signal(scene.now)];
    scene.commit(&[write]).await;
    let timers = scene.timers_due(later).await;
    let timers = timers
        .into_iter()
        .map(|(unit, timer)| (unit, timer.id, timer.due));
    let unit = loaded.entity.unit;
    let expected = [
        (unit, TimerId::of_signal(key, due), due),
        (unit, TimerId::of_signal(key, later), later),
    ];
    assert_eq!(timers.collect::<Vec<_>>(), expected);
    let polled = scene.inbox().await;
    let to_entity = polled.iter().filter(|message| message.key == key);
    assert_eq!(to_entity.count(), 1);
    let loaded = scene.store.entity_load(key).await.unwrap().unwrap();
    assert_eq!((loaded.inbox.len(), loaded.parked.len()), (4, 3));
    let mut write = TurnWrite::new(key, unit);
    write.timers_gone = vec![TimerId::of_signal(key, due)];
    scene.commit(&[write]).await;
    let timers = scene.timers_due(later).await;
    assert_eq!(timers.len(), 1);
}

/// Answers are kept under their commands, and forgotten with them.
pub async fn answers_are_kept_until_they_expire(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let until = scene.now + Duration::from_secs(10);
    let row = send(&scene, "a", &command("short", Some(until)))
        .await
        .entity;
    let _ = send(&scene, "a", &command("long", None)).await;
    let store = Arc::clone(&scene.store);
    assert_eq!(store.answer_fetch(row.key, "short").await.unwrap(), None);
    let mut write = TurnWrite::new(row.key, row.unit);
    let answer = |command: &str, text: &str| Answer {
        command: command.to_owned(),
        result: Ok(payload(text)),
    };
    write.answers = vec![
        answer("short", "1"),
        answer("long", "2"),
        answer("unknown", "3"),
    ];
    scene.commit(&[write]).await;
    let fetch = async |command: &str| store.answer_fetch(row.key, command).await.unwrap();
    assert_eq!(fetch("short").await, Some(Ok(payload("1"))));
    assert_eq!(fetch("long").await, Some(Ok(payload("2"))));
    assert_eq!(fetch("unknown").await, None);
    let just_before = Timestamp::from_millis(until.as_millis() - 1);
    store.answers_expire(just_before, 10).await.unwrap();
    assert!(fetch("short").await.is_some());
    store.answers_expire(until, 10).await.unwrap();
    assert_eq!(fetch("short").await, None);
    assert!(fetch("long").await.is_some());
    let again = store
        .entity_send(&id("a"), &command("long", None), until)
        .await;
    assert!(again.unwrap().repeated);
    let again = store
        .entity_send(&id("a"), &command("short", None), until)
        .await;
    assert!(!again.unwrap().repeated);
}

/// The oldest first, whatever entity they belong to.
pub async fn answers_expire_page_by_page(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let until = scene.now + Duration::from_secs(3);
    let mut rows = Vec::new();
    for (key, name, seconds) in [
        ("b", "fourth", 3),
        ("a", "second", 2),
        ("b", "first", 1),
        ("a", "last", 4),
        ("a", "third", 3),
    ] {
        let remembered = scene.now + Duration::from_secs(seconds);
        let sent = send(&scene, key, &command(name, Some(remembered))).await;
        let mut write = TurnWrite::new(sent.entity.key, sent.entity.unit);
        write.answers.push(Answer {
            command: name.to_owned(),
            result: Ok(payload("1")),
        });
        scene.commit(&[write]).await;
        rows.push((sent.entity.key, name));
    }
    for (limit, more, expected) in [
        (2, true, vec!["fourth", "last", "third"]),
        (0, true, vec!["fourth", "last"]),
        (5, false, vec!["last"]),
    ] {
        let expired = scene.store.answers_expire(until, limit).await;
        assert_eq!(expired.unwrap(), more);
        let mut left = Vec::new();
        for (key, name) in &rows {
            let answer = scene.store.answer_fetch(*key, name).await.unwrap();
            left.extend(answer.map(|_| *name));
        }
        assert_eq!(left, expected);
    }
}

/// In order of creation, of the units asked for only.
pub async fn entities_that_wait_are_found_at_start(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let mut marked = Vec::new();
    for number in 0..12 {
        let key = format!("k{number}");
        let mut row = send(&scene, &key, &command("c", None)).await.entity;
        if number % 2 == 0 {
            row.load_at_start = true;
            change(&mut scene, &row).await;
            marked.push(row);
        }
    }
    let store = Arc::clone(&scene.store);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .entities_to_load(&scene.units, after, 4)
            .await
            .unwrap();
        after = page.last().copied();
        found.extend(page.iter().copied());
        if page.len() < 4 {
            break;
        }
    }
    let keys: Vec<_> = marked.iter().map(|row| row.key).collect();
    assert_eq!(found, keys);
    let unit = marked[0].unit;
    let of_unit = store.entities_to_load(&[unit], None, 20).await.unwrap();
    let expected = marked.iter().filter(|row| row.unit == unit);
    assert_eq!(of_unit, expected.map(|row| row.key).collect::<Vec<_>>());
}
