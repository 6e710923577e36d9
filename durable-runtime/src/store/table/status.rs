//! The stored form of an instance's status.

use sea_orm::entity::prelude::*;

use crate::work::InstanceStatus;

/// Where an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "PascalCase"
)]
pub enum Status {
    Pending,
    Running,
    Suspended,
    Stalled,
    Completed,
    Failed,
    Terminated,
    Canceled,
}

impl From<InstanceStatus> for Status {
    fn from(status: InstanceStatus) -> Self {
        match status {
            InstanceStatus::Pending => Self::Pending,
            InstanceStatus::Running => Self::Running,
            InstanceStatus::Suspended => Self::Suspended,
            InstanceStatus::Stalled => Self::Stalled,
            InstanceStatus::Completed => Self::Completed,
            InstanceStatus::Failed => Self::Failed,
            InstanceStatus::Terminated => Self::Terminated,
            InstanceStatus::Canceled => Self::Canceled,
        }
    }
}

impl From<Status> for InstanceStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Running => Self::Running,
            Status::Suspended => Self::Suspended,
            Status::Stalled => Self::Stalled,
            Status::Completed => Self::Completed,
            Status::Failed => Self::Failed,
            Status::Terminated => Self::Terminated,
            Status::Canceled => Self::Canceled,
        }
    }
}
