//! Copies of secrets that are written in another way are taken out too.

use durable_runtime::prelude::*;
use durable_testkit::SavedHistory;
use durable_testkit::TestHub;
use durable_testkit::replay_check;
use serde::Deserialize;
use serde::Serialize;

const KEY: &str = "alpha\nbravo\"charlie\\delta\tfoxtrot";
const CARD: &str = "4111-1111-2222-3333";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Login {
    key: String,
    attempts: u32,
}

#[activity]
async fn echo(text: String) -> String {
    text
}

#[activity]
async fn count(number: u64) -> u64 {
    number
}

#[activity]
async fn weigh(number: f64) -> f64 {
    number
}

/// Answers as services do that write JSON in ASCII.
#[activity]
async fn reject(name: String) -> String {
    let escaped = name.encode_utf16().map(|unit| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    format!("{{\"error\":\"unknown: {}\"}}", escaped.collect::<String>())
}

#[orchestrator]
async fn escaping(_ctx: &OrchestrationContext, key: String) -> Result<String, Failure> {
    let shown = echo(format!("{key:?}")).await?;
    let json = echo(serde_json::json!({ "key": key }).to_string()).await?;
    let twice = echo(format!("{json:?}, {shown:?}")).await?;
    echo(serde_json::json!([twice, shown]).to_string()).await
}

#[orchestrator]
async fn escaping_a_field(_ctx: &OrchestrationContext, login: Login) -> Result<String, Failure> {
    echo(format!("{login:?}")).await
}

#[orchestrator]
async fn rejected(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
    reject(name).await
}

#[orchestrator]
async fn parsing(_ctx: &OrchestrationContext, account: String) -> Result<f64, Failure> {
    let number: u64 = account.parse().unwrap_or_default();
    echo(format!("account {}", count(number).await?)).await?;
    weigh(account.parse().unwrap_or_default()).await
}

#[orchestrator]
async fn spelling(_ctx: &OrchestrationContext, salary: f64) -> Result<u64, Failure> {
    echo(format!("{salary}")).await?;
    echo(format!("{salary} or {salary:?} or {salary:.2}")).await?;
    let whole = format!("{salary:.0}").parse().unwrap_or_default();
    count(whole).await
}

#[orchestrator]
async fn reading(_ctx: &OrchestrationContext, price: String) -> Result<String, Failure> {
    let number: f64 = price.parse().unwrap_or_default();
    weigh(number).await?;
    echo(format!("{number} and {number:?}")).await
}

#[orchestrator]
async fn compacting(_ctx: &OrchestrationContext, card: String) -> Result<u64, Failure> {
    let digits = echo(card.replace('-', "")).await?;
    count(digits.parse().unwrap_or_default()).await
}

fn kit() -> TestHub {
    let kit = TestHub::new().register(echo).register(reject);
    kit.register(count).register(weigh)
}

async fn escaped() -> SavedHistory {
    let kit = kit().register(escaping);
    let instance = kit.start(escaping(KEY.to_owned())).await;
    instance.result().await.unwrap();
    instance.record().await
}

fn assert_gone(text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn escaped_copies_of_a_secret_are_redacted() {
    let text = escaped().await.redact(&["key"]).unwrap().to_json();
    assert_gone(&text, &["alpha", "bravo", "charlie", "delta", "foxtrot"]);
    replay_check(escaping, &text).unwrap();
}

#[tokio::test]
async fn an_escaped_copy_of_a_short_secret_leaves_no_part() {
    let kit = kit().register(escaping);
    let instance = kit.start(escaping("a\nb\"c\\d".to_owned())).await;
    instance.result().await.unwrap();
    let text = instance.record().await.redact(&["key"]).unwrap().to_json();
    let plain = text.replace('\\', "");
    assert_gone(&plain, &["anb\"", "b\"cd"]);
    replay_check(escaping, &text).unwrap();
}

#[tokio::test]
async fn a_copy_in_ascii_is_redacted() {
    let kit = kit().register(rejected);
    let instance = kit.start(rejected("Zürich-Straße 😀".to_owned())).await;
    instance.result().await.unwrap();
    let text = instance.record().await.redact(&["name"]).unwrap().to_json();
    assert_gone(&text, &["rich", "Stra"]);
    replay_check(rejected, &text).unwrap();
}

#[tokio::test]
async fn what_stands_for_a_secret_is_escaped_like_its_copy() {
    let kit = kit().register(escaping_a_field);
    let key = KEY.to_owned();
    let instance = kit
        .start(escaping_a_field(Login { key, attempts: 1 }))
        .await;
    instance.result().await.unwrap();
    let saved = instance.record().await.redact_type(|login: Login| Login {
        key: "\"no\\key\"".to_owned(),
        ..login
    });
    let text = saved.unwrap().to_json();
    assert_gone(&text, &["alpha", "bravo", "charlie", "delta", "foxtrot"]);
    replay_check(escaping_a_field, &text).unwrap();
}

#[tokio::test]
async fn a_secret_text_that_is_passed_on_as_a_number_is_redacted() {
    let kit = kit().register(parsing);
    for account in ["123456789", "000123456789"] {
        let instance = kit.start(parsing(account.to_owned())).await;
        instance.result().await.unwrap();
        let text = instance.record().await.redact(&["account"]).unwrap();
        let text = text.to_json();
        assert_gone(&text, &["123456"]);
        replay_check(parsing, &text).unwrap();
    }
}

#[tokio::test]
async fn every_spelling_of_a_secret_number_is_redacted() {
    let kit = kit().register(spelling);
    for (salary, digits) in [(1_250_000.0, "12500"), (-7_654_321.0, "76543")] {
        let instance = kit.start(spelling(salary)).await;
        instance.result().await.unwrap();
        let text = instance.record().await.redact(&["salary"]).unwrap();
        let text = text.to_json();
        assert_gone(&text, &[digits]);
        replay_check(spelling, &text).unwrap();
    }
}

#[tokio::test]
async fn every_spelling_of_a_secret_text_that_is_a_number_is_redacted() {
    let kit = kit().register(reading);
    for (price, digits) in [("1250000.00", "12500"), ("765432.1", "76543")] {
        let instance = kit.start(reading(price.to_owned())).await;
        instance.result().await.unwrap();
        let text = instance.record().await.redact(&["price"]).unwrap();
        let text = text.to_json();
        assert_gone(&text, &[digits]);
        replay_check(reading, &text).unwrap();
    }
}

#[tokio::test]
async fn the_digits_of_a_secret_are_redacted_without_what_stands_between_them() {
    let kit = kit().register(compacting);
    let instance = kit.start(compacting(CARD.to_owned())).await;
    instance.result().await.unwrap();
    let text = instance.record().await.redact(&["card"]).unwrap().to_json();
    assert_gone(&text, &["4111", "2222", "3333"]);
    replay_check(compacting, &text).unwrap();
}
