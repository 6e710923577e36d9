//! An instance to which commands go, without its types.

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
    /// The command that created the instance which this one replaces, until it has.
    replaces: Option<Arc<str>>,
}

impl Target {
    pub(super) fn new(
        commands: Arc<dyn Commands>,
        id: InstanceId,
        replaces: Option<String>,
    ) -> Self {
        Self {
            commands,
            id,
            replaces: replaces.map(Arc::from),
        }
    }

    /// The row as it is now; waits while it still is that of the instance to be replaced.
    pub(super) async fn row(&self) -> Result<InstanceRow, ClientError> {
        loop {
            let row = self.commands.instance(&self.id).await?;
            match self.replaces.as_deref() {
                Some(old) if row.command == old => self.commands.changed(&row).await,
                _ => return Ok(row),
            }
        }
    }

    /// Waits until the instance that had the id before is gone, so that no command reaches it.
    pub(super) async fn settled(&self) -> Result<(), ClientError> {
        if self.replaces.is_some() {
            self.row().await?;
        }
        Ok(())
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
