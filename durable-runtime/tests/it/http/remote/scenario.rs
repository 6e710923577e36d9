//! All that a typed client can do, with what comes of it as text.

use std::fmt::Debug;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::client::Client;
use durable_runtime::client::ClientError;
use durable_runtime::client::Instance;
use durable_runtime::commands::IfExists;
use durable_runtime::commands::StartRequest;
use durable_runtime::history::HistoryEvent;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;

use super::functions::Account;
use super::functions::AccountClient;
use super::functions::Overdrawn;
use crate::http::functions::Approval;
use crate::http::functions::ApprovedOrderClient;
use crate::http::functions::CancellableClient;
use crate::http::functions::EchoClient;
use crate::http::functions::EchoLaterClient;
use crate::http::functions::OrderClient;
use crate::http::functions::OrderError;
use crate::http::functions::approved_order;
use crate::http::functions::order;

/// What was done and what came of it.
#[derive(Default)]
pub(super) struct Story(pub(super) Vec<String>);

impl Story {
    fn tell(&mut self, what: &str, came_of_it: impl Debug) {
        self.0.push(format!("{what}: {came_of_it:?}"));
    }
}

/// Waits until an instance is as it is to be.
pub(super) async fn until(client: &Client, id: &InstanceId, is: impl Fn(&InstanceRow) -> bool) {
    loop {
        let row = client.commands().instance(id).await.unwrap();
        if is(&row) {
            return;
        }
        client.commands().changed(&row).await;
    }
}

fn by(name: &str) -> Approval {
    Approval {
        by: name.to_owned(),
    }
}

/// What an error says, with all that is behind it.
fn said<T>(result: Result<T, ClientError>) -> String {
    let error = result.err().unwrap();
    format!("{error:?} / {error}")
}

pub(super) async fn everything(client: &Client) -> Story {
    let mut story = Story::default();
    starts(client, &mut story).await;
    events(client, &mut story).await;
    controls(client, &mut story).await;
    restarts_and_purges(client, &mut story).await;
    inputs(client, &mut story).await;
    entities(client, &mut story).await;
    limits(client, &mut story).await;
    untyped(client, &mut story).await;
    lists(client, &mut story).await;
    story
}

async fn starts(client: &Client, story: &mut Story) {
    let orders = OrderClient::new(client);
    let first = orders.start(3).id("o-1").tag("region", "eu").await.unwrap();
    story.tell("result", first.result().await.unwrap());
    story.tell("taken", said(orders.start(4).id("o-1").await));
    let same = client.start_or_get(order(5).id("o-1")).await.unwrap();
    story.tell("start or get", (same.id(), same.result().await.unwrap()));
    let failed = orders.start(12).id("o-2").await.unwrap();
    let error = failed.result().await.unwrap_err();
    assert!(
        matches!(
            error,
            ResultError::Failed(OrderError::TooMany { items: 12 })
        ),
        "{error:?}"
    );
    story.tell("typed error", error);
    let replaced = orders
        .start(7)
        .id("o-2")
        .if_exists(IfExists::Replace(vec![InstanceStatus::Failed]))
        .await
        .unwrap();
    story.tell("replaced", replaced.result().await.unwrap());
    let anonymous = orders.start(1).await.unwrap();
    story.tell("without an id", anonymous.result().await.unwrap());
    anonymous.purge().await.unwrap();
    story.tell("bad id", said(orders.start(1).id("a/b").await));
    let unknown: Instance<order> = client.instance("none").of();
    story.tell("unknown", said(unknown.status().await));
    story.tell("its history", said(unknown.history().await));
    let status = first.status().await.unwrap();
    story.tell(
        "status",
        (
            status.status(),
            status.name(),
            status.version(),
            status.tags(),
            status.input_as::<u32>(),
            status.output(),
            status.execution(),
            status.start_at(),
        ),
    );
    let history = first.history().await.unwrap();
    let kinds = history.events().map(kind);
    story.tell("history", kinds.collect::<Vec<_>>());
    story.tell("lanes", client.commands().lanes().await.unwrap());
}

fn kind(event: &HistoryEvent) -> String {
    let shown = format!("{event:?}");
    let end = shown.find([' ', '(']).unwrap_or(shown.len());
    shown[..end].to_owned()
}

async fn events(client: &Client, story: &mut Story) {
    let orders = ApprovedOrderClient::new(client);
    let waiting = orders.start(2).id("a-1").await.unwrap();
    until(client, waiting.id(), |row| row.custom_status.is_some()).await;
    let status = waiting.status().await.unwrap();
    let waits: Vec<_> = status
        .waits_in()
        .iter()
        .map(|waiting| (waiting.kind, waiting.name.clone(), waiting.state.clone()))
        .collect();
    story.tell("custom status", (status.custom_status(), waits));
    for _ in 0..2 {
        let raised = waiting.raise(by("Ada")).dedup_id("once").await;
        story.tell("raised", raised.is_ok());
    }
    story.tell("approved by", waiting.result().await.unwrap());
    let again = waiting.raise(by("Ben")).dedup_id("once").await;
    story.tell("raised once more by its id", again.is_ok());
    story.tell("too late", said(waiting.raise(by("Cy")).await));
    let unread = waiting.status().await.unwrap().unread_events().to_vec();
    story.tell("unread", unread.len());
    let unknown: Instance<approved_order> = client.instance("none").of();
    story.tell("raised to none", said(unknown.raise(by("Ada")).await));
    let started = client.start_with_event(approved_order(1).id("a-2"), by("Dee"));
    let approved = started.await.unwrap().result().await;
    story.tell("with event", approved.unwrap());
    let ended = client.start_with_event(approved_order(1).id("a-2"), by("Eve"));
    story.tell("event for one that has ended", said(ended.await));
}

async fn controls(client: &Client, story: &mut Story) {
    let orders = ApprovedOrderClient::new(client);
    let instance = orders.start(2).id("c-1").await.unwrap();
    until(client, instance.id(), |row| row.custom_status.is_some()).await;
    instance.suspend().wait().await.unwrap();
    story.tell("suspended", instance.status().await.unwrap().status());
    instance.resume().wait().await.unwrap();
    story.tell("resumed", instance.status().await.unwrap().status());
    instance
        .terminate("enough")
        .recursive(false)
        .wait()
        .await
        .unwrap();
    story.tell("terminated", instance.result().await.unwrap_err());
    story.tell("suspended too late", said(instance.suspend().await));
    story.tell("terminated twice", said(instance.terminate("x").await));
    let instance = CancellableClient::new(client)
        .start()
        .id("c-2")
        .await
        .unwrap();
    until(client, instance.id(), |row| {
        row.status == InstanceStatus::Running
    })
    .await;
    instance.cancel().grace(minutes(5)).wait().await.unwrap();
    story.tell("canceled", instance.result().await.unwrap_err());
    let later = EchoLaterClient::new(client);
    let instance = later.start(None).id("c-3").delay(days(1)).await.unwrap();
    let status = instance.status().await.unwrap();
    story.tell("delayed", (status.status(), status.start_at().is_some()));
    let not_yet = instance.result().timeout(seconds(0)).await;
    story.tell("not yet", not_yet.unwrap_err());
    instance.terminate("never mind").wait().await.unwrap();
}

async fn restarts_and_purges(client: &Client, story: &mut Story) {
    let first: Instance<order> = client.instance("o-1").of();
    let again = first.restart().await.unwrap();
    story.tell("restarted", (again.id(), again.result().await.unwrap()));
    story.tell("tags stay", again.status().await.unwrap().tags());
    let copy = first.restart().id("o-3").await.unwrap();
    story.tell("copied", (copy.id(), copy.result().await.unwrap()));
    story.tell("copied again", said(first.restart().id("o-3").await));
    let running = ApprovedOrderClient::new(client).start(1).id("r-1").await;
    let running = running.unwrap();
    until(client, running.id(), |row| row.custom_status.is_some()).await;
    story.tell("restarted while it runs", said(running.restart().await));
    story.tell("purged while it runs", said(running.purge().await));
    story.tell("purged", copy.purge().await.unwrap());
    story.tell("purged again", said(copy.purge().await));
    running.terminate("done").wait().await.unwrap();
    let terminated = client.instances().id_prefix("r-").purge().await;
    story.tell("purged by filter", terminated.unwrap());
}

/// Absent, null and others are told apart.
async fn inputs(client: &Client, story: &mut Story) {
    for (id, input) in [
        ("i-1", None),
        ("i-2", Some("null")),
        ("i-3", Some("\"\"")),
        ("i-4", Some("0")),
        (
            "i-5",
            Some(r#"{"a":[1.50,"\u0000é",18446744073709551616]}"#),
        ),
    ] {
        let input = input.map(|json| Payload::from_json(json).unwrap());
        let start = StartRequest {
            id: Some(InstanceId::new(id).unwrap()),
            name: "echo".to_owned(),
            version: (id != "i-1").then(|| "1".to_owned()),
            input: input.clone(),
            start_at: None,
            tags: [("of".to_owned(), "inputs".to_owned())].into(),
            if_exists: IfExists::Fail,
            headers: [("traceparent".to_owned(), "00-1-2-3".to_owned())].into(),
            event: None,
            command: format!("command of {id}"),
        };
        for _ in 0..2 {
            let started = client.commands().start(start.clone()).await.unwrap();
            story.tell("started", started);
        }
        let id = InstanceId::new(id).unwrap();
        until(client, &id, |row| row.output.is_some()).await;
        let row = client.commands().instance(&id).await.unwrap();
        assert_eq!(row.input, input);
        story.tell("echoed", (row.input, row.output, row.headers, row.command));
    }
    let echo = EchoClient::new(client)
        .start(Some(true.into()))
        .id("i-6")
        .await;
    story.tell("typed echo", echo.unwrap().result().await.unwrap());
}

async fn entities(client: &Client, story: &mut Story) {
    let account = AccountClient::new(client, "ada");
    story.tell("no state", account.state().await.unwrap());
    story.tell("a read of nothing", account.balance().await.unwrap());
    story.tell("deposit", account.deposit(5).await.unwrap());
    for _ in 0..2 {
        let deposit = account.deposit(2).dedup_id("salary").await;
        story.tell("deposit once", deposit.unwrap());
    }
    let error = account.withdraw(9).await.unwrap_err();
    assert!(
        matches!(error, OperationError::Failed(Overdrawn::By { missing: 2 })),
        "{error:?}"
    );
    story.tell("overdrawn", error);
    account.signal_deposit(10).await.unwrap();
    account.signal_deposit(100).after(days(1)).await.unwrap();
    let sent = account.signal_deposit(200).after(days(1)).await.unwrap();
    account.signal_deposit(300).after(days(1)).await.unwrap();
    let handle = client.entity::<Account>("ada");
    let signals = handle.delayed_signals().await.unwrap();
    for signal in &signals {
        story.tell("delayed", (&signal.operation, &signal.input));
    }
    sent.withdraw().await.unwrap();
    sent.withdraw().await.unwrap();
    handle.withdraw(&signals[2]).await.unwrap();
    story.tell("withdrawn", said(handle.withdraw(&signals[1]).await));
    story.tell("left", handle.delayed_signals().await.unwrap().len());
    story.tell("after the signal", account.balance().await.unwrap());
    story.tell("state", account.state().await.unwrap());
    let folder = AccountClient::new(client, "..");
    story.tell("bad key", said(folder.signal_deposit(1).await));
    story.tell("bad key to read", said(folder.state().await));
    for key in ["", "...", "a/b?c#d&e=f+g%20h", "\u{1f4a9}\n"] {
        let account = AccountClient::new(client, key);
        story.tell("keys", account.deposit(1).await.unwrap());
        story.tell("whose", account.state().await.unwrap());
    }
    let mut pages = client.entities().name("Account").with_state().page(2);
    while let Some(page) = pages.next_page().await.unwrap() {
        for info in page {
            let state = info.state_as::<Account>();
            story.tell("entity", (info.id(), state, info.backlog()));
        }
    }
    let info = client.entity::<Account>("ada").info().await.unwrap();
    story.tell("backlog", info.map(|info| info.backlog()));
    story.tell(
        "no such page",
        client
            .entities()
            .name("Nothing")
            .page(1)
            .next_page()
            .await
            .unwrap()
            .is_none(),
    );
}

async fn limits(client: &Client, story: &mut Story) {
    let echo = EchoClient::new(client);
    let text = |bytes: usize| Some(serde_json::Value::from("x".repeat(bytes - 2)));
    let largest = echo.start(text(1 << 20)).id("l-1").await.unwrap();
    let back = largest.result().await.unwrap();
    assert_eq!(back, text(1 << 20));
    story.tell(
        "too large",
        said(echo.start(text((1 << 20) + 1)).id("l-2").await),
    );
    let tags = (0..33).map(|n| (n.to_string(), ""));
    story.tell(
        "too many tags",
        said(echo.start(None).id("l-3").tags(tags).await),
    );
    let id = InstanceId::new("l-1").unwrap();
    let raise = |name: String| async move {
        let payload = Payload::from_json("1").unwrap();
        client.commands().raise(&id, &name, payload, "c").await
    };
    let error: ClientError = raise("x".repeat(129)).await.unwrap_err();
    story.tell("too long an event", error);
    let key = "k".repeat(257);
    let deposit = AccountClient::new(client, key).deposit(1).await;
    story.tell("too long a key", deposit.unwrap_err());
}

/// Without the types of orchestrators.
async fn untyped(client: &Client, story: &mut Story) {
    let orders = ApprovedOrderClient::new(client);
    let order = orders.start(2).id("u-1").await.unwrap();
    until(client, order.id(), |row| row.custom_status.is_some()).await;
    let instance = client.instance("u-1");
    story.tell("untyped status", instance.status().await.unwrap().status());
    story.tell("a typo", said(instance.raise("Aproval", &1).await));
    let wrong = instance
        .raise("Approval", &serde_json::json!({ "by": 7 }))
        .await;
    story.tell("a wrong value", said(wrong));
    instance.raise("Aproval", &1).undeclared().await.unwrap();
    let unread = instance.unread_events().await.unwrap();
    let names: Vec<_> = unread.into_iter().map(|event| event.name).collect();
    story.tell("unread", names);
    let count = client.commands().unread_count(order.id()).await;
    story.tell("how many", count.unwrap());
    instance.raise("approval", &by("Ada")).await.unwrap();
    story.tell("by name", order.result().await.unwrap());
    let nobody = client.instance("u/1");
    story.tell("bad id", said(nobody.status().await));
    story.tell("bad id to raise", said(nobody.raise("Approval", &1).await));
    story.tell("counts", client.instances().counts().await.unwrap());
}

async fn lists(client: &Client, story: &mut Story) {
    for size in [1, 3, 100] {
        let mut pages = client.instances().page(size);
        let mut found = Vec::new();
        while let Some(page) = pages.next_page().await.unwrap() {
            assert!(page.len() <= usize::try_from(size).unwrap());
            found.extend(
                page.iter()
                    .map(|info| format!("{} {}", info.id(), info.status())),
            );
        }
        story.tell("all", found);
    }
    let all = || client.instances();
    for (what, list) in [
        ("tag", all().tag("region", "eu")),
        ("tags", all().tag("of", "inputs").tag("region", "eu")),
        (
            "status",
            all()
                .status(InstanceStatus::Terminated)
                .status(InstanceStatus::Canceled),
        ),
        ("version", all().name("approved_order").version("2")),
        ("prefix", all().id_prefix("i-")),
        ("custom", all().custom_status("2 items wait").unwrap()),
        ("custom null", all().custom_status(&()).unwrap()),
        ("none", all().created_before(Timestamp::from_millis(1))),
    ] {
        let count = list.count().await.unwrap();
        let mut ids = Vec::new();
        let mut pages = list.page(2);
        while let Some(page) = pages.next_page().await.unwrap() {
            ids.extend(page.into_iter().map(|info| info.id().clone()));
        }
        story.tell(what, (count, ids));
    }
}
