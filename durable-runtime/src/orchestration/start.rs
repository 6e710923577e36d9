//! The way from recorded input through an orchestrator's body to its end.

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::future::ready;

use super::OrchestrationContext;
use super::Orchestrator;
use crate::callable::CallableError;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::machine::BodyEnd;
use crate::machine::Cursor;
use crate::payload::Arguments;
use crate::payload::Payload;
use crate::payload::Recorded;

/// Starts the body of `O`; for generated code.
pub fn start_orchestrator<O, Fut>(
    cursor: Cursor,
    input: Option<&Payload>,
    body: impl FnOnce(OrchestrationContext<O>, O::Arguments) -> Fut,
) -> BoxFuture<'static, BodyEnd>
where
    O: Orchestrator,
    Fut: Future<Output = Result<O::Output, O::Error>> + Send + 'static,
{
    match O::Arguments::decode(input) {
        Ok(arguments) => {
            let running = body(OrchestrationContext::new(cursor), arguments);
            Box::pin(running.map(end_of::<O>))
        }
        Err(error) => {
            let failure = Failure::InputUnreadable {
                orchestrator: O::DEFINITION.name.to_owned(),
                report: error.to_string(),
            };
            // Not failed: a deploy that takes the input can cure it, unless the policy says
            // otherwise (I9).
            Box::pin(ready(BodyEnd::NotBegun(failure)))
        }
    }
}

fn end_of<O: Orchestrator>(result: Result<O::Output, O::Error>) -> BodyEnd {
    match result {
        Ok(value) => match value.to_payload() {
            Ok(payload) => BodyEnd::Completed(payload),
            Err(error) => BodyEnd::Failed(CallError::Failure(Failure::Codec(error))),
        },
        Err(error) => BodyEnd::Failed(error.to_call_error()),
    }
}
