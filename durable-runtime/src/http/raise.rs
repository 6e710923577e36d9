//! Raising an event.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::body::is_json;
use super::call::Answer;
use super::call::Call;
use super::describe;
use super::describe::Description;
use super::describe::JSON;
use super::problem::Problem;
use crate::client;
use crate::client::ClientError;
use crate::commands::Commands;
use crate::ids::InstanceId;
use crate::payload::Payload;

/// `POST /instances/{id}/raiseEvent/{event}`
pub(super) fn description() -> Description {
    describe("raiseEvent", "Raises an event to an instance", None)
}

/// Describes raising an event with a value of this schema, or with any value if `value` is `None`.
pub(super) fn describe(id: &str, summary: &str, value: Option<RefOr<Schema>>) -> Description {
    let about = "The value of the event. Without a body, `null` is raised; `Content-Type: application/json` is needed all the same.";
    let refused = "The body is not JSON, the content type is not `application/json`, no event can have this name, or the orchestrator does not declare the event or cannot read its value, as far as the server has its code.";
    let undeclared = "Whether to raise an event that the orchestrator does not declare, or whose value it cannot read.";
    let value = value.unwrap_or_else(|| describe::any().into());
    Description::new(id, "Instances", summary)
        .query("undeclared", describe::boolean(false), undeclared)
        .required_body(about, &[(JSON, value)])
        .answers(202, describe::response("It was raised."))
        .refuses(400, refused)
        .refuses_as(404, "NoInstance")
        .refuses(
            409,
            "The instance has the most unread events that it may have.",
        )
        .refuses_as(410, "Ended")
}

/// `POST /instances/{id}/raiseEvent/{event}`
pub(super) async fn raise(mut call: Call) -> Answer {
    let id = call.instance()?;
    let event = call.param("event")?.to_owned();
    let undeclared = call.query.flag("undeclared", false)?;
    let value = value(&mut call).await;
    let commands = &*call.api.commands;
    let raised = async {
        let wrong = match value {
            Err(wrong) => wrong,
            Ok(value) => match send(commands, &id, &event, value, undeclared).await {
                Ok(()) => return Ok(()),
                // The hub has found this out without the instance.
                Err(
                    error @ (ClientError::PayloadTooLarge { .. }
                    | ClientError::LimitExceeded { .. }),
                ) => error.into(),
                Err(error) => return Err(refused(error)),
            },
        };
        Err(wrong_unless_over(commands, id, wrong).await)
    };
    call.once_in_time(raised).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// The value of the event: the body.
async fn value(call: &mut Call) -> Result<Payload, Problem> {
    if !is_json(call.headers()) {
        return Err(Problem::bad_request(
            "send the event with `Content-Type: application/json`",
        ));
    }
    match call.json().await? {
        Some(value) => Ok(value),
        // As Durable Functions has it: an event without a value is one with `null`.
        None => Payload::from_json("null").map_err(|error| Problem::bad_request(error.to_string())),
    }
}

async fn send(
    commands: &dyn Commands,
    id: &InstanceId,
    event: &str,
    value: Payload,
    undeclared: bool,
) -> Result<(), ClientError> {
    let command = client::fresh_command();
    if undeclared {
        commands.raise(id, event, value, &command).await
    } else {
        commands.raise_declared(id, event, value, &command).await
    }
}

fn refused(error: ClientError) -> Problem {
    match &error {
        ClientError::UndeclaredEvent(_) | ClientError::UndecodableEvent(_) => {
            let way = "`undeclared=true` in the query raises it all the same";
            Problem::bad_request(format!("{error} ({way})"))
        }
        _ => error.into(),
    }
}

/// What is wrong with the event, unless the instance would not take any other either: a client that is
/// told to correct its event would correct it in vain.
async fn wrong_unless_over(commands: &dyn Commands, id: InstanceId, wrong: Problem) -> Problem {
    match commands.instance(&id).await {
        Ok(row) if row.status.is_terminal() => {
            let status = row.status;
            ClientError::AlreadyFinished { id, status }.into()
        }
        Ok(_) => wrong,
        Err(error) => error.into(),
    }
}
