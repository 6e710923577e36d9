//! The handle from which everything a client does begins.

use std::sync::Arc;

use super::Instance;
use super::Instances;
use super::StartBuilder;
use crate::ids::InstanceId;
use crate::orchestration::ChildCall;
use crate::orchestration::Orchestrator;
use crate::work::Commands;

/// A handle on a hub. Cloning is cheap.
///
/// The clients that `#[orchestrator]` generates are made of one:
///
/// ```
/// # use durable_runtime::prelude::*;
/// # #[orchestrator]
/// # async fn greet(_ctx: &OrchestrationContext, name: String) -> String { name }
/// # async fn example(client: Client) -> Result<(), ClientError> {
/// let instance = GreetClient::new(client).start("Ada".to_owned()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    commands: Arc<dyn Commands>,
}

impl Client {
    /// A client that asks `commands`.
    pub fn new(commands: Arc<dyn Commands>) -> Self {
        Self { commands }
    }

    /// Starts what `call` calls: `client.start_call(process_order(order))`.
    pub fn start_call<O: Orchestrator>(&self, call: ChildCall<O>) -> StartBuilder<O> {
        let (id, input) = call.into_start();
        StartBuilder::new(Arc::clone(&self.commands), id, input)
    }

    /// An instance by its id. Nothing is asked before the first method of it.
    pub fn instance<O: Orchestrator>(&self, id: InstanceId) -> Instance<O> {
        Instance::new(Arc::clone(&self.commands), id, None)
    }

    /// Lists instances.
    pub fn instances(&self) -> Instances {
        Instances::new(Arc::clone(&self.commands))
    }
}

impl From<&Self> for Client {
    fn from(client: &Self) -> Self {
        client.clone()
    }
}
