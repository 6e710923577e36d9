//! Arguments that look different on a replay.

use std::collections::HashMap;

use durable_runtime::failure::CallResult;
use serde::Deserialize;
use serde::Serialize;

use super::bench::Bench;
use super::calls::activity;
use super::calls::done;
use super::calls::event;

#[test]
fn a_hash_map_as_argument_is_no_drift() {
    let mut bench = Bench::begun(|_, _| async {
        let prices: HashMap<String, u32> = (0..50).map(|n| (format!("sku-{n}"), n)).collect();
        let _ = activity("price", prices).await?;
        event("end").await
    });
    for _ in 0..10 {
        bench.evict();
        let _ = bench.step();
        assert_eq!(bench.row.stalled, None);
    }
}

#[derive(Serialize, Deserialize)]
struct Before {
    sku: String,
}

#[derive(Serialize, Deserialize)]
struct After {
    sku: String,
    #[serde(default)]
    gift: bool,
}

async fn before() -> CallResult {
    let sku = "a".to_owned();
    let _ = activity("pack", Before { sku }).await?;
    event("end").await
}

async fn after(gift: bool) -> CallResult {
    let sku = "a".to_owned();
    let _ = activity("pack", After { sku, gift }).await?;
    event("end").await
}

#[test]
fn a_struct_argument_that_gained_a_default_field_is_no_drift() {
    let mut bench = Bench::begun(|_, _| before());
    bench.deploy(|_, _| after(false));
    let _ = bench.complete("0", ());
    assert_eq!(bench.row.stalled, None);
}

#[test]
fn a_new_field_with_another_value_than_its_default_is_drift() {
    let mut bench = Bench::begun(|_, _| before());
    bench.deploy(|_, _| after(true));
    let _ = bench.complete("0", ());
    assert!(
        bench
            .stalled()
            .contains("the recorded call with another input")
    );
}

#[test]
fn drift_is_tolerated_where_inputs_are_not_strict_and_the_recorded_input_stands() {
    let code = |price: u32| {
        move |_, _| async move {
            let retried = activity("charge", price);
            match retried.await {
                Ok(_) => event("end").await,
                Err(error) => Err(error),
            }
        }
    };
    let mut bench = Bench::begun(code(10));
    bench.config.strict_inputs = false;
    bench.deploy(code(11));
    bench.restart();
    let _ = bench.step();
    assert_eq!(bench.row.stalled, None);
    let attempt = bench.tasks.values().next().unwrap();
    assert_eq!(attempt.input.as_ref().unwrap().as_text(), "10");
    let _ = bench.complete("0", ());
    assert_eq!(bench.row.stalled, None);
}

#[test]
fn drift_stalls_where_inputs_are_strict() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = activity("charge", 10).await?;
        done(())
    });
    bench.deploy(|_, _| async {
        let _ = activity("charge", 11).await?;
        done(())
    });
    let _ = bench.complete("0", ());
    let report = bench.stalled();
    assert!(report.contains("activity `charge`(10)"), "{report}");
    assert!(report.contains("activity `charge`(11)"), "{report}");
}

#[test]
fn absent_null_empty_zero_and_false_are_five_inputs() {
    use durable_runtime::Payload;
    for input in ["null", "\"\"", "0", "false"] {
        let mut bench = Bench::new(|_, input: Option<Payload>| async move {
            let _ = event("go").await?;
            done(input.map(|input| input.as_text().to_owned()))
        });
        bench.row.input = Some(Payload::from_json(input).unwrap());
        let _ = bench.step();
        bench.evict();
        let _ = bench.raise("go", ());
        assert_eq!(bench.result(), serde_json::json!(input));
    }
    let mut absent = Bench::begun(|_, input: Option<Payload>| async move {
        let _ = event("go").await?;
        done(input.map(|input| input.as_text().to_owned()))
    });
    absent.evict();
    let _ = absent.raise("go", ());
    assert_eq!(absent.result(), serde_json::Value::Null);
}

#[test]
fn a_call_whose_argument_has_no_recorded_form_fails_and_records_nothing() {
    let bench = Bench::begun(|_, _| async {
        let mut map = HashMap::new();
        map.insert((1, 2), 3);
        let encoded = durable_runtime::Payload::encode(&map);
        assert!(encoded.is_err());
        let mut call = activity("work", 1);
        if let Some(durable_runtime::machine::CallRequest::Activity { input, .. }) =
            call.request_mut()
        {
            *input = encoded.map(Some);
        }
        match call.await {
            Err(error) => done(error.message()),
            Ok(_) => done("taken"),
        }
    });
    let said = bench.result();
    let said = said.as_str().unwrap();
    assert!(said.ends_with("key must be a string"), "{said}");
    assert_eq!(bench.attempts, 0);
}
