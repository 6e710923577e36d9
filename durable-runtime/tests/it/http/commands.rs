//! The routes of a client over HTTP, as somebody uses them that is none.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::Request;
use durable_runtime::InstanceId;
use durable_runtime::http::HttpLimits;
use durable_runtime::http::Key;
use durable_runtime::http::Management;
use durable_runtime::http::Scope;
use serde_json::Value;
use serde_json::json;

use super::hostile::Draw;
use super::server::Reply;
use super::server::Server;

async fn ask(server: &Server, command: &str, body: &Value) -> Reply {
    let path = format!("/durable/commands/1/{command}");
    server.post(&path, &body.to_string()).await
}

fn start(command: &str) -> Value {
    json!({
        "id": null, "name": "elsewhere", "version": "1", "input": 3, "start_at": null,
        "tags": {}, "if_exists": "Fail", "headers": {}, "event": null, "command": command,
    })
}

fn send(operation: &str, input: &Value) -> Value {
    json!({
        "entity": {"name": "Elsewhere", "key": "elsewhere"}, "operation": operation,
        "input": input, "wants_answer": true, "delay": null, "command": "c-1",
        "is_deduplicated": false,
    })
}

fn filter() -> Value {
    json!({
        "statuses": ["Completed"], "name": "order", "version": "1", "id": "a", "id_prefix": "a",
        "tags": {"a": "b"}, "parent": "a", "custom_status": 1, "created_from": 0,
        "created_before": 1, "updated_from": 0, "updated_before": 1,
    })
}

/// What the guard has seen counts: who may do something to one may not do it to another.
#[tokio::test]
async fn a_command_is_about_what_its_query_says_whatever_its_body_says() {
    let server = Server::start().await;
    let started = ask(&server, "start?name=order&id=here", &start("c")).await;
    assert_eq!(started.status, 200, "{started:?}");
    assert_eq!(started.json()["id"], "here");
    let there = |id: &'static str| {
        let path = format!("/durable/instances/{id}");
        let server = &server;
        async move { server.get(&path).await.status }
    };
    assert_eq!(there("elsewhere").await, 404);
    let sent = ask(
        &server,
        "entity_send?name=Stock&key=here",
        &send("add", &json!(4)),
    )
    .await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let ticket = json!({"ticket": sent.json(), "wait": {"secs": 60, "nanos": 0}});
    let answer = ask(&server, "entity_answer?name=Stock&key=here", &ticket).await;
    assert_eq!(answer.body, r#"{"Ok":null}"#);
    let listed = server.get("/durable/entities").await;
    assert_eq!(listed.json().as_array().unwrap().len(), 1);
    assert_eq!(listed.json()[0]["entityId"]["key"], "here");

    // A ticket is for the entity that gave it.
    let other = ask(&server, "entity_answer?name=Stock&key=other", &ticket).await;
    assert_eq!(other.status, 404);
    assert_eq!(
        other.json()["error"],
        json!({"NotCalled": {"entity": {"name": "Stock", "key": "other"}}})
    );

    server.until("here", |row| row.output.is_some()).await;
    server.ended_order("other", 1).await;
    let purge = json!({"filter": {"statuses": [], "tags": {}, "id": "other"}, "children": true, "after": null});
    let purged = ask(&server, "purge?id=here", &purge).await;
    assert_eq!(purged.json()["instances"], 1, "{purged:?}");
    assert_eq!((there("here").await, there("other").await), (404, 200));

    server.waiting_order("told").await;
    let suspend = json!({"control": "Suspend", "command": "c"});
    assert_eq!(ask(&server, "resume?id=told", &suspend).await.status, 400);
    assert_eq!(ask(&server, "suspend?id=told", &suspend).await.status, 200);
}

#[tokio::test]
async fn a_delayed_signal_is_listed_and_withdrawn_at_the_entity_of_the_query() {
    let server = Server::start().await;
    let mut later = send("add", &json!(4));
    later["wants_answer"] = json!(false);
    later["delay"] = json!({"secs": 3_600, "nanos": 0});
    let sent = ask(&server, "entity_send?name=Stock&key=here", &later).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let path = "delayed_signals?name=Stock&key=here";
    let listed = ask(&server, path, &Value::Null).await.json();
    let signals = listed.as_array().unwrap();
    assert_eq!(signals.len(), 1);
    assert_eq!(signals[0]["operation"], "add");
    assert_eq!(signals[0]["sender"], json!({"Client": "c-1"}));
    let id = &signals[0]["id"];
    let after = ask(&server, path, id).await;
    assert_eq!(after.json(), json!([]));

    let withdrawal = |command: &str| {
        json!({
            "entity": {"name": "Stock", "key": "here"}, "signal": {"Id": id}, "command": command,
        })
    };
    let elsewhere = "signal_withdraw?name=Stock&key=other";
    let elsewhere = ask(&server, elsewhere, &withdrawal("w-0")).await;
    assert_eq!(elsewhere.status, 410, "{elsewhere:?}");
    assert_eq!(
        elsewhere.json()["error"],
        json!({"AlreadyDelivered": {"entity": {"name": "Stock", "key": "other"}}})
    );
    let here = "signal_withdraw?name=Stock&key=here";
    for (command, status) in [("w-1", 200), ("w-1", 200), ("w-2", 410)] {
        let withdrawn = ask(&server, here, &withdrawal(command)).await;
        assert_eq!(withdrawn.status, status, "{command}: {withdrawn:?}");
    }
    assert_eq!(ask(&server, path, &Value::Null).await.json(), json!([]));
}

#[tokio::test]
async fn who_may_signal_an_entity_cannot_delete_its_state() {
    let raiser = "raiser-0123456789-0123456789-0123456789";
    let server = Server::with("memory:", |management| {
        management.key(Key::new(raiser, [Scope::Event, Scope::Read]).unwrap())
    })
    .await;
    let ask = |path: &str, body: Value| {
        let request = Request::post(format!("/durable/commands/1/{path}"));
        let request = request
            .header("authorization", format!("Bearer {raiser}"))
            .header("content-type", "application/json");
        let server = &server;
        async move { server.send(request, &body.to_string()).await }
    };
    let target = "name=Stock&key=main";
    let added = ask(&format!("entity_send?{target}"), send("add", &json!(1))).await;
    assert_eq!(added.status, 200);
    for path in ["entity_send", "entity_delete"] {
        let body = send("delete_state", &Value::Null);
        let deleted = ask(&format!("{path}?{target}"), body).await;
        assert_eq!(deleted.status, 403, "{path}: {deleted:?}");
    }
}

#[tokio::test]
async fn why_a_command_was_not_done_is_told_as_itself() {
    let server = Server::start().await;
    server.waiting_order("taken").await;
    let taken = ask(&server, "start?name=order&id=taken", &start("c")).await;
    assert_eq!(taken.status, 409);
    assert_eq!(
        taken.json()["error"],
        json!({"AlreadyExists": {"id": "taken", "status": "Running"}})
    );
    assert_eq!(
        taken.message(),
        "instance `taken` already exists and is Running"
    );
    let none = ask(&server, "instance?id=none", &Value::Null).await;
    assert_eq!(none.status, 404);
    assert_eq!(none.json()["error"], json!({"NotFound": {"id": "none"}}));
    // The other routes stay as they are.
    let missing = server.get("/durable/instances/none").await;
    assert_eq!(missing.json()["error"], Value::Null);
}

#[tokio::test]
async fn names_and_commands_that_no_client_has_are_refused() {
    let server = Server::start().await;
    for name in ["%40Stock", "order%401", "a%0ab", &"n".repeat(256)] {
        let reply = ask(&server, &format!("start?name={name}&id=a"), &start("c")).await;
        assert_eq!(reply.status, 400, "{name}");
        let path = format!("entity_send?name={name}&key=a");
        let reply = ask(&server, &path, &send("add", &json!(1))).await;
        assert_eq!(reply.status, 400, "{name}");
    }
    for command in [String::new(), "c".repeat(256)] {
        let reply = ask(&server, "start?name=order&id=a", &start(&command)).await;
        assert_eq!(reply.status, 400, "{command}");
    }
    assert_eq!(server.get("/durable/instances").await.body, "[]");
    let text = Request::post("/durable/commands/1/count").header("content-type", "text/plain");
    assert_eq!(server.send(text, &filter().to_string()).await.status, 400);
}

/// A start may have an input and an event, each as large as a body of the other routes.
#[tokio::test]
async fn a_command_may_be_as_large_as_what_it_carries() {
    let server = Server::with("memory:", |management: Management| {
        let mut limits = HttpLimits::default();
        limits.body_bytes = 1_000;
        limits.json_depth = 3;
        management.limits(limits)
    })
    .await;
    let with = |input: Value| {
        let mut body = start("c");
        body["input"] = input;
        body
    };
    let small = with(json!("x".repeat(2_000)));
    assert_eq!(
        ask(&server, "start?name=echo&id=a", &small).await.status,
        200
    );
    let large = with(json!("x".repeat(70_000)));
    let refused = ask(&server, "start?name=echo&id=b", &large).await;
    assert_eq!(refused.status, 413);
    let deep = with(json!([[[1]]]));
    assert_eq!(
        ask(&server, "start?name=echo&id=c", &deep).await.status,
        200
    );
    let deeper = with(json!([[[[[1]]]]]));
    assert_eq!(
        ask(&server, "start?name=echo&id=d", &deeper).await.status,
        400
    );
}

/// Every command as it is meant, to be changed.
fn commands() -> Vec<(&'static str, &'static str, Value)> {
    let tell = |control: Value| json!({"control": control, "command": "c-2"});
    let wait = json!({"secs": 0, "nanos": 1});
    let mut event = start("c-3");
    event["event"] = json!({"name": "Approval", "payload": {"by": "Ada"}});
    event["if_exists"] = json!("Use");
    let mut later = start("c-4");
    later["start_at"] = json!({"After": {"secs": 5, "nanos": 0}});
    later["if_exists"] = json!({"Replace": ["Completed", "Failed"]});
    later["tags"] = json!({"region": "eu"});
    let purge = json!({"filter": filter(), "children": true, "after": 1});
    vec![
        ("start", "name=order&id=a", start("c-1")),
        ("start", "name=approved_order&id=b", event),
        ("start", "name=echo&id=a", later),
        ("lanes", "", Value::Null),
        (
            "raise",
            "id=b",
            json!({"name": "Approval", "payload": {"by": "Ada"}, "command": "c-5"}),
        ),
        (
            "terminate",
            "id=b",
            tell(json!({"Terminate": {"reason": "x", "recursive": true}})),
        ),
        (
            "cancel",
            "id=b",
            tell(json!({"Cancel": {"grace": {"secs": 60, "nanos": 0}}})),
        ),
        ("suspend", "id=b", tell(json!("Suspend"))),
        ("resume", "id=b", tell(json!("Resume"))),
        ("restart", "id=a", json!({"other": "d", "command": "c-6"})),
        ("purge", "id=a", purge.clone()),
        ("purge_many", "", purge),
        ("instance", "id=a", Value::Null),
        (
            "changed",
            "id=a",
            json!({
                "seen": {
                    "key": 1, "execution": 1, "status": "Running", "ended": false,
                    "updated_at": 0, "custom_status": null, "command": "c",
                },
                "wait": wait,
            }),
        ),
        ("history", "id=a", json!({"execution": 1})),
        ("unread_events", "id=a", Value::Null),
        (
            "instances",
            "",
            json!({"filter": filter(), "after": 1, "limit": 2}),
        ),
        ("count", "", filter()),
        ("entity_send", "name=Stock&key=a", send("add", &json!(1))),
        (
            "entity_delete",
            "name=Stock&key=a",
            send("delete_state", &Value::Null),
        ),
        (
            "entity_answer",
            "name=Stock&key=a",
            json!({"ticket": {"key": -1, "command": "c-1"}, "wait": wait}),
        ),
        ("delayed_signals", "name=Stock&key=a", json!(1)),
        (
            "signal_withdraw",
            "name=Stock&key=a",
            json!({
                "entity": {"name": "Stock", "key": "a"}, "signal": {"Id": 1}, "command": "c-7",
            }),
        ),
        ("entity", "name=Stock&key=a", Value::Null),
        (
            "entities",
            "name=Stock",
            json!({
                "filter": {"key_prefix": "a", "with_state": true},
                "after": {"name": "Stock", "key": "a"}, "limit": 2,
            }),
        ),
    ]
}

/// Puts something else in one place of a value.
fn change(draw: &mut Draw, value: &mut Value) {
    let goes_on = draw.below(4) != 0;
    match value {
        Value::Object(members) if goes_on && !members.is_empty() => {
            let at = draw.below(members.len());
            let key = members.keys().nth(at).unwrap().clone();
            if draw.below(12) == 0 {
                members.remove(&key);
            } else if let Some(member) = members.get_mut(&key) {
                change(draw, member);
            }
        }
        Value::Array(items) if goes_on && !items.is_empty() => {
            let at = draw.below(items.len());
            change(draw, &mut items[at]);
        }
        place => *place = other(draw),
    }
}

fn other(draw: &mut Draw) -> Value {
    match draw.below(16) {
        0 => json!(null),
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(i64::MIN),
        6 => json!(u64::MAX),
        7 => json!(1e300),
        8 => json!(""),
        9 => json!("\u{0}"),
        10 => json!("x".repeat(draw.below(400))),
        11 => json!([]),
        12 => json!({}),
        13 => json!({"secs": u64::MAX, "nanos": u32::MAX}),
        14 => json!(vec!["Failed"; draw.below(3_000)]),
        _ => (0..draw.below(1_500))
            .map(|n| (n.to_string(), json!("v")))
            .collect(),
    }
}

const QUERIES: &[&str] = &[
    "",
    "id=",
    "id=%00",
    "id=a%2Fb",
    "id=@",
    "name=",
    "name=%00&key=%00",
    "name=@&id=a",
    "name=order",
    "key=a",
    "name=Stock&key=%F0%9F%92%A9",
    "id=%ff",
    "code=1.AAAA",
    "id=a&id=b",
];

async fn throw(store: &str, seed: u64, requests: usize) {
    let server = Server::with(store, |management| {
        let mut limits = HttpLimits::default();
        limits.wait = Duration::from_millis(1);
        limits.per_second = NonZeroU32::new(1_000_000);
        management.limits(limits)
    })
    .await;
    let (mut draw, mut good) = (Draw(seed), 0);
    let commands = commands();
    for sent in 0..requests {
        let (command, query, body) = &commands[draw.below(commands.len())];
        let query = match draw.below(8) {
            0 => draw.of(QUERIES),
            _ => query,
        };
        let mut body = body.clone();
        for _ in 0..draw.below(4) {
            change(&mut draw, &mut body);
        }
        let mut text = body.to_string();
        if draw.below(16) == 0 {
            let at = draw.below(text.len() + 1);
            text.truncate(text.floor_char_boundary(at));
        }
        let path = format!("/durable/commands/1/{command}?{query}");
        let reply = server.post(&path, &text).await;
        let shown: String = text.chars().take(500).collect();
        let about = format!("{command}?{query} {shown} (seed {seed}, request {sent})");
        assert!(reply.status < 500, "{about}: {reply:?}");
        if reply.status >= 400 {
            assert!(!reply.message().is_empty(), "{about}");
        }
        good += usize::from(reply.status < 400);
    }
    assert!(good > requests / 10, "only {good} of {requests} were done");
    let start = ask(&server, "start?name=order&id=last", &start("last")).await;
    assert_eq!(start.status, 200, "{start:?}");
    let id = InstanceId::new("last").unwrap();
    server.until(id.as_str(), |row| row.output.is_some()).await;
}

#[tokio::test]
async fn no_command_makes_the_server_fail() {
    for seed in 1..=3 {
        throw("memory:", seed, 2_000).await;
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn no_command_makes_the_database_fail() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("hub.db").display());
    throw(&url, 4, 2_000).await;
}
