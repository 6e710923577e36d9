//! The calls and other commands of an orchestrator, each in a file of its own.
//!
//! They are typed futures over the machine's [`RawCall`](crate::machine::RawCall).
//! `#[orchestrator]` makes every `.await` of a body require [`Durable`], so nothing else can be
//! awaited.
//!
//! 1. Nothing is scheduled before the first poll or `.spawn()`. Dropping a call cancels it.
//! 2. A call is identified by its branch and its number there, which it takes when it is made.
//! 3. An orchestrator sees only values that are decoded from the record. If a value does not
//!    decode, the instance is parked, because a deploy can cure it.

pub(crate) mod activity_call;
mod branch;
mod callees;
mod checkpoint;
mod child;
mod combinators;
mod context;
mod continue_as_new;
mod contract;
mod detached;
mod dropped;
mod durable;
mod durable_box;
mod elsewhere;
mod event;
mod external_event;
mod join;
mod log;
mod random;
mod retry_with;
mod select;
mod side_effect;
mod spawn;
mod start;
mod timer;
pub(crate) mod typed_call;
pub mod unbounded;

pub use activity_call::Call;
pub use activity_call::activity_call;
pub use branch::branch;
pub use branch::branch_of;
pub use callees::CalleeList;
pub use callees::CalleeProbe;
pub use callees::Listed;
pub use callees::ListedCallee;
pub use callees::UnlistedCallee;
pub use callees::argument_names_of;
pub use callees::callees_of;
pub use callees::state_machine_of;
pub use checkpoint::Carried;
pub use checkpoint::CheckpointValue;
pub use checkpoint::EndsBeforeLoop;
pub use checkpoint::Items;
pub use checkpoint::KeepNothing;
pub use checkpoint::KeepRefused;
pub use checkpoint::KeepSaved;
pub use checkpoint::Kept;
pub use checkpoint::LoopHead;
pub use checkpoint::RangeItems;
pub use checkpoint::Resumed;
pub use checkpoint::Saving;
pub use checkpoint::checkpoint_due;
pub use checkpoint::checkpoint_value;
pub use checkpoint::range;
pub use checkpoint::resume;
pub use checkpoint::sequence;
pub use child::ChildCall;
pub use child::ChosenId;
pub use child::child_call;
pub use context::ContextOf;
pub use context::KnowsOrchestrator;
pub use context::OrchestrationContext;
pub use context::Untyped;
pub use continue_as_new::ContinueAsNew;
pub use continue_as_new::IntoArguments;
pub use contract::Declares;
pub use contract::NoEvent;
pub use contract::Orchestrator;
pub use contract::Reports;
pub use detached::DetachedStart;
pub use dropped::DropProbe;
pub use dropped::Droppable;
pub use dropped::DroppedCall;
pub use dropped::DroppedSection;
pub use dropped::DroppedValue;
pub use dropped::Held;
pub use dropped::LocksNothing;
pub use dropped::NeverRuns;
pub use dropped::Releasable;
pub use dropped::may_drop;
pub use durable::Durable;
pub use durable::DurableStream;
pub use durable::durable;
pub use durable_box::DurableBox;
pub use durable_box::DurableExt;
pub use elsewhere::AwaitProbe;
pub use elsewhere::Awaitable;
pub use elsewhere::CallElsewhere;
pub use elsewhere::OtherAwait;
pub use elsewhere::Recording;
pub use elsewhere::Unrecorded;
pub use elsewhere::may_await;
pub use event::Event;
pub use event::assert_distinct_events;
pub use external_event::EventWait;
pub use external_event::Events;
pub use join::arm;
pub use join::join;
pub use join::joined;
pub use join::try_join;
pub use join::try_joined;
pub use log::Log;
pub use random::Random;
pub use retry_with::Retried;
pub use select::Never;
pub use select::Select;
pub use select::Selected;
pub use select::no_arm;
pub use select::select;
pub use side_effect::SideEffect;
pub use spawn::Schedule;
pub use spawn::Spawned;
pub use start::start_orchestrator;
pub use timer::Timer;
