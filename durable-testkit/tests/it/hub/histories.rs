//! Saved histories and later code.

use durable_runtime::prelude::*;
use durable_testkit::ReplayCheckError;
use durable_testkit::SavedHistory;
use durable_testkit::TestHub;
use durable_testkit::replay_check;
use durable_testkit::replay_check_folder;
use durable_testkit::replay_check_instances;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payment {
    card: String,
    cents: u64,
}

#[activity]
async fn pay(payment: Payment) -> u64 {
    payment.cents
}

#[activity]
async fn notify(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn buy(ctx: &OrchestrationContext, payment: Payment) -> Result<u64, Failure> {
    let cents = pay(payment).await?;
    ctx.sleep(days(1)).await;
    notify(cents).await
}

/// The same after an edit that does not fit.
mod edited {
    use super::*;

    #[orchestrator]
    pub(super) async fn buy(ctx: &OrchestrationContext, payment: Payment) -> Result<u64, Failure> {
        let cents = pay(payment).await?;
        notify(cents).await?;
        ctx.sleep(days(1)).await;
        Ok(cents)
    }
}

#[orchestrator]
async fn again(ctx: &OrchestrationContext, left: u32) -> u32 {
    ctx.sleep(hours(1)).await;
    if left == 0 {
        return 7;
    }
    ctx.continue_as_new(left - 1).await
}

async fn saved() -> SavedHistory {
    let kit = TestHub::new().register(buy).register(pay).register(notify);
    let payment = Payment {
        card: "Ada's".to_owned(),
        cents: 500,
    };
    let buy = kit.start(buy(payment)).await;
    assert_eq!(buy.result().await, Ok(500));
    buy.record().await
}

#[tokio::test]
async fn a_history_fits_the_code_that_recorded_it() {
    replay_check(buy, &saved().await.to_json()).unwrap();
}

#[tokio::test]
async fn a_history_that_does_not_fit_is_told_with_both_places() {
    let error = replay_check(edited::buy, &saved().await.to_json()).unwrap_err();
    let report = format!("{error:?}");
    assert!(
        matches!(error, ReplayCheckError::DoesNotFit { .. }),
        "{report}"
    );
    assert!(
        report.contains("execution 1 of `buy-1` does not fit the code"),
        "{report}"
    );
    assert!(report.contains("notify(cents).await?"), "{report}");
    assert!(report.contains("tests/it/hub/histories.rs"), "{report}");
}

#[tokio::test]
async fn every_execution_of_an_instance_is_saved_and_checked() {
    let kit = TestHub::new().register(again);
    let again = kit.start(again(2)).await;
    assert_eq!(again.result().await, Ok(7));
    let saved = again.record().await.to_json();
    assert_eq!(saved.matches("ExecutionStarted").count(), 3);
    replay_check(self::again, &saved).unwrap();
}

#[tokio::test]
async fn what_is_redacted_is_gone_and_the_history_still_fits() {
    let redacted = saved().await.redact(&["card"]).unwrap();
    let text = redacted.to_json();
    assert!(!text.contains("Ada's"), "{text}");
    assert!(text.contains("redacted"), "{text}");
    replay_check(buy, &text).unwrap();
}

#[tokio::test]
async fn a_redaction_that_changes_what_the_code_decides_is_found() {
    let redacted = saved().await.redact_with(|value| {
        if *value == serde_json::json!(500) {
            *value = serde_json::json!(1);
        }
    });
    // `notify` was called with the 500 that `pay` returned; now both say 1, and it fits.
    replay_check(buy, &redacted.unwrap().to_json()).unwrap();
    let inconsistent = saved()
        .await
        .to_json()
        .replace("\"result\": 500", "\"result\": 1");
    let error = replay_check(buy, &inconsistent).unwrap_err();
    assert!(
        matches!(error, ReplayCheckError::DoesNotFit { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_folder_of_histories_is_checked_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let saved = saved().await;
    saved.save(folder.path().join("one.json")).unwrap();
    saved.save(folder.path().join("two.json")).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a history").unwrap();
    assert_eq!(replay_check_folder(buy, folder.path()).unwrap(), 2);
    let error = replay_check_folder(edited::buy, folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("2 histories do not fit the code")
    );
    let error = replay_check_folder(again, folder.path()).unwrap_err();
    assert!(matches!(error, ReplayCheckError::NothingToCheck { .. }));
}

#[tokio::test]
async fn the_instances_of_a_hub_are_checked_straight_from_its_database() {
    let kit = TestHub::new().register(buy).register(pay).register(notify);
    for cents in [1, 2, 3] {
        let card = String::new();
        kit.start(buy(Payment { card, cents })).await;
    }
    kit.settle().await;
    let client = kit.client().await;
    let checked = replay_check_instances(buy, &client, client.instances()).await;
    assert_eq!(checked.unwrap(), 3);
    kit.run_until_idle().await;
    let edited = replay_check_instances(edited::buy, &client, client.instances()).await;
    let error = edited.unwrap_err();
    assert!(
        matches!(error, ReplayCheckError::Several(ref all) if all.len() == 3),
        "{error}"
    );
}

#[test]
fn what_is_no_history_is_told() {
    for text in ["", "{}", "[1]"] {
        let error = replay_check(buy, text).unwrap_err();
        assert!(
            matches!(error, ReplayCheckError::Unreadable { .. }),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_history_of_another_orchestrator_is_refused() {
    let error = replay_check(again, &saved().await.to_json()).unwrap_err();
    assert!(
        matches!(error, ReplayCheckError::OtherOrchestrator { .. }),
        "{error}"
    );
}

#[test]
fn a_history_that_is_not_there_is_told_by_its_path_and_how_to_record_it() {
    let error = SavedHistory::load("histories/none.json").unwrap_err();
    let said = format!("{error:?}");
    assert_eq!(said.matches("histories/none.json").count(), 1, "{said}");
    assert!(said.contains(".save("), "{said}");
}
