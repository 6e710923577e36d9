//! What the bodies of these tests are made of: calls, and the values that go through them.

use durable_runtime::Failure;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::definition::CallOptions;
use durable_runtime::definition::SourcePlace;
use durable_runtime::failure::CallError;
use durable_runtime::failure::CallResult;
use durable_runtime::failure::RecordedError;
use durable_runtime::ids::CallPath;
use durable_runtime::machine;
use durable_runtime::machine::CallRequest;
use durable_runtime::machine::RawCall;
use durable_runtime::payload::CodecError;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

/// An activity call with one argument.
#[track_caller]
pub(super) fn activity<T>(name: &'static str, input: T) -> RawCall
where
    T: Serialize + DeserializeOwned,
{
    activity_with(name, input, |_| {})
}

/// An activity call with options.
#[track_caller]
pub(super) fn activity_with<T>(
    name: &'static str,
    input: T,
    change: impl FnOnce(&mut CallOptions),
) -> RawCall
where
    T: Serialize + DeserializeOwned,
{
    let mut options = CallOptions::default();
    change(&mut options);
    let request = CallRequest::Activity {
        name,
        input: Payload::encode(&input).map(Some),
        reencode: reencode::<T>,
        options,
    };
    RawCall::new(request, here())
}

/// A sub-orchestration call.
#[track_caller]
pub(super) fn child<T>(name: &'static str, input: T) -> RawCall
where
    T: Serialize + DeserializeOwned,
{
    child_with(name, input, |_| {}, false)
}

/// A sub-orchestration call with options, or detached.
#[track_caller]
pub(super) fn child_with<T>(
    name: &'static str,
    input: T,
    change: impl FnOnce(&mut CallOptions),
    detached: bool,
) -> RawCall
where
    T: Serialize + DeserializeOwned,
{
    let mut options = CallOptions::default();
    change(&mut options);
    let request = CallRequest::Child {
        name,
        version: "1",
        id: None,
        input: Payload::encode(&input).map(Some),
        reencode: reencode::<T>,
        options,
        detached,
    };
    RawCall::new(request, here())
}

#[track_caller]
pub(super) fn sleep(wait: Duration) -> RawCall {
    RawCall::new(CallRequest::TimerAfter(wait), here())
}

#[track_caller]
pub(super) fn sleep_until(due: Timestamp) -> RawCall {
    RawCall::new(CallRequest::TimerAt(due), here())
}

#[track_caller]
pub(super) fn event(name: &'static str) -> RawCall {
    RawCall::new(CallRequest::Event { name }, here())
}

/// A branch of boxed code.
pub(super) fn branch<T>(
    future: impl Future<Output = T> + Send + 'static,
) -> machine::Branch<BoxFuture<'static, T>> {
    machine::branch(Box::pin(future))
}

/// Schedules a call at once, as `.spawn()` does.
pub(super) fn spawned(mut call: RawCall) -> RawCall {
    call.schedule();
    call
}

fn reencode<T: Serialize + DeserializeOwned>(
    recorded: Option<&Payload>,
) -> Result<Option<Payload>, CodecError> {
    let Some(recorded) = recorded else {
        return Ok(None);
    };
    Payload::encode(&recorded.decode::<T>()?).map(Some)
}

#[track_caller]
fn here() -> SourcePlace {
    SourcePlace::of(Location::caller())
}

pub(super) fn json(value: impl Serialize) -> Payload {
    Payload::encode(&value).unwrap()
}

pub(super) fn done(value: impl Serialize) -> CallResult {
    Ok(json(value))
}

pub(super) fn value(payload: &Payload) -> Value {
    payload.decode().unwrap()
}

pub(super) fn values(results: Vec<CallResult>) -> CallResult {
    let values: Result<Vec<Value>, CallError> = results
        .into_iter()
        .map(|result| result.map(|payload| value(&payload)))
        .collect();
    done(values?)
}

pub(super) fn at(path: &str) -> CallPath {
    path.parse().unwrap()
}

pub(super) fn user_error(message: &str) -> CallError {
    CallError::Error(RecordedError {
        value: json(message),
        message: message.to_owned(),
        causes: Vec::new(),
    })
}

/// The message of a panic that failed the instance.
pub(super) fn failure(error: CallError) -> Failure {
    match error {
        CallError::Failure(failure) => failure,
        CallError::Error(error) => panic!("not a failure: {error:?}"),
    }
}

pub(super) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}
