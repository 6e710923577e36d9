//! Every order in which things can arrive.
//!
//! A run is a schedule: at each moment one of the pending results arrives, or the next time that is
//! due, or one of the scenario's events. [`TestHub::explore`](crate::TestHub::explore) makes every
//! schedule, the short ones first, each in a hub of its own from the beginning.
//!
//! Schedules that brought the same things in another order, decided the same by them and stand at the
//! same time with the same things pending are one state, and only the first of them goes on. That
//! misses what an orchestrator keeps of an order without deciding anything by it at once;
//! [`every_order`](Explore::every_order) leaves nothing out.

mod choice;
mod exploration;
mod report;
mod run;
mod scenario;

pub use exploration::Explore;
pub use report::ExploreReport;
pub use scenario::Scenario;
