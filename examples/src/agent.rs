//! An agent: it thinks, uses tools, asks a person before it does what cannot be undone, and thinks
//! again until it has an answer.
//!
//! `durable-runtime/docs/tutorial/agent.md` builds this program step by step.

use std::time::Duration;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// The memory of an agent: all that it takes from one execution to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The customer's complaint; begins with the order.
    pub complaint: String,
    /// What the agent has found out and done, oldest first.
    pub notes: Vec<String>,
    /// How often it has thought.
    pub thoughts: u32,
}

impl Memory {
    /// The memory of an agent that knows only the complaint.
    pub fn of(complaint: &str) -> Self {
        Self {
            complaint: complaint.to_owned(),
            notes: Vec::new(),
            thoughts: 0,
        }
    }
}

/// What the model wants next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Thought {
    /// Use these tools, all at the same time.
    Use(Vec<Tool>),
    /// This is the answer.
    Answer(String),
}

/// A tool and its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tool {
    /// Looks an order up.
    FindOrder(String),
    /// Reads the shop's terms about a subject.
    ReadTerms(String),
    /// Pays an order back.
    Refund {
        /// The order.
        order: String,
        /// How much.
        cents: u64,
    },
}

impl Tool {
    /// Whether a person has to agree first.
    pub fn is_risky(&self) -> bool {
        matches!(self, Self::Refund { .. })
    }
}

/// Why a tool failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ToolError {
    /// The shop has no such order.
    #[error("there is no order {0}")]
    NoSuchOrder(String),
    /// The tool timed out, was cancelled, panicked or lost its process.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why an agent has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum AgentError {
    /// It has thought too often.
    #[error("no answer after {MOST_THOUGHTS} thoughts")]
    OutOfThoughts,
    /// A call of the agent timed out, was cancelled, panicked or lost its process.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// The language model. A real one has a client for its API; this one knows one job.
#[derive(Debug)]
pub struct Model {
    /// How long an answer takes.
    pub delay: Duration,
}

impl Model {
    /// What to do next.
    pub async fn ask(&self, memory: &Memory) -> Thought {
        tokio::time::sleep(self.delay).await;
        let order = memory.complaint.split(' ').next().unwrap_or_default();
        match memory.notes.as_slice() {
            [] => Thought::Use(vec![
                Tool::FindOrder(order.to_owned()),
                Tool::ReadTerms("broken".to_owned()),
            ]),
            [_order, _terms] => Thought::Use(vec![Tool::Refund {
                order: order.to_owned(),
                cents: 1_999,
            }]),
            [.., last] => Thought::Answer(format!("{}: {last}", memory.complaint)),
        }
    }
}

/// Asks the model what to do next.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0), timeout = "2m")]
pub async fn think(model: State<Model>, memory: Memory) -> Thought {
    model.ask(&memory).await
}

/// Looks an order up.
#[activity(retry(max_attempts = 3, initial = "1s"), timeout = "10s")]
pub async fn find_order(order: String) -> Result<String, ToolError> {
    if order != "order-17" {
        return Err(ToolError::NoSuchOrder(order));
    }
    Ok(format!("{order}: one record, paid with 1999 cents"))
}

/// Reads the shop's terms.
#[activity(retry(max_attempts = 3, initial = "1s"), timeout = "10s")]
pub async fn read_terms(subject: String) -> Result<String, ToolError> {
    Ok(format!("what arrives {subject} is paid back"))
}

/// Pays an order back.
#[activity(retry(max_attempts = 3, initial = "1s"), timeout = "10s")]
pub async fn refund(order: String, cents: u64) -> Result<String, ToolError> {
    println!("the bank pays {cents} cents back for {order}");
    Ok(format!("paid {cents} cents back"))
}

/// Tells a person what the agent wants to do.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn ask_person(tools: Vec<Tool>) {
    println!("may I use {tools:?}? Say `agent approve` or `agent refuse`");
}

/// What a person decides about a thought.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub struct Decision {
    /// The number of the thought.
    pub thought: u32,
    /// Whether the agent may use the tools that it thought of.
    pub approved: bool,
}

/// What an agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It asks the model.
    Thinking,
    /// It waits for a person.
    Asking {
        /// The number of the thought.
        thought: u32,
        /// What it wants to use.
        tools: Vec<Tool>,
    },
    /// It uses tools.
    Acting,
}

/// How often one execution thinks before the next one takes over.
pub const THOUGHTS_PER_EXECUTION: u32 = 8;
/// How often an agent thinks in all.
pub const MOST_THOUGHTS: u32 = 40;

/// Works on a complaint until it has an answer.
#[orchestrator(status = Stage, events(Decision))]
pub async fn agent(ctx: &OrchestrationContext, mut memory: Memory) -> Result<String, AgentError> {
    for _ in 0..THOUGHTS_PER_EXECUTION {
        if memory.thoughts == MOST_THOUGHTS {
            return Err(AgentError::OutOfThoughts);
        }
        memory.thoughts += 1;
        ctx.set_status(Stage::Thinking);
        let tools = match think(memory.clone()).await? {
            Thought::Answer(answer) => return Ok(answer),
            Thought::Use(tools) => tools,
        };
        let is_risky = tools.iter().any(Tool::is_risky);
        if is_risky && !is_approved(ctx, memory.thoughts, &tools).await? {
            memory.notes.push(format!("refused: {tools:?}"));
            continue;
        }
        ctx.set_status(Stage::Acting);
        let uses = tools.into_iter().map(|tool| use_tool(ctx, tool));
        memory.notes.extend(join_all(uses).await);
    }
    ctx.continue_as_new(memory).await
}

/// Uses a tool. The result, good or bad, becomes a note for the model.
#[orchestrator(inline)]
async fn use_tool(_ctx: &OrchestrationContext, tool: Tool) -> String {
    let used = match tool {
        Tool::FindOrder(order) => find_order(order).await,
        Tool::ReadTerms(subject) => read_terms(subject).await,
        Tool::Refund { order, cents } => refund(order, cents).await,
    };
    used.unwrap_or_else(|error| format!("failed: {error}"))
}

/// Whether a person allows the agent to use `tools`. A day without a decision means no.
#[orchestrator(inline)]
async fn is_approved(
    ctx: &OrchestrationContext<agent>,
    thought: u32,
    tools: &[Tool],
) -> Result<bool, Failure> {
    let tools = tools.to_vec();
    ctx.set_status(Stage::Asking {
        thought,
        tools: tools.clone(),
    });
    ask_person(tools).await?;

    let deadline = ctx.now() + hours(24);
    loop {
        let decision = select! {
            decision = ctx.wait_for::<Decision>() => decision,
            _ = ctx.sleep_until(deadline) => return Ok(false),
            _ = ctx.cancellation() => return Err(Failure::Cancelled),
        };
        // A late decision about an earlier thought says nothing about this one.
        if decision.thought == thought {
            return Ok(decision.approved);
        }
    }
}
