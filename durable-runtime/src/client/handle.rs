//! The handle on a hub, from which all other handles come.

use std::sync::Arc;

use super::Entities;
use super::EntityHandle;
use super::Instance;
use super::Instances;
use super::StartBuilder;
use super::StoreCommands;
use super::target::Target;
use crate::clock::Clock;
use crate::clock::SystemClock;
use crate::commands::Commands;
use crate::commands::IfExists;
use crate::commands::Limits;
use crate::entity::Entity;
use crate::notifier::LocalNotifier;
use crate::orchestration::ChildCall;
use crate::orchestration::Declares;
use crate::orchestration::Event;
use crate::orchestration::Orchestrator;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::store;
use crate::store::StoreError;

/// A handle on a hub. Cloning is cheap.
///
/// The clients that `#[orchestrator]` generates contain one:
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
    /// Creates a client that sends its commands to `commands`.
    pub fn new(commands: Arc<dyn Commands>) -> Self {
        Self { commands }
    }

    /// Returns the receiver of this client's commands.
    pub fn commands(&self) -> &Arc<dyn Commands> {
        &self.commands
    }

    /// Opens a client for the hub in the store at `url`, without a worker. Instances make progress
    /// only while another process works on that hub. For the client of a worker, call
    /// [`Runtime::client`](crate::Runtime::client).
    ///
    /// ```
    /// # use durable_runtime::client::Client;
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::open("sqlite://orders.db").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] as [`store::open`](crate::store::open); [`StoreError::NewerFormat`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let clock = SystemClock;
        let store = store::open(url).await?.store;
        store.hub_open(clock.now()).await?;
        let (notifier, clock) = (Arc::<LocalNotifier>::default(), Arc::new(clock));
        let commands = StoreCommands::new(store, notifier, clock, Limits::default());
        Ok(Self::new(Arc::new(commands.owning_the_store())))
    }

    /// Closes the store that [`open`](Self::open) has opened. From then on, this client and all its
    /// clones return [`ClientError::Closed`](super::ClientError::Closed). If no other process has
    /// the hub open, the hub is complete in its file afterwards, and you can move the file.
    ///
    /// It does not close the client of a [`Runtime`](crate::Runtime): only shutting down the
    /// runtime does.
    ///
    /// ```
    /// # use durable_runtime::client::Client;
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::open("sqlite://orders.db").await?;
    /// client.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        self.commands.close().await;
    }

    /// Starts an instance for `call`: `client.start_call(process_order(order))`.
    pub fn start_call<O: Orchestrator>(&self, call: ChildCall<O>) -> StartBuilder<O> {
        let (id, input) = call.into_start();
        StartBuilder::new(Arc::clone(&self.commands), id, input)
    }

    /// Starts an instance of `O` with an input in its recorded form.
    pub fn start_recorded<O: Orchestrator>(
        &self,
        input: Result<Option<Payload>, CodecError>,
    ) -> StartBuilder<O> {
        StartBuilder::new(Arc::clone(&self.commands), None, input)
    }

    /// Starts an instance for `call`, or finds the instance that already has its id, ended or not:
    /// `client.start_or_get(process_order(order).id("order-1001"))`. If several callers do so at
    /// the same time, one of them starts it.
    pub fn start_or_get<O: Orchestrator>(&self, call: ChildCall<O>) -> StartBuilder<O> {
        self.start_call(call).if_exists(IfExists::Use)
    }

    /// Starts an instance for `call` with `event` in its inbox. If an instance with its id exists
    /// already, this raises `event` to that one. Either takes one transaction:
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[derive(Event, serde::Serialize, serde::Deserialize)]
    /// # struct ItemAdded { sku: String }
    /// # #[orchestrator(events(ItemAdded))]
    /// # async fn cart(ctx: &OrchestrationContext) -> String { ctx.wait_for::<ItemAdded>().await.sku }
    /// # async fn example(client: Client) -> Result<(), ClientError> {
    /// let added = ItemAdded { sku: "cd-12".to_owned() };
    /// let cart = client.start_with_event(cart().id("cart-of-ada"), added).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_with_event<O, E>(&self, call: ChildCall<O>, event: E) -> StartBuilder<O>
    where
        O: Orchestrator + Declares<E>,
        E: Event,
    {
        self.start_or_get(call).event(event)
    }

    /// Returns a handle on the instance with this id, whatever its orchestrator;
    /// [`of`](Instance::of) adds the types. It does not ask whether the instance exists. If the id is
    /// invalid, the methods of the handle return the error.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[orchestrator]
    /// # async fn greet(_ctx: &OrchestrationContext, name: String) -> String { name }
    /// # async fn example(client: Client) -> Result<(), ClientError> {
    /// client.instance("greeting-1").suspend().await?;
    /// let status = client.instance("greeting-2").of::<greet>().status().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn instance(&self, id: impl AsRef<str>) -> Instance {
        Instance::to(Target::unchecked(Arc::clone(&self.commands), id.as_ref()))
    }

    /// Returns a handle on the entity with this key. It does not ask whether the entity exists.
    pub fn entity<E: Entity>(&self, key: impl AsRef<str>) -> EntityHandle<E> {
        EntityHandle::new(Arc::clone(&self.commands), key.as_ref())
    }

    /// Returns a query for entities.
    pub fn entities(&self) -> Entities {
        Entities::new(Arc::clone(&self.commands))
    }

    /// Returns a query for instances.
    pub fn instances(&self) -> Instances {
        Instances::new(Arc::clone(&self.commands))
    }
}

impl From<&Self> for Client {
    fn from(client: &Self) -> Self {
        client.clone()
    }
}
