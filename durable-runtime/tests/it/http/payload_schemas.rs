//! The types of payloads in the description of the API.

use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use super::server::Server;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Order {
    items: u32,
    note: Option<Note>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Note {
    text: String,
}

/// Named like one that the API has itself.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Problem {
    what: String,
}

/// Does not say what it looks like.
#[derive(Debug, Serialize, Deserialize)]
struct Opaque {
    bytes: Vec<u8>,
}

#[derive(Debug, Event, Serialize, Deserialize, JsonSchema)]
struct Approval {
    by: String,
}

#[derive(Debug, Event, Serialize, Deserialize)]
#[event(name = "taken back")]
struct TakenBack {
    why: String,
}

#[orchestrator(events(Approval, TakenBack))]
async fn take_order(ctx: &OrchestrationContext, order: Order) -> Result<Problem, Failure> {
    let what = ctx.wait_for::<Approval>().await.by;
    Ok(Problem {
        what: format!("{what} {}", order.items),
    })
}

#[orchestrator]
async fn pack(_ctx: &OrchestrationContext, order: Order, boxes: u8) -> Opaque {
    let note = order.note.map(|note| note.text).unwrap_or_default();
    let mut bytes = note.into_bytes();
    bytes.push(boxes);
    Opaque { bytes }
}

#[orchestrator]
async fn unpack(_ctx: &OrchestrationContext, packed: Opaque) -> usize {
    packed.bytes.len()
}

#[orchestrator(name = "count")]
async fn count_strings(_ctx: &OrchestrationContext, values: Vec<String>) -> usize {
    values.len()
}

#[orchestrator(name = "count", version = "2")]
async fn count_numbers(_ctx: &OrchestrationContext, values: Vec<u8>) -> usize {
    values.len()
}

async fn served() -> Value {
    let mut registry = Registry::default();
    registry.register(take_order);
    registry.register(pack);
    registry.register(unpack);
    registry.register(count_strings);
    registry.register(count_numbers);
    let server = Server::with("memory:", |management| {
        management.payload_schemas(registry.payload_schemas())
    });
    server.await.get("/durable/openapi.json").await.json()
}

fn body(description: &Value, path: &str) -> Value {
    let operation = &description["paths"][path]["post"];
    operation["requestBody"]["content"]["application/json"]["schema"].clone()
}

fn output(description: &Value, path: &str) -> Value {
    let operation = &description["paths"][path]["post"];
    operation["responses"]["200"]["content"]["application/json"]["schema"].clone()
}

fn component(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[tokio::test]
async fn an_orchestrator_whose_types_are_known_has_paths_of_its_own() {
    let served = served().await;
    for path in [
        "/orchestrators/take_order",
        "/orchestrators/take_order/{id}",
    ] {
        assert_eq!(body(&served, path), component("Order"));
        // The API has a component `Problem` itself.
        let either = json!({ "anyOf": [component("Problem2"), component("StatusObject")] });
        assert_eq!(output(&served, path), either);
    }
    let schemas = &served["components"]["schemas"];
    assert_eq!(schemas["Order"]["required"], json!(["items"]));
    assert_eq!(
        schemas["Order"]["properties"]["note"]["anyOf"][0],
        component("Note")
    );
    assert_eq!(schemas["Note"]["properties"]["text"]["type"], "string");
    assert_eq!(schemas["Problem2"]["required"], json!(["what"]));
    assert!(schemas["Problem"]["properties"].get("Message").is_some());
}

#[tokio::test]
async fn several_arguments_are_an_array_and_what_is_not_known_can_be_anything() {
    let served = served().await;
    assert_eq!(
        body(&served, "/orchestrators/pack"),
        component("pack.Input")
    );
    let input = &served["components"]["schemas"]["pack.Input"];
    assert_eq!(input["prefixItems"][0], component("Order"));
    assert_eq!(input["prefixItems"][1]["type"], "integer");
    assert_eq!(
        (&input["minItems"], &input["maxItems"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(output(&served, "/orchestrators/pack"), json!({}));
    assert_eq!(body(&served, "/orchestrators/unpack"), json!({}));
}

#[tokio::test]
async fn versions_of_one_name_are_alternatives() {
    let served = served().await;
    assert_eq!(
        body(&served, "/orchestrators/count"),
        component("count.Input")
    );
    let input = &served["components"]["schemas"]["count.Input"];
    let items: Vec<_> = input["anyOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["items"]["type"].clone())
        .collect();
    assert_eq!(items, ["string", "integer"]);
}

#[tokio::test]
async fn an_event_has_a_path_of_its_own() {
    let served = served().await;
    let path = "/instances/{id}/raiseEvent/Approval";
    assert_eq!(body(&served, path), component("Approval"));
    assert_eq!(
        served["paths"][path]["post"]["operationId"],
        "raise_Approval"
    );
    let path = "/instances/{id}/raiseEvent/taken%20back";
    assert_eq!(body(&served, path), json!({}));
}

#[tokio::test]
async fn a_runtime_knows_the_schemas_of_what_it_runs() {
    let runtime = Runtime::builder().store("memory:").register(take_order);
    let runtime = runtime.start().await.unwrap();
    let server = Server::with("memory:", |management| {
        management.payload_schemas(runtime.payload_schemas())
    });
    let description = server.await.get("/durable/openapi.json").await.json();
    assert_eq!(
        body(&description, "/orchestrators/take_order"),
        component("Order")
    );
    assert!(description["paths"].get("/orchestrators/pack").is_none());
}

#[tokio::test]
async fn without_schemas_there_are_the_routes_alone() {
    let server = Server::start().await;
    let description = server.get("/durable/openapi.json").await.json();
    let routes = durable_runtime::http::openapi();
    let paths = |description: &Value| {
        let paths = description["paths"].as_object().unwrap().keys();
        paths.cloned().collect::<Vec<_>>()
    };
    assert_eq!(paths(&description), paths(&routes));
}
