//! The commands of a client to entities, carried out on a store of this process.

use std::time::Duration;

use futures_util::future::Either;
use futures_util::future::select;

use super::StoreCommands;
use super::store_commands::LONGEST_POLL;
use super::store_commands::SHORTEST_POLL;
use super::store_commands::check_limit;
use crate::commands::ClientError;
use crate::commands::DelayedSignal;
use crate::commands::EntityRequest;
use crate::commands::EntityTicket;
use crate::commands::WithdrawRequest;
use crate::failure::CallResult;
use crate::ids::EntityId;
use crate::ids::MessageId;
use crate::store::EntityCommand;
use crate::store::SignalWithdrawal;
use crate::work::Caller;
use crate::work::EntityOperation;
use crate::work::Sender;

/// How long the store remembers a command that only the client itself repeats, and its answer. This is
/// longer than a client keeps asking, and longer than a call is likely to wait.
const REMEMBERED: Duration = Duration::from_hours(24);

/// How many delayed signals a page has.
const SIGNALS_AT_ONCE: u32 = 128;

impl StoreCommands {
    pub(super) async fn send_to_entity(
        &self,
        request: EntityRequest,
    ) -> Result<EntityTicket, ClientError> {
        request.entity.check_key()?;
        let length = request.entity.key().chars().count();
        check_limit(
            "the length of the entity's key",
            length,
            self.limits.entity_key,
        )?;
        if let Some(input) = &request.input {
            self.check_payload("the arguments", input)?;
        }
        let now = self.clock.now();
        let due = request.delay.map(|delay| now + delay);
        let caller = Caller::Client {
            command: request.command.clone(),
        };
        let sender = due.map(|_| Sender::Client(request.command.clone()));
        let remembered_from = due.unwrap_or(now);
        let command = EntityCommand {
            command: request.command,
            operation: EntityOperation {
                name: request.operation,
                input: request.input,
                caller: request.wants_answer.then_some(caller),
                lock: None,
                due,
                sender,
            },
            remember_until: (!request.is_deduplicated).then(|| remembered_from + REMEMBERED),
        };
        let sent = self
            .ask("send to an entity", || {
                self.store.entity_send(&request.entity, &command, now)
            })
            .await?;
        match command.operation.due {
            _ if sent.repeated => {}
            Some(due) => self.notifier.timer_set(due),
            None => self.notifier.message_sent(),
        }
        Ok(EntityTicket {
            entity: None,
            key: sent.key,
            command: command.command,
        })
    }

    pub(super) async fn delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
    ) -> Result<Vec<DelayedSignal>, ClientError> {
        let page = self.ask("list delayed signals", || {
            self.store.signals_delayed(id, after, SIGNALS_AT_ONCE)
        });
        page.await
    }

    pub(super) async fn withdraw(&self, request: WithdrawRequest) -> Result<(), ClientError> {
        let now = self.clock.now();
        let WithdrawRequest {
            entity,
            signal,
            command,
        } = request;
        let withdrawal = SignalWithdrawal {
            signal,
            command,
            remember_until: Some(now + REMEMBERED),
        };
        let withdrawn = self.ask("withdraw a signal", || {
            self.store.signal_withdraw(&entity, &withdrawal, now)
        });
        if withdrawn.await? {
            return Ok(());
        }
        Err(ClientError::AlreadyDelivered { entity })
    }

    /// Subscribes before it looks, so that it misses no answer. A worker of this process hands the
    /// answer over. If another process owns the entity, this polls the store.
    pub(super) async fn answer(&self, ticket: &EntityTicket) -> Result<CallResult, ClientError> {
        if let Some(entity) = &ticket.entity {
            let loaded = self.ask("read an entity", || self.store.entity_load(ticket.key));
            let loaded = loaded.await?;
            if loaded.is_none_or(|loaded| loaded.entity.id != *entity) {
                let entity = entity.clone();
                return Err(ClientError::NotCalled { entity });
            }
        }
        let mut handed = self.notifier.answer_to(ticket.key, &ticket.command);
        let mut poll = if self.notifier.has_worker() {
            LONGEST_POLL
        } else {
            SHORTEST_POLL
        };
        loop {
            let stored = self.ask("read an answer", || {
                self.store.answer_fetch(ticket.key, &ticket.command)
            });
            if let Some(result) = stored.await? {
                return Ok(result);
            }
            let next_look = self.clock.sleep_for(poll);
            match select(handed, next_look).await {
                Either::Left((Some(result), _)) => return Ok(result),
                Either::Left((None, next_look)) => {
                    // Another waiter for the same command has taken this one's place.
                    next_look.await;
                    handed = self.notifier.answer_to(ticket.key, &ticket.command);
                }
                Either::Right(((), waiting)) => handed = waiting,
            }
            poll = (poll * 2).min(LONGEST_POLL);
        }
    }
}
