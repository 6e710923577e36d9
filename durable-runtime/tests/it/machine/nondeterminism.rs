//! Code that does not fit its history, and what people are told.

use durable_runtime::definition::CallOptions;
use durable_runtime::definition::SourcePlace;
use durable_runtime::failure::CallResult;
use durable_runtime::history::FORMAT;
use durable_runtime::history::History;
use durable_runtime::history::TurnRecord;
use durable_runtime::machine::CallRequest;
use durable_runtime::machine::Cursor;
use durable_runtime::machine::RawCall;
use durable_runtime::machine::ReplayError;
use expect_test::Expect;
use expect_test::expect;

use super::bench::Bench;
use super::calls::done;
use super::calls::json;

/// What the source says, for all files.
const SOURCE: [&str; 9] = [
    "async fn process_order(ctx: &OrchestrationContext, order: Order) {",
    "    let charged = charge(order).await?;",
    "    let packed = pack(order).await?;",
    "    ctx.sleep(minutes(5)).await;",
    "    let approved = ctx.wait_for(approval).await;",
    "    let label = ctx.side_effect(|| draw_label());",
    "    drop(slow);",
    "    ship(order).await",
    "}",
];

fn line_of(_file: &str, line: usize) -> Option<String> {
    SOURCE
        .get(line.checked_sub(1)?)
        .map(|line| (*line).to_owned())
}

fn site(line: usize) -> SourcePlace {
    let column = SOURCE[line - 1].find('=').map_or(5, |at| at + 3);
    SourcePlace(format!("src/order.rs:{line}:{column}"))
}

fn activity(line: usize, name: &'static str, input: u32) -> RawCall {
    let request = CallRequest::Activity {
        name,
        input: Ok(Some(json(input))),
        reencode: |recorded| Ok(recorded.cloned()),
        options: CallOptions::default(),
    };
    RawCall::new(request, site(line))
}

fn sleep(line: usize) -> RawCall {
    let wait = std::time::Duration::from_mins(5);
    RawCall::new(CallRequest::TimerAfter(wait), site(line))
}

fn wait(line: usize, name: &'static str) -> RawCall {
    RawCall::new(CallRequest::Event { name }, site(line))
}

fn spawned(mut call: RawCall) -> RawCall {
    call.schedule();
    call
}

/// Records a history with one body, and replays it with the other.
fn differs<A, B, FA, FB>(recorded: A, current: B, report: &Expect)
where
    A: Fn(Cursor) -> FA + Send + Sync + 'static,
    B: Fn(Cursor) -> FB + Send + Sync + 'static,
    FA: Future<Output = CallResult> + Send + 'static,
    FB: Future<Output = CallResult> + Send + 'static,
{
    let mut bench = Bench::begun(move |cursor, _| recorded(cursor));
    bench.config.line_of = line_of;
    if bench.tasks.contains_key(&"0".parse().unwrap()) {
        let _ = bench.complete("0", 1);
    }
    bench.deploy(move |cursor, _| current(cursor));
    let before = bench.told();
    let _ = bench.step();
    report.assert_eq(bench.stalled());
    assert_eq!(bench.told(), before, "nothing is recorded");
}

#[test]
fn a_call_that_was_not_recorded() {
    differs(
        |_| async {
            let _ = activity(2, "charge", 1).await?;
            activity(8, "ship", 1).await
        },
        |_| async {
            let _ = activity(2, "charge", 1).await?;
            let (ship, _) = futures::join!(activity(8, "ship", 1), sleep(4));
            ship
        },
        &expect![[r#"
            error: non-deterministic: turn 2 of the history does not fit the code: it makes a call that was not recorded
              |
            note: now: timer due 1970-01-01T00:21:40.000Z, call 2
             --> src/order.rs:4:5
              |
            4 |     ctx.sleep(minutes(5)).await;
              |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn another_call_than_the_recorded_one() {
    differs(
        |_| async {
            let _ = activity(2, "charge", 1).await?;
            activity(8, "ship", 1).await
        },
        |_| async {
            let _ = activity(2, "charge", 1).await?;
            let _ = activity(3, "pack", 1).await?;
            activity(8, "ship", 1).await
        },
        &expect![[r#"
            error: non-deterministic: turn 2 of the history does not fit the code: it makes another call than the recorded one
              |
            note: recorded: activity `ship`(1), call 1
             --> src/order.rs:8:5
              |
            8 |     ship(order).await
              |     ^^^^^^^^^^^^^^^^^
            note: now: activity `pack`(1), call 1
             --> src/order.rs:3:18
              |
            3 |     let packed = pack(order).await?;
              |                  ^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn another_kind_of_call() {
    differs(
        |_| sleep(4),
        |_| async { wait(5, "approval").await },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it makes another call than the recorded one
              |
            note: recorded: timer due 1970-01-01T00:21:40.000Z, call 0
             --> src/order.rs:4:5
              |
            4 |     ctx.sleep(minutes(5)).await;
              |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            note: now: wait for event `approval`, call 0
             --> src/order.rs:5:20
              |
            5 |     let approved = ctx.wait_for(approval).await;
              |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn another_event() {
    differs(
        |_| wait(5, "approval"),
        |_| wait(5, "refusal"),
        &expect![[r#"
        error: non-deterministic: turn 1 of the history does not fit the code: it makes another call than the recorded one
          |
        note: recorded: wait for event `approval`, call 0
         --> src/order.rs:5:20
          |
        5 |     let approved = ctx.wait_for(approval).await;
          |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        note: now: wait for event `refusal`, call 0
         --> src/order.rs:5:20
          |
        5 |     let approved = ctx.wait_for(approval).await;
          |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn another_input() {
    differs(
        |_| async {
            let _ = activity(2, "charge", 1).await?;
            activity(8, "ship", 1).await
        },
        |_| async {
            let _ = activity(2, "charge", 2).await?;
            activity(8, "ship", 1).await
        },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it makes the recorded call with another input
              |
            note: recorded: activity `charge`(1), call 0
             --> src/order.rs:2:19
              |
            2 |     let charged = charge(order).await?;
              |                   ^^^^^^^^^^^^^^^^^^^^^
            note: now: activity `charge`(2), call 0
             --> src/order.rs:2:19
              |
            2 |     let charged = charge(order).await?;
              |                   ^^^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_local_value_that_was_not_recorded() {
    differs(
        |_| async { wait(5, "approval").await },
        |cursor| async move {
            let approval = wait(5, "approval");
            let _ = cursor.side_effect(&site(6), || Ok(json("label")));
            approval.await
        },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it records a local value that was not recorded
              |
            note: now: a local value (`side_effect`)
             --> src/order.rs:6:17
              |
            6 |     let label = ctx.side_effect(|| draw_label());
              |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_local_value_where_a_call_was_recorded() {
    differs(
        |_| async { wait(5, "approval").await },
        |cursor| async move {
            let _ = cursor.side_effect(&site(6), || Ok(json("label")));
            wait(5, "approval").await
        },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it records a local value that was not recorded
              |
            note: recorded: wait for event `approval`, call 0
             --> src/order.rs:5:20
              |
            5 |     let approved = ctx.wait_for(approval).await;
              |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            note: now: a local value (`side_effect`)
             --> src/order.rs:6:17
              |
            6 |     let label = ctx.side_effect(|| draw_label());
              |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_recorded_call_that_is_not_made_any_more() {
    differs(
        |_| async {
            let _charge = spawned(activity(2, "never", 1));
            wait(5, "approval").await
        },
        |_| async {
            drop(activity(2, "never", 1));
            wait(5, "approval").await
        },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it does not do what was recorded
              |
            note: recorded: activity `never`(1), call 0
             --> src/order.rs:2:19
              |
            2 |     let charged = charge(order).await?;
              |                   ^^^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_recorded_local_value_that_is_not_made_any_more() {
    differs(
        |cursor| async move {
            let approval = wait(5, "approval");
            let _ = cursor.side_effect(&site(6), || Ok(json("label")));
            approval.await
        },
        |_| async { wait(5, "approval").await },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it does not do what was recorded
             |
            note: recorded: local value "label", call 1
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_patch_that_is_not_asked_for_any_more() {
    differs(
        |cursor| async move {
            let _ = cursor.patched("gift wrap");
            wait(5, "approval").await
        },
        |_| wait(5, "approval"),
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it does not do what was recorded
             |
            note: recorded: `patched("gift wrap")`
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_drop_that_was_not_recorded() {
    differs(
        |_| async {
            let _slow = spawned(sleep(4));
            wait(5, "approval").await
        },
        |_| async {
            let slow = spawned(sleep(4));
            let approval = wait(5, "approval");
            drop(slow);
            approval.await
        },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it drops a call that was not dropped
              |
            note: now: call 0 is dropped
             --> src/order.rs:4:5
              |
            4 |     ctx.sleep(minutes(5)).await;
              |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_recorded_drop_that_does_not_happen_any_more() {
    differs(
        |_| async {
            let slow = spawned(sleep(4));
            let approval = wait(5, "approval");
            drop(slow);
            approval.await
        },
        |_| async {
            let _slow = spawned(sleep(4));
            wait(5, "approval").await
        },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it does not do what was recorded
             |
            note: recorded: call 0 dropped
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn an_event_that_is_rejected_now() {
    let mut bench = Bench::begun(|_, _| async {
        let _ = wait(5, "approval").await?;
        wait(5, "approval").await
    });
    bench.config.line_of = line_of;
    let _ = bench.raise("approval", "yes");
    bench.deploy(|_, _| async {
        let mut approval = wait(5, "approval");
        let _ = std::future::poll_fn(|cx| std::pin::Pin::new(&mut approval).poll(cx)).await;
        approval.reject("expected a number".to_owned());
        approval.await
    });
    let _ = bench.step();
    expect![[r#"
        error: non-deterministic: turn 2 of the history does not fit the code: it rejects an event that was accepted
          |
        note: now: event `approval` does not decode
         --> src/order.rs:5:20
          |
        5 |     let approved = ctx.wait_for(approval).await;
          |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]].assert_eq(bench.stalled());
}

#[test]
fn an_end_that_was_not_recorded() {
    differs(
        |_| async {
            let _ = activity(2, "charge", 1).await?;
            activity(8, "ship", 1).await
        },
        |_| async {
            let _ = activity(2, "charge", 1).await?;
            done("without shipping")
        },
        &expect![[r#"
            error: non-deterministic: turn 2 of the history does not fit the code: it ends otherwise than recorded
              |
            note: recorded: activity `ship`(1), call 1
             --> src/order.rs:8:5
              |
            8 |     ship(order).await
              |     ^^^^^^^^^^^^^^^^^
            note: now: completed with "without shipping"
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn an_execution_that_begins_anew_where_it_did_not() {
    differs(
        |_| wait(5, "approval"),
        |cursor| async move {
            cursor.continue_as_new(None);
            std::future::pending().await
        },
        &expect![[r#"
            error: non-deterministic: turn 1 of the history does not fit the code: it ends otherwise than recorded
              |
            note: recorded: wait for event `approval`, call 0
             --> src/order.rs:5:20
              |
            5 |     let approved = ctx.wait_for(approval).await;
              |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            note: now: continue-as-new
            help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]],
    );
}

#[test]
fn a_report_without_source_gives_the_places() {
    let mut bench = Bench::begun(|_, _| activity(2, "charge", 1));
    bench.deploy(|_, _| activity(3, "pack", 1));
    let _ = bench.step();
    expect![[r#"
        error: non-deterministic: turn 1 of the history does not fit the code: it makes another call than the recorded one
         |
        note: recorded: activity `charge`(1), call 0
        --> src/order.rs:2:19
        note: now: activity `pack`(1), call 0
        --> src/order.rs:3:18
        help: run the code that recorded this history, or make the change under `ctx.patched("…")`, or give the orchestrator a new version"#]].assert_eq(bench.stalled());
}

#[test]
fn an_empty_history_is_told_as_such() {
    let bench = Bench::new(|_, _| async { done(1) });
    let history = History::new();
    let start = |_: Cursor, _| -> futures::future::BoxFuture<'static, _> {
        Box::pin(std::future::pending())
    };
    let replayed = durable_runtime::machine::replay(&bench.config, &bench.row, &history, &start);
    assert!(matches!(replayed, Err(ReplayError::Empty)));
}

#[test]
fn a_history_without_its_start_is_refused() {
    let turn = |turn, events: &str| TurnRecord {
        turn,
        format: FORMAT,
        events: serde_json::from_str(events).unwrap(),
    };
    let timer = r#"[{"TimerCreated":{"path":"0","due":1,"site":"src/order.rs:1:1"}}]"#;
    for turns in [
        vec![turn(1, timer)],
        vec![turn(1, "[]"), turn(2, timer)],
        vec![turn(1, "[]"), turn(2, "[]"), turn(3, timer)],
    ] {
        let refused = History::try_from(turns).unwrap_err().to_string();
        assert!(
            refused.ends_with("`ExecutionStarted` is the first event, and only that"),
            "{refused}"
        );
    }

    let bench = Bench::new(|_, _| async { done(1) });
    let start = |_: Cursor, _| -> futures::future::BoxFuture<'static, _> {
        Box::pin(std::future::pending())
    };
    let nothing = History::try_from(vec![turn(1, "[]")]).unwrap();
    let replayed = durable_runtime::machine::replay(&bench.config, &bench.row, &nothing, &start);
    assert!(matches!(replayed, Err(ReplayError::Empty)));
    let resumed = durable_runtime::machine::resume(&bench.config, &bench.row, &nothing, &start);
    assert!(matches!(resumed, Err(ReplayError::Empty)));
}
