//! The description of the API.

use std::collections::BTreeSet;

use axum::http::Request;
use durable_runtime::http;
use durable_runtime::http::Key;
use durable_runtime::http::Scope;
use expect_test::expect_file;
use serde_json::Value;

use super::access::ROUTES;
use super::access::Route;
use super::server::Server;

/// The operations of a description, as `GET /instances/{id}`.
fn operations(description: &Value) -> BTreeSet<String> {
    let paths = description["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

#[test]
fn the_description_is_the_file_in_the_docs() {
    let text = serde_json::to_string_pretty(&http::openapi()).unwrap() + "\n";
    expect_file!["../../../docs/openapi.json"].assert_eq(&text);
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let example = |path: &str| {
        let path = path.split('?').next().unwrap_or_default();
        path.replace("ID", "o-1")
    };
    // What the client of feature `http-client` sends is between the two, and lists have a second path
    // for the npm package.
    let is_described = |route: &&Route| route.method != "COMMAND" && !route.path.ends_with('/');
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .filter(is_described)
        .map(|route| format!("{} {}", route.method, example(route.path)))
        .collect();
    let described = operations(&http::openapi()).into_iter().map(|operation| {
        let name = if operation.contains("/orchestrators") {
            "nothing"
        } else {
            "Nothing"
        };
        operation
            .replace("{name}", name)
            .replace("{id}", "o-1")
            .replace("{key}", "o-1")
            .replace("{event}", "go")
    });
    assert_eq!(routes, described.collect());
}

#[tokio::test]
async fn a_path_has_the_methods_that_are_described_and_no_other() {
    let server = Server::start().await;
    let description = http::openapi();
    let described = operations(&description);
    for path in description["paths"].as_object().unwrap().keys() {
        let mut url = format!("/durable{path}");
        for parameter in ["name", "id", "key", "event"] {
            url = url.replace(&format!("{{{parameter}}}"), "nothing");
        }
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let request = Request::builder().method(method).uri(&url);
            let status = server.send(request, "").await.status;
            let is_described = described.contains(&format!("{method} {path}"));
            assert_eq!(status != 405, is_described, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn the_served_description_says_where_it_is_and_whom_it_lets_in() {
    let open = Server::start().await;
    let reply = open.get("/durable/openapi.json").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let served = reply.json();
    assert_eq!(served["servers"][0]["url"], "http://localhost:8080/durable");
    assert_eq!(operations(&served), operations(&http::openapi()));
    let start = &served["paths"]["/orchestrators/{name}"]["post"];
    assert_eq!(start["security"], serde_json::json!([{}]));
    assert!(start["responses"].get("401").is_none());

    let key = "reader-0123456789-0123456789-0123456789";
    let keyed = Server::with("memory:", |management| {
        management.key(Key::new(key, [Scope::Read]).unwrap())
    });
    let bearer = format!("Bearer {key}");
    let request = Request::get("/durable/openapi.json").header("authorization", bearer);
    let served = keyed.await.send(request, "").await.json();
    let expected = http::openapi();
    assert_eq!(served["paths"], expected["paths"]);
    assert_eq!(served["components"], expected["components"]);
}

#[test]
fn every_operation_has_an_id_of_its_own_and_every_reference_leads_somewhere() {
    let description = http::openapi();
    let paths = description["paths"].as_object().unwrap();
    let ids: Vec<_> = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let distinct: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len());
    let mut references = Vec::new();
    collect("$ref", &description, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
    let mut linked = Vec::new();
    for responses in paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
    {
        for response in responses["responses"].as_object().unwrap().values() {
            collect("operationId", response, &mut linked);
        }
    }
    assert!(!linked.is_empty());
    for id in linked {
        assert!(distinct.contains(id), "{id}");
    }
}

/// All texts below `value` that are under `key`.
fn collect<'a>(key: &str, value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(key).and_then(Value::as_str));
            members
                .values()
                .for_each(|member| collect(key, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(key, item, found)),
        _ => {}
    }
}
