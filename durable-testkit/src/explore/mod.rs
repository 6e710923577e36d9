//! Explores every order in which things can arrive.
//!
//! A run follows a schedule: at each moment one of the pending results arrives, or the next due
//! time, or one of the scenario's events. [`TestHub::explore`](crate::TestHub::explore) makes every
//! schedule, short ones first, each in a hub of its own from the beginning.
//!
//! Two schedules lead to the same state if they brought the same things in a different order, led
//! to the same decisions, and stand at the same time with the same things pending. Only the first
//! of them continues. This misses orchestrators that remember the order but do not decide by it at
//! once; [`every_order`](Explore::every_order) leaves nothing out.

mod choice;
mod exploration;
mod report;
mod run;
mod scenario;

pub use exploration::Explore;
pub use report::ExploreReport;
pub use scenario::Scenario;
