//! Terminating, suspending, resuming, restarting and purging an instance.

use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::describe;
use super::describe::Description;
use super::instances::Deleted;
use super::instances::purge_all;
use super::problem::Problem;
use crate::client;
use crate::client::ClientError;
use crate::commands::Control;
use crate::commands::InstanceFilter;
use crate::ids::InstanceId;
use crate::work::InstanceStatus;

/// `POST /instances/{id}/terminate`
pub(super) async fn terminate(call: Call) -> Answer {
    let control = Control::Terminate {
        reason: call.query.get("reason").unwrap_or_default().to_owned(),
        recursive: true,
    };
    tell(call, control).await
}

/// `POST /instances/{id}/cancel`
pub(super) async fn cancel(call: Call) -> Answer {
    let grace = call.query.seconds("grace")?;
    let grace = grace.unwrap_or(client::CANCEL_GRACE);
    tell(call, Control::Cancel { grace }).await
}

/// `POST /instances/{id}/suspend`
pub(super) async fn suspend(call: Call) -> Answer {
    tell(call, Control::Suspend).await
}

/// `POST /instances/{id}/resume`
pub(super) async fn resume(call: Call) -> Answer {
    tell(call, Control::Resume).await
}

/// `POST /instances/{id}/terminate`
pub(super) fn terminate_description() -> Description {
    describe_telling(
        "terminate",
        "Terminates an instance and its sub-orchestrations",
        "The instance was told to end.",
    )
}

/// `POST /instances/{id}/cancel`
pub(super) fn cancel_description() -> Description {
    let grace = "How many seconds it may take to come to its end; then it is terminated. 60 if it is \
                 not said.";
    Description::new(
        "cancel",
        "Instances",
        "Cancels an instance: it is asked to clean up and to come to an end of its own",
    )
    .query("grace", describe::seconds(), grace)
    .answers(202, describe::response("It is told to come to an end."))
    .refuses_as(404, "NoInstance")
    .refuses_as(410, "Ended")
}

/// `POST /instances/{id}/suspend`
pub(super) fn suspend_description() -> Description {
    let summary = "Suspends an instance: it takes no further turn until it is resumed";
    describe_telling("suspend", summary, "The instance was told to suspend.")
}

/// `POST /instances/{id}/resume`
pub(super) fn resume_description() -> Description {
    describe_telling(
        "resume",
        "Resumes an instance that is suspended",
        "The instance was told to resume.",
    )
}

fn describe_telling(id: &'static str, summary: &str, done: &str) -> Description {
    Description::new(id, "Instances", summary)
        .query("reason", describe::string(), "Why.")
        .answers(202, describe::response(done))
        .refuses_as(404, "NoInstance")
        .refuses_as(410, "Ended")
}

/// `POST /instances/{id}/rewind`
pub(super) fn rewind_description() -> Description {
    Description::new("rewind", "Instances", "Rewinds a failed instance")
        .query("reason", describe::string(), "Why.")
        .refuses_in_text(404, "There is no such instance.")
        .refuses_in_text(412, "It has not failed.")
        .refuses_in_text(
            501,
            "This version cannot rewind: restart the instance instead.",
        )
}

/// `POST /instances/{id}/restart`
pub(super) fn restart_description() -> Description {
    Description::new(
        "restart",
        "Instances",
        "Starts an instance again, with the input that it had",
    )
    .query(
        "restartWithNewInstanceId",
        describe::boolean(true),
        "Whether the new instance gets its own id; otherwise it replaces the old one.",
    )
    .answers(202, describe::accepted("It was started again."))
    .refuses(400, "There is no such instance, or a parameter is wrong.")
    .refuses(
        409,
        "The instance has not ended, so its id is still in use.",
    )
}

/// `DELETE /instances/{id}`
pub(super) fn purge_description() -> Description {
    Description::new(
        "purge",
        "Instances",
        "Purges an instance that has ended, with its sub-orchestrations",
    )
    .answers(
        200,
        describe::json("It was purged.", describe::of::<Deleted>()),
    )
    .refuses(404, "There is no such instance, or it has not ended.")
}

async fn tell(call: Call, control: Control) -> Answer {
    let id = call.instance()?;
    let commands = &call.api.commands;
    let command = client::fresh_command();
    let told = async { Ok(commands.control(&id, control, &command).await?) };
    call.in_time(told).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `POST /instances/{id}/rewind`
///
/// The npm package makes an error from the body. The error is readable if the body is text, and
/// `[object Object]` if it is JSON.
pub(super) async fn rewind(call: Call) -> Answer {
    let rewound = rewound(&call).await;
    rewound.map_err(|refused| match refused.status().as_u16() {
        404 | 412 | 501 => refused.or_text(),
        _ => refused,
    })
}

async fn rewound(call: &Call) -> Answer {
    let id = call.instance()?;
    let row = async { Ok(call.api.commands.instance(&id).await?) };
    let status = call.in_time(row).await?.status;
    if status != InstanceStatus::Failed {
        let message =
            format!("instance `{id}` is {status}, and only a failed instance can be rewound");
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, message));
    }
    let message = "this version cannot rewind: restart the instance instead";
    Err(Problem::new(StatusCode::NOT_IMPLEMENTED, message))
}

/// `POST /instances/{id}/restart`
pub(super) async fn restart(call: Call) -> Answer {
    let id = call.instance()?;
    let anew = call.query.flag("restartWithNewInstanceId", true)?;
    let other = anew.then(InstanceId::generate);
    let restarted = async {
        let restarted = call
            .api
            .commands
            .restart(&id, other, &client::fresh_command())
            .await;
        restarted.map_err(|error| match error {
            // As Durable Functions has it: there is nothing wrong with the URL, but with the wish.
            ClientError::NotFound { .. } => Problem::bad_request(error.to_string()),
            error => error.into(),
        })
    };
    let started = call.once_in_time(restarted).await?;
    Ok(call.api.links(call.base.clone()).accepted_id(&started.id))
}

/// `DELETE /instances/{id}`
pub(super) async fn purge(call: Call) -> Answer {
    let id = call.instance()?;
    let commands = &*call.api.commands;
    let row = async { Ok(commands.instance(&id).await?) };
    let status = call.in_time(row).await?.status;
    let filter = InstanceFilter {
        id: Some(id.clone()),
        ..InstanceFilter::default()
    };
    let deleted = if status.is_terminal() {
        purge_all(commands, &filter).await?
    } else {
        0
    };
    if deleted == 0 {
        // As Durable Functions has it: there is nothing that can be purged.
        let message = format!("nothing was deleted: instance `{id}` has not ended, it is {status}");
        return Err(Problem::not_found(message));
    }
    Ok(respond(StatusCode::OK, &Deleted::new(deleted)))
}
