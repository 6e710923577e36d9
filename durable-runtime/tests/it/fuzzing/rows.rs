//! A hub some of whose rows say something else than what was written.

use std::path::Path;

use durable_runtime::prelude::*;

use super::database;
use super::database::Damage;
use super::database::IDS;
use super::database::WORKED;
use super::engine::Engine;
use super::engine::START;
use super::engine::run;
use super::functions::OrderClient;
use super::panics;

/// More than it takes.
const MOST: usize = 8;

/// Each line is a [damage](Damage::read).
pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let damages: Vec<_> = text.lines().filter_map(Damage::read).take(MOST).collect();
    if damages.is_empty() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    database::write(&path);
    panics::none_in(|| run(work(&path, &damages)));
}

/// Two workers, one after the other, go on with what is in the file as far as it goes, and what is new
/// is done.
async fn work(path: &Path, damages: &[Damage<'_>]) {
    let opened = database::open(path).await;
    let database = opened.database.clone().unwrap();
    for damage in damages {
        // A constraint may be in its way.
        let _ = damage.does(&database).await;
    }
    let is_of_one = damages.iter().all(Damage::is_of_one);
    for number in 0..2 {
        let then = START + WORKED + days(number);
        let engine = Engine::start_at(&opened.store, then).await;
        match engine {
            Ok(mut engine) => go_on(&mut engine, number, is_of_one).await,
            Err(error) => assert!(!is_of_one, "{error:?}"),
        }
    }
    opened.store.close().await;
}

async fn go_on(engine: &mut Engine, number: u64, is_of_one: bool) {
    engine.settle().await;
    let client = engine.client.clone();
    let order = OrderClient::new(&client)
        .start(3)
        .id(format!("neighbour-{number}"));
    let order = order.await;
    for _ in 0..3 {
        engine.advance(hours(7)).await;
    }
    look(&client).await;
    if is_of_one {
        assert_eq!(engine.restarts(), 0);
        let order = order.unwrap();
        assert_eq!(order.status().await.unwrap().output(), Some(&3));
    }
}

/// What cannot be read is an error.
async fn look(client: &Client) {
    for id in IDS {
        let _ = client.instance(id).status().await;
    }
    let _ = client.instances().page(100).next_page().await;
    let _ = client.entities().page(100).next_page().await;
}
