//! Events and messages as one line of text each.

use super::bench::T0;
use durable_runtime::history::HistoryEvent;
use durable_runtime::work::MessageBody;
use serde_json::Value;
use std::fmt::Write as _;

pub(super) fn short(body: &MessageBody) -> String {
    let text = serde_json::to_value(body).unwrap();
    match text {
        Value::Object(map) => {
            let (name, fields) = map.into_iter().next().unwrap();
            let telling = ["name", "path", "reason", "execution", "payload", "result"];
            let field = |key: &&str| fields.get(key).map(|value| format!(" {value}"));
            let fields: String = telling.iter().filter_map(field).collect();
            format!("{name}{fields}")
        }
        other => other.to_string(),
    }
}

pub(super) fn line(event: &HistoryEvent) -> String {
    let text = serde_json::to_value(event).unwrap();
    let Value::Object(map) = text else {
        return text.to_string();
    };
    let (name, fields) = map.into_iter().next().unwrap();
    let Value::Object(mut fields) = fields else {
        return name;
    };
    let mut text = name;
    if let Some(Value::String(path)) = fields.remove("path") {
        let _ = write!(text, " {path}");
    }
    for skipped in ["at", "site", "version", "salt", "options"] {
        fields.remove(skipped);
    }
    if fields
        .get("name")
        .is_some_and(|name| name == "process_order")
    {
        fields.remove("name");
    }
    for (key, value) in fields {
        let _ = match key.as_str() {
            "due" | "retry_at" => {
                let after = value.as_i64().unwrap() - T0.as_millis();
                write!(text, " {key}=+{after}ms")
            }
            "name" | "event" => write!(text, " {}", value.as_str().unwrap_or_default()),
            "input" | "result" | "payload" | "value" => write!(text, " {value}"),
            _ => write!(text, " {key}={value}"),
        };
    }
    text
}
