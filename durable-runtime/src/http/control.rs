//! What an instance is told: to end, to pause, to go on, to begin again; and its end for good.

use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::instances::Deleted;
use super::instances::purge_all;
use super::problem::Problem;
use crate::client;
use crate::ids::InstanceId;
use crate::work::CommandError;
use crate::work::Control;
use crate::work::InstanceFilter;
use crate::work::InstanceStatus;

/// `POST /instances/{id}/terminate`
pub(super) async fn terminate(call: Call) -> Answer {
    let control = Control::Terminate {
        reason: call.query.get("reason").unwrap_or_default().to_owned(),
        recursive: true,
    };
    tell(call, control).await
}

/// `POST /instances/{id}/suspend`
pub(super) async fn suspend(call: Call) -> Answer {
    tell(call, Control::Suspend).await
}

/// `POST /instances/{id}/resume`
pub(super) async fn resume(call: Call) -> Answer {
    tell(call, Control::Resume).await
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
pub(super) async fn rewind(call: Call) -> Answer {
    let id = call.instance()?;
    let row = async { Ok(call.api.commands.instance(&id).await?) };
    let status = call.in_time(row).await?.status;
    if status != InstanceStatus::Failed {
        let message =
            format!("instance `{id}` is {status}, and only one that has failed can be rewound");
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
            CommandError::NotFound { .. } => Problem::bad_request(error.to_string()),
            error => error.into(),
        })
    };
    let started = call.in_time(restarted).await?;
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
