//! Where in a saved history the values of users stand, and what each is called.
//!
//! Arguments are called by their names, a result by the function that returned it, an event by its
//! name; parts of a value by their fields. What is none of that, such as the reason of a termination,
//! is text without a name.

use std::collections::BTreeMap;
use std::collections::HashMap;

use super::json::Json;

/// The names of arguments, by what takes them: `charge`, `pay@1`, `Account.withdraw`.
pub(super) type ArgumentNames = BTreeMap<String, Vec<String>>;

/// Looks at a value or a part of one, under its path of names. Says whether to look at its parts.
pub(super) type Look<'a> = dyn FnMut(&[String], &mut Json) -> Parts + 'a;

/// Whether the parts of a value are to be looked at too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    LookAt,
    LeaveOut,
}

/// Looks at every recorded value of a saved history and at all its parts.
pub(super) fn each_value(saved: &mut Json, arguments: &ArgumentNames, look: &mut Look<'_>) {
    let own = Called::of_orchestrator(saved);
    let mut walk = Walk {
        arguments,
        calls: HashMap::new(),
        look,
    };
    let Json::Object(fields) = saved else {
        return;
    };
    for (name, value) in fields {
        match &**name {
            "input" => walk.arguments_of(&own, value),
            "executions" => walk.executions(&own, value),
            _ => {}
        }
    }
}

/// Looks at every other text of a saved history that users may have written: messages, keys, reasons.
pub(super) fn each_other_text(saved: &mut Json, look: &mut dyn FnMut(&mut Json)) {
    for (name, part) in saved.parts() {
        if name == Some("executions") {
            other_texts(part, look);
        }
    }
}

/// The fields of events that are values, or hold such by their names.
const VALUES: [&str; 9] = [
    "input",
    "result",
    "payload",
    "value",
    "values",
    "custom_status",
    "heartbeat",
    "tags",
    "arguments",
];

/// The fields of events whose text is not that of users, or must stay as it is.
const FIXED: [&str; 13] = [
    "path",
    "site",
    "salt",
    "name",
    "version",
    "operation",
    "event",
    "change",
    "queue",
    "lock",
    "location",
    "limit",
    "what",
];

/// Fields whose text is the name of a variant, if it is text at all.
const VARIANTS: [&str; 3] = ["Failure", "failure", "CriticalSection"];

fn other_texts(node: &mut Json, look: &mut dyn FnMut(&mut Json)) {
    if matches!(node, Json::Text(_)) {
        look(node);
    }
    for (name, part) in node.parts() {
        let name = name.unwrap_or_default();
        let is_variant = VARIANTS.contains(&name) && part.text().is_some();
        if !VALUES.contains(&name) && !FIXED.contains(&name) && !is_variant {
            other_texts(part, look);
        }
    }
}

/// Who takes arguments and returns a result.
#[derive(Debug, Clone, Default)]
struct Called {
    /// As results are called.
    name: String,
    /// As its arguments are looked up.
    key: String,
}

impl Called {
    fn of_orchestrator(fields: &Json) -> Self {
        let text = |field| fields.get(field).and_then(Json::text).unwrap_or_default();
        let (name, version) = (text("name"), text("version"));
        Self {
            name: name.to_owned(),
            key: format!("{name}@{version}"),
        }
    }

    /// What the event `kind` is a call of.
    fn by(kind: &str, fields: &Json) -> Option<Self> {
        let text = |field| fields.get(field).and_then(Json::text);
        match kind {
            "ActivityScheduled" => {
                let name = text("name")?.to_owned();
                let key = name.clone();
                Some(Self { name, key })
            }
            "SideEffectRecorded" => Some(Self {
                name: "side_effect".to_owned(),
                key: String::new(),
            }),
            "ChildScheduled" => Some(Self::of_orchestrator(fields)),
            "EntityCalled" | "EntitySignalled" => {
                let entity = fields.get("entity")?.get("name")?.text()?;
                let operation = text("operation")?;
                Some(Self {
                    name: operation.to_owned(),
                    key: format!("{entity}.{operation}"),
                })
            }
            _ => None,
        }
    }
}

struct Walk<'a, 'b> {
    arguments: &'a ArgumentNames,
    /// What is called, by the path of the call.
    calls: HashMap<String, Called>,
    look: &'a mut Look<'b>,
}

impl Walk<'_, '_> {
    fn executions(&mut self, own: &Called, executions: &mut Json) {
        for (_, execution) in executions.parts() {
            self.calls.clear();
            for (_, turns) in execution.parts() {
                for (_, turn) in turns.parts() {
                    for (_, events) in turn.parts() {
                        for (_, event) in events.parts() {
                            self.event(own, event);
                        }
                    }
                }
            }
        }
    }

    fn event(&mut self, own: &Called, event: &mut Json) {
        let mut parts = event.parts();
        let Some((Some(kind), fields)) = parts.pop() else {
            return;
        };
        let path = fields.get("path").and_then(Json::text).map(str::to_owned);
        let called = if let Some(called) = Called::by(kind, fields) {
            self.calls.extend(path.map(|path| (path, called.clone())));
            called
        } else {
            let known = path.and_then(|path| self.calls.get(&path));
            known.unwrap_or(own).clone()
        };
        self.fields(&called, fields);
    }

    /// The values among the fields of an event, of an error, of a checkpoint.
    fn fields(&mut self, called: &Called, fields: &mut Json) {
        let event = fields.get("name").and_then(Json::text);
        let event = event.unwrap_or_default().to_owned();
        for (field, value) in fields.parts() {
            match field {
                Some("input") => self.arguments_of(called, value),
                Some("result" | "value") => self.value(vec![called.name.clone()], value),
                Some("payload") => self.value(vec![event.clone()], value),
                Some("custom_status") => self.value(vec!["status".to_owned()], value),
                Some("heartbeat") => self.value(vec!["heartbeat".to_owned()], value),
                // Each under a name of its own.
                Some("values" | "tags") => self.value(Vec::new(), value),
                Some("error" | "Error" | "checkpoint") => self.fields(called, value),
                Some("carried" | "unread") => {
                    for (_, event) in value.parts() {
                        self.fields(called, event);
                    }
                }
                _ => {}
            }
        }
    }

    /// Several arguments are recorded as an array, one as itself.
    fn arguments_of(&mut self, called: &Called, recorded: &mut Json) {
        let arguments = self.arguments;
        let names = arguments
            .get(&called.key)
            .map_or(&[] as &[_], Vec::as_slice);
        match (names, recorded) {
            ([name], recorded) => self.value(vec![name.clone()], recorded),
            (names, Json::Array(items)) if names.len() == items.len() => {
                for (name, item) in names.iter().zip(items) {
                    self.value(vec![name.clone()], item);
                }
            }
            (_, recorded) => self.value(Vec::new(), recorded),
        }
    }

    fn value(&mut self, mut path: Vec<String>, value: &mut Json) {
        look_through(&mut path, value, self.look);
    }
}

fn look_through(path: &mut Vec<String>, value: &mut Json, look: &mut Look<'_>) {
    if look(path, value) == Parts::LeaveOut {
        return;
    }
    for (name, part) in value.parts() {
        let steps = path.len();
        path.extend(name.map(str::to_owned));
        look_through(path, part, look);
        path.truncate(steps);
    }
}
