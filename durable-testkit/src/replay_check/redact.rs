//! Removes from a saved history what nobody should read.

use serde_json::Value;

/// The fields of history events that hold recorded values.
const PAYLOADS: [&str; 6] = [
    "input",
    "result",
    "payload",
    "value",
    "custom_status",
    "message",
];

/// Applies `change` to every recorded value of a saved history.
pub(super) fn each_payload(saved: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    if let Some(input) = saved.get_mut("input") {
        change(input);
    }
    let executions = saved["executions"].as_array_mut().into_iter().flatten();
    for execution in executions {
        let turns = execution["turns"].as_array_mut().into_iter().flatten();
        for turn in turns {
            let events = turn["events"].as_array_mut().into_iter().flatten();
            events.for_each(|event| in_event(event, change));
        }
    }
}

/// Everything below a field that holds a recorded value is the user's; all above it is the event's.
fn in_event(value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if PAYLOADS.contains(&name.as_str()) {
                    change(field);
                } else {
                    in_event(field, change);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_event(item, change)),
        _ => {}
    }
}

/// Blanks the fields with these names.
pub(super) fn blank_fields(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if names.contains(&name.as_str()) {
                    blank(field);
                } else {
                    blank_fields(field, names);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| blank_fields(item, names)),
        _ => {}
    }
}

/// Another value of the same kind.
fn blank(value: &mut Value) {
    match value {
        Value::String(text) => "redacted".clone_into(text),
        Value::Number(number) => *number = 0.into(),
        Value::Bool(flag) => *flag = false,
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Object(fields) => fields.values_mut().for_each(blank),
        Value::Null => {}
    }
}
