//! Starting an instance, and perhaps waiting for its result.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::Either;
use futures_util::future::select;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::access::Target;
use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::describe;
use super::describe::Description;
use super::describe::JSON;
use super::problem::Problem;
use super::status;
use super::status_object::StatusObject;
use crate::client;
use crate::commands::IfExists;
use crate::commands::StartRequest;
use crate::ids::InstanceId;
use crate::work::InstanceRow;
use crate::work::Output;

/// `POST /orchestrators/{name}/{id?}`
pub(super) async fn start(mut call: Call) -> Answer {
    let Target::Orchestrator { name, id } = call.target.clone() else {
        return Err(Problem::not_found("there is nothing at this path"));
    };
    // Checked before anything is started; there is no polling to set the interval of.
    call.query.seconds("pollingInterval")?;
    let wait = call
        .query
        .seconds("timeout")?
        .filter(|wait| !wait.is_zero());
    let fails = call
        .query
        .flag("returnInternalServerErrorOnFailure", false)?;
    // A place to wait is taken first: without one nothing is started.
    let _waits = wait.map(|_| call.wait()).transpose()?;
    let input = call.json().await?;
    let commands = &call.api.commands;
    let request = StartRequest {
        id,
        name,
        version: call.query.get("version").map(str::to_owned),
        input,
        start_at: None,
        tags: BTreeMap::new(),
        if_exists: IfExists::Fail,
        headers: BTreeMap::new(),
        event: None,
        command: client::fresh_command(),
    };
    let started = async { Ok(commands.start_registered(request).await?) };
    let id = call.once_in_time(started).await?.id;
    let ended = match wait {
        Some(wait) => ended_in_time(&call, &id, wait).await,
        None => None,
    };
    match ended {
        None => Ok(call.api.links(call.base.clone()).accepted_id(&id)),
        Some(InstanceRow {
            output: Some(Output::Completed(value)),
            ..
        }) => Ok(respond(StatusCode::OK, &value)),
        Some(row) => Ok(status::done(row, fails)),
    }
}

/// `POST /orchestrators/{name}`
pub(super) fn description() -> Description {
    let summary = "Starts an instance under a fresh id";
    describe("start", summary, None, None)
}

/// `POST /orchestrators/{name}/{id}`
pub(super) fn description_with_id() -> Description {
    let summary = "Starts an instance under a chosen id";
    may_exist(describe("startWithId", summary, None, None))
}

/// Adds the answer to a start under an id that is taken.
pub(super) fn may_exist(start: Description) -> Description {
    start.refuses(409, "An instance already has this id.")
}

/// Describes a start with an input and an output of these schemas, or any value without a schema.
pub(super) fn describe(
    id: &str,
    summary: &str,
    input: Option<RefOr<Schema>>,
    output: Option<RefOr<Schema>>,
) -> Description {
    let ended = "With `timeout`: the instance ended in time. Its return value, or its status if it returned nothing.";
    let output = output.map_or_else(describe::any, |output| {
        describe::any_of([output, describe::of::<StatusObject>().into()])
    });
    let failed = "With `returnInternalServerErrorOnFailure`: the instance failed in time. Also if the hub fails.";
    let polling = "Accepted and ignored: the server does not poll.";
    let fails = "Whether the answer is 500 if the instance fails in time.";
    let about_input = "The input. A request without a body is not the same as one with the body `null`. An empty text counts as no body if the orchestrator takes no text. A server that does not have the code does not check the type; the instance does.";
    let refused = "The body is not JSON, a parameter is wrong, no worker of the hub has that orchestrator, or the orchestrator does not take such an input, as far as the server has its code.";
    let input = input.unwrap_or_else(|| describe::any().into());
    Description::new(id, "Orchestrators", summary)
        .query(
            "timeout",
            describe::seconds(),
            "How many seconds to wait for the result.",
        )
        .query("pollingInterval", describe::seconds(), polling)
        .query(
            "returnInternalServerErrorOnFailure",
            describe::boolean(false),
            fails,
        )
        .query(
            "version",
            describe::string(),
            "A version other than the newest.",
        )
        .body(about_input, &[(JSON, input)])
        .answers(200, describe::json(ended, output))
        .answers(
            202,
            describe::accepted("It was started and did not end in time."),
        )
        .refuses(400, refused)
        .answers(500, describe::failure(failed))
}

/// Returns the instance once it has ended; `None` if it does not end in time, was purged, cannot be
/// read, or the server stops. It was started in any case: an error could make the client start another.
async fn ended_in_time(call: &Call, id: &InstanceId, wait: Duration) -> Option<InstanceRow> {
    let commands = &call.api.commands;
    let ended = Box::pin(async {
        loop {
            let row = commands.instance(id).await?;
            if row.status.is_terminal() && row.output.is_some() {
                return Ok::<_, Problem>(row);
            }
            commands.changed(&row).await;
        }
    });
    let time = commands.wait(wait.min(call.api.limits.wait));
    let over = select(time, Box::pin(call.api.closing.closed()));
    match select(ended, over).await {
        Either::Left((ended, _)) => ended.ok(),
        Either::Right(_) => None,
    }
}
