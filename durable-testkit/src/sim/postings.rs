//! Postings on accounts that clients make.

use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Failure;
use durable_runtime::Payload;
use durable_runtime::commands::Commands;
use durable_runtime::commands::EntityRequest;
use durable_runtime::failure::CallError;
use durable_runtime::failure::CallResult;
use durable_runtime::ids::EntityId;

use crate::client::Clients;
use crate::draw::Draw;
use crate::workload::Posting;
use crate::workload::Trouble;

/// A posting that a client is to make.
#[derive(Debug, Clone)]
pub(crate) struct PlannedPosting {
    pub(crate) account: String,
    pub(crate) posting: Posting,
    after_millis: u64,
    /// Whether the client waits for the answer.
    called: bool,
    delay_millis: Option<u64>,
    /// Whether the client sends it twice.
    repeated: bool,
}

impl PlannedPosting {
    pub(crate) fn drawn(draw: &mut Draw) -> Self {
        let account = match draw.below(5) {
            number @ 0..2 => format!("counter-{number}"),
            number => format!("account-{}", number - 2),
        };
        let posting = Posting {
            id: draw.next(),
            amount: i64::try_from(draw.between(1, 9)).unwrap_or(1),
            section: None,
            forwarded: draw.chance(20),
            trouble: match draw.below(12) {
                0 => Trouble::Fails,
                1 => Trouble::Panics,
                _ => Trouble::None,
            },
        };
        Self {
            account,
            posting,
            after_millis: draw.below(12_000),
            called: draw.chance(50),
            delay_millis: draw.chance(20).then(|| draw.below(8_000)),
            repeated: draw.chance(30),
        }
    }
}

impl Clients {
    /// Makes a posting, however often that has to be tried.
    pub(crate) async fn post(self: Arc<Self>, number: usize, planned: PlannedPosting) {
        self.clock.sleep(planned.after_millis).await;
        let request = EntityRequest {
            entity: EntityId::new("Account", planned.account.as_str()),
            operation: "post".to_owned(),
            input: Payload::encode(&planned.posting).ok(),
            wants_answer: planned.called,
            delay: planned.delay_millis.map(Duration::from_millis),
            command: format!("post-{number}"),
            is_deduplicated: number.is_multiple_of(2),
        };
        let mut left = if planned.repeated { 2 } else { 1 };
        let mut ticket = None;
        while left > 0 {
            match self.commands(false).entity_send(request.clone()).await {
                Ok(sent) => {
                    left -= 1;
                    ticket = Some(sent);
                }
                Err(error) => {
                    self.world.note(format_args!("posting {number}: {error}"));
                    self.clock.sleep(100).await;
                }
            }
        }
        self.world.note(format_args!("posting {number} is sent"));
        self.world.count("posting from outside");
        let Some(ticket) = ticket.filter(|_| planned.called) else {
            return;
        };
        let answer = loop {
            match self.commands(true).entity_answer(&ticket).await {
                Ok(answer) => break answer,
                Err(_) => self.clock.sleep(100).await,
            }
        };
        self.world
            .note(format_args!("posting {number} is answered"));
        if !fits(planned.posting.trouble, &answer) {
            self.world
                .violation(format!("5: posting {number} was answered {answer:?}"));
        }
    }
}

fn fits(trouble: Trouble, answer: &CallResult) -> bool {
    match (trouble, answer) {
        (Trouble::None, Ok(balance)) => balance.decode::<i64>().is_ok(),
        (Trouble::Fails, Err(CallError::Error(_)))
        | (Trouble::Panics, Err(CallError::Failure(Failure::Panicked { .. }))) => true,
        _ => false,
    }
}
