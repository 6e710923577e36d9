//! The keys of maps are taken out of saved histories, and the names of fields are left in them.

use std::collections::BTreeMap;
use std::time::Duration;

use durable_runtime::prelude::*;
use durable_testkit::ReplayCheckError;
use durable_testkit::SavedHistory;
use durable_testkit::TestHub;
use durable_testkit::replay_check;
use serde::Deserialize;
use serde::Serialize;

type Tokens = BTreeMap<String, String>;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Address {
    street: String,
    city: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Customer {
    name: String,
    address: Address,
    visits: BTreeMap<u32, String>,
    patience: Duration,
}

#[activity]
async fn greet(name: String) -> String {
    format!("Hello {name}")
}

#[activity]
async fn store(all: Tokens) -> u32 {
    u32::try_from(all.len()).unwrap_or_default()
}

#[activity]
async fn index(owners: BTreeMap<String, u32>) -> BTreeMap<String, u32> {
    owners
}

#[activity]
async fn send(address: Address) -> String {
    address.city
}

#[orchestrator]
async fn log_in(_ctx: &OrchestrationContext, tokens: Tokens) -> Result<u32, Failure> {
    for name in tokens.keys() {
        greet(name.clone()).await?;
    }
    store(tokens).await
}

#[orchestrator]
async fn own(_ctx: &OrchestrationContext, token: String, name: String) -> Result<String, Failure> {
    index(BTreeMap::from([(token.clone(), 1)])).await?;
    index(BTreeMap::from([(format!("of_{token}"), 1)])).await?;
    let (street, city) = (name, token);
    send(Address { street, city }).await
}

#[orchestrator]
async fn visit(_ctx: &OrchestrationContext, customer: Customer) -> Result<String, Failure> {
    for city in customer.visits.into_values() {
        greet(city).await?;
    }
    send(customer.address).await
}

async fn tokens_history(tokens: &[(&str, &str)]) -> SavedHistory {
    let kit = TestHub::new().register(log_in);
    let kit = kit.register(greet).register(store);
    let tokens = tokens.iter();
    let tokens = tokens.map(|(name, token)| ((*name).to_owned(), (*token).to_owned()));
    let instance = kit.start(log_in(tokens.collect())).await;
    instance.result().await.unwrap();
    instance.record().await
}

async fn customer_history() -> SavedHistory {
    let kit = TestHub::new().register(visit);
    let kit = kit.register(greet).register(send);
    let customer = Customer {
        name: "Ada".to_owned(),
        address: Address {
            street: "Rua Augusta".to_owned(),
            city: "Lisbon".to_owned(),
        },
        visits: BTreeMap::from([(1, "Porto".to_owned()), (2, "Faro".to_owned())]),
        patience: Duration::from_secs(90),
    };
    let instance = kit.start(visit(customer)).await;
    instance.result().await.unwrap();
    instance.record().await
}

#[tokio::test]
async fn a_map_is_redacted_with_its_keys_if_one_cannot_be_the_name_of_a_field() {
    let saved = tokens_history(&[("alice", "pass-1"), ("sk-live-abc", "pass-2")]).await;
    let text = saved.redact(&["tokens"]).unwrap().to_json();
    for secret in ["alice", "sk-live-abc", "pass-"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    replay_check(log_in, &text).unwrap();
}

#[tokio::test]
async fn a_key_that_equals_or_holds_a_secret_is_redacted_wherever_the_map_went() {
    let kit = TestHub::new().register(own);
    let kit = kit.register(index).register(send);
    let instance = kit.start(own("sk_live_abc".to_owned(), "Ada".to_owned()));
    let instance = instance.await;
    instance.result().await.unwrap();
    let text = instance.record().await.redact(&["token"]).unwrap();
    let text = text.to_json();
    assert!(!text.contains("sk_live_abc"), "{text}");
    replay_check(own, &text).unwrap();
}

#[tokio::test]
async fn the_names_of_fields_stay_and_so_do_small_numbers_that_are_keys() {
    let saved = customer_history().await;
    let names = ["customer", "customer.address.*"];
    let text = saved.redact(&names).unwrap().to_json();
    for secret in ["Ada", "Augusta", "Lisbon", "Porto", "Faro"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    replay_check(visit, &text).unwrap();
}

#[tokio::test]
async fn keys_that_may_be_secret_or_the_names_of_fields_are_told() {
    let saved = tokens_history(&[("alice", "pass_1"), ("sk_live_abc", "pass_2")]).await;
    let error = saved.redact(&["tokens"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the keys of `tokens` in `log_in-1` may be secret: alice, sk_live_abc; write `tokens{}` to \
         replace them as well, or add `tokens.*` to keep them as the names of fields"
    );
    let saved = customer_history().await;
    let error = saved.redact(&["customer"]).unwrap_err();
    assert!(
        matches!(&error, ReplayCheckError::SecretInKey { path, .. } if path == "customer.address"),
        "{error}"
    );
}

#[tokio::test]
async fn the_keys_of_what_is_said_to_be_a_map_are_redacted_wherever_the_map_went() {
    let saved = tokens_history(&[("alice", "pass_1"), ("sk_live_abc", "pass_2")]).await;
    let text = saved.redact(&["tokens{}"]).unwrap().to_json();
    for secret in ["alice", "sk_live_abc", "pass_"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    replay_check(log_in, &text).unwrap();
}

#[tokio::test]
async fn the_keys_of_what_is_said_to_have_fields_stay() {
    let saved = tokens_history(&[("alice", "pass_1"), ("sk_live_abc", "pass_2")]).await;
    let text = saved.redact(&["tokens.*"]).unwrap().to_json();
    assert!(text.contains("alice") && !text.contains("pass_"), "{text}");
    replay_check(log_in, &text).unwrap();
}

#[tokio::test]
async fn the_name_of_a_map_that_is_not_there_is_told_as_it_was_written() {
    let saved = customer_history().await;
    let error = saved.redact(&["tokens{}"]).unwrap_err();
    assert!(
        error.to_string().contains("is called `tokens{}`"),
        "{error}"
    );
}
