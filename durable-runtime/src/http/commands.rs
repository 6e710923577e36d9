//! The commands of a client over HTTP, each with a route. Durable Functions does not have these.
//!
//! The routes of Durable Functions carry less than a typed client needs: no typed errors, no
//! answers of entities, no commands that count once. These routes carry the commands as they are.
//! The guard lets in requests with a key, those that the authorizer allows, or those of this machine.
//! It lets in none with a signed link, because these routes show more than a link permits.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header;
use axum::routing::MethodRouter;
use axum::routing::post;
use futures_util::future::Either;
use futures_util::future::select;
use serde::de::DeserializeOwned;

use super::access::Action;
use super::access::Target;
use super::api::Api;
use super::body;
use super::body::respond;
use super::call::Answer;
use super::call::Call;
use super::call::guarded_command;
use super::limits::HttpLimits;
use super::page_size::cut_entities;
use super::page_size::cut_instances;
use super::page_size::cut_signals;
use super::problem::Problem;
use crate::client::ClientError;
use crate::client::wire::AnswerTo;
use crate::client::wire::ChangeOf;
use crate::client::wire::EntitiesOf;
use crate::client::wire::HistoryOf;
use crate::client::wire::PageOf;
use crate::client::wire::PurgeOf;
use crate::client::wire::Raised;
use crate::client::wire::Restarted;
use crate::client::wire::Seen;
use crate::client::wire::Told;
use crate::client::wire::path;
use crate::client::wire::path_of;
use crate::commands::EntityRequest;
use crate::commands::IfExists;
use crate::commands::InstanceFilter;
use crate::commands::StartRequest;
use crate::commands::WithdrawRequest;
use crate::ids::MessageId;
use crate::machine::entity::DELETE_STATE;

/// How deep a payload lies in a body.
const ENVELOPE_DEPTH: usize = 2;

/// How many bytes a body may have besides its payloads.
const ENVELOPE_BYTES: usize = 64 * 1024;

/// How many payloads a body may have: the input of a start, and an event with it.
const PAYLOADS: usize = 2;

/// The most characters of names of functions and of commands: every database has columns of this size.
const NAME: usize = 255;

/// The most tags that a filter may ask for, far more than an instance has.
const TAGS: usize = 256;

/// The routes. Their bodies may be larger than those of other routes, because they wrap payloads.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(api: &Api) -> Router<S> {
    let limits = HttpLimits {
        body_bytes: api
            .limits
            .body_bytes
            .saturating_mul(PAYLOADS)
            .saturating_add(ENVELOPE_BYTES),
        json_depth: api.limits.json_depth.saturating_add(ENVELOPE_DEPTH),
        ..(*api.limits).clone()
    };
    let api = Api {
        limits: Arc::new(limits),
        ..api.clone()
    };
    of_instances().merge(of_entities()).with_state(api)
}

/// A route that needs the permission for `action`.
fn at<H, F>(action: Action, handler: H) -> MethodRouter<Api>
where
    H: Fn(Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    post(guarded_command(action, handler))
}

fn of_instances() -> Router<Api> {
    Router::new()
        .route(path::START, at(Action::Start, start))
        .route(path::LANES, at(Action::ReadLanes, lanes))
        .route(path::RAISE, at(Action::RaiseEvent, raise))
        .route(path::TERMINATE, at(Action::Terminate, terminate))
        .route(path::CANCEL, at(Action::Cancel, cancel))
        .route(path::SUSPEND, at(Action::Suspend, suspend))
        .route(path::RESUME, at(Action::Resume, resume))
        .route(path::RESTART, at(Action::Restart, restart))
        .route(path::PURGE, at(Action::Purge, purge))
        .route(path::PURGE_MANY, at(Action::PurgeInstances, purge))
        .route(path::INSTANCE, at(Action::ReadStatus, instance))
        .route(path::CHANGED, at(Action::WatchStatus, changed))
        .route(path::HISTORY, at(Action::ReadStatus, history))
        .route(path::OPEN_HISTORY, at(Action::ReadStatus, open_history))
        .route(path::UNREAD_EVENTS, at(Action::ReadStatus, unread_events))
        .route(path::UNREAD_COUNT, at(Action::ReadStatus, unread_count))
        .route(path::HEARTBEATS, at(Action::ReadStatus, heartbeats))
        .route(path::INSTANCES, at(Action::ListInstances, instances))
        .route(path::COUNT, at(Action::ListInstances, count))
}

fn of_entities() -> Router<Api> {
    Router::new()
        .route(path::ENTITY_SEND, at(Action::SignalEntity, entity_send))
        .route(path::ENTITY_DELETE, at(Action::DeleteEntity, entity_delete))
        // What an operation returns can tell as much as the state does.
        .route(path::ENTITY_ANSWER, at(Action::ReadEntity, entity_answer))
        .route(
            path::DELAYED_SIGNALS,
            at(Action::ReadEntity, delayed_signals),
        )
        .route(
            path::SIGNAL_WITHDRAW,
            at(Action::WithdrawSignal, signal_withdraw),
        )
        .route(path::ENTITY, at(Action::ReadEntity, entity))
        .route(path::ENTITIES, at(Action::ListEntities, entities))
}

/// Reads the body. The target in the query counts, which the guard has seen; a target in the body does
/// not.
async fn read<T: DeserializeOwned>(call: &mut Call) -> Result<T, Problem> {
    let limit = call.api.limits.body_bytes;
    let announced = call.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if let Some(actual) = announced.filter(|bytes| *bytes > limit) {
        return Err(Problem::refused(ClientError::PayloadTooLarge {
            what: "the request".into(),
            actual,
            limit,
        }));
    }
    if !body::is_json(call.headers()) {
        return Err(Problem::bad_request(
            "send the command with `Content-Type: application/json`",
        ));
    }
    let json = call.json().await?;
    let json = json.ok_or_else(|| Problem::bad_request("the body is empty"))?;
    let read = json.decode::<T>();
    read.map_err(|error| {
        Problem::bad_request(format!("the body does not decode as this command: {error}"))
    })
}

/// Asks the hub.
async fn ask<T>(
    call: &Call,
    question: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, Problem> {
    let question = async { question.await.map_err(Problem::refused) };
    call.in_time(question).await
}

fn check_limit(what: &'static str, actual: usize, limit: usize) -> Result<(), Problem> {
    if actual > limit {
        return Err(Problem::refused(ClientError::LimitExceeded {
            what: what.into(),
            actual,
            limit,
        }));
    }
    Ok(())
}

fn check_command(command: &str) -> Result<(), Problem> {
    if command.is_empty() {
        return Err(Problem::bad_request("the command is empty"));
    }
    let length = command.chars().count();
    check_limit("the length of the command", length, NAME)
}

/// Refuses names that code cannot have. `@` separates the parts of a lane's name.
fn check_name(what: &'static str, name: &str) -> Result<(), Problem> {
    if name.contains(|c: char| c == '@' || c.is_control()) {
        return Err(Problem::bad_request(format!(
            "{what} contains a character that a name must not contain"
        )));
    }
    check_limit(what, name.chars().count(), NAME)
}

/// Refuses a filter with too many tags, and removes repeated statuses.
fn checked(mut filter: InstanceFilter) -> Result<InstanceFilter, Problem> {
    check_limit("the number of tags", filter.tags.len(), TAGS)?;
    filter.statuses.sort_unstable();
    filter.statuses.dedup();
    Ok(filter)
}

async fn start(mut call: Call) -> Answer {
    let Target::Orchestrator { name, id } = call.target.clone() else {
        return Err(Problem::not_found("there is nothing at this path"));
    };
    let request: StartRequest = read(&mut call).await?;
    check_name("the name of the orchestrator", &name)?;
    if let Some(version) = &request.version {
        check_name("the version of the orchestrator", version)?;
    }
    check_command(&request.command)?;
    if let Some(id) = &id {
        may_touch(&call, Target::Instance(id.clone()), &request).await?;
    }
    let request = StartRequest {
        id,
        name,
        ..request
    };
    let started = ask(&call, call.api.commands.start(request)).await?;
    Ok(respond(StatusCode::OK, &started))
}

/// Checks what a start may do to an instance that has its id already: the permission to start does not
/// include ending that instance or raising an event to it.
async fn may_touch(call: &Call, there: Target, request: &StartRequest) -> Result<(), Problem> {
    match request.if_exists {
        IfExists::Replace(_) => {
            call.also(Action::Terminate, &there).await?;
            call.also(Action::Purge, &there).await
        }
        IfExists::Use if request.event.is_some() => call.also(Action::RaiseEvent, &there).await,
        _ => Ok(()),
    }
}

async fn lanes(call: Call) -> Answer {
    let lanes = ask(&call, call.api.commands.lanes()).await?;
    Ok(respond(StatusCode::OK, &lanes))
}

async fn raise(mut call: Call) -> Answer {
    let id = call.instance()?;
    let Raised {
        name,
        payload,
        command,
        declared,
    } = read(&mut call).await?;
    check_command(&command)?;
    let commands = &call.api.commands;
    let raised = if declared {
        commands.raise_declared(&id, &name, payload, &command)
    } else {
        commands.raise(&id, &name, payload, &command)
    };
    ask(&call, raised).await?;
    Ok(respond(StatusCode::OK, &()))
}

async fn terminate(call: Call) -> Answer {
    tell(call, path::TERMINATE).await
}

async fn cancel(call: Call) -> Answer {
    tell(call, path::CANCEL).await
}

async fn suspend(call: Call) -> Answer {
    tell(call, path::SUSPEND).await
}

async fn resume(call: Call) -> Answer {
    tell(call, path::RESUME).await
}

async fn tell(mut call: Call, path: &str) -> Answer {
    let id = call.instance()?;
    let Told { control, command } = read(&mut call).await?;
    if path_of(&control) != path {
        return Err(Problem::bad_request(
            "the body asks for another action than the path",
        ));
    }
    check_command(&command)?;
    let told = call.api.commands.control(&id, control, &command);
    ask(&call, told).await?;
    Ok(respond(StatusCode::OK, &()))
}

async fn restart(mut call: Call) -> Answer {
    let id = call.instance()?;
    let Restarted { other, command } = read(&mut call).await?;
    check_command(&command)?;
    if let Some(other) = &other {
        let row = ask(&call, call.api.commands.instance(&id)).await?;
        let (name, id) = (row.name, Some(other.clone()));
        call.also(Action::Start, &Target::Orchestrator { name, id })
            .await?;
    }
    let restarted = call.api.commands.restart(&id, other, &command);
    let started = ask(&call, restarted).await?;
    Ok(respond(StatusCode::OK, &started))
}

/// Purges one instance, or many.
async fn purge(mut call: Call) -> Answer {
    let PurgeOf {
        filter,
        children,
        after,
    } = read(&mut call).await?;
    let mut filter = checked(filter)?;
    if let Target::Instance(id) = &call.target {
        filter.id = Some(id.clone());
    }
    let purged = ask(&call, call.api.commands.purge(&filter, children, after)).await?;
    Ok(respond(StatusCode::OK, &purged))
}

async fn instance(call: Call) -> Answer {
    let id = call.instance()?;
    let row = ask(&call, call.api.commands.instance(&id)).await?;
    Ok(respond(StatusCode::OK, &row))
}

/// Answers `true` as soon as the instance differs from what the client has seen, and `false` if that
/// takes too long.
async fn changed(mut call: Call) -> Answer {
    let id = call.instance()?;
    let ChangeOf { seen, wait } = read(&mut call).await?;
    let _waits = call.wait()?;
    let commands = &call.api.commands;
    let change = async {
        loop {
            let row = commands.instance(&id).await.map_err(Problem::refused)?;
            if Seen::of(&row) != seen {
                return Ok(());
            }
            commands.changed(&row).await;
        }
    };
    let changed = in_wait(&call, wait, change).await?.is_some();
    Ok(respond(StatusCode::OK, &changed))
}

/// Waits no longer than the client asks, and no longer than the limit; fails when the server stops.
async fn in_wait<T>(
    call: &Call,
    wait: Duration,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<Option<T>, Problem> {
    let wait = wait.min(call.api.limits.wait);
    let work = Box::pin(body::within(wait, work));
    match select(work, Box::pin(call.api.closing.closed())).await {
        Either::Left((done, _)) => done.transpose(),
        Either::Right(_) => {
            let message = "the server stops";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(1))
        }
    }
}

async fn history(mut call: Call) -> Answer {
    let id = call.instance()?;
    let HistoryOf { execution } = read(&mut call).await?;
    let history = ask(&call, call.api.commands.history(&id, execution)).await?;
    Ok(respond(StatusCode::OK, &history))
}

async fn open_history(call: Call) -> Answer {
    let id = call.instance()?;
    let history = ask(&call, call.api.commands.open_history(&id)).await?;
    Ok(respond(StatusCode::OK, &history))
}

async fn unread_events(call: Call) -> Answer {
    let id = call.instance()?;
    let events = ask(&call, call.api.commands.unread_events(&id)).await?;
    Ok(respond(StatusCode::OK, &events))
}

async fn unread_count(call: Call) -> Answer {
    let id = call.instance()?;
    let count = ask(&call, call.api.commands.unread_count(&id)).await?;
    Ok(respond(StatusCode::OK, &count))
}

async fn heartbeats(call: Call) -> Answer {
    let id = call.instance()?;
    let progress = ask(&call, call.api.commands.heartbeats(&id)).await?;
    Ok(respond(StatusCode::OK, &progress))
}

async fn instances(mut call: Call) -> Answer {
    let PageOf {
        filter,
        after,
        limit,
    } = read(&mut call).await?;
    let filter = checked(filter)?;
    let limit = limit.min(call.api.limits.page);
    let page = ask(&call, call.api.commands.instances(&filter, after, limit));
    Ok(respond(StatusCode::OK, &cut_instances(page.await?)))
}

async fn count(mut call: Call) -> Answer {
    let filter = checked(read(&mut call).await?)?;
    let count = ask(&call, call.api.commands.count(&filter)).await?;
    Ok(respond(StatusCode::OK, &count))
}

async fn entity_send(mut call: Call) -> Answer {
    let request: EntityRequest = read(&mut call).await?;
    if request.operation == DELETE_STATE {
        let message = "that operation deletes the state, which is another command";
        return Err(Problem::new(StatusCode::FORBIDDEN, message));
    }
    send(&call, request).await
}

async fn entity_delete(mut call: Call) -> Answer {
    let request = read(&mut call).await?;
    let request = EntityRequest {
        operation: DELETE_STATE.to_owned(),
        input: None,
        ..request
    };
    send(&call, request).await
}

async fn send(call: &Call, request: EntityRequest) -> Answer {
    let entity = call.entity()?;
    check_name("the name of the entity", entity.name())?;
    check_command(&request.command)?;
    if request.wants_answer {
        // Now, and not only when the answer is asked for: then it would be done.
        call.also(Action::ReadEntity, &call.target).await?;
    }
    let request = EntityRequest { entity, ..request };
    let ticket = ask(call, call.api.commands.entity_send(request)).await?;
    Ok(respond(StatusCode::OK, &ticket))
}

/// Returns the answer as soon as there is one, and nothing if that takes too long.
async fn entity_answer(mut call: Call) -> Answer {
    let entity = call.entity()?;
    let AnswerTo { mut ticket, wait } = read(&mut call).await?;
    check_command(&ticket.command)?;
    ticket.entity = Some(entity);
    let _waits = call.wait()?;
    let answer = async {
        let answer = call.api.commands.entity_answer(&ticket).await;
        answer.map_err(Problem::refused)
    };
    let answer = in_wait(&call, wait, answer).await?;
    Ok(respond(StatusCode::OK, &answer))
}

async fn delayed_signals(mut call: Call) -> Answer {
    let id = call.entity()?;
    let after: Option<MessageId> = read(&mut call).await?;
    let signals = call.api.commands.delayed_signals(&id, after);
    let signals = ask(&call, signals).await?;
    Ok(respond(StatusCode::OK, &cut_signals(signals)))
}

async fn signal_withdraw(mut call: Call) -> Answer {
    let request: WithdrawRequest = read(&mut call).await?;
    let entity = call.entity()?;
    let request = WithdrawRequest { entity, ..request };
    ask(&call, call.api.commands.signal_withdraw(request)).await?;
    Ok(respond(StatusCode::OK, &()))
}

async fn entity(call: Call) -> Answer {
    let id = call.entity()?;
    let entity = ask(&call, call.api.commands.entity(&id)).await?;
    Ok(respond(StatusCode::OK, &entity))
}

async fn entities(mut call: Call) -> Answer {
    let EntitiesOf {
        mut filter,
        after,
        limit,
    } = read(&mut call).await?;
    let Target::Entities(name) = call.target.clone() else {
        return Err(Problem::not_found("there is nothing at this path"));
    };
    filter.name = name;
    let limit = limit.min(call.api.limits.page);
    let page = ask(
        &call,
        call.api.commands.entities(&filter, after.as_ref(), limit),
    );
    Ok(respond(StatusCode::OK, &cut_entities(page.await?)))
}
