//! JSON Schemas of the inputs and outputs of orchestrations, for the types that derive
//! `schemars::JsonSchema`.
//!
//! Generated code asks each type of an orchestrator for its schema, and the
//! [registry](crate::registry) collects the answers. For a type that does not derive `JsonSchema`,
//! the schemas allow any value.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// Where schemas refer to the definitions of types.
pub(crate) const DEFINITIONS: &str = "/components/schemas";

/// Makes the schema of a type.
pub type SchemaFn = fn(&mut SchemaGenerator) -> Schema;

/// The schemas of an orchestrator's types; `None` for a type that has none.
#[derive(Debug, Clone, Default)]
pub struct OrchestratorSchemas {
    /// The schemas of its arguments, in order.
    pub arguments: Vec<Option<SchemaFn>>,
    /// The schema of its return value.
    pub output: Option<SchemaFn>,
    /// The schemas of the events that it declares, by their names.
    pub events: Vec<(&'static str, Option<SchemaFn>)>,
}

/// The schemas of the payloads of orchestrators and of their events, as a registry, or a runtime
/// with its registry, knows them.
///
/// ```
/// use durable_runtime::prelude::*;
/// use durable_runtime::registry::Registry;
///
/// #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// struct Order {
///     items: u32,
/// }
///
/// #[orchestrator]
/// async fn process_order(_ctx: &OrchestrationContext, order: Order) -> u32 { order.items }
///
/// # fn example(client: durable_runtime::Client) -> axum::Router {
/// let mut registry = Registry::default();
/// registry.register(process_order);
/// durable_runtime::http::Management::new(client)
///     .payload_schemas(registry.payload_schemas())
///     .router()
/// # }
/// ```
#[derive(Clone, Default)]
pub struct PayloadSchemas {
    /// By name.
    pub(crate) orchestrators: BTreeMap<&'static str, InputAndOutput>,
    /// Of each event what it may be, by its name.
    pub(crate) events: BTreeMap<&'static str, Vec<Value>>,
    /// The types that the schemas refer to.
    pub(crate) definitions: Map<String, Value>,
}

/// What an orchestrator may be given and may return: one schema for each of its versions, `true` for
/// anything.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputAndOutput {
    pub(crate) input: Vec<Value>,
    pub(crate) output: Vec<Value>,
}

impl fmt::Debug for PayloadSchemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadSchemas")
            .field("orchestrators", &self.orchestrators.keys())
            .field("events", &self.events.keys())
            .finish_non_exhaustive()
    }
}

impl PayloadSchemas {
    /// The schemas of these orchestrators, each with its name.
    pub(crate) fn collect<'a>(
        orchestrators: impl IntoIterator<Item = (&'static str, &'a OrchestratorSchemas)>,
    ) -> Self {
        // What is recorded is read back by the same types, so one contract holds both ways.
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = DEFINITIONS.into();
            // Each schema becomes a part of one document, which names its dialect once.
            settings.meta_schema = None;
        });
        let mut generator = settings.into_generator();
        let mut collected = Self::default();
        for (name, schemas) in orchestrators {
            let of_name = collected.orchestrators.entry(name).or_default();
            add(
                &mut of_name.input,
                input(&schemas.arguments, &mut generator),
            );
            add(&mut of_name.output, value(schemas.output, &mut generator));
            for (event, schema) in &schemas.events {
                let of_event = collected.events.entry(*event).or_default();
                add(of_event, value(*schema, &mut generator));
            }
        }
        collected.definitions = generator.take_definitions(true);
        collected
    }
}

fn add(schemas: &mut Vec<Value>, schema: Value) {
    // Two versions of an orchestrator mostly take the same.
    if !schemas.contains(&schema) {
        schemas.push(schema);
    }
}

/// The one value that arguments are recorded as.
fn input(arguments: &[Option<SchemaFn>], generator: &mut SchemaGenerator) -> Value {
    match arguments {
        // A function that takes nothing can be started with anything.
        [] => Value::Bool(true),
        [argument] => value(*argument, generator),
        several => {
            let items: Vec<_> = several
                .iter()
                .map(|argument| value(*argument, generator))
                .collect();
            let count = items.len();
            json!({ "type": "array", "prefixItems": items, "minItems": count, "maxItems": count })
        }
    }
}

fn value(schema: Option<SchemaFn>, generator: &mut SchemaGenerator) -> Value {
    schema.map_or(Value::Bool(true), |schema| schema(generator).into())
}

/// A type that may derive `JsonSchema`. Generated code queries it, and the compiler prefers
/// [`DescribedType`] if that applies.
pub struct SchemaProbe<T>(PhantomData<fn() -> T>);

impl<T> SchemaProbe<T> {
    /// Creates the probe of the type.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> fmt::Debug for SchemaProbe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SchemaProbe")
    }
}

/// The answer of a type that derives `JsonSchema`.
pub trait DescribedType {
    /// Returns the function that makes its schema.
    fn schema(&self) -> Option<SchemaFn>;
}

impl<T: JsonSchema> DescribedType for SchemaProbe<T> {
    fn schema(&self) -> Option<SchemaFn> {
        Some(SchemaGenerator::subschema_for::<T>)
    }
}

/// The answer of any other type.
pub trait OtherType {
    /// Returns nothing: the values of the type are not described.
    fn schema(&self) -> Option<SchemaFn> {
        None
    }
}

impl<T> OtherType for &SchemaProbe<T> {}
