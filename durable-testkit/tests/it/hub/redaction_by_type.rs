//! What a change of a type's values takes away is gone everywhere.

use std::collections::BTreeMap;

use durable_runtime::prelude::*;
use durable_testkit::SavedHistory;
use durable_testkit::TestHub;
use durable_testkit::replay_check;
use serde::Deserialize;
use serde::Serialize;

const NUMBER: &str = "4111-1111-2222-3333";
const OLD_NUMBER: &str = "5222-2222-4444-6666";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Card {
    number: Option<String>,
    label: String,
    #[serde(default)]
    limit: f64,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    tokens: BTreeMap<String, u32>,
}

/// As a card was recorded once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OldCard {
    number: Option<String>,
    label: String,
}

#[activity]
async fn charge(card: Card) -> String {
    let number = card.number.unwrap_or_default();
    let tokens: Vec<String> = card.tokens.into_keys().collect();
    let (notes, limit) = (card.notes.join("; "), card.limit);
    format!("{number} is blocked at {limit}, because: {notes}, {tokens:?}")
}

#[activity]
async fn archive(card: OldCard) -> String {
    format!("archived {}", card.number.unwrap_or_default())
}

#[orchestrator]
async fn pay(
    _ctx: &OrchestrationContext,
    card: Card,
    old_card: OldCard,
) -> Result<String, Failure> {
    let archived = archive(old_card).await?;
    let charged = charge(card).await?;
    Ok(format!("{archived}, {charged}"))
}

fn card() -> Card {
    let notes = ["stolen in Lisbon", "found in Porto", "stolen again"];
    Card {
        number: Some(NUMBER.to_owned()),
        label: format!("Ada's {NUMBER}"),
        limit: 1_250_000.0,
        notes: notes.map(str::to_owned).to_vec(),
        tokens: BTreeMap::from([("alice".to_owned(), 1), ("sk_live_abc".to_owned(), 2)]),
    }
}

async fn history() -> SavedHistory {
    let kit = TestHub::new().register(pay);
    let kit = kit.register(charge).register(archive);
    let old_card = OldCard {
        number: Some(OLD_NUMBER.to_owned()),
        label: "Ada's first".to_owned(),
    };
    let instance = kit.start(pay(card(), old_card)).await;
    instance.result().await.unwrap();
    instance.record().await
}

/// The history without something, which still fits.
async fn without(change: impl FnMut(Card) -> Card) -> String {
    let text = history().await.redact_type(change).unwrap().to_json();
    replay_check(pay, &text).unwrap();
    text
}

#[tokio::test]
async fn copies_of_a_field_that_is_emptied_are_redacted() {
    let text = without(|card| Card {
        number: None,
        label: "none".to_owned(),
        ..card
    })
    .await;
    assert!(!text.contains("4111"), "{text}");
    assert!(text.contains("stolen in Lisbon"), "{text}");
}

#[tokio::test]
async fn a_copy_inside_the_changed_value_itself_is_redacted() {
    let text = without(|card| Card {
        number: None,
        ..card
    })
    .await;
    assert!(!text.contains("4111"), "{text}");
    assert!(text.contains("Ada's 1111-1111-1111-1111"), "{text}");
}

#[tokio::test]
async fn copies_of_a_removed_item_are_redacted_and_those_of_its_neighbours_stay() {
    let text = without(|mut card| {
        card.notes.retain(|note| !note.contains("Lisbon"));
        card
    })
    .await;
    assert!(!text.contains("Lisbon"), "{text}");
    for kept in [
        "found in Porto",
        "because: redacted; found in Porto; stolen again",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
}

#[tokio::test]
async fn copies_of_the_key_of_a_removed_entry_are_redacted() {
    let text = without(|mut card| {
        card.tokens.remove("sk_live_abc");
        card
    })
    .await;
    assert!(!text.contains("sk_live_abc"), "{text}");
    assert!(text.contains("alice"), "{text}");
}

#[tokio::test]
async fn copies_of_a_number_that_is_changed_are_redacted_in_every_spelling() {
    let text = without(|card| Card { limit: 2.5, ..card }).await;
    assert!(!text.contains("1250000"), "{text}");
    assert!(text.contains("blocked at 2.5"), "{text}");
}

#[tokio::test]
async fn a_value_of_an_older_form_of_the_type_is_redacted_too() {
    let text = without(|card| Card {
        number: card.number.map(|_| "none".to_owned()),
        ..card
    })
    .await;
    assert!(!text.contains("5222"), "{text}");
    assert!(text.contains("archived none"), "{text}");
    assert!(text.contains("Ada's first"), "{text}");
}
