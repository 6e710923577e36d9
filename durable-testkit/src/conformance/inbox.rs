//! Sending to instances, and fetching what was sent.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::commands::IfExists;
use durable_runtime::history::ExternalEvent;
use durable_runtime::ids::Execution;
use durable_runtime::ids::Lane;
use durable_runtime::ids::Unit;
use durable_runtime::store::Created;
use durable_runtime::store::InboxPage;
use durable_runtime::store::Sent;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::MessageBody;
use durable_runtime::work::TurnWrite;

use super::scene::Scene;
use super::scene::bodies;
use super::scene::lane;
use super::scene::message_ids;
use super::scene::new_instance;
use super::scene::payload;
use super::scene::raised;

/// What is sent is fetched as it was sent, in order.
pub async fn messages_come_in_the_order_they_were_sent(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    for name in ["one", "two", "three"] {
        scene.pass(Duration::from_secs(1));
        assert_eq!(scene.send("a", name, &raised(name)).await, Sent::Accepted);
    }
    let inbox = scene.inbox().await;
    let ids = message_ids(&inbox);
    assert!(ids.is_sorted() && inbox.len() == 4);
    assert!(
        inbox
            .iter()
            .all(|message| message.key == row.key && message.unit == row.unit)
    );
    let sent: Vec<_> = inbox[1..].iter().map(|m| m.message.body.clone()).collect();
    assert_eq!(sent, ["one", "two", "three"].map(raised));
    assert_eq!(inbox[3].message.at, scene.now);
}

/// The same command takes effect once, for ever.
pub async fn a_repeated_command_has_no_effect(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    assert_eq!(scene.send("a", "x", &raised("one")).await, Sent::Accepted);
    let before = scene.store.dump().await.unwrap();
    assert_eq!(scene.send("a", "x", &raised("two")).await, Sent::Repeated);
    assert_eq!(scene.store.dump().await.unwrap(), before);
    scene.end(&row, InstanceStatus::Completed).await;
    assert_eq!(scene.send("a", "x", &raised("one")).await, Sent::Repeated);
}

/// Commands are remembered for each instance by itself.
pub async fn the_same_command_for_two_instances_counts_twice(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    for id in ["a", "b"] {
        scene.greet(id).await;
        assert_eq!(scene.send(id, "x", &raised("e")).await, Sent::Accepted);
    }
}

/// Nobody is there to receive it.
pub async fn a_message_to_an_unknown_instance_is_not_found(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let before = scene.store.dump().await.unwrap();
    assert_eq!(
        scene.send("nobody", "x", &raised("e")).await,
        Sent::NotFound
    );
    assert_eq!(scene.store.dump().await.unwrap(), before);
}

/// Every terminal status refuses, and says which it is.
pub async fn a_message_to_an_ended_instance_is_refused(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    for status in InstanceStatus::ALL {
        let row = scene.greet(&status.to_string()).await;
        scene.end(&row, status).await;
        let sent = scene.send(row.id.as_str(), "x", &raised("e")).await;
        let expected = if status.is_terminal() {
            Sent::Finished(status)
        } else {
            Sent::Accepted
        };
        assert_eq!(sent, expected);
    }
}

/// An instance of one of the orchestrators that cannot take a message refuses it, unless it has ended;
/// what was accepted before stays accepted.
pub async fn a_message_that_its_orchestrator_cannot_take_is_refused(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let others = [Lane::orchestrator("greet", "2"), Lane::entity("greet")];
    let all = [others.as_slice(), &[lane()]].concat();
    let event = raised("e");
    let sent = scene.send_unless("a", "x", &event, &others).await;
    assert_eq!(sent, Sent::Accepted);
    let before = scene.store.dump().await.unwrap();
    scene.most_unread = 1;
    let sent = scene.send_unless("a", "y", &event, &all).await;
    assert_eq!(sent, Sent::Refused(lane()));
    let sent = scene.send_unless("a", "x", &event, &all).await;
    assert_eq!(sent, Sent::Repeated);
    let sent = scene.send_unless("nobody", "y", &event, &all).await;
    assert_eq!(sent, Sent::NotFound);
    assert_eq!(scene.store.dump().await.unwrap(), before);
    scene.end(&row, InstanceStatus::Completed).await;
    let sent = scene.send_unless("a", "y", &event, &all).await;
    assert_eq!(sent, Sent::Finished(InstanceStatus::Completed));
}

/// What counts is the orchestrator of the replacement that is on its way.
pub async fn an_instance_that_is_replaced_takes_what_its_replacement_takes(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    scene.greet("a").await;
    let next = Lane::orchestrator("greet", "2");
    let mut new = new_instance("a");
    "2".clone_into(&mut new.version);
    "replace".clone_into(&mut new.command);
    let replace = IfExists::Replace(InstanceStatus::ALL.to_vec());
    assert_eq!(scene.create_if(&new, &replace).await, Created::Replacing);
    let event = raised("e");
    let sent = scene
        .send_unless("a", "x", &event, std::slice::from_ref(&next))
        .await;
    assert_eq!(sent, Sent::Refused(next));
    let sent = scene.send_unless("a", "x", &event, &[lane()]).await;
    assert_eq!(sent, Sent::Accepted);
}

/// Messages that the worker has in memory are left out, and do not count against the limit.
pub async fn fetching_leaves_out_what_the_worker_has(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    scene.greet("a").await;
    for number in 0..9 {
        let sent = scene.send("a", &number.to_string(), &raised("e")).await;
        assert_eq!(sent, Sent::Accepted);
    }
    let all = message_ids(&scene.inbox().await);
    let except = [all[0], all[1], all[2], all[5], all[9]];
    let page = scene.store.inbox_fetch(&scene.units, &except, None, 3);
    let page = page.await.unwrap();
    assert_eq!(message_ids(&page.messages), [all[3], all[4], all[6]]);
    let page = scene.store.inbox_fetch(&scene.units, &all, None, 3);
    assert_eq!(page.await.unwrap(), InboxPage::default());
}

/// A page goes on behind the last message of the one before; what nobody takes keeps none from being
/// found.
pub async fn messages_come_page_by_page(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    scene.greet("a").await;
    for number in 0..9 {
        let sent = scene.send("a", &number.to_string(), &raised("e")).await;
        assert_eq!(sent, Sent::Accepted);
    }
    let all = message_ids(&scene.inbox().await);
    let held = [all[0], all[4], all[9]];
    for (except, limit, pages) in [(&[][..], 4, 3), (&[], 5, 2), (&[], 0, 10), (&held, 3, 3)] {
        let (mut found, mut count, mut after) = (Vec::new(), 0, None);
        loop {
            let page = scene.store.inbox_fetch(&scene.units, except, after, limit);
            let page = page.await.unwrap();
            assert!(page.messages.len() <= limit.max(1) as usize);
            found.extend(message_ids(&page.messages));
            count += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected = all.iter().filter(|id| !except.contains(id));
        assert!(found.iter().eq(expected), "{found:?}");
        assert_eq!(count, pages, "by {limit}");
    }
}

/// Parked messages and those of other units, however many, keep none of the others from being found.
pub async fn messages_are_found_behind_those_that_are_not_asked_for(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let other = scene.greet("other").await;
    for number in 0..9 {
        let sent = scene.send("other", &number.to_string(), &raised("e")).await;
        assert_eq!(sent, Sent::Accepted);
    }
    let units: Vec<_> = scene.units.clone();
    let others = |unit: &Unit| *unit != other.unit;
    let units: Vec<_> = units.into_iter().filter(others).collect();
    let mut own = Vec::new();
    for number in 0.. {
        let row = scene.greet(&number.to_string()).await;
        if units.contains(&row.unit) {
            own.push(row);
        }
        if own.len() == 4 {
            break;
        }
    }
    let found = async |scene: &Scene, limit| {
        let page = scene.store.inbox_fetch(&units, &[], None, limit);
        let page = page.await.unwrap();
        let keys: Vec<_> = page.messages.iter().map(|message| message.key).collect();
        (keys, page.next.is_some())
    };
    let keys: Vec<_> = own.iter().map(|row| row.key).collect();
    assert_eq!(found(&scene, 1).await, (vec![keys[0]], true));
    assert_eq!(found(&scene, 3).await, (keys[..3].to_vec(), true));
    assert_eq!(found(&scene, 4).await, (keys.clone(), false));

    let inbox = scene.inbox().await;
    let parked = own[..3].iter().map(|row| {
        let mut write = TurnWrite::new(row.key, row.unit);
        let to_it = inbox.iter().filter(|message| message.key == row.key);
        write.parked = message_ids(&to_it.cloned().collect::<Vec<_>>());
        write
    });
    let parked: Vec<_> = parked.collect();
    scene.commit(&parked).await;
    assert_eq!(found(&scene, 1).await, (vec![keys[3]], false));
    assert_eq!(found(&scene, 100).await, (vec![keys[3]], false));
}

/// Only messages of the units asked for.
pub async fn fetching_keeps_to_the_units(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    for number in 0..20 {
        scene.greet(&format!("instance {number}")).await;
    }
    let mut seen = 0;
    for unit in &scene.units {
        let unit = std::slice::from_ref(unit);
        let page = scene.store.inbox_fetch(unit, &[], None, 100);
        let found = page.await.unwrap().messages;
        assert!(found.iter().all(|message| message.unit == unit[0]));
        seen += found.len();
    }
    assert_eq!(seen, 20);
    let none = scene.store.inbox_fetch(&[], &[], None, 100).await.unwrap();
    assert!(none.messages.is_empty());
}

/// Consumed means gone.
pub async fn consumed_messages_are_gone(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let _ = scene.send("a", "x", &raised("e")).await;
    let ids = message_ids(&scene.inbox().await);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.consumed = vec![ids[0]];
    scene.commit(&[write]).await;
    assert_eq!(message_ids(&scene.inbox().await), [ids[1]]);
}

/// A message id is never given twice, even when the last row was deleted.
pub async fn message_ids_are_never_given_twice(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let mut last = None;
    for number in 0..4 {
        let ids = message_ids(&scene.inbox().await);
        assert_eq!(ids.len(), 1);
        assert!(Some(ids[0]) > last);
        last = Some(ids[0]);
        let mut write = TurnWrite::new(row.key, row.unit);
        write.consumed = ids;
        scene.commit(&[write]).await;
        let _ = scene.send("a", &number.to_string(), &raised("e")).await;
    }
}

/// A parked message is kept, loaded with its instance, and not found by polling.
pub async fn parked_messages_are_kept_and_not_polled(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let _ = scene.send("a", "x", &raised("e")).await;
    let ids = message_ids(&scene.inbox().await);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.parked.clone_from(&ids);
    scene.commit(&[write]).await;
    assert!(scene.inbox().await.is_empty());
    let kept = scene.messages(&row).await;
    assert_eq!(
        kept.iter()
            .filter_map(|message| message.id)
            .collect::<Vec<_>>(),
        ids
    );
}

/// Unparked messages are polled again, those of this instance only.
pub async fn unparked_messages_are_polled_again(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let rows = [scene.greet("a").await, scene.greet("b").await];
    let ids = message_ids(&scene.inbox().await);
    let mut writes = rows.clone().map(|row| TurnWrite::new(row.key, row.unit));
    writes[0].parked = vec![ids[0]];
    writes[1].parked = vec![ids[1]];
    scene.commit(&writes).await;
    let mut write = TurnWrite::new(rows[0].key, rows[0].unit);
    write.unpark = true;
    scene.commit(&[write]).await;
    assert_eq!(message_ids(&scene.inbox().await), [ids[0]]);
}

/// A turn that unparks and parks keeps what it names parked.
pub async fn unparking_comes_before_parking(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let _ = scene.send("a", "x", &raised("e")).await;
    let ids = message_ids(&scene.inbox().await);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.parked.clone_from(&ids);
    scene.commit(&[write.clone()]).await;
    write.unpark = true;
    write.parked = vec![ids[1]];
    scene.commit(&[write]).await;
    assert_eq!(message_ids(&scene.inbox().await), [ids[0]]);
}

/// Unread events are the external events of the inbox, parked or not, oldest first.
pub async fn unread_events_are_listed(store: Arc<dyn Store>) {
    let mut scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    for name in ["one", "two"] {
        scene.pass(Duration::from_secs(1));
        let _ = scene.send("a", name, &raised(name)).await;
    }
    let terminate = MessageBody::Terminate {
        reason: "enough".to_owned(),
        by_parent: None,
        recursive: true,
    };
    let _ = scene.send("a", "t", &terminate).await;
    let ids = message_ids(&scene.inbox().await);
    let mut write = TurnWrite::new(row.key, row.unit);
    write.parked = vec![ids[1]];
    scene.commit(&[write]).await;
    let unread = scene.store.events_unread(row.key).await.unwrap();
    let event = |name: &str, seconds| ExternalEvent {
        at: super::scene::START + Duration::from_secs(seconds),
        name: name.to_owned(),
        payload: payload(name),
    };
    assert_eq!(unread.inbox, [event("one", 1), event("two", 2)]);
}

/// Bodies of every size and character come back as they were.
pub async fn a_large_message_comes_back_whole(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let row = scene.greet("a").await;
    let text = "\0 \" \\ 'é🎻\n".repeat(50_000);
    let body = MessageBody::ChildCompleted {
        execution: Execution(7),
        path: "1.2.3".parse().unwrap(),
        result: payload(&text),
    };
    assert_eq!(scene.send("a", "x", &body).await, Sent::Accepted);
    let messages = scene.messages(&row).await;
    assert_eq!(bodies(&messages)[1], &body);
}
