//! What a script does with entities.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::commands::DelayedSignal;
use durable_runtime::commands::EntityFilter;
use durable_runtime::commands::EntityListing;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::store::EntityCommand;
use durable_runtime::store::SignalWithdrawal;
use durable_runtime::store::StoreError;
use durable_runtime::work::Address;
use durable_runtime::work::Answer;
use durable_runtime::work::EntityOperation;
use durable_runtime::work::EntityRow;
use durable_runtime::work::LockHolder;
use durable_runtime::work::MessageBody;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::Sender;
use durable_runtime::work::SignalRef;
use durable_runtime::work::TimerId;
use durable_runtime::work::TurnWrite;

use super::operation::ENTITIES;
use super::operation::EntityStep;
use super::operation::LeaseChoice;
use super::outcome;
use super::side::Side;
use super::side::Told;
use super::side::payload;
use super::side::text;

fn id(number: usize) -> EntityId {
    let (name, key) = ENTITIES[number];
    EntityId::new(name, key)
}

fn operation(due: Option<i64>) -> EntityOperation {
    EntityOperation {
        name: "deposit".to_owned(),
        input: None,
        caller: None,
        lock: None,
        due: due.map(Timestamp::from_millis),
        sender: None,
    }
}

/// A message to an entity.
pub(super) fn message_to(number: usize, due: Option<i64>) -> OutgoingMessage {
    let operation = operation(due);
    OutgoingMessage {
        due: operation.due,
        ..OutgoingMessage::new(
            Address::Entity(id(number)),
            MessageBody::EntityOperation(Box::new(operation)),
        )
    }
}

impl Side {
    /// Learns the entities that show.
    pub(super) async fn refresh_entities(&mut self) {
        let all = EntityFilter {
            with_state: true,
            ..EntityFilter::default()
        };
        let page = self.store.entities_list(&all, None, 100).await.unwrap();
        for EntityListing { row, .. } in page.entities {
            self.names.instances.insert(row.key, row.id.to_string());
            if let Some(number) = (0..ENTITIES.len()).find(|number| id(*number) == row.id) {
                self.entities.insert(number, row);
            }
        }
    }

    pub(super) async fn entity(&mut self, step: &EntityStep) -> Told {
        match step {
            EntityStep::Withdraw { entity, .. } => {
                let withdrawal = self.withdrawal(step).await?;
                let id = id(*entity);
                let withdrawn = self.store.signal_withdraw(&id, &withdrawal, self.now);
                Ok(text(withdrawn.await?))
            }
            EntityStep::Send {
                to,
                command,
                due,
                remember_until,
            } => {
                let command = EntityCommand {
                    command: command.to_string(),
                    operation: EntityOperation {
                        sender: Some(Sender::Client(command.to_string())),
                        ..operation(*due)
                    },
                    remember_until: remember_until.map(Timestamp::from_millis),
                };
                let id = id(*to);
                let sent = self.store.entity_send(&id, &command, self.now).await?;
                self.refresh().await;
                Ok(text(sent.repeated))
            }
            EntityStep::Turn { entity, .. } => {
                let write = self
                    .entities
                    .get(entity)
                    .map(|row| self.entity_turn(row, step));
                let writes: Vec<_> = write.into_iter().collect();
                let told = self.commit(&writes, LeaseChoice::Current).await;
                self.refresh().await;
                told
            }
            reading => self.read_entity(reading).await,
        }
    }

    fn entity_turn(&self, row: &EntityRow, step: &EntityStep) -> TurnWrite {
        let mut write = TurnWrite::new(row.key, row.unit);
        let EntityStep::Turn {
            consumed,
            parked,
            state,
            locked_by,
            load_at_start,
            answers,
            sends,
            signals_gone,
            runs_delayed,
            ..
        } = step
        else {
            return write;
        };
        let messages = |places: &[usize]| {
            let found = places.iter().filter_map(|at| self.message(*at));
            found.collect()
        };
        (write.consumed, write.parked) = (messages(consumed), messages(parked));
        if *runs_delayed {
            write.delayed.clone_from(&write.consumed);
        }
        let mut changed = row.clone();
        changed.state = payload(*state);
        changed.version = state.map(|_| "2".to_owned());
        let holder = locked_by.and_then(|number| self.rows.get(&number));
        changed.lock = holder.map(|holder| LockHolder {
            key: holder.key,
            instance: holder.id.clone(),
            execution: holder.execution,
            path: CallPath::root().child(1),
        });
        changed.withdrawn = changed.lock.iter().cloned().collect();
        changed.load_at_start = *load_at_start;
        changed.changed_at = self.now;
        write.entity = Some(Box::new(changed.update()));
        let answer = |command: &u64| Answer {
            command: command.to_string(),
            result: Ok(Payload::from_json("[]").unwrap()),
        };
        write.answers = answers.iter().map(answer).collect();
        write.sends = sends.iter().map(|send| self.send(send)).collect();
        let gone = signals_gone.iter().copied().map(Timestamp::from_millis);
        write.timers_gone = gone.map(|due| TimerId::of_signal(row.key, due)).collect();
        write
    }

    /// Withdraws a signal that is on its way, or the one that a command has sent.
    async fn withdrawal(&self, step: &EntityStep) -> Result<SignalWithdrawal, StoreError> {
        let EntityStep::Withdraw {
            entity,
            place,
            sent,
            command,
        } = step
        else {
            unreachable!("not a withdrawal");
        };
        let signals = self.store.signals_delayed(&id(*entity), None, 100).await?;
        let listed = place.and_then(|place| signals.get(place));
        let signal = match listed {
            Some(signal) => SignalRef::Id(signal.id),
            None => SignalRef::Command(sent.to_string()),
        };
        Ok(SignalWithdrawal {
            signal,
            command: format!("withdraw {command}"),
            remember_until: None,
        })
    }

    async fn read_entity(&self, step: &EntityStep) -> Told {
        match step {
            EntityStep::Load { entity } => {
                let Some(loaded) = self.store.entity_load(self.entity_key(*entity)).await? else {
                    return Ok("absent".to_owned());
                };
                let inbox: Vec<_> = loaded.inbox.iter().map(outcome::message).collect();
                let parked = loaded.inbox.iter().map(|message| {
                    let id = message.id.as_ref();
                    id.is_some_and(|id| loaded.parked.contains(id))
                });
                let parked: Vec<_> = parked.collect();
                Ok(text((self.entity_row(&loaded.entity), inbox, parked)))
            }
            EntityStep::Fetch { entity } => {
                let found = self.store.entity_fetch(&id(*entity)).await?;
                Ok(text(found.map(|found| self.listing(&found))))
            }
            EntityStep::List {
                key_prefix,
                changed_from,
                with_state,
                limit,
            } => {
                let filter = EntityFilter {
                    name: None,
                    key_prefix: key_prefix.map(str::to_owned),
                    changed_from: changed_from.map(Timestamp::from_millis),
                    changed_before: None,
                    with_state: *with_state,
                };
                self.list_entities(&filter, *limit).await
            }
            EntityStep::ToLoad { after, limit } => {
                let after = after.map(|number| self.entity_key(number));
                let found = self.store.entities_to_load(&self.units, after, *limit);
                let names = found.await?;
                let names = names.iter().map(|key| self.names.key(*key));
                Ok(text(names.collect::<Vec<_>>()))
            }
            EntityStep::Signals {
                entity,
                after,
                limit,
            } => {
                let id = id(*entity);
                let all = self.store.signals_delayed(&id, None, 100).await?;
                let after = after.and_then(|place| all.get(place));
                let after = after.map(|signal| signal.id);
                let page = self.store.signals_delayed(&id, after, *limit).await?;
                let shown = page.into_iter().map(|signal| DelayedSignal {
                    id: MessageId(0),
                    ..signal
                });
                Ok(text(shown.collect::<Vec<_>>()))
            }
            EntityStep::Answer { entity, command } => {
                let key = self.entity_key(*entity);
                let answer = self.store.answer_fetch(key, &command.to_string()).await;
                answer.map(text)
            }
            EntityStep::Expire { until } => {
                let until = Timestamp::from_millis(*until);
                self.store.answers_expire(until, 2).await.map(text)
            }
            EntityStep::Send { .. } | EntityStep::Withdraw { .. } | EntityStep::Turn { .. } => {
                unreachable!("not a reading")
            }
        }
    }

    async fn list_entities(&self, filter: &EntityFilter, limit: u32) -> Told {
        let (mut told, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.entities_list(filter, after.as_ref(), limit);
            let page = page.await?;
            let listings = page.entities.iter().map(|found| self.listing(found));
            told.push(listings.collect::<Vec<_>>());
            after = page.next;
            if after.is_none() {
                return Ok(text(told));
            }
        }
    }

    fn entity_key(&self, number: usize) -> InstanceKey {
        let row = self.entities.get(&number);
        row.map_or(InstanceKey(i64::MIN + 1), |row| row.key)
    }

    fn listing(&self, listing: &EntityListing) -> String {
        let row = self.entity_row(&listing.row);
        format!("{row} {} {}", listing.has_state, listing.backlog)
    }

    fn entity_row(&self, row: &EntityRow) -> String {
        let mut named = row.clone();
        (named.key, named.unit) = (InstanceKey(0), Unit(self.names.unit(row.unit)));
        let holders = named.lock.iter_mut().chain(&mut named.withdrawn);
        holders.for_each(|holder| holder.key = InstanceKey(0));
        format!("{named:?}")
    }
}
