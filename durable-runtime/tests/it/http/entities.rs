//! `/entities`

use std::time::Duration;

use axum::http::Request;

use super::server::Reply;
use super::server::Server;

/// Looks until the entity is as it is to be.
async fn until(server: &Server, path: &str, is: impl Fn(&Reply) -> bool) -> Reply {
    let reached = async {
        loop {
            let reply = server.get(path).await;
            if is(&reply) {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), reached)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_entity_is_signalled_read_listed_and_deleted() {
    let server = Server::start().await;
    let main = "/durable/entities/Stock/main";
    let missing = server.get(main).await;
    assert_eq!(
        (missing.status, missing.message().as_str()),
        (404, "there is no entity Stock(main)")
    );

    let reply = server.post(&format!("{main}?op=add"), "3").await;
    assert_eq!((reply.status, reply.body.as_str()), (202, ""));
    let read = until(&server, main, |reply| reply.status == 200).await;
    assert_eq!(read.body, r#"{"discs":3}"#);
    // As tools of Durable Functions write names of entities.
    assert_eq!(
        server.get("/durable/entities/stock/main").await.body,
        read.body
    );

    let listed =
        r#"{"entityId":{"name":"Stock","key":"main"},"lastOperationTime":"2026-11-25T03:00:00Z""#;
    for path in [
        "/durable/entities",
        "/durable/entities/",
        "/durable/entities/?lastOperationTimeTo=9999-12-31T23:59:59.9999999Z",
    ] {
        let reply = server.get(path).await;
        assert_eq!((reply.status, reply.body), (200, format!("[{listed}}}]")));
    }
    let reply = server.get("/durable/entities/stock?fetchState=true").await;
    assert_eq!(reply.body, format!(r#"[{listed},"state":{{"discs":3}}}}]"#));
    for query in [
        "lastOperationTimeFrom=2026-11-25T03:00:01Z",
        "lastOperationTimeTo=2026-11-25T02:59:59Z",
    ] {
        assert_eq!(
            server.get(&format!("/durable/entities?{query}")).await.body,
            "[]"
        );
    }
    assert_eq!(server.get("/durable/entities/Other").await.body, "[]");

    assert_eq!(server.delete(main).await.status, 202);
    until(&server, main, |reply| reply.status == 404).await;
}

#[tokio::test]
async fn entities_are_listed_page_by_page() {
    let server = Server::start().await;
    for key in ["a", "b", "c"] {
        let path = format!("/durable/entities/Stock/{key}");
        server.post(&format!("{path}?op=add"), "1").await;
        until(&server, &path, |reply| reply.status == 200).await;
    }
    let first = server.get("/durable/entities?top=2").await;
    assert_eq!(first.json().as_array().unwrap().len(), 2);
    let token = first.header("x-ms-continuation-token").unwrap();
    let request = Request::get("/durable/entities?top=2").header("x-ms-continuation-token", token);
    let second = server.send(request, "").await;
    assert_eq!(second.json()[0]["entityId"]["key"], "c");
    assert_eq!(second.header("x-ms-continuation-token"), None);
}

#[tokio::test]
async fn a_signal_that_is_not_one_is_refused_and_creates_nothing() {
    let server = Server::start().await;
    let reply = server.post("/durable/entities/Stock/main", "3").await;
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (400, "the query parameter `op` names the operation")
    );
    let reply = server
        .post("/durable/entities/Stock/main?op=add", "{")
        .await;
    assert_eq!(reply.status, 400);
    let reply = server
        .post("/durable/entities/Stick/main?op=add", "3")
        .await;
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (404, "no worker of this hub has entities `Stick`")
    );
    assert_eq!(
        server.delete("/durable/entities/Stick/main").await.status,
        404
    );
    // Who may signal need not be one who may delete.
    let reply = server
        .post("/durable/entities/Stock/main?op=delete_state", "")
        .await;
    assert_eq!(reply.status, 403);
    let long = format!("/durable/entities/Stock/{}?op=add", "k".repeat(257));
    assert_eq!(server.post(&long, "3").await.status, 400);
    assert_eq!(server.get("/durable/entities").await.body, "[]");
}

#[tokio::test]
async fn a_key_that_names_a_folder_is_refused() {
    let server = Server::start().await;
    for key in [".", "..", "%2E", "%2e%2E"] {
        let path = format!("/durable/entities/Stock/{key}");
        for reply in [
            server.get(&path).await,
            server.post(&format!("{path}?op=add"), "3").await,
            server.delete(&path).await,
        ] {
            assert_eq!(reply.status, 400, "{key}");
            let says = "a URL with it leads to another path; use neither `.` nor `..`";
            assert!(reply.message().ends_with(says), "{}", reply.message());
        }
    }
    assert_eq!(server.get("/durable/entities").await.body, "[]");
}
