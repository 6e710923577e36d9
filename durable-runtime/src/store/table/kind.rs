//! The stored form of a timer's kind.

use sea_orm::entity::prelude::*;

use crate::work::TimerKind;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "PascalCase"
)]
pub enum Kind {
    Start,
    Sleep,
    Retry,
    Deadline,
    Grace,
    Signal,
}

impl From<TimerKind> for Kind {
    fn from(kind: TimerKind) -> Self {
        match kind {
            TimerKind::Start => Self::Start,
            TimerKind::Sleep => Self::Sleep,
            TimerKind::Retry => Self::Retry,
            TimerKind::Deadline => Self::Deadline,
            TimerKind::Grace => Self::Grace,
            TimerKind::Signal => Self::Signal,
        }
    }
}

impl From<Kind> for TimerKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Start => Self::Start,
            Kind::Sleep => Self::Sleep,
            Kind::Retry => Self::Retry,
            Kind::Deadline => Self::Deadline,
            Kind::Grace => Self::Grace,
            Kind::Signal => Self::Signal,
        }
    }
}
