//! The instance that commands are sent to, without its types.

use std::sync::Arc;

use super::ClientError;
use crate::commands::Commands;
use crate::ids::InstanceId;
use crate::ids::InvalidInstanceId;
use crate::work::InstanceRow;
use crate::work::Output;

/// An instance to which commands go.
#[derive(Debug, Clone)]
pub(super) struct Target {
    commands: Arc<dyn Commands>,
    pub(super) id: InstanceId,
    /// What is wrong with the id, if anything: then no command is sent.
    problem: Option<InvalidInstanceId>,
}

impl Target {
    pub(super) fn new(commands: Arc<dyn Commands>, id: InstanceId) -> Self {
        Self {
            commands,
            id,
            problem: None,
        }
    }

    /// The instance with this id, which nobody has checked yet.
    pub(super) fn unchecked(commands: Arc<dyn Commands>, id: &str) -> Self {
        match InstanceId::new(id) {
            Ok(id) => Self::new(commands, id),
            Err(problem) => Self {
                commands,
                // Kept as it was given, for what is shown of it; every call says what is wrong with
                // it.
                id: InstanceId::unchecked(id),
                problem: Some(problem),
            },
        }
    }

    /// Returns the receiver of commands to it.
    ///
    /// # Errors
    /// [`ClientError::InvalidInstanceId`].
    pub(super) fn commands(&self) -> Result<&Arc<dyn Commands>, ClientError> {
        match &self.problem {
            None => Ok(&self.commands),
            Some(problem) => Err(problem.clone().into()),
        }
    }

    /// The row as it is now.
    pub(super) async fn row(&self) -> Result<InstanceRow, ClientError> {
        self.commands()?.instance(&self.id).await
    }

    /// Waits until the instance has ended; `None` when it was there and is purged now.
    pub(super) async fn ended(&self) -> Result<Option<Output>, ClientError> {
        let mut row = self.row().await?;
        while !row.status.is_terminal() || row.output.is_none() {
            self.commands()?.changed(&row).await;
            row = match self.row().await {
                // It was there when the wait began, so it has been purged.
                Err(ClientError::NotFound { .. }) => return Ok(None),
                row => row?,
            };
        }
        Ok(row.output)
    }
}
