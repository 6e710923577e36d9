//! In a running worker on an `SQLite` file, with clients on all threads.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use durable_runtime::client::Client;
use durable_runtime::prelude::*;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::checker::Observed;
use super::clients::Choice;
use super::objects::AppendList;
use super::objects::Register;
use super::objects::perform;
use super::objects::performs;

const OPERATIONS: usize = 500;
const CLIENTS: usize = 8;

struct Shared {
    observed: Observed,
    choice: Choice,
    /// How many operations there are when the hub restarts.
    restart_at: usize,
}

async fn start(file: &Path) -> Runtime {
    Runtime::builder()
        .store(format!("sqlite://{}", file.display()))
        .register_entity::<Register>()
        .register_entity::<AppendList>()
        .register(performs)
        .start()
        .await
        .unwrap()
}

/// Does one operation after the other until it is time for a restart.
async fn use_objects(client: Client, shared: Arc<Mutex<Shared>>, enough: Arc<Notify>) {
    loop {
        let (number, key, way, operation) = {
            let mut shared = shared.lock().unwrap();
            if shared.observed.len() >= shared.restart_at {
                break;
            }
            let (key, way, operation) = shared.choice.next();
            let number = shared.observed.called(&key, &operation);
            (number, key, way, operation)
        };
        if let Some(answer) = perform(&client, way, &key, operation).await {
            shared.lock().unwrap().observed.answered(number, answer);
        }
    }
    enough.notify_one();
}

/// A life of the worker: it ends without a goodbye, and so do the clients that wait.
async fn live(file: &Path, shared: &Arc<Mutex<Shared>>) {
    let worker = start(file).await;
    let enough = Arc::new(Notify::new());
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (shared, enough) = (Arc::clone(shared), Arc::clone(&enough));
        clients.spawn(use_objects(worker.client(), shared, enough));
    }
    enough.notified().await;
    drop(worker);
    clients.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_on_many_threads_see_is_one_order_while_the_worker_is_replaced() {
    for seed in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.db");
        let shared = Arc::new(Mutex::new(Shared {
            observed: Observed::default(),
            choice: Choice::new(seed),
            restart_at: 0,
        }));
        loop {
            {
                let mut shared = shared.lock().unwrap();
                let more = 50 + shared.choice.random().index(100);
                shared.restart_at = OPERATIONS.min(shared.observed.len() + more);
            }
            live(&file, &shared).await;
            if shared.lock().unwrap().observed.len() >= OPERATIONS {
                break;
            }
        }
        let shared = shared.lock().unwrap();
        if let Err(anomaly) = shared.observed.check() {
            panic!("seed {seed}: {anomaly}");
        }
        assert!(shared.observed.unanswered() > 0);
    }
}
