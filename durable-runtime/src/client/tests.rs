//! Commands on the model store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::future::join;

use super::StoreCommands;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::commands::ClientError;
use crate::commands::Commands;
use crate::commands::Control;
use crate::commands::IfExists;
use crate::commands::InstanceFilter;
use crate::commands::Limits;
use crate::commands::StartRequest;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::notifier::LocalNotifier;
use crate::notifier::Notifier;
use crate::payload::Payload;
use crate::store::ModelStore;
use crate::store::NewWorker;
use crate::store::Store;
use crate::store::StoreError;
use crate::work::InstanceStatus;
use crate::work::InstanceUpdate;
use crate::work::Output;
use crate::work::TurnWrite;

/// The time of tokio, which a paused test moves by itself.
#[derive(Debug)]
struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0) + self.0.elapsed()
    }

    fn sleep_until(&self, due: Timestamp) -> BoxFuture<'static, ()> {
        let wait = due.since(self.now());
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A store with commands as two processes have them: `far` learns of nothing but by looking.
struct Hub {
    store: Arc<dyn Store>,
    near: StoreCommands,
    far: StoreCommands,
    notifier: Arc<dyn Notifier>,
}

impl Hub {
    async fn open() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock(tokio::time::Instant::now()));
        let store: Arc<dyn Store> = Arc::new(ModelStore::new());
        store.hub_open(clock.now()).await.unwrap();
        let notifier: Arc<dyn Notifier> = Arc::new(LocalNotifier::default());
        let commands = |notifier: &Arc<dyn Notifier>| {
            let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
            StoreCommands::new(store, Arc::clone(notifier), clock, Limits::default())
        };
        Self {
            near: commands(&notifier),
            far: commands(&(Arc::<LocalNotifier>::default() as _)),
            store,
            notifier,
        }
    }

    async fn dump(&self) -> String {
        self.store.dump().await.unwrap()
    }

    async fn start(&self, request: StartRequest) -> Result<InstanceId, ClientError> {
        self.near.start(request).await.map(|started| started.id)
    }

    /// Ends the instance, the way its owner does.
    async fn complete(&self, id: &InstanceId, status: InstanceStatus, output: Output) {
        let row = self.near.instance(id).await.unwrap();
        let worker = NewWorker {
            name: "worker".to_owned(),
            lease: Duration::from_secs(10),
        };
        let now = row.created_at;
        let mut lease = self.store.worker_start(worker, now).await.unwrap();
        let lanes = [row.lane()];
        self.store.units_claim(&lease, &lanes, now).await.unwrap();
        let mut turn = TurnWrite::new(row.key, row.unit);
        turn.update = Some(InstanceUpdate {
            status,
            execution: row.execution,
            input: None,
            output: Some(output),
            custom_status: None,
            stalled: None,
            load_at_start: false,
            checkpoint: None,
        });
        self.store.commit(&mut lease, &[turn], now).await.unwrap();
        self.notifier.instance_changed(row.key);
    }
}

fn request(id: &str) -> StartRequest {
    StartRequest {
        id: Some(InstanceId::new(id).unwrap()),
        name: "greet".to_owned(),
        version: Some("1".to_owned()),
        input: None,
        start_at: None,
        tags: BTreeMap::new(),
        if_exists: IfExists::Fail,
        headers: BTreeMap::new(),
        event: None,
        command: super::command::fresh(),
    }
}

fn text_of(bytes: usize) -> Payload {
    Payload::encode(&"x".repeat(bytes - 2)).unwrap()
}

fn id(id: &str) -> InstanceId {
    InstanceId::new(id).unwrap()
}

#[tokio::test]
async fn a_taken_id_is_refused_with_its_status_and_nothing_is_written() {
    let hub = Hub::open().await;
    hub.start(request("a")).await.unwrap();
    let before = hub.dump().await;
    let error = hub.start(request("a")).await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::AlreadyExists {
            status: InstanceStatus::Pending,
            ..
        }
    ));
    assert_eq!(hub.dump().await, before);
}

#[tokio::test]
async fn a_taken_id_is_used_if_that_is_the_policy() {
    let hub = Hub::open().await;
    let policy = |if_exists| StartRequest {
        if_exists,
        ..request("a")
    };
    assert!(!hub.near.start(policy(IfExists::Use)).await.unwrap().existed);
    assert!(hub.near.start(policy(IfExists::Use)).await.unwrap().existed);
}

#[tokio::test]
async fn an_instance_without_an_id_gets_a_fresh_one() {
    let hub = Hub::open().await;
    let anonymous = || StartRequest {
        id: None,
        ..request("a")
    };
    let first = hub.start(anonymous()).await.unwrap();
    assert_ne!(first, hub.start(anonymous()).await.unwrap());
}

#[tokio::test]
async fn the_limit_of_payloads_holds_to_the_byte() {
    const LIMIT: usize = 1 << 20;
    let hub = Hub::open().await;
    let with_input = |id, bytes| StartRequest {
        input: Some(text_of(bytes)),
        ..request(id)
    };
    hub.start(with_input("below", LIMIT - 1)).await.unwrap();
    hub.start(with_input("at", LIMIT)).await.unwrap();
    let before = hub.dump().await;
    let error = hub.start(with_input("above", LIMIT + 1)).await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::PayloadTooLarge { actual, limit: LIMIT, .. } if actual == LIMIT + 1
    ));
    let error = hub
        .near
        .raise(&id("at"), "go", text_of(LIMIT + 1), "1")
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::PayloadTooLarge { .. }));
    assert_eq!(hub.dump().await, before);
}

#[tokio::test]
async fn the_limits_of_tags_and_event_names_hold_to_the_number() {
    let hub = Hub::open().await;
    let tagged = |id, tags: u32| StartRequest {
        tags: (0..tags).map(|n| (n.to_string(), String::new())).collect(),
        ..request(id)
    };
    hub.start(tagged("a", 32)).await.unwrap();
    let error = hub.start(tagged("b", 33)).await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::LimitExceeded {
            actual: 33,
            limit: 32,
            ..
        }
    ));

    let raise = |characters| {
        let (name, command) = ("é".repeat(characters), characters.to_string());
        let near = &hub.near;
        async move { near.raise(&id("a"), &name, text_of(2), &command).await }
    };
    raise(128).await.unwrap();
    let error = raise(129).await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::LimitExceeded {
            actual: 129,
            limit: 128,
            ..
        }
    ));
}

#[tokio::test]
async fn nothing_is_sent_to_an_instance_that_is_not_there_or_has_ended() {
    let hub = Hub::open().await;
    let a = id("a");
    let raise = || hub.near.raise(&a, "go", text_of(2), "command");
    assert!(matches!(raise().await, Err(ClientError::NotFound { .. })));

    hub.start(request("a")).await.unwrap();
    let output = Output::Completed(text_of(2));
    hub.complete(&id("a"), InstanceStatus::Completed, output)
        .await;
    assert!(matches!(
        raise().await,
        Err(ClientError::AlreadyFinished {
            status: InstanceStatus::Completed,
            ..
        })
    ));
    assert!(matches!(
        hub.near.control(&id("a"), Control::Suspend, "other").await,
        Err(ClientError::AlreadyFinished { .. })
    ));
}

#[tokio::test]
async fn an_event_that_is_raised_again_under_its_command_counts_once() {
    let hub = Hub::open().await;
    hub.start(request("a")).await.unwrap();
    for _ in 0..2 {
        hub.near
            .raise(&id("a"), "go", text_of(2), "command")
            .await
            .unwrap();
    }
    assert_eq!(hub.near.unread_events(&id("a")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_instance_has_at_most_as_many_unread_events_as_the_limit_says() {
    let mut hub = Hub::open().await;
    hub.near.limits.unread_events = 3;
    hub.start(request("a")).await.unwrap();
    let a = id("a");
    let raise = async |command: &str| hub.near.raise(&a, "go", text_of(2), command).await;
    for command in ["1", "2", "3"] {
        raise(command).await.unwrap();
    }
    let refused = raise("4").await;
    assert!(matches!(
        refused,
        Err(ClientError::Backlogged { limit: 3, .. })
    ));
    raise("3").await.unwrap();
    assert_eq!(hub.near.unread_events(&a).await.unwrap().len(), 3);
    assert_eq!(Limits::default().unread_events, 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_who_waits_in_the_same_process_at_once() {
    let hub = Hub::open().await;
    hub.start(request("a")).await.unwrap();
    let seen = hub.near.instance(&id("a")).await.unwrap();
    let begun = tokio::time::Instant::now();
    let failure = CallError::Failure(Failure::Cancelled);
    let a = id("a");
    let change = hub.complete(&a, InstanceStatus::Failed, Output::Failed(failure));
    join(hub.near.changed(&seen), change).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_change_made_by_another_process_is_found_by_looking() {
    let hub = Hub::open().await;
    hub.start(request("a")).await.unwrap();
    let seen = hub.far.instance(&id("a")).await.unwrap();
    let change = async {
        hub.near.wait(Duration::from_mins(1)).await;
        let output = Output::Terminated("enough".to_owned());
        hub.complete(&id("a"), InstanceStatus::Terminated, output)
            .await;
    };
    let begun = tokio::time::Instant::now();
    join(hub.far.changed(&seen), change).await;
    let late = begun.elapsed().saturating_sub(Duration::from_mins(1));
    assert!(late <= Duration::from_secs(1), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_not_available_is_asked_again_for_a_short_while() {
    let hub = Hub::open().await;
    let asked = AtomicU32::new(0);
    let answer_at = |last: u32| {
        asked.store(0, Ordering::Relaxed);
        let asked = &asked;
        hub.near.ask("try", move || {
            let time = asked.fetch_add(1, Ordering::Relaxed) + 1;
            let answer = if time == last {
                Ok(time)
            } else {
                Err(unavailable())
            };
            Box::pin(std::future::ready(answer))
        })
    };
    assert_eq!(answer_at(6).await.unwrap(), 6);
    assert!(matches!(
        answer_at(7).await,
        Err(ClientError::Unavailable { action, .. }) if action == "try"
    ));
}

fn unavailable() -> StoreError {
    StoreError::Unavailable {
        action: "try",
        source: Box::new(std::io::Error::other("busy")),
    }
}

#[tokio::test]
async fn the_history_of_an_instance_that_has_not_begun_is_empty() {
    let hub = Hub::open().await;
    hub.start(request("a")).await.unwrap();
    assert!(hub.near.history(&id("a"), None).await.unwrap().is_empty());
    let other = hub
        .near
        .history(&id("a"), Some(Execution(7)))
        .await
        .unwrap();
    assert!(other.is_empty());
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let hub = Hub::open().await;
    for n in 0..7 {
        hub.start(request(&n.to_string())).await.unwrap();
    }
    let filter = InstanceFilter::default();
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = hub.near.instances(&filter, after, 3).await.unwrap();
        ids.extend(page.instances.iter().map(|row| row.id.to_string()));
        hub.start(request(&format!("later-{}", ids.len())))
            .await
            .unwrap();
        match page.next.filter(|_| ids.len() < 9) {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(ids[..7], ["0", "1", "2", "3", "4", "5", "6"]);
}
