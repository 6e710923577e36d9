//! The typed status of an instance.

use std::ops::Deref;

use super::ClientError;
use super::InstanceInfo;
use super::Waiting;
use crate::callable::CallableError;
use crate::history::ExternalEvent;
use crate::payload::Recorded;
use crate::work::InstanceRow;
use crate::work::Output;

/// An instance as it was when it was read, with the types of its orchestrator: output `T`, error
/// `E` and custom status `S`. It dereferences to [`InstanceInfo`].
///
/// ```
/// # use durable_runtime::prelude::*;
/// # #[orchestrator(status = u32)]
/// # async fn count(ctx: &OrchestrationContext) -> String { ctx.set_status(1); String::new() }
/// # async fn example(instance: Instance<count>) -> Result<(), ClientError> {
/// let status = instance.status().await?;
/// println!("{} at {:?}", status.status(), status.custom_status());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Status<T, E, S> {
    info: InstanceInfo,
    end: Option<End<T, E>>,
    custom: Option<S>,
    unread: Vec<ExternalEvent>,
    waits_in: Vec<Waiting>,
}

#[derive(Debug, Clone, PartialEq)]
enum End<T, E> {
    Completed(T),
    Failed(E),
    Terminated(String),
    Canceled(Option<E>),
}

impl<T, E, S> Status<T, E, S>
where
    T: Recorded,
    E: CallableError,
    S: Recorded,
{
    pub(super) fn new(
        row: InstanceRow,
        unread: Vec<ExternalEvent>,
        waits_in: Vec<Waiting>,
    ) -> Result<Self, ClientError> {
        // Decoded here and not when it is asked for: a status either fits the types of its
        // orchestrator or is an error.
        let end = row.output.clone().map(|output| {
            Ok::<_, ClientError>(match output {
                Output::Completed(value) => End::Completed(T::from_payload(&value)?),
                Output::Failed(error) => End::Failed(E::from_call_error(error)?),
                Output::Terminated(reason) => End::Terminated(reason),
                Output::Canceled(error) => {
                    End::Canceled(error.map(E::from_call_error).transpose()?)
                }
            })
        });
        let custom = row.custom_status.as_ref().map(S::from_payload);
        Ok(Self {
            end: end.transpose()?,
            custom: custom.transpose()?,
            unread,
            waits_in,
            info: InstanceInfo::new(row),
        })
    }
}

impl<T, E, S> Status<T, E, S> {
    /// Returns the output, if the instance is completed.
    pub fn output(&self) -> Option<&T> {
        match &self.end {
            Some(End::Completed(value)) => Some(value),
            _ => None,
        }
    }

    /// Returns the orchestrator's error, if the instance has failed or was cancelled.
    pub fn error(&self) -> Option<&E> {
        match &self.end {
            Some(End::Failed(error)) => Some(error),
            Some(End::Canceled(error)) => error.as_ref(),
            _ => None,
        }
    }

    /// Returns the reason of the termination, if the instance was terminated.
    pub fn termination_reason(&self) -> Option<&str> {
        match &self.end {
            Some(End::Terminated(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Returns the custom status; `None` if none was set.
    pub fn custom_status(&self) -> Option<&S> {
        self.custom.as_ref()
    }

    /// Returns the calls that the instance has made and waits for, oldest first, each with the
    /// state of today's code that made it. It reads the stored history and runs no code. The list
    /// is empty once the instance has ended.
    pub fn waits_in(&self) -> &[Waiting] {
        &self.waits_in
    }

    /// Returns the events that were sent to the instance and that it has not read, oldest first.
    /// After its end, these are the events that it never read.
    pub fn unread_events(&self) -> &[ExternalEvent] {
        &self.unread
    }
}

impl<T, E, S> Deref for Status<T, E, S> {
    type Target = InstanceInfo;

    fn deref(&self) -> &InstanceInfo {
        &self.info
    }
}
