//! `agent`.

use std::io::BufRead as _;
use std::io::BufReader;
use std::process::Stdio;
use std::time::Duration;

use durable_examples::agent::AgentError;
use durable_examples::agent::Decision;
use durable_examples::agent::Memory;
use durable_examples::agent::Model;
use durable_examples::agent::Stage;
use durable_examples::agent::Thought;
use durable_examples::agent::Tool;
use durable_examples::agent::ToolError;
use durable_examples::agent::agent;
use durable_examples::agent::ask_person;
use durable_examples::agent::find_order;
use durable_examples::agent::read_terms;
use durable_examples::agent::refund;
use durable_examples::agent::think;
use durable_runtime::ids::Execution;
use durable_runtime::prelude::*;
use durable_testkit::prelude::*;

use crate::program::Program;
use crate::saved;

const ANSWER: &str = "order-17 arrived broken: paid 1999 cents back\n";

#[test]
fn an_agent_that_is_killed_while_it_asks_goes_on_with_a_decision_made_meanwhile() {
    let program = Program::new(env!("CARGO_BIN_EXE_agent"));
    let mut command = program.command::<&str>([]);
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut question = String::new();
    let stdout = process.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut question).unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(
        question,
        "may I use [Refund { order: \"order-17\", cents: 1999 }]? Say `agent approve` or `agent refuse`\n"
    );

    let decision = program.run(["approve"]);
    assert_eq!((decision.code, decision.stdout.as_str()), (Some(0), ""));
    let run = program.run::<&str>([]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    // The question may come again: an activity runs at least once.
    let said = run.stdout.strip_prefix(&question).unwrap_or(&run.stdout);
    assert_eq!(
        said,
        format!("the bank pays 1999 cents back for order-17\n{ANSWER}")
    );

    let again = program.run::<&str>([]);
    assert_eq!(again.stdout, ANSWER);
    let late = program.run(["refuse"]);
    assert_eq!(late.stdout, "the agent asks nothing: Some(Thinking)\n");
}

/// A hub with tools that work and a model that wants a refund first of all.
fn kit() -> TestHub {
    let kit = TestHub::new().register(agent);
    kit.mock(think::with(|memory| match memory.notes.last() {
        None => Thought::Use(vec![payback()]),
        Some(note) => Thought::Answer(note.clone()),
    }));
    kit.mock(ask_person::with(|_tools| ()));
    kit.mock(refund::with(|order, cents| Ok(format!("{order}: {cents}"))));
    kit
}

fn payback() -> Tool {
    Tool::Refund {
        order: "order-17".to_owned(),
        cents: 500,
    }
}

async fn start(kit: &TestHub) -> TestInstance<agent> {
    kit.start(agent(Memory::of("it is broken"))).await
}

fn decision(thought: u32, approved: bool) -> Decision {
    Decision { thought, approved }
}

#[tokio::test]
async fn a_risky_tool_waits_for_a_person() {
    let kit = kit();
    let agent = start(&kit).await;
    agent.until_waiting_on::<Decision>().await;
    let asking = Stage::Asking {
        thought: 1,
        tools: vec![payback()],
    };
    assert_eq!(agent.status().await.custom_status(), Some(&asking));
    assert_called!(kit.calls_of(refund), 0);

    agent.raise(decision(1, true)).await;
    assert_eq!(agent.result().await.unwrap(), "order-17: 500");
    assert_called!(kit.calls_of(refund), with[("order-17".to_owned(), 500)]);
}

#[tokio::test]
async fn nobody_decides_for_a_day_and_that_is_a_no() {
    let kit = kit();
    let agent = start(&kit).await;
    agent.until_waiting_on::<Decision>().await;
    kit.advance(hours(24)).await;
    let answer = agent.result().await.unwrap();
    assert!(answer.starts_with("refused: [Refund"), "{answer}");
    assert_called!(kit.calls_of(refund), 0);
}

#[tokio::test]
async fn a_decision_about_an_earlier_thought_decides_nothing() {
    let kit = kit();
    let agent = start(&kit).await;
    agent.raise(decision(0, true)).await;
    agent.raise(decision(1, false)).await;
    assert!(agent.result().await.unwrap().starts_with("refused"));
    assert_called!(kit.calls_of(refund), 0);
}

#[tokio::test]
async fn what_a_tool_says_is_told_to_the_model_also_if_it_fails() {
    let kit = kit();
    let orders = ["order-17", "order-18"].map(ToOwned::to_owned);
    let tools = orders.map(Tool::FindOrder).to_vec();
    let looks = kit.mock(
        think::with(move |_memory| Thought::Use(tools.clone()))
            .times(1)
            .then(think::with(|memory| {
                Thought::Answer(memory.notes.join("; "))
            })),
    );
    kit.mock(find_order::with(|order| match order.as_str() {
        "order-17" => Ok(order),
        _ => Err(ToolError::NoSuchOrder(order)),
    }));
    let agent = start(&kit).await;
    let answer = agent.result().await.unwrap();
    assert_eq!(answer, "order-17; failed: there is no order order-18");
    assert_eq!(looks.arguments()[1].0.thoughts, 2);
}

#[tokio::test]
async fn an_agent_that_finds_no_answer_continues_as_new_and_gives_up_after_forty_thoughts() {
    let kit = kit();
    let thoughts = kit.mock(think::with(|_memory| {
        Thought::Use(vec![Tool::ReadTerms("broken".to_owned())])
    }));
    kit.mock(read_terms::with(Ok));
    let agent = start(&kit).await;
    assert_eq!(agent.result().await, Err(AgentError::OutOfThoughts));
    assert_called!(thoughts, 40);
    assert_eq!(agent.status().await.execution(), Execution(6));
}

#[tokio::test]
async fn an_agent_that_is_cancelled_while_it_asks_ends() {
    let kit = kit();
    let agent = start(&kit).await;
    agent.until_waiting_on::<Decision>().await;
    agent.instance().cancel().await.unwrap();
    assert_eq!(agent.result().await, Err(Failure::Cancelled.into()));
}

#[tokio::test]
async fn decision_deadline_and_cancellation_may_come_in_any_order() {
    let scenario = Scenario::new().event(decision(1, true));
    let scenario = scenario.action("cancel", |agent| async move {
        // It may have ended.
        let _ = agent.instance().cancel().await;
    });
    let report = kit().explore(agent(Memory::of("it is broken")), scenario);
    let report = report.await;
    assert!(report.is_complete(), "{report}");
}

#[tokio::test]
async fn an_agent_survives_a_crash_at_every_point() {
    let crashes = kit().crash_everywhere(agent(Memory::of("it is broken")));
    let crashes = crashes.scenario(|agent| async move {
        agent.until_waiting_on::<Decision>().await;
        agent.raise(decision(1, true)).await;
    });
    let report = crashes.pairs(1_000).await;
    assert!(report.points().len() > 15, "{report}");
}

#[tokio::test]
async fn the_model_knows_what_to_do_with_a_broken_order() {
    let delay = Duration::ZERO;
    let mut memory = Memory::of("order-17 arrived broken");
    let first = think::run(State::new(Model { delay }), memory.clone()).await;
    assert!(matches!(first, Thought::Use(tools) if tools.len() == 2));
    memory.notes = vec!["1999 cents".to_owned(), "paid back".to_owned()];
    let second = think::run(State::new(Model { delay }), memory).await;
    assert!(matches!(second, Thought::Use(tools) if tools.iter().all(Tool::is_risky)));
}

#[tokio::test]
async fn the_saved_history_of_an_agent_fits() {
    let kit = kit();
    let running = start(&kit).await;
    running.until_waiting_on::<Decision>().await;
    running.raise(decision(1, true)).await;
    running.result().await.unwrap();
    let saved = saved::history("agent", &running).await;
    replay_check(agent, &saved).unwrap();
}
