//! Delayed signals: listing them, withdrawing them.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::commands::DelayedSignal;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::store::EntityCommand;
use durable_runtime::store::SignalWithdrawal;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::work::Sender;
use durable_runtime::work::SignalRef;
use durable_runtime::work::TurnWrite;

use super::entities::operation;
use super::entities::scene;
use super::scene::Scene;
use super::scene::payload;

fn account() -> EntityId {
    EntityId::new("Account", "a")
}

/// Sends a signal that is due in `delay`.
async fn send_later(scene: &Scene, command: &str, delay: Duration) -> InstanceKey {
    let mut operation = operation(Some(scene.now + delay));
    operation.sender = Some(Sender::Client(command.to_owned()));
    let command = EntityCommand {
        command: command.to_owned(),
        operation,
        remember_until: None,
    };
    let entity = account();
    let sent = scene.store.entity_send(&entity, &command, scene.now).await;
    sent.unwrap().key
}

async fn delayed(scene: &Scene, after: Option<MessageId>, limit: u32) -> Vec<DelayedSignal> {
    let entity = account();
    let found = scene.store.signals_delayed(&entity, after, limit).await;
    found.unwrap()
}

async fn withdraw(scene: &Scene, command: &str, signal: SignalRef) -> bool {
    let withdrawal = SignalWithdrawal {
        signal,
        command: command.to_owned(),
        remember_until: None,
    };
    let entity = account();
    let gone = scene.store.signal_withdraw(&entity, &withdrawal, scene.now);
    gone.await.unwrap()
}

async fn timers(scene: &Scene) -> usize {
    let until = scene.now + Duration::from_hours(1);
    scene.timers_due(until).await.len()
}

/// Delayed signals are listed in pages, with their senders; what is not delayed is not.
pub async fn delayed_signals_are_listed(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    assert_eq!(delayed(&scene, None, 10).await, []);
    for (command, minutes) in [("a", 7), ("b", 0), ("c", 6), ("d", 6)] {
        send_later(&scene, command, Duration::from_mins(minutes)).await;
    }
    let all = delayed(&scene, None, 10).await;
    let senders = all.iter().map(|signal| signal.sender.clone().unwrap());
    let client = |command: &str| Sender::Client(command.to_owned());
    assert_eq!(senders.collect::<Vec<_>>(), ["a", "c", "d"].map(client));
    let due = all.iter().map(|signal| signal.due);
    let expected = [7, 6, 6].map(|minutes| scene.now + Duration::from_mins(minutes));
    assert_eq!(due.collect::<Vec<_>>(), expected);
    assert!(all.iter().all(|signal| signal.sent_at == scene.now));
    assert_eq!(delayed(&scene, None, 2).await, all[..2]);
    assert_eq!(delayed(&scene, Some(all[1].id), 2).await, all[2..]);
    assert_eq!(delayed(&scene, Some(all[2].id), 2).await, []);
}

/// A delayed signal is withdrawn once; its timer goes unless another signal needs it.
pub async fn a_delayed_signal_is_withdrawn_once(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    assert!(!withdraw(&scene, "w0", SignalRef::Command("one".to_owned())).await);
    for command in ["one", "two"] {
        send_later(&scene, command, Duration::from_mins(5)).await;
    }
    let signals = delayed(&scene, None, 10).await;
    let first = || SignalRef::Id(signals[0].id);
    assert!(withdraw(&scene, "w1", first()).await);
    assert!(withdraw(&scene, "w1", first()).await, "the same command");
    assert!(!withdraw(&scene, "w2", first()).await);
    assert_eq!(delayed(&scene, None, 10).await, signals[1..]);
    assert_eq!(timers(&scene).await, 1);
    let second = || SignalRef::Command("two".to_owned());
    assert!(withdraw(&scene, "w3", second()).await);
    assert!(!withdraw(&scene, "w4", second()).await);
    assert_eq!(delayed(&scene, None, 10).await, []);
    assert_eq!(timers(&scene).await, 0);
}

/// What is not a delayed signal to this entity cannot be withdrawn.
pub async fn only_a_delayed_signal_can_be_withdrawn(store: Arc<dyn Store>) {
    let scene = scene(store).await;
    let key = send_later(&scene, "now", Duration::ZERO).await;
    let loaded = scene.store.entity_load(key).await.unwrap().unwrap();
    let id = loaded.inbox[0].id.unwrap();
    assert!(!withdraw(&scene, "w1", SignalRef::Id(id)).await);
    send_later(&scene, "later", Duration::from_mins(5)).await;
    let elsewhere = EntityId::new("Account", "b");
    let withdrawal = SignalWithdrawal {
        signal: SignalRef::Command("later".to_owned()),
        command: "w2".to_owned(),
        remember_until: None,
    };
    let gone = scene
        .store
        .signal_withdraw(&elsewhere, &withdrawal, scene.now);
    assert!(!gone.await.unwrap());
    assert_eq!(delayed(&scene, None, 10).await.len(), 1);
}

/// A turn that has run a signal that was withdrawn writes nothing, and the next one may.
pub async fn a_signal_that_was_withdrawn_is_not_run(store: Arc<dyn Store>) {
    let mut scene = scene(store).await;
    let key = send_later(&scene, "one", Duration::from_mins(5)).await;
    let loaded = scene.store.entity_load(key).await.unwrap().unwrap();
    let mut write = TurnWrite::new(key, loaded.entity.unit);
    write.consumed.clone_from(&loaded.parked);
    write.delayed.clone_from(&loaded.parked);
    let mut changed = loaded.entity.clone();
    changed.state = Some(payload("1"));
    write.entity = Some(Box::new(changed.update()));
    assert!(withdraw(&scene, "w1", SignalRef::Id(loaded.parked[0])).await);
    let before = scene.store.dump().await.unwrap();
    let refused = scene.try_commit(&[write.clone()]).await;
    assert!(
        matches!(refused, Err(StoreError::SignalWithdrawn)),
        "{refused:?}"
    );
    assert_eq!(scene.store.dump().await.unwrap(), before);
    write.delayed.clear();
    scene.try_commit(&[write]).await.unwrap();
}
