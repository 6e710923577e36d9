//! The types of orchestrators and events in the description of the API: each gets a path of its
//! own, with a body of its types.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use percent_encoding::utf8_percent_encode;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::access::Action;
use super::links::UNRESERVED;
use super::openapi::Additions;
use super::raise;
use super::routes::Described;
use super::routes::Method;
use super::start;
use crate::schemas::DEFINITIONS;
use crate::schemas::InputAndOutput;
use crate::schemas::PayloadSchemas;

/// The additions of these schemas to a description that already has the components `taken`.
pub(super) fn additions(schemas: &PayloadSchemas, taken: BTreeSet<String>) -> Additions {
    let mut components = Components::new(taken, schemas);
    let mut operations = Vec::new();
    for (name, payloads) in &schemas.orchestrators {
        operations.extend(starts(name, payloads, &mut components));
    }
    for (name, values) in &schemas.events {
        operations.push(raising(name, values, &mut components));
    }
    Additions {
        operations,
        schemas: components.schemas,
    }
}

fn starts(name: &str, payloads: &InputAndOutput, components: &mut Components) -> [Described; 2] {
    let input = components.reference(&format!("{name}.Input"), &payloads.input);
    let output = components.reference(&format!("{name}.Output"), &payloads.output);
    let describe =
        |id: String, summary: String| start::describe(&id, &summary, input.clone(), output.clone());
    let made_up = describe(
        format!("start_{name}"),
        format!("Starts `{name}` under a fresh id"),
    );
    let chosen = start::may_exist(describe(
        format!("startWithId_{name}"),
        format!("Starts `{name}` under a chosen id"),
    ));
    let path = format!("/orchestrators/{}", utf8_percent_encode(name, UNRESERVED));
    let with_id = format!("{path}/{{id}}");
    [(path, made_up), (with_id, chosen)].map(|(path, description)| Described {
        method: Method::Post,
        path: path.into(),
        action: Action::Start,
        description,
    })
}

fn raising(name: &str, values: &[Value], components: &mut Components) -> Described {
    let value = components.reference(&format!("{name}.Event"), values);
    let encoded = utf8_percent_encode(name, UNRESERVED);
    Described {
        method: Method::Post,
        path: format!("/instances/{{id}}/raiseEvent/{encoded}").into(),
        action: Action::RaiseEvent,
        description: raise::describe(
            &format!("raise_{name}"),
            &format!("Raises the event `{name}` to an instance"),
            value,
        ),
    }
}

/// The schemas of payloads among the components.
struct Components {
    taken: BTreeSet<String>,
    /// The name among the components for the name of each definition.
    names: BTreeMap<String, String>,
    schemas: Map<String, Value>,
}

impl Components {
    fn new(taken: BTreeSet<String>, schemas: &PayloadSchemas) -> Self {
        let mut components = Self {
            taken,
            names: BTreeMap::new(),
            schemas: Map::new(),
        };
        // All names first: a definition may refer to one that comes later.
        for definition in schemas.definitions.keys() {
            let name = components.free_name(definition);
            components.names.insert(definition.clone(), name);
        }
        for (definition, schema) in &schemas.definitions {
            let name = components
                .names
                .get(definition)
                .unwrap_or(definition)
                .clone();
            let schema = components.renamed(schema.clone());
            components.schemas.insert(name, schema);
        }
        components
    }

    /// A name that no other component has, as similar to `name` as the rules for components allow.
    fn free_name(&mut self, name: &str) -> String {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name: String = name
            .chars()
            .map(|c| if allowed(c) { c } else { '_' })
            .collect();
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        let free = candidates.find(|candidate| !self.taken.contains(candidate));
        let free = free.unwrap_or(name);
        self.taken.insert(free.clone());
        free
    }

    /// A reference to a schema that allows what any of `schemas` allows; `None` if that is any value.
    fn reference(&mut self, name: &str, schemas: &[Value]) -> Option<RefOr<Schema>> {
        // One type that may be anything makes all of them anything.
        if schemas.is_empty() || schemas.contains(&Value::Bool(true)) {
            return None;
        }
        let schema = match schemas {
            [schema] => schema.clone(),
            several => json!({ "anyOf": several }),
        };
        let schema = self.renamed(schema);
        if let Some(reference) = plain_reference(&schema) {
            return Some(Ref::new(reference).into());
        }
        let name = self.free_name(name);
        let reference = Ref::from_schema_name(name.clone());
        self.schemas.insert(name, schema);
        Some(reference.into())
    }

    /// A schema whose references lead to its definitions among the components.
    fn renamed(&self, schema: Value) -> Value {
        match schema {
            Value::Object(members) => {
                let members = members.into_iter().map(|(key, value)| {
                    let value = match &value {
                        Value::String(reference) if key == "$ref" => {
                            self.target(reference).map_or(value, Value::String)
                        }
                        _ => self.renamed(value),
                    };
                    (key, value)
                });
                Value::Object(members.collect())
            }
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.renamed(item));
                Value::Array(items.collect())
            }
            other => other,
        }
    }

    fn target(&self, reference: &str) -> Option<String> {
        let encoded = reference
            .strip_prefix('#')?
            .strip_prefix(DEFINITIONS)?
            .strip_prefix('/')?;
        let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
        // In this order, as RFC 6901 says: `~01` is `~1`.
        let definition = decoded.replace("~1", "/").replace("~0", "~");
        let name = self.names.get(&definition)?;
        Some(format!("#{DEFINITIONS}/{name}"))
    }
}

/// The target of a schema that is only a reference.
fn plain_reference(schema: &Value) -> Option<&str> {
    let members = schema.as_object().filter(|members| members.len() == 1)?;
    members.get("$ref")?.as_str()
}
