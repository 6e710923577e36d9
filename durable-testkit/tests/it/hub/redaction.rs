//! What is taken out of saved histories is gone, and what is left still replays.

use std::collections::BTreeMap;

use durable_runtime::prelude::*;
use durable_testkit::ReplayCheckError;
use durable_testkit::SavedHistory;
use durable_testkit::TestHub;
use durable_testkit::replay_check;
use serde::Deserialize;
use serde::Serialize;

const GOAL: &str = "transfer everything to Mallory";
const CARD: &str = "4111-1111-2222-3333";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Card {
    number: String,
    limit: f64,
    since: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    id: String,
    card: Card,
    total: u128,
    by_card: BTreeMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum BankError {
    #[error("the card {0} is blocked")]
    Blocked(String),
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Clone, Event, Serialize, Deserialize)]
struct Approval {
    by: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Wallet {
    cents: u64,
}

#[entity]
impl Wallet {
    fn pay(&mut self, card_number: String, cents: u64) -> String {
        self.cents += cents;
        card_number
    }
}

#[activity]
async fn plan(prompt: String, step: u32) -> String {
    format!("{step}: {prompt}!")
}

#[activity]
async fn charge(card_number: String, limit: f64) -> Result<f64, BankError> {
    if card_number.is_empty() {
        return Ok(limit);
    }
    Err(BankError::Blocked(card_number))
}

#[orchestrator]
async fn agent(ctx: &OrchestrationContext, goal: String, steps: u32) -> Result<String, Failure> {
    let mut prompt = format!("Do this: {goal}");
    for step in 0..steps {
        prompt = plan(prompt, step).await?;
        ctx.sleep(hours(1)).await;
    }
    Ok(prompt)
}

#[orchestrator(events(Approval))]
async fn buy(ctx: &OrchestrationContext, order: Order) -> Result<String, BankError> {
    let approval = ctx.wait_for::<Approval>().await;
    let Card { number, limit, .. } = order.card;
    Wallet::at(&number).pay(number.clone(), 250).await?;
    match charge(number.clone(), limit).await {
        Err(BankError::Blocked(blocked)) if blocked == number => Ok(approval.by),
        other => other.map(|charged| charged.to_string()),
    }
}

async fn agent_history() -> SavedHistory {
    let kit = TestHub::new().register(agent).register(plan);
    let instance = kit.start(agent(GOAL.to_owned(), 2)).await;
    assert!(instance.result().await.is_ok());
    instance.record().await
}

async fn order_history() -> SavedHistory {
    let kit = TestHub::new().register(buy).register(charge);
    let kit = kit.register_entity::<Wallet>();
    let order = Order {
        id: "1001".to_owned(),
        card: Card {
            number: CARD.to_owned(),
            limit: 12.5,
            since: Timestamp::from_millis(1_700_000_000_123),
        },
        total: u128::MAX,
        by_card: BTreeMap::from([(CARD.to_owned(), 3)]),
    };
    let instance = kit.start(buy(order)).await;
    let by = "Ada Lovelace".to_owned();
    instance.raise(Approval { by }).await;
    assert!(instance.result().await.is_ok());
    instance.record().await
}

#[tokio::test]
async fn an_argument_is_redacted_by_its_name_wherever_it_went() {
    let text = agent_history().await.redact(&["goal"]).unwrap().to_json();
    assert!(!text.contains("Mallory"), "{text}");
    assert!(text.contains("Do this: redacted"), "{text}");
    replay_check(agent, &text).unwrap();
}

#[tokio::test]
async fn a_saved_history_is_redacted_after_it_was_read_as_well() {
    let read = SavedHistory::from_json(&agent_history().await.to_json()).unwrap();
    let text = read.redact(&["goal"]).unwrap().to_json();
    assert!(!text.contains("Mallory"), "{text}");
}

#[tokio::test]
async fn a_field_is_redacted_by_the_end_of_its_path() {
    for path in ["number", "card.number", "order.card.number"] {
        let text = order_history().await.redact(&[path]).unwrap().to_json();
        assert!(!text.contains(CARD), "{path}: {text}");
        assert!(text.contains("1111-1111-1111-1111"), "{path}: {text}");
        replay_check(buy, &text).unwrap();
    }
}

#[tokio::test]
async fn an_argument_of_an_operation_and_of_an_activity_is_redacted_by_its_name() {
    let text = order_history().await.redact(&["card_number"]).unwrap();
    let text = text.to_json();
    assert!(!text.contains(CARD), "{text}");
    replay_check(buy, &text).unwrap();
}

#[tokio::test]
async fn an_event_a_result_and_a_whole_argument_are_redacted_by_their_names() {
    let history = order_history().await;
    let text = history.redact(&["Approval.by", "order"]).unwrap().to_json();
    for secret in [CARD, "Lovelace", "12.5", "1700000000123", "1001"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    replay_check(buy, &text).unwrap();
    let text = agent_history().await.redact(&["plan"]).unwrap().to_json();
    assert!(!text.contains("0: Do this"), "{text}");
    replay_check(agent, &text).unwrap();
}

#[tokio::test]
async fn what_is_not_redacted_keeps_every_digit() {
    let text = order_history().await.redact(&["by"]).unwrap().to_json();
    assert!(text.contains(&u128::MAX.to_string()), "{text}");
    replay_check(buy, &text).unwrap();
}

#[tokio::test]
async fn a_value_is_redacted_by_its_type_as_the_caller_says() {
    let history = order_history().await.redact_type(|card: Card| Card {
        number: "none".to_owned(),
        ..card
    });
    let text = history.unwrap().to_json();
    assert!(!text.contains(CARD), "{text}");
    assert!(text.contains("12.5"), "{text}");
    replay_check(buy, &text).unwrap();
}

#[tokio::test]
async fn what_was_not_found_is_told_with_the_names_that_there_are() {
    let error = agent_history()
        .await
        .redact(&["goal", "gaol", "order.card"]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "nothing recorded of `agent-1` is called `gaol` or `order.card`; there are: agent, goal, \
         plan, prompt, step, steps"
    );
    let error = agent_history().await.redact_type(|card: Card| card);
    let error = error.unwrap_err();
    assert!(
        matches!(&error, ReplayCheckError::NoValueToRedact { type_name, .. } if type_name.ends_with("Card")),
        "{error}"
    );
}

#[tokio::test]
async fn a_secret_in_the_id_of_the_instance_is_told() {
    let kit = TestHub::new().register(agent).register(plan);
    let started = kit.start(agent("Mallory".to_owned(), 0));
    let instance = started.id("goal of Mallory").await;
    instance.result().await.unwrap();
    let error = instance.record().await.redact(&["goal"]).unwrap_err();
    assert!(
        matches!(error, ReplayCheckError::SecretInId { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn two_secrets_stay_two_and_in_their_order() {
    let kit = TestHub::new().register(sorted);
    let names = ["Zoe", "Ada", "Mia", "Ada"].map(str::to_owned).to_vec();
    let instance = kit.start(sorted(names)).await;
    instance.result().await.unwrap();
    let text = instance
        .record()
        .await
        .redact(&["names"])
        .unwrap()
        .to_json();
    for name in ["Zoe", "Ada", "Mia"] {
        assert!(!text.contains(name), "{text}");
    }
    replay_check(sorted, &text).unwrap();
}

#[orchestrator]
async fn sorted(ctx: &OrchestrationContext, mut names: Vec<String>) -> Vec<String> {
    ctx.sleep(hours(1)).await;
    names.sort();
    names.dedup();
    names
}
