//! What callers get wrong, and what they are told: inputs, and instances that stall by them.

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::commands::IfExists;
use durable_runtime::commands::StartRequest;
use durable_runtime::work::InstanceStatus;

use super::server::Server;

#[tokio::test]
async fn an_input_that_an_orchestrator_does_not_take_is_refused_with_the_place_of_the_mistake() {
    let server = Server::start().await;
    for (path, input, says) in [
        (
            "reserve/r-1",
            r#"[[{"sku":"a","pieces":1},{"sku":"b","pieces":"two"}],false]"#,
            "argument 1: [1].pieces: invalid type: string \"two\", expected u32",
        ),
        (
            "reserve/r-1",
            r#"[[{"sku":"a"}],false]"#,
            "argument 1: [0]: missing field `pieces`",
        ),
        ("reserve/r-1", "[[]]", "argument 2: it is missing"),
        ("reserve/r-1", "[[],true,1]", "there are too many"),
        ("reserve", "{}", "invalid type: map, expected a sequence"),
        ("reserve", "", "the input is absent"),
        (
            "order/o-1?timeout=1",
            "\"three\"",
            "invalid type: string \"three\", expected u32",
        ),
        ("order", "-1", "invalid value: integer `-1`, expected u32"),
        ("order", "null", "invalid type: null, expected u32"),
        // So the `durable-functions` package of npm sends no input.
        ("order", "\"\"", "the input is absent"),
    ] {
        let path = format!("/durable/orchestrators/{path}");
        let reply = server.post(&path, input).await;
        assert_eq!(reply.status, 400, "{path} {input}");
        let name = if path.contains("reserve") {
            "reserve"
        } else {
            "order"
        };
        let expected = format!("the input is not what `{name}` takes: {says}");
        assert_eq!(reply.message(), expected);
    }
    assert_eq!(server.get("/durable/instances").await.body, "[]");
}

#[tokio::test]
async fn an_empty_text_is_no_input_where_no_text_is_taken() {
    let server = Server::start().await;
    for (name, input, is_given) in [
        ("cancellable", "\"\"", false),
        ("cancellable", "0", true),
        ("perhaps", "\"\"", false),
        ("perhaps", "null", true),
        ("echo", "\"\"", true),
    ] {
        let id = format!("{name}-{}", input.len());
        let path = format!("/durable/orchestrators/{name}/{id}");
        assert_eq!(
            server.post(&path, input).await.status,
            202,
            "{name} {input}"
        );
        server
            .until(&id, |row| row.input.is_some() == is_given)
            .await;
    }
}

/// A start as a client sends it whose types are not those of the code.
fn start(id: &str, input: &str) -> StartRequest {
    StartRequest {
        id: Some(InstanceId::new(id).unwrap()),
        name: "order".to_owned(),
        version: Some("1".to_owned()),
        input: Some(Payload::from_json(input).unwrap()),
        start_at: None,
        tags: std::collections::BTreeMap::new(),
        if_exists: IfExists::Fail,
        headers: std::collections::BTreeMap::new(),
        event: None,
        command: format!("start {id}"),
    }
}

#[tokio::test]
async fn what_has_stalled_is_found_counted_and_told_why() {
    let server = Server::start().await;
    server.ended_order("completed", 1).await;
    server.waiting_order("waiting").await;
    let commands = server.commands();
    commands.start(start("stalled", "\"three\"")).await.unwrap();
    server
        .until_status("stalled", InstanceStatus::Stalled)
        .await;

    let status = server.get("/durable/instances/stalled").await;
    assert_eq!(status.status, 202);
    assert_eq!(status.json()["runtimeStatus"], "Running");
    let why = "failed to start orchestrator `order`: failed to decode `u32`: \
               invalid type: string \"three\", expected u32";
    assert_eq!(status.json()["stalled"], why);
    for (query, expected) in [
        ("runtimeStatus=Stalled", ["stalled"].as_slice()),
        ("runtimeStatus=Running", &["waiting", "stalled"]),
        ("runtimeStatus=Completed,stalled", &["completed", "stalled"]),
    ] {
        let list = server.get(&format!("/durable/instances?{query}")).await;
        let ids = list.json();
        let ids: Vec<_> = ids.as_array().unwrap().iter().collect();
        let ids: Vec<_> = ids
            .iter()
            .map(|row| row["instanceId"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
    let counts = server.get("/durable/counts").await;
    let expected = r#"{"Canceled":0,"Completed":1,"Failed":0,"Pending":0,"Running":1,"Stalled":1,"Suspended":0,"Terminated":0}"#;
    assert_eq!((counts.status, counts.body.as_str()), (200, expected));
    let counts = server.get("/durable/counts?instanceIdPrefix=s").await;
    assert_eq!(counts.json()["Stalled"], 1);
    assert_eq!(counts.json()["Running"], 0);
    let counts = server.get("/durable/counts?createdTimeFrom=soon").await;
    assert_eq!(counts.status, 400);
    let counts = server.client().instances().counts().await.unwrap();
    let expected = [
        (InstanceStatus::Running, 1),
        (InstanceStatus::Stalled, 1),
        (InstanceStatus::Completed, 1),
    ];
    assert_eq!(counts, expected.into());
}

/// A server that has no worker does not know the code.
#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_server_without_the_code_accepts_what_the_instance_finds_out() {
    use axum::Router;
    use durable_runtime::Client;
    use durable_runtime::http::Management;

    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("hub.db").display());
    let mut server = Server::with(url.as_str(), |management| management).await;
    server.waiting_order("o-1").await;
    let elsewhere = Client::open(&url).await.unwrap();
    let management = Management::new(&elsewhere);
    server.app = Router::new().nest("/durable", management.router());

    let path = "/durable/orchestrators/order/stalled";
    assert_eq!(server.post(path, "\"three\"").await.status, 202);
    // The worker learns of what others have written by looking now and then.
    let looks = async {
        loop {
            server.clock.advance(std::time::Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = server.until_status("stalled", InstanceStatus::Stalled) => {}
        () = looks => unreachable!(),
    }
    let path = "/durable/instances/o-1/raiseEvent/Aproval";
    assert_eq!(server.post(path, "1").await.status, 202);
    let status = server.get("/durable/instances/o-1").await;
    assert_eq!(status.json()["unreadEvents"], 1);
    // Nobody here knows what an approval is.
    let path = "/durable/instances/o-1/raiseEvent/Approval";
    assert_eq!(server.post(path, "1").await.status, 202);
}
