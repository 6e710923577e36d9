//! The instance that commands are sent to, without its types.

use std::sync::Arc;

use super::ClientError;
use crate::ids::InstanceId;
use crate::work::Commands;
use crate::work::InstanceRow;
use crate::work::Output;

/// An instance to which commands go.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) commands: Arc<dyn Commands>,
    pub(super) id: InstanceId,
}

impl Target {
    pub(super) fn new(commands: Arc<dyn Commands>, id: InstanceId) -> Self {
        Self { commands, id }
    }

    /// The row as it is now.
    pub(super) async fn row(&self) -> Result<InstanceRow, ClientError> {
        Ok(self.commands.instance(&self.id).await?)
    }

    /// Waits until the instance has ended; `None` when it was there and is purged now.
    pub(super) async fn ended(&self) -> Result<Option<Output>, ClientError> {
        let mut row = self.row().await?;
        while !row.status.is_terminal() || row.output.is_none() {
            self.commands.changed(&row).await;
            row = match self.row().await {
                Err(ClientError::NotFound { .. }) => return Ok(None),
                row => row?,
            };
        }
        Ok(row.output)
    }
}
