//! The commands of a client that a server executes over HTTP.

mod config;
mod server;
use std::time::Duration;

use async_trait::async_trait;

use crate::commands::WithdrawRequest;
use crate::ids::MessageId;

pub use config::HttpCommandsBuilder;
pub use config::HttpConfigError;
use server::Ask;
use server::Server;

use crate::client::wire::AnswerTo;
use crate::client::wire::ChangeOf;
use crate::client::wire::EntitiesOf;
use crate::client::wire::HistoryOf;
use crate::client::wire::PageOf;
use crate::client::wire::PurgeOf;
use crate::client::wire::Raised;
use crate::client::wire::Restarted;
use crate::client::wire::Seen;
use crate::client::wire::Told;
use crate::client::wire::path;
use crate::client::wire::path_of;
use crate::commands::ClientError;
use crate::commands::Commands;
use crate::commands::Control;
use crate::commands::DelayedSignal;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::commands::EntityPage;
use crate::commands::EntityRequest;
use crate::commands::EntityTicket;
use crate::commands::InstanceFilter;
use crate::commands::InstancePage;
use crate::commands::PageToken;
use crate::commands::Purged;
use crate::commands::StartRequest;
use crate::commands::Started;
use crate::failure::CallResult;
use crate::history::ExternalEvent;
use crate::history::History;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::Lane;
use crate::machine::entity::DELETE_STATE;
use crate::payload::Payload;
use crate::work::Heartbeat;
use crate::work::InstanceRow;

/// How long one request waits for something to happen: less than the time-outs of usual proxies.
const LONG_POLL: Duration = Duration::from_secs(25);

/// How long to wait before the next look if waiting for a change did not work.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// [`Commands`] for a hub behind a server with the API of feature `http`.
///
/// If it cannot reach the server, it asks again for a while. That is safe, because each command
/// carries an id that makes it count once. A purge reports how many instances it has deleted, so it
/// is repeated only if it cannot have arrived.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use durable_runtime::Client;
/// use durable_runtime::client::{HttpCommands, HttpConfigError};
///
/// # fn example(key: &str) -> Result<Client, HttpConfigError> {
/// let commands = HttpCommands::builder("https://shop.example/durable")
///     .key(key)
///     .patience(Duration::from_secs(3))
///     .build()?;
/// let client = Client::new(Arc::new(commands));
/// # Ok(client)
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HttpCommands {
    server: Server,
}

impl HttpCommands {
    /// Returns a builder for commands to the API at `url`, the URL of its router, prefix included.
    pub fn builder(url: impl Into<String>) -> HttpCommandsBuilder {
        HttpCommandsBuilder::new(url.into())
    }
}

impl HttpCommands {
    async fn send_event(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
        declared: bool,
    ) -> Result<(), ClientError> {
        let raised = Raised {
            name: name.to_owned(),
            payload,
            command: command.to_owned(),
            declared,
        };
        let query = [("id", id.as_str())];
        self.server
            .ask(Ask::new(path::RAISE).about(&query), &raised)
            .await
    }
}

#[async_trait]
impl Commands for HttpCommands {
    async fn start(&self, request: StartRequest) -> Result<Started, ClientError> {
        // The id is made up here, so that a repetition asks for the same one.
        let id = request.id.clone().unwrap_or_else(InstanceId::generate);
        let query = [("name", request.name.as_str()), ("id", id.as_str())];
        self.server
            .ask(Ask::new(path::START).about(&query), &request)
            .await
    }

    async fn lanes(&self) -> Result<Vec<Lane>, ClientError> {
        self.server.ask(Ask::new(path::LANES), &()).await
    }

    async fn raise(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), ClientError> {
        self.send_event(id, name, payload, command, false).await
    }

    async fn raise_declared(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), ClientError> {
        self.send_event(id, name, payload, command, true).await
    }

    async fn control(
        &self,
        id: &InstanceId,
        control: Control,
        command: &str,
    ) -> Result<(), ClientError> {
        let path = path_of(&control);
        let command = command.to_owned();
        let query = [("id", id.as_str())];
        self.server
            .ask(Ask::new(path).about(&query), &Told { control, command })
            .await
    }

    async fn restart(
        &self,
        id: &InstanceId,
        other: Option<InstanceId>,
        command: &str,
    ) -> Result<Started, ClientError> {
        let command = command.to_owned();
        let query = [("id", id.as_str())];
        self.server
            .ask(
                Ask::new(path::RESTART).about(&query),
                &Restarted { other, command },
            )
            .await
    }

    async fn purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
    ) -> Result<Purged, ClientError> {
        let purge = PurgeOf {
            filter: filter.clone(),
            children,
            after,
        };
        let ask = match &filter.id {
            Some(id) => {
                let query = [("id", id.as_str())];
                return self
                    .server
                    .ask(Ask::new(path::PURGE).about(&query).once(), &purge)
                    .await;
            }
            None => Ask::new(path::PURGE_MANY).once(),
        };
        self.server.ask(ask, &purge).await
    }

    async fn instance(&self, id: &InstanceId) -> Result<InstanceRow, ClientError> {
        let query = [("id", id.as_str())];
        self.server
            .ask(Ask::new(path::INSTANCE).about(&query), &())
            .await
    }

    /// Lets the server wait. If that fails, the caller learns of a change by reading again.
    async fn changed(&self, seen: &InstanceRow) {
        let change = ChangeOf {
            seen: Seen::of(seen),
            wait: LONG_POLL,
        };
        let query = [("id", seen.id.as_str())];
        let ask = Ask::new(path::CHANGED).about(&query).waits(LONG_POLL);
        match self.server.ask_once::<_, bool>(&ask, &change).await {
            Ok(true) | Err(ClientError::NotFound { .. } | ClientError::Unauthorized { .. }) => {}
            // One who may read may not be let wait, and a server may not let anybody wait.
            Ok(false) | Err(_) => self.wait(LOOK_AGAIN).await,
        }
    }

    async fn wait(&self, wait: Duration) {
        self.server.wait(wait).await;
    }

    async fn history(
        &self,
        id: &InstanceId,
        execution: Option<Execution>,
    ) -> Result<History, ClientError> {
        let query = [("id", id.as_str())];
        self.server
            .ask(
                Ask::new(path::HISTORY).about(&query),
                &HistoryOf { execution },
            )
            .await
    }

    async fn open_history(&self, id: &InstanceId) -> Result<History, ClientError> {
        let query = [("id", id.as_str())];
        self.server
            .ask(Ask::new(path::OPEN_HISTORY).about(&query), &())
            .await
    }

    async fn unread_events(&self, id: &InstanceId) -> Result<Vec<ExternalEvent>, ClientError> {
        let query = [("id", id.as_str())];
        self.server
            .ask(Ask::new(path::UNREAD_EVENTS).about(&query), &())
            .await
    }

    async fn unread_count(&self, id: &InstanceId) -> Result<u64, ClientError> {
        let query = [("id", id.as_str())];
        self.server
            .ask(Ask::new(path::UNREAD_COUNT).about(&query), &())
            .await
    }

    async fn heartbeats(&self, id: &InstanceId) -> Result<Vec<Heartbeat>, ClientError> {
        let query = [("id", id.as_str())];
        self.server
            .ask(Ask::new(path::HEARTBEATS).about(&query), &())
            .await
    }

    async fn instances(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, ClientError> {
        let page = PageOf {
            filter: filter.clone(),
            after,
            limit,
        };
        self.server.ask(Ask::new(path::INSTANCES), &page).await
    }

    async fn count(&self, filter: &InstanceFilter) -> Result<u64, ClientError> {
        self.server.ask(Ask::new(path::COUNT), filter).await
    }

    async fn entity_send(&self, request: EntityRequest) -> Result<EntityTicket, ClientError> {
        let path = if request.operation == DELETE_STATE {
            path::ENTITY_DELETE
        } else {
            path::ENTITY_SEND
        };
        let query = query_of(&request.entity);
        let ticket: EntityTicket = self
            .server
            .ask(Ask::new(path).about(&query), &request)
            .await?;
        Ok(EntityTicket {
            entity: Some(request.entity),
            ..ticket
        })
    }

    async fn entity_answer(&self, ticket: &EntityTicket) -> Result<CallResult, ClientError> {
        let Some(entity) = &ticket.entity else {
            return Err(ClientError::UnexpectedAnswer {
                server: self.server.name().to_owned(),
                problem: "a ticket that does not name its entity".to_owned(),
            });
        };
        let query = query_of(entity);
        let answer = AnswerTo {
            ticket: ticket.clone(),
            wait: LONG_POLL,
        };
        loop {
            let ask = Ask::new(path::ENTITY_ANSWER).about(&query).waits(LONG_POLL);
            let answer: Result<Option<CallResult>, _> = self.server.ask(ask, &answer).await;
            match answer {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) | Err(ClientError::TooManyRequests { .. }) => {
                    self.wait(LOOK_AGAIN).await;
                }
                // The operation was sent: none of these may say that nothing was done.
                Err(error @ (ClientError::Unauthorized { .. } | ClientError::Forbidden { .. })) => {
                    return Err(ClientError::Unreachable {
                        server: self.server.name().to_owned(),
                        source: Box::new(error),
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn delayed_signals(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
    ) -> Result<Vec<DelayedSignal>, ClientError> {
        let ask = Ask::new(path::DELAYED_SIGNALS);
        self.server.ask(ask.about(&query_of(id)), &after).await
    }

    async fn signal_withdraw(&self, request: WithdrawRequest) -> Result<(), ClientError> {
        let ask = Ask::new(path::SIGNAL_WITHDRAW);
        let entity = query_of(&request.entity);
        self.server.ask(ask.about(&entity), &request).await
    }

    async fn entity(&self, id: &EntityId) -> Result<Option<EntityListing>, ClientError> {
        self.server
            .ask(Ask::new(path::ENTITY).about(&query_of(id)), &())
            .await
    }

    async fn entities(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, ClientError> {
        let page = EntitiesOf {
            filter: filter.clone(),
            after: after.cloned(),
            limit,
        };
        let query = filter.name.as_deref().map(|name| [("name", name)]);
        let query = query.as_ref().map_or(&[][..], |query| query);
        self.server
            .ask(Ask::new(path::ENTITIES).about(query), &page)
            .await
    }
}

fn query_of(entity: &EntityId) -> [(&'static str, &str); 2] {
    [("name", entity.name()), ("key", entity.key())]
}
