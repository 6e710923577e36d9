//! Runs an agent, or decides what it asks: `agent`, `agent approve`, `agent refuse`. See
//! `durable_examples::agent`.

use durable_examples::agent::AgentClient;
use durable_examples::agent::Decision;
use durable_examples::agent::Memory;
use durable_examples::agent::Model;
use durable_examples::agent::Stage;
use durable_examples::agent::agent;
use durable_examples::agent::ask_person;
use durable_examples::agent::find_order;
use durable_examples::agent::read_terms;
use durable_examples::agent::refund;
use durable_examples::agent::think;
use durable_runtime::prelude::*;

const HUB: &str = "sqlite://agent.db";
const ID: &str = "complaint-1";

#[tokio::main]
async fn main() -> durable_runtime::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("approve") => decide(true).await,
        Some("refuse") => decide(false).await,
        _ => run().await,
    }
}

/// Starts the agent, or continues with the one that exists, and waits for its answer.
async fn run() -> durable_runtime::Result<()> {
    let runtime = Runtime::builder()
        .store(HUB)
        .state(Model { delay: seconds(1) })
        .register(agent)
        .register(think)
        .register(find_order)
        .register(read_terms)
        .register(refund)
        .register(ask_person)
        .start()
        .await?;
    let agents = AgentClient::new(runtime.client());
    let start = agents.start(Memory::of("order-17 arrived broken"));
    let agent = start.id(ID).if_exists(IfExists::Use).await?;
    println!("{}", agent.result().await?);
    runtime.shutdown().await
}

/// Answers the agent's question. It needs no worker: it may run beside one, or while none runs.
async fn decide(approved: bool) -> durable_runtime::Result<()> {
    let client = Client::open(HUB).await?;
    let agent = AgentClient::new(&client).instance(ID);
    match agent.status().await?.custom_status() {
        Some(&Stage::Asking { thought, .. }) => {
            agent.raise(Decision { thought, approved }).await?;
        }
        stage => println!("the agent asks nothing: {stage:?}"),
    }
    client.close().await;
    Ok(())
}
