//! Commands whose caller does not learn that they were done.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::client::ClientError;
use durable_runtime::commands::Commands;
use durable_runtime::commands::Control;
use durable_runtime::commands::DelayedSignal;
use durable_runtime::commands::EntityFilter;
use durable_runtime::commands::EntityListing;
use durable_runtime::commands::EntityPage;
use durable_runtime::commands::EntityRequest;
use durable_runtime::commands::EntityTicket;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::commands::InstancePage;
use durable_runtime::commands::PageToken;
use durable_runtime::commands::Purged;
use durable_runtime::commands::StartRequest;
use durable_runtime::commands::Started;
use durable_runtime::commands::WithdrawRequest;
use durable_runtime::failure::CallResult;
use durable_runtime::history::ExternalEvent;
use durable_runtime::history::History;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::Execution;
use durable_runtime::ids::Lane;
use durable_runtime::ids::MessageId;
use durable_runtime::work::Heartbeat;
use durable_runtime::work::InstanceRow;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// What was done is never told.
    Late,
    /// The store is gone after it was done.
    Gone,
    /// Everything is done and told, but no instance can be read.
    Unread,
}

/// Commands on a store with this trouble.
#[derive(Debug)]
pub(super) struct LateCommands {
    pub(super) commands: Arc<dyn Commands>,
    pub(super) trouble: Trouble,
}

fn unavailable(action: &'static str) -> ClientError {
    ClientError::Unavailable {
        action: action.into(),
        source: "the connection was lost".into(),
    }
}

impl LateCommands {
    async fn told<T>(&self, done: Result<T, ClientError>) -> Result<T, ClientError> {
        let done = done?;
        match self.trouble {
            Trouble::Late => std::future::pending().await,
            Trouble::Gone => Err(unavailable("do it")),
            Trouble::Unread => Ok(done),
        }
    }
}

#[async_trait]
impl Commands for LateCommands {
    async fn start(&self, request: StartRequest) -> Result<Started, ClientError> {
        self.told(self.commands.start(request).await).await
    }

    async fn lanes(&self) -> Result<Vec<Lane>, ClientError> {
        self.commands.lanes().await
    }

    async fn raise(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), ClientError> {
        let raised = self.commands.raise(id, name, payload, command);
        self.told(raised.await).await
    }

    async fn control(
        &self,
        id: &InstanceId,
        control: Control,
        command: &str,
    ) -> Result<(), ClientError> {
        let told = self.commands.control(id, control, command);
        self.told(told.await).await
    }

    async fn restart(
        &self,
        id: &InstanceId,
        other: Option<InstanceId>,
        command: &str,
    ) -> Result<Started, ClientError> {
        let restarted = self.commands.restart(id, other, command);
        self.told(restarted.await).await
    }

    async fn purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
    ) -> Result<Purged, ClientError> {
        let purged = self.commands.purge(filter, children, after);
        self.told(purged.await).await
    }

    async fn instance(&self, id: &InstanceId) -> Result<InstanceRow, ClientError> {
        if self.trouble == Trouble::Unread {
            return Err(unavailable("read the instance"));
        }
        self.commands.instance(id).await
    }

    async fn changed(&self, seen: &InstanceRow) {
        self.commands.changed(seen).await;
    }

    async fn wait(&self, wait: Duration) {
        self.commands.wait(wait).await;
    }

    async fn history(
        &self,
        id: &InstanceId,
        execution: Option<Execution>,
    ) -> Result<History, ClientError> {
        self.commands.history(id, execution).await
    }

    async fn open_history(&self, id: &InstanceId) -> Result<History, ClientError> {
        self.commands.open_history(id).await
    }

    async fn unread_events(&self, id: &InstanceId) -> Result<Vec<ExternalEvent>, ClientError> {
        self.commands.unread_events(id).await
    }

    async fn heartbeats(&self, id: &InstanceId) -> Result<Vec<Heartbeat>, ClientError> {
        self.commands.heartbeats(id).await
    }

    async fn instances(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, ClientError> {
        self.commands.instances(filter, after, limit).await
    }

    async fn count(&self, filter: &InstanceFilter) -> Result<u64, ClientError> {
        self.commands.count(filter).await
    }

    async fn entity_send(&self, request: EntityRequest) -> Result<EntityTicket, ClientError> {
        self.told(self.commands.entity_send(request).await).await
    }

    async fn entity_answer(&self, ticket: &EntityTicket) -> Result<CallResult, ClientError> {
        self.commands.entity_answer(ticket).await
    }

    async fn delayed_signals(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
    ) -> Result<Vec<DelayedSignal>, ClientError> {
        self.commands.delayed_signals(id, after).await
    }

    async fn signal_withdraw(&self, request: WithdrawRequest) -> Result<(), ClientError> {
        self.told(self.commands.signal_withdraw(request).await)
            .await
    }

    async fn entity(&self, id: &EntityId) -> Result<Option<EntityListing>, ClientError> {
        self.commands.entity(id).await
    }

    async fn entities(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, ClientError> {
        self.commands.entities(filter, after, limit).await
    }
}
