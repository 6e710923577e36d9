//! Entities: their lists, their states, signals to them.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Target;
use super::body;
use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::describe;
use super::describe::Description;
use super::describe::JSON;
use super::paging;
use super::paging::CONTINUATION;
use super::problem::Problem;
use super::registered::entity_name;
use super::status_object::words;
use super::time::text_of;
use crate::client;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::commands::EntityRequest;
use crate::ids::EntityId;
use crate::machine::entity::DELETE_STATE;
use crate::payload::Payload;

/// How many entities a page has, unless the request sets another number.
const PAGE: u32 = 100;

/// An entity in a list, in the format of Durable Functions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Entity)]
pub(super) struct EntityObject {
    entity_id: EntityIdObject,
    /// When its state last changed.
    #[schema(format = DateTime)]
    last_operation_time: String,
    /// Its state, if it has one and `fetchState` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    state: Option<Payload>,
}

/// The id of an entity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntityId)]
pub(super) struct EntityIdObject {
    /// The entity's name.
    name: String,
    /// The entity's key.
    key: String,
}

impl EntityObject {
    fn new(listing: EntityListing) -> Self {
        let row = listing.row;
        Self {
            entity_id: EntityIdObject {
                name: row.id.name().to_owned(),
                key: row.id.key().to_owned(),
            },
            last_operation_time: text_of(row.changed_at),
            state: row.state,
        }
    }
}

/// `GET /entities/{name?}`
pub(super) async fn list(call: Call) -> Answer {
    let top = call.query.number("top", PAGE, call.api.limits.page)?;
    let after: Option<EntityId> = paging::read(call.headers())?;
    let mut filter = EntityFilter {
        name: None,
        key_prefix: None,
        changed_from: call.query.time("lastOperationTimeFrom")?,
        changed_before: call.query.time_until("lastOperationTimeTo")?,
        with_state: call.query.flag("fetchState", false)?,
    };
    let commands = &call.api.commands;
    let page = call.in_time(async {
        if let Target::Entities(Some(name)) = &call.target {
            let known = entity_name(&**commands, name).await?;
            filter.name = Some(known.unwrap_or_else(|| name.clone()));
        }
        Ok(commands.entities(&filter, after.as_ref(), top).await?)
    });
    let page = page.await?;
    let objects: Vec<_> = page.entities.into_iter().map(EntityObject::new).collect();
    let mut response = respond(StatusCode::OK, &objects);
    if let Some(token) = page.next.as_ref().and_then(paging::write) {
        response.headers_mut().insert(CONTINUATION, token);
    }
    Ok(response)
}

/// `GET /entities/{name}/{key}`
pub(super) async fn read(call: Call) -> Answer {
    let asked = call.entity()?;
    let commands = &call.api.commands;
    let found = call.in_time(async {
        let name = entity_name(&**commands, asked.name()).await?;
        let id = match name {
            Some(name) => EntityId::new(name, asked.key()),
            None => asked.clone(),
        };
        Ok(commands.entity(&id).await?)
    });
    match found.await?.and_then(|listing| listing.row.state) {
        Some(state) => Ok(respond(StatusCode::OK, &state)),
        None => Err(Problem::not_found(format!("there is no entity {asked}"))),
    }
}

/// `POST /entities/{name}/{key}?op=`
pub(super) async fn signal(mut call: Call) -> Answer {
    let operation = call.query.get("op").map(str::to_owned);
    let operation = operation
        .ok_or_else(|| Problem::bad_request("the query parameter `op` names the operation"))?;
    // Another scope: whoever may signal may not delete for that alone.
    if operation == DELETE_STATE {
        let message = "a signal cannot delete the state: send DELETE, with a key that allows it";
        return Err(Problem::new(StatusCode::FORBIDDEN, message));
    }
    let bytes = call.bytes().await?;
    let input = if bytes.is_empty() {
        None
    } else if body::is_json(call.headers()) {
        body::json(&bytes, &call.api.limits)?
    } else {
        // As Durable Functions has it: what is not said to be JSON is text.
        words(body::text(&bytes)?)
    };
    send(&call, operation, input).await
}

/// `DELETE /entities/{name}/{key}`
pub(super) async fn delete(call: Call) -> Answer {
    send(&call, DELETE_STATE.to_owned(), None).await
}

/// `GET /entities`
pub(super) fn list_description() -> Description {
    describe_list("listEntities", "Lists entities, page by page")
}

/// `GET /entities/{name}`
pub(super) fn list_of_name_description() -> Description {
    describe_list(
        "listEntitiesOfName",
        "Lists the entities of one name, page by page",
    )
}

fn describe_list(id: &'static str, summary: &str) -> Description {
    let entities = describe::list(describe::of::<EntityObject>());
    Description::new(id, "Entities", summary)
        .query(
            "fetchState",
            describe::boolean(false),
            "Whether their states are shown.",
        )
        .query(
            "lastOperationTimeFrom",
            describe::time_or_nothing(),
            "Only those changed at this time or later.",
        )
        .query(
            "lastOperationTimeTo",
            describe::time_or_nothing(),
            "Only those changed at this time or earlier.",
        )
        .page()
        .answers(
            200,
            paging::described(describe::json("A page of entities.", entities)),
        )
}

/// `GET /entities/{name}/{key}`
pub(super) fn read_description() -> Description {
    Description::new("readEntity", "Entities", "The state of an entity")
        .answers(200, describe::json("Its state.", describe::any()))
        .refuses(404, "There is no such entity, or it has no state.")
}

/// `POST /entities/{name}/{key}`
pub(super) fn signal_description() -> Description {
    let contents = [
        (JSON, describe::any().into()),
        ("text/plain", describe::string().into()),
    ];
    let about = "The argument of the operation; it is text unless its content type is JSON.";
    Description::new(
        "signalEntity",
        "Entities",
        "Signals an entity: an operation without an answer",
    )
    .required_query(
        "op",
        describe::text(1, None, None),
        "The name of the operation.",
    )
    .body(about, &contents)
    .answers(202, describe::response("It was signalled."))
    .refuses(404, "No worker of the hub has entities of that name.")
}

/// `DELETE /entities/{name}/{key}`
pub(super) fn delete_description() -> Description {
    Description::new("deleteEntity", "Entities", "Deletes the state of an entity")
        .answers(
            202,
            describe::response("The entity was told to delete its state."),
        )
        .refuses(404, "No worker of the hub has entities of that name.")
}

async fn send(call: &Call, operation: String, input: Option<Payload>) -> Answer {
    let asked = call.entity()?;
    let commands = &call.api.commands;
    // An entity is created by the first signal to it: nobody may create what no code is there for.
    let name = call.in_time(entity_name(&**commands, asked.name())).await?;
    let name = name.ok_or_else(|| {
        let name = asked.name();
        Problem::not_found(format!("no worker of this hub has entities `{name}`"))
    })?;
    let sent = call.once_in_time(async {
        let request = EntityRequest {
            entity: EntityId::new(name, asked.key()),
            operation,
            input,
            wants_answer: false,
            delay: None,
            command: client::fresh_command(),
            is_deduplicated: false,
        };
        Ok(commands.entity_send(request).await?)
    });
    sent.await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
