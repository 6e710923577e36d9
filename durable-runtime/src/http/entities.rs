//! Entities: their lists, their states, signals to them.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;

use super::access::Target;
use super::body;
use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::paging;
use super::paging::CONTINUATION;
use super::problem::Problem;
use super::registered::entity_name;
use super::status_object::words;
use super::time::text_of;
use crate::client;
use crate::ids::EntityId;
use crate::machine::entity::DELETE_STATE;
use crate::payload::Payload;
use crate::work::EntityFilter;
use crate::work::EntityListing;
use crate::work::EntityRequest;

/// How many entities a page has unless told otherwise.
const PAGE: u32 = 100;

/// An entity in a list, as Durable Functions has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntityObject {
    entity_id: EntityIdObject,
    last_operation_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Payload>,
}

#[derive(Debug, Serialize)]
struct EntityIdObject {
    name: String,
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
    let after: Option<EntityId> = paging::read(&call.headers)?;
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
    if operation == DELETE_STATE {
        let message = "a signal does not delete the state: DELETE does, for those who may";
        return Err(Problem::new(StatusCode::FORBIDDEN, message));
    }
    let bytes = call.bytes().await?;
    let input = if bytes.is_empty() {
        None
    } else if body::is_json(&call.headers) {
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

async fn send(call: &Call, operation: String, input: Option<Payload>) -> Answer {
    let asked = call.entity()?;
    let commands = &call.api.commands;
    let sent = call.in_time(async {
        // An entity is created by the first signal to it: nobody may create what no code is there for.
        let name = entity_name(&**commands, asked.name()).await?;
        let name = name.ok_or_else(|| {
            let name = asked.name();
            Problem::not_found(format!("no worker of this hub has entities `{name}`"))
        })?;
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
