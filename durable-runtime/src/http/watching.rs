//! The status of an instance as it changes: server-sent events.

use std::convert::Infallible;
use std::future::pending;

use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::Event;
use axum::response::sse::KeepAlive;
use axum::response::sse::Sse;
use futures_util::Stream;
use futures_util::future::Either;
use futures_util::future::select;
use futures_util::stream;
use utoipa::openapi::Content;

use super::api::Api;
use super::call::Answer;
use super::call::Call;
use super::describe;
use super::describe::Description;
use super::guard::Admitted;
use super::places::Waits;
use super::status_object::StatusObject;
use crate::ids::InstanceId;
use crate::work::InstanceRow;

/// `GET /instances/{id}/events`
///
/// Sends one event for each status; the stream ends after the last one. A browser then connects again
/// and names the last event that it got. If nothing comes after that event, the answer is 204, which
/// makes the browser stop.
pub(super) async fn watch(call: Call) -> Answer {
    let id = call.instance()?;
    let show_input = call.query.flag("showInput", true)?;
    let read = async { Ok(call.api.commands.instance(&id).await?) };
    let row = call.in_time(read).await?;
    // `EventSource` comes back by itself after the end of a stream; 204 is the one answer that
    // tells it not to.
    if row.status.is_terminal() && last_seen(call.headers()) == Some(event_id(&row).as_str()) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    // Held as long as the stream: streams are among the requests that may only take a part of the
    // connections.
    let waits = call.wait()?;
    let watched = Watched {
        api: call.api,
        admitted: call.admitted,
        id,
        show_input,
        next: Next::Tell(Box::new(row)),
        _waits: waits,
    };
    let stream = Sse::new(statuses(watched)).keep_alive(KeepAlive::default());
    Ok(stream.into_response())
}

/// `GET /instances/{id}/events`
pub(super) fn description() -> Description {
    let stream = describe::response(
        "One event `status` for each status, with the status object; it ends after the last one.",
    )
    .content("text/event-stream", Content::default())
    .header(
        "Cache-Control",
        describe::header(describe::string(), "`no-cache`."),
    );
    Description::new(
        "watchStatus",
        "Instances",
        "The status of an instance as it changes, as server-sent events",
    )
    .query(
        "showInput",
        describe::boolean(true),
        "Whether its input is shown.",
    )
    .request_header("Last-Event-ID", "The last event that was seen.")
    .answers(200, stream)
    .answers(204, describe::response("Nothing follows `Last-Event-ID`."))
    .refuses_as(404, "NoInstance")
}

fn last_seen(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id")?.to_str().ok()
}

/// The id that distinguishes an event of an instance from its other events.
fn event_id(row: &InstanceRow) -> String {
    format!(
        "{}-{}-{}",
        row.execution,
        row.updated_at.as_millis(),
        row.status
    )
}

struct Watched {
    api: Api,
    admitted: Admitted,
    id: InstanceId,
    show_input: bool,
    next: Next,
    _waits: Waits,
}

enum Next {
    /// Send this status of the instance.
    Tell(Box<InstanceRow>),
    /// This status was sent: wait for a change.
    Await(Box<InstanceRow>),
    End,
}

fn statuses(watched: Watched) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(watched, |mut watched| async move {
        let event = watched.event().await?;
        Some((Ok(event), watched))
    })
}

impl Watched {
    async fn event(&mut self) -> Option<Event> {
        // Whatever returns early below has ended the stream.
        let row = match std::mem::replace(&mut self.next, Next::End) {
            Next::Tell(row) => row,
            Next::Await(seen) => Box::new(self.changed(*seen).await?),
            Next::End => return None,
        };
        let event = event(&row, self.show_input)?;
        if !row.status.is_terminal() {
            self.next = Next::Await(row);
        }
        Some(event)
    }

    /// Returns the instance once it differs from `seen`; `None` if it is gone or cannot be read, if its
    /// link expires, or if the server stops.
    async fn changed(&self, seen: InstanceRow) -> Option<InstanceRow> {
        let commands = &self.api.commands;
        let change = Box::pin(async {
            loop {
                commands.changed(&seen).await;
                let row = commands.instance(&self.id).await.ok()?;
                // What wakes it is only a hint, and the same status is not told twice.
                if row != seen {
                    return Some(row);
                }
            }
        });
        let ends = select(
            // A link is good for a time, and a stream that it opened is not to outlive it.
            Box::pin(self.expired()),
            Box::pin(self.api.closing.closed()),
        );
        match select(change, ends).await {
            Either::Left((row, _)) => row,
            Either::Right(_) => None,
        }
    }

    /// Completes when the link that let the request in has expired.
    async fn expired(&self) {
        match (self.admitted, &self.api.guard.signing) {
            (Admitted::Until(until), Some(signing)) => signing.clock.sleep_until(until).await,
            _ => pending().await,
        }
    }
}

fn event(row: &InstanceRow, show_input: bool) -> Option<Event> {
    let object = StatusObject::new(row.clone(), show_input);
    let text = serde_json::to_string(&object).ok()?;
    // Line breaks can only stand between the parts of JSON; an event has one line.
    let line = text.replace(['\r', '\n'], " ");
    Some(
        Event::default()
            .event("status")
            .id(event_id(row))
            .data(line),
    )
}
