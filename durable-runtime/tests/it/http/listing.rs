//! `GET /instances`, `DELETE /instances`, `DELETE /instances/{id}`

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::Request;

use super::server::Reply;
use super::server::Server;

fn ids(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json = reply.json();
    let ids = json.as_array().unwrap().iter();
    ids.map(|instance| instance["instanceId"].as_str().unwrap().to_owned())
        .collect()
}

async fn page(
    server: &Server,
    query: &str,
    token: Option<String>,
) -> (Vec<String>, Option<String>) {
    let mut request = Request::get(format!("/durable/instances?{query}"));
    if let Some(token) = token {
        request = request.header("x-ms-continuation-token", token);
    }
    let reply = server.send(request, "").await;
    let next = reply.header("x-ms-continuation-token").map(str::to_owned);
    (ids(&reply), next)
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_what_is_there_while_others_write() {
    let server = Server::start().await;
    let id = |n: u32| format!("o-{n:02}");
    for n in 0..10 {
        server.ended_order(&id(n), 1).await;
    }
    let (mut seen, mut token) = (Vec::new(), None);
    for n in 10.. {
        let (ids, next) = page(&server, "top=3", token).await;
        assert!(ids.len() <= 3);
        seen.extend(ids);
        let Some(next) = next else { break };
        token = Some(next);
        // Between two pages: one more, and the last one that was seen is gone.
        server.ended_order(&id(n), 1).await;
        let last = seen.last().unwrap();
        let purged = server.delete(&format!("/durable/instances/{last}")).await;
        assert_eq!(purged.body, r#"{"instancesDeleted":1}"#);
        assert!(n < 30, "the pages do not end");
    }
    let once: BTreeSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "{seen:?}");
    assert!((0..10).all(|n| once.contains(&id(n))), "{seen:?}");
}

#[tokio::test]
async fn a_list_is_narrowed_by_status_time_and_prefix() {
    let server = Server::start().await;
    server.ended_order("a-1", 1).await;
    server.ended_order("a-2", 10).await;
    server.clock.advance(Duration::from_mins(1));
    server.waiting_order("b-1").await;
    for (query, expected) in [
        ("", vec!["a-1", "a-2", "b-1"]),
        ("runtimeStatus=Completed", vec!["a-1"]),
        ("runtimestatus=completed,Failed", vec!["a-1", "a-2"]),
        (
            "runtimeStatus=Failed&runtimeStatus=Running",
            vec!["a-2", "b-1"],
        ),
        ("runtimeStatus=ContinuedAsNew", vec![]),
        ("instanceIdPrefix=a-", vec!["a-1", "a-2"]),
        ("instanceIdPrefix=A-", vec![]),
        ("createdTimeFrom=2026-11-25T03:00:30Z", vec!["b-1"]),
        ("createdTimeTo=2026-11-25T03:00:00Z", vec!["a-1", "a-2"]),
        ("createdTimeFrom=2026-11-25T04:01:00%2B01:00", vec!["b-1"]),
        // As other tools write times.
        (
            "createdTimeTo=9999-12-31T23:59:59.9999999Z",
            vec!["a-1", "a-2", "b-1"],
        ),
        (
            "createdTimeTo=%2B275760-09-13T00:00:00.000Z",
            vec!["a-1", "a-2", "b-1"],
        ),
        (
            "createdTimeTo=+275760-09-13T00:00:00.000Z",
            vec!["a-1", "a-2", "b-1"],
        ),
        (
            "createdTimeFrom=1-01-01T00:00:00",
            vec!["a-1", "a-2", "b-1"],
        ),
        ("createdTimeFrom=2026-11-25T03:00:30", vec!["b-1"]),
        (
            "createdTimeFrom=2026-11-25&createdTimeTo=2026-11-26",
            vec!["a-1", "a-2", "b-1"],
        ),
        ("createdTimeTo=2026-11-25", vec![]),
        ("top=1", vec!["a-1"]),
        ("top=99999999999999999999", vec!["a-1", "a-2", "b-1"]),
    ] {
        let found = ids(&server.get(&format!("/durable/instances?{query}")).await);
        assert_eq!(found, expected, "{query}");
    }
    let hidden = server.get("/durable/instances?showInput=false&top=1").await;
    let expected = r#"[{"name":"order","instanceId":"a-1","runtimeStatus":"Completed","input":null,"customStatus":null,"output":1,"createdTime":"2026-11-25T03:00:00Z","lastUpdatedTime":"2026-11-25T03:00:00Z"}]"#;
    assert_eq!(hidden.body, expected);
}

#[tokio::test]
async fn a_list_that_is_asked_for_wrongly_says_what_is_wrong() {
    let server = Server::start().await;
    for (query, says) in [
        ("top=0", "`top` is to be a whole number from 1"),
        ("top=-1", "`top` is to be a whole number from 1"),
        (
            "runtimeStatus=Sleeping",
            "`runtimeStatus` is to be a list of",
        ),
        (
            "createdTimeFrom=yesterday",
            "`createdTimeFrom` is to be a time",
        ),
        ("createdTimeTo=2026-13-01", "parameter 'month'"),
        ("showInput=maybe", "`showInput` is to be `true` or `false`"),
        ("instanceIdPrefix=%ff", "the query is not UTF-8"),
    ] {
        let reply = server.get(&format!("/durable/instances?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.message().contains(says), "{}", reply.message());
    }
    for token in [
        "x",
        "aTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA",
        "ZVN0b2NrCm1haW4",
    ] {
        let request = Request::get("/durable/instances").header("x-ms-continuation-token", token);
        let reply = server.send(request, "").await;
        assert_eq!(reply.status, 400, "{token}");
    }
}

#[tokio::test]
async fn what_has_ended_is_purged_by_id_or_by_time() {
    let server = Server::start().await;
    server.ended_order("o-1", 1).await;
    server.ended_order("o-2", 10).await;
    server.waiting_order("o-3").await;
    let reply = server.delete("/durable/instances/o-1").await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (200, r#"{"instancesDeleted":1}"#)
    );
    let reply = server.delete("/durable/instances/o-1").await;
    assert_eq!(reply.status, 404);
    let reply = server.delete("/durable/instances/o-3").await;
    assert_eq!(reply.status, 404);
    assert_eq!(
        reply.message(),
        "nothing was deleted: instance `o-3` has not ended, it is Running"
    );

    let reply = server.delete("/durable/instances").await;
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("`createdTimeFrom` is required"));
    let all = "/durable/instances?createdTimeFrom=2026-11-25T03:00:00Z";
    let reply = server
        .delete(&format!("{all}&runtimeStatus=Completed"))
        .await;
    assert_eq!(reply.status, 404);
    let reply = server.delete(all).await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (200, r#"{"instancesDeleted":1}"#)
    );
    assert_eq!(ids(&server.get("/durable/instances").await), ["o-3"]);
}

#[tokio::test]
async fn a_slash_behind_instances_changes_nothing() {
    let server = Server::start().await;
    server.ended_order("o-1", 1).await;
    assert_eq!(ids(&server.get("/durable/instances/").await), ["o-1"]);
    let path = "/durable/instances/?createdTimeFrom=2000-01-01T00:00:00Z";
    let purged = server.delete(path).await;
    assert_eq!(
        (purged.status, &*purged.body),
        (200, r#"{"instancesDeleted":1}"#)
    );
    assert!(ids(&server.get("/durable/instances").await).is_empty());
}
