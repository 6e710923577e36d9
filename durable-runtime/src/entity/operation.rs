//! One operation, from its recorded arguments to its recorded result.

use std::future::Future;
use std::pin::Pin;

use super::EntityContext;
use super::Operation;
use crate::callable::CallableError;
use crate::failure::CallError;
use crate::failure::CallResult;
use crate::failure::EntityProblem;
use crate::failure::Failure;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;

/// A running operation. It is polled once, in place.
pub type OperationFuture<'a> = Pin<Box<dyn Future<Output = OperationResult> + 'a>>;

/// A call of an operation; for generated code.
#[derive(Debug, Clone, Copy)]
pub struct OperationCall<'a> {
    operation: &'a str,
    input: Option<&'a Payload>,
    context: &'a EntityContext,
}

/// How an operation ended; for generated code.
#[derive(Debug)]
pub struct OperationResult(pub(super) Result<CallResult, EntityProblem>);

impl<'a> OperationCall<'a> {
    pub(super) fn new(
        operation: &'a str,
        input: Option<&'a Payload>,
        context: &'a EntityContext,
    ) -> Self {
        Self {
            operation,
            input,
            context,
        }
    }

    /// Returns the operation's name.
    pub fn operation(&self) -> &'a str {
        self.operation
    }

    /// Returns the context of operations.
    pub fn context(&self) -> &'a EntityContext {
        self.context
    }

    /// Returns the arguments.
    ///
    /// # Errors
    /// Returns the outcome if these are not its arguments.
    pub fn arguments<A: Arguments>(&self) -> Result<A, OperationResult> {
        A::decode(self.input).map_err(|error| {
            OperationResult(Err(EntityProblem::ArgumentsUnreadable {
                operation: self.operation.to_owned(),
                report: error.to_string(),
            }))
        })
    }

    /// Returns the arguments of the operation `O`.
    ///
    /// # Errors
    /// Returns the outcome if these are not its arguments.
    pub fn arguments_of<O: Operation>(&self) -> Result<O::Arguments, OperationResult> {
        self.arguments()
    }

    /// Returns the outcome of a call to an operation that the entity does not have.
    pub fn unknown(&self) -> OperationResult {
        OperationResult(Err(EntityProblem::UnknownOperation {
            operation: self.operation.to_owned(),
        }))
    }
}

impl OperationResult {
    /// Returns the outcome of an operation `O` that returned this.
    pub fn of<O: Operation>(result: &Result<O::Output, O::Error>) -> Self {
        Self::of_result(result)
    }

    /// Returns the outcome of an operation that returned a plain value.
    pub fn of_value<T: Recorded>(value: &T) -> Self {
        Self(Ok(recorded(value.to_payload())))
    }

    /// Returns the outcome of an operation that returned a `Result`.
    pub fn of_result<T: Recorded, E: CallableError>(result: &Result<T, E>) -> Self {
        Self(Ok(match result {
            Ok(value) => recorded(value.to_payload()),
            Err(error) => Err(error.to_call_error()),
        }))
    }
}

fn recorded(value: Result<Payload, CodecError>) -> CallResult {
    value.map_err(|error| CallError::Failure(Failure::Codec(error)))
}
