//! The description of a route: its parameters and its answers.
//!
//! The description of the whole API adds [what all routes have in common](super::openapi): the
//! guard's answers, those of a hub that fails, and the parameters of the path.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::Content;
use utoipa::openapi::HeaderBuilder;
use utoipa::openapi::Ref;
use utoipa::openapi::RefOr;
use utoipa::openapi::Required;
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::Header;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::path::ParameterBuilder;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::path::ParameterStyle;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::schema::KnownFormat;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::schema::SchemaFormat;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::schema::Type;

use super::links::ManagementPayload;
use super::problem::ProblemBody;
use super::status_object::StatusObject;

/// The media type of values.
pub(super) const JSON: &str = "application/json";
/// The media type of errors for those that ask for it.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// The description of an operation.
pub(super) struct Description {
    /// Whether it asks the hub, which may fail.
    pub(super) asks_hub: bool,
    operation: OperationBuilder,
}

impl Description {
    pub(super) fn new(id: &str, tag: &str, summary: &str) -> Self {
        let operation = OperationBuilder::new()
            .operation_id(Some(id))
            .tag(tag)
            .summary(Some(summary));
        Self {
            asks_hub: true,
            operation,
        }
    }

    pub(super) fn without_hub(mut self) -> Self {
        self.asks_hub = false;
        self
    }

    /// An optional parameter of the query.
    pub(super) fn query(self, name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> Self {
        let parameter = query(name, schema, text);
        self.map(|operation| operation.parameter(parameter))
    }

    /// A parameter of the query that must be there.
    pub(super) fn required_query(
        self,
        name: &str,
        schema: impl Into<RefOr<Schema>>,
        text: &str,
    ) -> Self {
        let parameter = query(name, schema, text).required(Required::True);
        self.map(|operation| operation.parameter(parameter))
    }

    /// A parameter of the query with several values, between commas.
    pub(super) fn list_query(self, name: &str, values: &[&str], text: &str) -> Self {
        let items = ArrayBuilder::new().items(one_of_texts(values));
        let parameter = query(name, items, text)
            .style(Some(ParameterStyle::Form))
            .explode(Some(false));
        self.map(|operation| operation.parameter(parameter))
    }

    /// An optional header of the request.
    pub(super) fn request_header(self, name: &str, text: &str) -> Self {
        let parameter = query(name, string(), text).parameter_in(ParameterIn::Header);
        self.map(|operation| operation.parameter(parameter))
    }

    /// A body, which may be absent, in one of these media types.
    pub(super) fn body(self, text: &str, contents: &[(&str, RefOr<Schema>)]) -> Self {
        self.takes(Required::False, text, contents)
    }

    /// A body that must be there.
    pub(super) fn required_body(self, text: &str, contents: &[(&str, RefOr<Schema>)]) -> Self {
        self.takes(Required::True, text, contents)
    }

    fn takes(self, required: Required, text: &str, contents: &[(&str, RefOr<Schema>)]) -> Self {
        let body = RequestBodyBuilder::new()
            .description(Some(text))
            .required(Some(required));
        let body = contents.iter().fold(body, |body, (media_type, schema)| {
            body.content(*media_type, Content::new(Some(schema.clone())))
        });
        let read = self.map(|operation| operation.request_body(Some(body.build())));
        read.refuses_as(408, "BodyTooSlow")
            .refuses_as(413, "BodyTooLarge")
    }

    pub(super) fn answers(self, status: u16, response: ResponseBuilder) -> Self {
        self.map(|operation| operation.response(status.to_string(), response))
    }

    /// An error with a reason that only this operation has.
    pub(super) fn refuses(self, status: u16, text: &str) -> Self {
        self.answers(status, refusal(text))
    }

    /// An error with a reason that only this operation has, also as plain text.
    pub(super) fn refuses_in_text(self, status: u16, text: &str) -> Self {
        let plain = Content::new(Some(string()));
        self.answers(status, refusal(text).content("text/plain", plain))
    }

    /// An error that is among the components.
    pub(super) fn refuses_as(self, status: u16, component: &str) -> Self {
        let response = Ref::from_response_name(component);
        self.map(|operation| operation.response(status.to_string(), response))
    }

    pub(super) fn map(mut self, change: impl FnOnce(OperationBuilder) -> OperationBuilder) -> Self {
        self.operation = change(self.operation);
        self
    }

    pub(super) fn into_operation(self) -> OperationBuilder {
        self.operation
    }
}

fn query(name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(schema))
}

/// A response without a body.
pub(super) fn response(text: &str) -> ResponseBuilder {
    ResponseBuilder::new().description(text)
}

/// A response with a value.
pub(super) fn json(text: &str, schema: impl Into<RefOr<Schema>>) -> ResponseBuilder {
    response(text).content(JSON, Content::new(Some(schema)))
}

/// A response that says what is wrong.
pub(super) fn refusal(text: &str) -> ResponseBuilder {
    let problem = || Content::new(Some(of::<ProblemBody<'_>>()));
    response(text)
        .content(JSON, problem())
        .content(PROBLEM_JSON, problem())
}

/// A response with the status of an instance that has failed, or with a problem of the hub.
pub(super) fn failure(text: &str) -> ResponseBuilder {
    let problem = of::<ProblemBody<'_>>();
    let body = any_of([of::<StatusObject>().into(), problem.clone().into()]);
    response(text)
        .content(JSON, Content::new(Some(body)))
        .content(PROBLEM_JSON, Content::new(Some(problem)))
}

/// A header of a response that is always there.
pub(super) fn header(schema: impl Into<RefOr<Schema>>, text: &str) -> Header {
    let required = Extensions::from_iter([("required", Value::Bool(true))]);
    optional_header(schema, text)
        .extensions(Some(required))
        .build()
}

/// A header of a response that may be there.
pub(super) fn optional_header(schema: impl Into<RefOr<Schema>>, text: &str) -> HeaderBuilder {
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(text))
}

/// The response to a request that has started an instance, with links for managing it.
pub(super) fn accepted(text: &str) -> ResponseBuilder {
    let started = json(text, of::<ManagementPayload>())
        .header("Location", header(string(), "Where its status is."))
        .header(
            "Retry-After",
            header(whole(), "How many seconds to wait before looking there."),
        )
        .header(
            "Cache-Control",
            header(string(), "`no-store`: the links may be as good as keys."),
        );
    let operations = [
        "getStatus",
        "raiseEvent",
        "terminate",
        "cancel",
        "suspend",
        "resume",
        "restart",
        "purge",
    ];
    operations.into_iter().fold(started, |started, operation| {
        let link = LinkBuilder::new()
            .operation_id(operation)
            .parameter("id", "$response.body#/id");
        started.link(operation, link.build())
    })
}

/// A reference to the schema of a type among the components.
pub(super) fn of<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

/// Any JSON value.
pub(super) fn any() -> Schema {
    typed(SchemaType::AnyValue).into()
}

pub(super) fn object() -> Schema {
    typed(Type::Object).into()
}

pub(super) fn string() -> Schema {
    typed(Type::String).into()
}

/// An object with these names, each with a whole number from 0.
pub(super) fn numbers(names: &[String]) -> Schema {
    let numbers = names.iter().fold(typed(Type::Object), |object, name| {
        object.property(name, whole()).required(name)
    });
    numbers.into()
}

/// A flag of a query; `default` if it has no value.
pub(super) fn boolean(default: bool) -> Schema {
    or_nothing(typed(Type::Boolean))
        .default(Some(Value::Bool(default)))
        .into()
}

/// A whole number from 0.
pub(super) fn whole() -> Schema {
    typed(Type::Integer).minimum(Some(0)).into()
}

/// A number from 1, of rows, in a query.
pub(super) fn count() -> Schema {
    or_nothing(typed(Type::Integer).minimum(Some(1))).into()
}

/// A number of seconds in a query.
pub(super) fn seconds() -> Schema {
    or_nothing(typed(Type::Number).minimum(Some(0))).into()
}

/// A time in ISO 8601.
pub(super) fn time() -> Schema {
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    typed(Type::String).format(Some(format)).into()
}

/// A time in ISO 8601, in a query.
pub(super) fn time_or_nothing() -> Schema {
    or_nothing(time()).into()
}

/// A parameter that counts as absent if it has no value.
fn or_nothing(schema: impl Into<RefOr<Schema>>) -> AnyOfBuilder {
    AnyOfBuilder::new()
        .item(schema)
        // A parameter without a value counts as absent, and a check of the API by its description
        // tries that.
        .item(typed(Type::String).max_length(Some(0)))
}

/// Text of a length and form.
pub(super) fn text(shortest: usize, longest: Option<usize>, pattern: Option<&str>) -> Schema {
    typed(Type::String)
        .min_length(Some(shortest))
        .max_length(longest)
        .pattern(pattern)
        .into()
}

pub(super) fn list(items: Ref) -> Schema {
    ArrayBuilder::new().items(items).into()
}

pub(super) fn any_of(schemas: [RefOr<Schema>; 2]) -> Schema {
    let schemas = schemas.into_iter();
    schemas.fold(AnyOfBuilder::new(), AnyOfBuilder::item).into()
}

pub(super) fn one_of_texts(values: &[&str]) -> ObjectBuilder {
    typed(Type::String).enum_values(Some(values.iter().copied()))
}

fn typed(schema_type: impl Into<SchemaType>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(schema_type)
}
