//! The way from a recorded state through an operation to the next state.

use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use super::Entity;
use super::EntityContext;
use super::OperationCall;
use super::OperationResult;
use crate::failure::CallError;
use crate::failure::EntityProblem;
use crate::failure::Failure;
use crate::machine::entity::Invocation;
use crate::machine::entity::NewState;
use crate::machine::entity::OperationEnd;
use crate::payload::Payload;

/// Runs an operation of `E` on a recorded state.
pub fn run_operation<E: Entity>(invocation: Invocation<'_>) -> OperationEnd {
    let mut state = match invocation.state.map_or_else(|| Ok(E::init()), E::load) {
        Ok(state) => state,
        Err(error) => {
            let report = error.to_string();
            return OperationEnd::Refused(EntityProblem::StateUnreadable { report });
        }
    };
    // Where there is no state, one that is as it was at first is none.
    let nothing = match invocation.state {
        None => state.to_payload().ok(),
        Some(_) => None,
    };
    let context = EntityContext::new(&invocation);
    let call = OperationCall::new(invocation.operation, invocation.input, &context);
    let polled = context.enter(|| {
        let mut running = state.run(call);
        running
            .as_mut()
            // Once: an operation runs through, and nobody would wake it.
            .poll(&mut Context::from_waker(Waker::noop()))
    });
    let operation = invocation.operation;
    match polled {
        Poll::Pending => OperationEnd::Refused(EntityProblem::Waits {
            operation: operation.to_owned(),
        }),
        Poll::Ready(OperationResult(Err(problem))) => OperationEnd::Refused(problem),
        Poll::Ready(OperationResult(Ok(result))) => {
            end(&state, nothing.as_ref(), &context, operation, result)
        }
    }
}

fn end<E: Entity>(
    state: &E,
    nothing: Option<&Payload>,
    context: &EntityContext,
    operation: &str,
    result: Result<Payload, CallError>,
) -> OperationEnd {
    let asked = std::mem::take(&mut *context.asked());
    let reads = |known: &&super::OperationDefinition| known.name == operation && known.read_only;
    let read_only = E::OPERATIONS.iter().any(|known| reads(&known));
    // Refused and not ignored: a caller of a reading relies on nothing having happened (N7).
    if read_only && (asked.deleted || !asked.decisions.is_empty()) {
        return OperationEnd::Refused(EntityProblem::WritesInReading {
            operation: operation.to_owned(),
        });
    }
    // What could not be recorded undoes the operation, whatever its code made of it.
    let result = match asked.refused {
        Some(failure) => Err(failure.into()),
        None => result,
    };
    let new_state = if read_only || result.is_err() {
        Ok(NewState::Kept)
    } else if asked.deleted {
        Ok(NewState::Deleted)
    } else {
        let state = state.to_payload();
        state.map(|state| match nothing {
            // So that reading an entity that does not exist does not make it exist.
            Some(nothing) if state == *nothing => NewState::Kept,
            _ => NewState::Replaced(state, E::VERSION),
        })
    };
    match new_state {
        Ok(state) => OperationEnd::Returned {
            result,
            state,
            decisions: asked.decisions,
        },
        // A state that has no recorded form cannot be kept, so the operation fails and nothing of
        // it stays.
        Err(error) => OperationEnd::Returned {
            result: Err(Failure::Codec(error).into()),
            state: NewState::Kept,
            decisions: Vec::new(),
        },
    }
}
