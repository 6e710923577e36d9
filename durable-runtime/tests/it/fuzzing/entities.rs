//! Messages to an entity: by its machine alone.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::commands::Limits;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::machine::entity::EntityCode;
use durable_runtime::machine::entity::EntityOutcome;
use durable_runtime::machine::entity::EntityTurnRequest;
use durable_runtime::machine::entity::entity_turn;
use durable_runtime::prelude::seconds;
use durable_runtime::registry::Registry;
use durable_runtime::running::Running;
use durable_runtime::salt::Salt;
use durable_runtime::work::EntityRow;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;
use durable_runtime::work::TurnWrite;

use super::functions;
use super::panics;

const NOW: Timestamp = Timestamp::from_millis(1_795_575_600_000);

/// The first line is the state of the stock of cups. All others are messages to it; they make one
/// turn, or several with empty lines between them.
pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (state, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let registry = functions::register(Registry::default());
    let code = &*registry.entity("Stock").unwrap().code;
    let id = EntityId::new("Stock", "cups");
    let mut row = EntityRow::new(InstanceKey(-1), Unit(0), id, NOW);
    row.state = Payload::from_json(state).ok();
    let mut entity = Entity {
        row,
        code,
        inbox: BTreeMap::new(),
        parked: BTreeSet::new(),
        sent: 0,
        now: NOW,
        reload: false,
    };
    panics::none_in(|| entity.live(rest));
}

/// An entity, as its worker keeps it.
struct Entity<'a> {
    row: EntityRow,
    code: &'a EntityCode,
    inbox: BTreeMap<MessageId, Message>,
    parked: BTreeSet<MessageId>,
    sent: i64,
    now: Timestamp,
    reload: bool,
}

impl Entity<'_> {
    fn live(&mut self, text: &str) {
        for line in text.lines() {
            if line.is_empty() {
                self.turn();
            } else if let Ok(body) = serde_json::from_str(line) {
                self.send(body);
            }
        }
        self.turn();
        // Each end of a lock is a message.
        for _ in 0..self.sent {
            if self.reload {
                self.turn();
            }
        }
        assert!(!self.reload, "it comes to no end");
    }

    fn send(&mut self, body: MessageBody) {
        self.sent += 1;
        // The store gives out what is due.
        self.reload |= matches!(body, MessageBody::TimerDue { .. });
        let id = MessageId(self.sent);
        let message = Message {
            id: Some(id),
            at: self.now,
            body,
        };
        self.inbox.insert(id, message);
    }

    fn turn(&mut self) {
        self.now = self.now + seconds(1);
        let messages = self.inbox.iter();
        let messages = messages.filter(|(id, _)| self.reload || !self.parked.contains(id));
        let request = EntityTurnRequest {
            row: self.row.clone(),
            messages: messages.map(|(_, message)| message.clone()).collect(),
            parked: self.parked.clone(),
            drained: true,
            salt: Salt::from_bits(1),
            now: self.now,
            running: Running::default(),
            deadly: BTreeMap::new(),
        };
        let outcome = entity_turn(&Limits::default(), self.code, request.clone());
        let again = entity_turn(&Limits::default(), self.code, request);
        assert_eq!(outcome, again);
        self.take(outcome);
    }

    /// No message is lost, and none is taken twice.
    fn take(&mut self, outcome: EntityOutcome) {
        let write = outcome.write;
        let text = serde_json::to_string(&write).unwrap();
        assert_eq!(serde_json::from_str::<TurnWrite>(&text).unwrap(), write);
        for id in &write.consumed {
            assert!(self.inbox.remove(id).is_some(), "{id:?} was not there");
        }
        for id in write.parked.iter().chain(&outcome.left) {
            assert!(self.inbox.contains_key(id), "{id:?} is gone");
        }
        if write.unpark {
            self.parked.clear();
        }
        self.parked.extend(write.parked);
        self.parked.retain(|id| self.inbox.contains_key(id));
        self.row = outcome.row;
        self.reload = outcome.reload;
    }
}
