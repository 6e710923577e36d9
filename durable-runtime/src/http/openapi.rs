//! The description of the API in OpenAPI 3.1. It is made from the [table of routes](super::routes),
//! so it describes every route.

#[cfg(feature = "schemars")]
use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::openapi::Components;
use utoipa::openapi::ComponentsBuilder;
use utoipa::openapi::InfoBuilder;
use utoipa::openapi::OpenApiBuilder;
use utoipa::openapi::PathItem;
use utoipa::openapi::PathsBuilder;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Required;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::path::ParameterBuilder;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::security::ApiKey;
use utoipa::openapi::security::ApiKeyValue;
use utoipa::openapi::security::HttpAuthScheme;
use utoipa::openapi::security::HttpBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::security::SecurityScheme;
use utoipa::openapi::server::Server;

use super::access::Action;
use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::capability::Verb;
use super::describe;
use super::describe::Description;
use super::entities::EntityIdObject;
use super::entities::EntityObject;
use super::history_entry::HistoryEntry;
use super::instances::Deleted;
use super::links::ManagementPayload;
use super::problem::ProblemBody;
use super::routes;
use super::routes::Described;
use super::running_activity::RunningActivity;
use super::status_object::StatusObject;
use crate::ids::MAX_INSTANCE_ID;

const ABOUT: &str = "Starts, queries, manages and purges durable orchestrations, over the paths and with the JSON of Durable Functions. The names of query parameters match without regard to case; a parameter without a value counts as absent.";

/// The characters of an instance id. Neither `.` nor `..` is an id.
const ID: &str = concat!(
    r"^([^.@/\\#?\x00-\x1f\x7f-\x9f][^/\\#?\x00-\x1f\x7f-\x9f]*",
    // In three parts instead of a look-ahead: `.` and `..` are no ids, and `...` is one.
    r"|\.[^./\\#?\x00-\x1f\x7f-\x9f][^/\\#?\x00-\x1f\x7f-\x9f]*",
    r"|\.\.[^/\\#?\x00-\x1f\x7f-\x9f]+)$",
);

/// The header that every response has.
const NOSNIFF: &str = "X-Content-Type-Options";

/// Returns the description of the API in OpenAPI 3.1, for a server that requires keys. Paths are
/// relative to the place where the router is mounted.
///
/// The router serves its own description at `/openapi.json`. That one names the place where the
/// router is mounted, and asks for no key if the router serves only this machine.
///
/// ```
/// let description = durable_runtime::http::openapi();
/// assert_eq!(description["openapi"], "3.1.0");
/// assert!(description["paths"]["/instances/{id}"]["get"].is_object());
/// ```
pub fn openapi() -> Value {
    Value::Object(document(LetsIn::EVERYBODY, Additions::default()))
}

/// Which requests the guard lets in.
#[derive(Debug, Clone, Copy)]
pub(super) struct LetsIn {
    /// Those with a key, or those that the authorizer knows. Without keys and authorizer, those of
    /// this machine.
    pub(super) keys: bool,
    /// Those with a link.
    pub(super) links: bool,
}

impl LetsIn {
    const EVERYBODY: Self = Self {
        keys: true,
        links: true,
    };
}

/// The parts of a description besides the routes.
#[derive(Default)]
pub(super) struct Additions {
    /// Separate paths for single orchestrators and events.
    pub(super) operations: Vec<Described>,
    /// Further schemas among the components.
    pub(super) schemas: Map<String, Value>,
}

/// The members of the description.
pub(super) fn document(lets_in: LetsIn, additions: Additions) -> Map<String, Value> {
    let add = |paths: PathsBuilder, described: Described| {
        let (path, method) = (described.path.to_string(), described.method.described());
        paths.path(path, PathItem::new(method, operation(described, lets_in)))
    };
    let routes = routes::table().into_iter().map(|route| route.described);
    let paths = routes
        .chain(additions.operations)
        .fold(PathsBuilder::new(), add);
    let info = InfoBuilder::new()
        .title("Durable orchestrations")
        .description(Some(ABOUT))
        .version(env!("CARGO_PKG_VERSION"));
    let document = OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components(lets_in)));
    // The document is made of text, numbers and maps with keys that are text: it has a JSON form.
    let mut document = serde_json::to_value(document.build()).unwrap_or_default();
    let schemas = document.pointer_mut("/components/schemas");
    if let Some(schemas) = schemas.and_then(Value::as_object_mut) {
        schemas.extend(additions.schemas);
    }
    match document {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The description of an operation, with the parts that all have in common.
fn operation(described: Described, lets_in: LetsIn) -> Operation {
    let asks_hub = described.description.asks_hub;
    let security = security(described.action, lets_in);
    let path = path_parameters(&described.path);
    let described = path
        .into_iter()
        .fold(described.description, |described, parameter| {
            described.map(|operation| operation.parameter(parameter))
        });
    let mut operation = described.into_operation().build();
    let responses = &mut operation.responses.responses;
    for (status, component, applies) in [
        (400, "BadRequest", true),
        (401, "Unauthorized", lets_in.keys),
        (403, "Forbidden", true),
        (429, "TooManyRequests", true),
        (500, "HubFailed", asks_hub),
        (503, "HubAway", asks_hub),
    ] {
        if applies {
            let reference = RefOr::Ref(Ref::from_response_name(component));
            // Only where the route itself says nothing: its own words tell more.
            responses.entry(status.to_string()).or_insert(reference);
        }
    }
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            let header = RefOr::Ref(Ref::new(format!("#/components/headers/{NOSNIFF}")));
            response.headers.insert(NOSNIFF.to_owned(), header);
        }
    }
    operation.security = Some(security);
    operation
}

/// The parameters that a path has between braces.
fn path_parameters(path: &str) -> Vec<Parameter> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters = names.map(|name| {
        let some = describe::text(1, None, None);
        let (schema, about) = match name {
            "id" => (
                describe::text(1, Some(MAX_INSTANCE_ID), Some(ID)),
                "The id of the instance.",
            ),
            "event" => (some, "The name of the event; case does not count."),
            "key" => (some, "The key of the entity."),
            _ if path.starts_with("/entities") => (some, "The name of the entity."),
            _ => (some, "The name of the orchestrator."),
        };
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(about))
            .schema(Some(schema))
            .build()
    });
    parameters.collect()
}

/// The ways to get the permission for this action; one is enough.
fn security(action: Action, lets_in: LetsIn) -> Vec<SecurityRequirement> {
    let scope = format!("{:?}", action.scope());
    // Alternatives: one of them is enough.
    let mut either = if lets_in.keys {
        vec![
            SecurityRequirement::new("bearer", [scope.as_str()]),
            SecurityRequirement::new("functionsKey", [scope.as_str()]),
        ]
    } else {
        vec![SecurityRequirement::default()]
    };
    if lets_in.links && Verb::of(action).is_some() {
        either.push(SecurityRequirement::new("link", [""; 0]));
    }
    either
}

/// The names of the components that are schemas.
#[cfg(feature = "schemars")]
pub(super) fn schema_names() -> BTreeSet<String> {
    components(LetsIn::EVERYBODY).schemas.into_keys().collect()
}

fn components(lets_in: LetsIn) -> Components {
    let nosniff = describe::header(describe::string(), "`nosniff`.");
    let components = ComponentsBuilder::new()
        .schema_from::<StatusObject>()
        .schema_from::<HistoryEntry>()
        .schema_from::<RunningActivity>()
        .schema_from::<ManagementPayload>()
        .schema_from::<Deleted>()
        .schema_from::<EntityObject>()
        .schema_from::<EntityIdObject>()
        .schema_from::<ProblemBody<'_>>()
        .header(NOSNIFF, nosniff);
    let components = refusals()
        .into_iter()
        .fold(components, |components, (name, response)| {
            let header = Ref::new(format!("#/components/headers/{NOSNIFF}"));
            components.response(name, response.header_ref(NOSNIFF, header))
        });
    let schemes = schemes().into_iter().filter(|(name, _)| match *name {
        "link" => lets_in.links,
        _ => lets_in.keys,
    });
    schemes
        .fold(components, |components, (name, scheme)| {
            components.security_scheme(name, scheme)
        })
        .build()
}

/// The errors that several routes have.
fn refusals() -> Vec<(&'static str, ResponseBuilder)> {
    let seconds = "How many seconds to wait before another try.";
    let authenticate = describe::header(describe::string(), "`Bearer`.");
    vec![
        (
            "BadRequest",
            describe::refusal("The path or a parameter is wrong."),
        ),
        (
            "Unauthorized",
            describe::refusal("The caller is not known: send a key or use a link.")
                .header("WWW-Authenticate", authenticate),
        ),
        (
            "Forbidden",
            describe::refusal("The caller may not do this."),
        ),
        (
            "NoInstance",
            describe::refusal("There is no such instance."),
        ),
        ("Ended", describe::refusal("The instance has ended.")),
        (
            "BodyTooSlow",
            describe::refusal("The body did not arrive in time."),
        ),
        (
            "BodyTooLarge",
            describe::refusal("The body, or a value in it, is too large."),
        ),
        (
            "TooManyRequests",
            describe::refusal("Too many requests are sent to the hub or are already waiting.")
                .header("Retry-After", describe::header(describe::whole(), seconds)),
        ),
        (
            "HubFailed",
            describe::refusal("The hub failed: the log of the server says why."),
        ),
        (
            "HubAway",
            describe::refusal("The hub cannot be reached, or did not answer in time. Without `Retry-After`, the command may have been done.")
                .header("Retry-After", describe::optional_header(describe::whole(), seconds).build()),
        ),
    ]
}

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key, with the scopes that it was given."));
    let functions_key = ApiKeyValue::with_description(
        "x-functions-key",
        "The same key, in the form that tools for Durable Functions send.",
    );
    let link = ApiKeyValue::with_description(
        "code",
        "The signature of a link: for one instance and one permission, until it expires.",
    );
    [
        ("bearer", SecurityScheme::Http(bearer.build())),
        (
            "functionsKey",
            SecurityScheme::ApiKey(ApiKey::Header(functions_key)),
        ),
        ("link", SecurityScheme::ApiKey(ApiKey::Query(link))),
    ]
}

/// The description with the place where the router is mounted.
#[derive(Serialize)]
struct Served<'a> {
    #[serde(flatten)]
    members: &'a Map<String, Value>,
    servers: [Server; 1],
}

/// `GET /openapi.json`
pub(super) async fn read(call: Call) -> Answer {
    let base = match call.base.as_str() {
        "" => "/",
        base => base,
    };
    let served = Served {
        members: &call.api.description,
        servers: [Server::new(base)],
    };
    Ok(respond(StatusCode::OK, &served))
}

/// `GET /openapi.json`
pub(super) fn description() -> Description {
    Description::new("readDescription", "Description", "This description")
        .without_hub()
        .answers(
            200,
            describe::json("The description of the API.", describe::object()),
        )
}
