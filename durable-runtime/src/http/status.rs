//! The status of an instance.

use axum::http::StatusCode;
use axum::response::Response;

use super::base::Base;
use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::describe;
use super::describe::Description;
use super::history_entry;
use super::history_entry::ShownPayloads;
use super::links::instance_path;
use super::links::look_again;
use super::problem::Problem;
use super::running_activity::RunningActivity;
use super::status_object::StatusObject;
use crate::client;
use crate::commands::Commands;
use crate::history::ExternalEvent;
use crate::ids::InstanceId;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;

/// How many seconds a client should wait before its next look at an instance that runs.
const NEXT_LOOK: u32 = 5;

/// `GET /instances/{id}`
pub(super) async fn status(call: Call) -> Answer {
    let id = call.instance()?;
    let shown = Shown::of(&call)?;
    let fails = call
        .query
        .flag("returnInternalServerErrorOnFailure", false)?;
    let read = call.in_time(shown.read(&*call.api.commands, &id));
    let (status, object) = read.await?;
    let mut response = respond(code_of(status, fails), &object);
    if !status.is_terminal() {
        let location = location(&call, &call.base);
        look_again(response.headers_mut(), &location, NEXT_LOOK);
    }
    Ok(response)
}

/// What a request asks to see.
struct Shown {
    input: bool,
    /// With which payloads, if at all.
    history: Option<ShownPayloads>,
    activities: bool,
}

impl Shown {
    fn of(call: &Call) -> Result<Self, Problem> {
        let input = call.query.flag("showInput", true)?;
        let outputs = call.query.flag("showHistoryOutput", false)?;
        let inputs = outputs && input;
        let history = call.query.flag("showHistory", false)?;
        Ok(Self {
            input,
            history: history.then_some(ShownPayloads { inputs, outputs }),
            activities: call.query.flag("showActivities", false)?,
        })
    }

    async fn read(
        &self,
        commands: &dyn Commands,
        id: &InstanceId,
    ) -> Result<(InstanceStatus, StatusObject), Problem> {
        // In this order: an event that is not seen here any more shows its effect in the row.
        let unread = if self.history.is_some() {
            Unread::Shown(commands.unread_events(id).await?)
        } else {
            Unread::Counted(commands.unread_count(id).await?)
        };
        let row = commands.instance(id).await?;
        let mut object = StatusObject::new(row.clone(), self.input).with_unread(unread.count());
        if let Some(payloads) = self.history {
            // Of the execution that the row was read in: it may have begun anew since.
            let history = commands.history(id, Some(row.execution)).await?;
            let entries = history_entry::entries(&history, unread.events(), payloads);
            object = object.with_history(entries);
        }
        if self.activities {
            let calls = client::open_calls(commands, &row).await?;
            object = object.with_activities(RunningActivity::among(calls));
        }
        Ok((row.status, object))
    }
}

/// The unread events.
enum Unread {
    Counted(u64),
    Shown(Vec<ExternalEvent>),
}

impl Unread {
    fn count(&self) -> u64 {
        match self {
            Self::Counted(count) => *count,
            Self::Shown(events) => events.len() as u64,
        }
    }

    fn events(self) -> Vec<ExternalEvent> {
        match self {
            Self::Counted(_) => Vec::new(),
            Self::Shown(events) => events,
        }
    }
}

/// `GET /instances/{id}`
pub(super) fn description() -> Description {
    let object = || describe::of::<StatusObject>();
    let failed = "With `returnInternalServerErrorOnFailure`: the instance has failed. Also if the hub fails.";
    let lives = describe::json("It lives.", object())
        .header(
            "Location",
            describe::header(describe::string(), "Where to look again."),
        )
        .header(
            "Retry-After",
            describe::header(describe::whole(), "How many seconds to wait before that."),
        );
    Description::new("getStatus", "Instances", "The status of an instance")
        .query(
            "showInput",
            describe::boolean(true),
            "Whether its input is shown.",
        )
        .query(
            "showHistory",
            describe::boolean(false),
            "Whether its history is shown.",
        )
        .query(
            "showHistoryOutput",
            describe::boolean(false),
            "Whether the history has inputs and results.",
        )
        .query(
            "showActivities",
            describe::boolean(false),
            "Whether the activities that it waits for are shown, with their attempts and progress.",
        )
        .query(
            "returnInternalServerErrorOnFailure",
            describe::boolean(false),
            "Whether the answer is 500 if the instance has failed.",
        )
        .answers(200, describe::json("It has ended.", object()))
        .answers(202, lives)
        .answers(500, describe::failure(failed))
        .refuses_as(404, "NoInstance")
}

/// The response for an instance that has ended.
pub(super) fn done(row: InstanceRow, fails: bool) -> Response {
    let code = code_of(row.status, fails);
    respond(code, &StatusObject::new(row, true))
}

fn code_of(status: InstanceStatus, fails: bool) -> StatusCode {
    match status {
        InstanceStatus::Failed if fails => StatusCode::INTERNAL_SERVER_ERROR,
        status if status.is_terminal() => StatusCode::OK,
        _ => StatusCode::ACCEPTED,
    }
}

/// The URL of this request, with the code of its link, so that the client can look again.
fn location(call: &Call, base: &Base) -> String {
    let path = call.instance().map(|id| instance_path(base, &id));
    let path = path.unwrap_or_default();
    match call.query.get("code") {
        Some(code) if call.api.guard.signing.is_some() => {
            let code = percent_encoding::utf8_percent_encode(code, super::links::UNRESERVED);
            format!("{path}?code={code}")
        }
        _ => path,
    }
}
