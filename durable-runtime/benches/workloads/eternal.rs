//! `w9`: a loop without an end is gone on with at its 100th, 10,000th and 100,000th turn: what that
//! reads and how long it takes, when the loop has a checkpoint every 100 turns.
//!
//! `w10`: a client asks for the status of such a loop at its 100th and 100,000th turn. `status_ms` is
//! the median time of an answer.
//!
//! Each is looked at half-way between two checkpoints. `rows` are the rows of history that loading
//! the instance reads; `resume_ms` is the median time of loading it and bringing its code to where it
//! waits, which is what a worker does that takes it over.

use std::collections::BTreeSet;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Result;
use durable_runtime::client::Client;
use durable_runtime::history::History;
use durable_runtime::machine;
use durable_runtime::machine::Config;
use durable_runtime::orchestration::Orchestrator;
use durable_runtime::store;
use serde_json::Value;
use serde_json::json;

use super::functions::Cargo;
use super::functions::EternalClient;
use super::functions::eternal;
use super::hub::Place;
use super::measure::millis;
use super::measure::now;
use super::options::Options;
use super::waiting::until_waiting;

/// How often each is loaded.
const LOADS: usize = 101;

/// Half the turns between two checkpoints.
const HALF_WAY: u32 = 50;

/// `w9`.
pub(crate) async fn resumed(options: &Options) -> Result<Value> {
    let turns = match options.n {
        0 => vec![100, 10_000, 100_000],
        n => vec![n],
    };
    let mut figures = Vec::new();
    for turn in turns {
        let (place, id) = waiting_at(options, turn).await?;
        let (rows, resume) = resume(&place, &id).await?;
        figures.push(json!({
            "workload": "w9",
            "n": turn,
            "resume_ms": millis(resume),
            "rows": rows,
        }));
    }
    Ok(Value::Array(figures))
}

/// `w10`.
pub(crate) async fn looked_at(options: &Options) -> Result<Value> {
    let turns = match options.n {
        0 => vec![100, 100_000],
        n => vec![n],
    };
    let mut figures = Vec::new();
    for turn in turns {
        let (place, id) = waiting_at(options, turn).await?;
        let client = Client::open(&place.url).await?;
        let instance = EternalClient::new(&client).instance(&id);
        let mut times = BTreeSet::new();
        for number in 0..LOADS {
            let begun = now();
            instance.status().await?;
            times.insert((begun.elapsed(), number));
        }
        client.close().await;
        figures.push(json!({
            "workload": "w10",
            "n": turn,
            "status_ms": millis(median(&times)),
        }));
    }
    Ok(Value::Array(figures))
}

/// A hub with a loop that waits at a turn, and nobody who works.
async fn waiting_at(options: &Options, turn: u32) -> Result<(Place, InstanceId)> {
    let place = Place::new(options)?;
    let runtime = place.open().await?;
    let client = EternalClient::new(runtime.client());
    let instance = client.start(Cargo::new(), turn + HALF_WAY).await?;
    until_waiting(&instance).await?;
    let id = instance.id().clone();
    runtime.shutdown().await?;
    Ok((place, id))
}

fn median(times: &BTreeSet<(Duration, usize)>) -> Duration {
    let middle = times.iter().nth(times.len() / 2);
    middle.map(|(time, _)| *time).unwrap_or_default()
}

fn gone() -> std::io::Error {
    std::io::Error::other("the instance is gone")
}

/// How many rows are read to go on with the instance, and how long it takes.
async fn resume(place: &Place, id: &InstanceId) -> Result<(usize, Duration)> {
    let opened = store::open(&place.url).await?;
    opened
        .store
        .hub_open(durable_runtime::Timestamp::from_millis(0))
        .await?;
    let row = opened.store.instance_fetch(id).await?;
    let row = row.ok_or_else(gone)?;
    let mut times = BTreeSet::new();
    let mut rows = 0;
    for number in 0..LOADS {
        let begun = now();
        let loaded = opened.store.instance_load(row.key).await?;
        let loaded = loaded.ok_or_else(gone)?;
        let turns = loaded.turns?;
        rows = turns.len();
        let history = History::try_from(turns)?;
        let (config, start) = (Config::default(), eternal::start);
        let resumed = machine::resume(&config, &loaded.instance, &history, &start)?;
        times.insert((begun.elapsed(), number));
        resumed.ok_or_else(gone)?;
    }
    Ok((rows, median(&times)))
}
