//! The one module that generated code names. Not part of the public interface: it changes with the
//! macros, which are pinned to the same version.

pub use futures_util::future::BoxFuture;

// By the name that users know the crate by: a macro is no module that has a floor.
pub use crate::activity::Activity;
pub use crate::activity::ActivityInvocation;
pub use crate::activity::AttemptEnd;
pub use crate::activity::Injected;
pub use crate::activity::RequiredStates;
pub use crate::activity::call_options;
pub use crate::activity::inject;
pub use crate::activity::invoke_async;
pub use crate::activity::invoke_blocking;
pub use crate::activity::required_states;
pub use crate::callable::ErrorProbe;
pub use crate::callable::IsResult;
pub use crate::callable::PlainReturn;
pub use crate::callable::RetryableError;
pub use crate::callable::ReturnProbe;
pub use crate::callable::Returned;
pub use crate::callable::UnknownError;
pub use crate::callable::test_error;
pub use crate::client::Client;
pub use crate::client::ClientCall;
pub use crate::client::ClientError;
pub use crate::client::ClientSignal;
pub use crate::client::EntityHandle;
pub use crate::client::EntityInfo;
pub use crate::client::Instance;
pub use crate::client::StartBuilder;
pub use crate::commands::EventCode;
pub use crate::definition::CallOptions;
pub use crate::definition::EdgeRow;
pub use crate::definition::Node;
pub use crate::definition::OrchestratorDefinition;
pub use crate::definition::Signature;
pub use crate::definition::Site;
pub use crate::definition::StateMachine;
pub use crate::definition::StateOp;
pub use crate::definition::StateRow;
pub use crate::definition::StateTable;
pub use crate::entity::Entity;
pub use crate::entity::EntityCall;
pub use crate::entity::EntityRef;
pub use crate::entity::EntitySignal;
pub use crate::entity::EntityTarget;
pub use crate::entity::LockedCall;
pub use crate::entity::LockedPart;
pub use crate::entity::Operation;
pub use crate::entity::OperationCall;
pub use crate::entity::OperationDefinition;
pub use crate::entity::OperationFuture;
pub use crate::entity::OperationResult;
pub use crate::entity::entity_call;
pub use crate::entity::entity_signal;
pub use crate::entity::first_state;
pub use crate::entity::load_state_or_migrate;
pub use crate::entity::locked_call;
pub use crate::entity::operation_call;
pub use crate::entity::operation_signal;
pub use crate::entity::runs_through;
pub use crate::entity::section_call;
pub use crate::entity::through;
pub use crate::failure::Failure;
pub use crate::ids::EntityId;
pub use crate::machine::BodyEnd;
pub use crate::machine::Cursor;
pub use crate::orchestration::AwaitProbe;
pub use crate::orchestration::Call;
pub use crate::orchestration::CallElsewhere;
pub use crate::orchestration::CalleeList;
pub use crate::orchestration::CalleeProbe;
pub use crate::orchestration::CheckpointValue;
pub use crate::orchestration::ChildCall;
pub use crate::orchestration::Declares;
pub use crate::orchestration::DropProbe;
pub use crate::orchestration::DroppedCall;
pub use crate::orchestration::DroppedSection;
pub use crate::orchestration::DroppedValue;
pub use crate::orchestration::DurableBox;
pub use crate::orchestration::EndsBeforeLoop;
pub use crate::orchestration::Event;
pub use crate::orchestration::KeepNothing;
pub use crate::orchestration::KeepRefused;
pub use crate::orchestration::KeepSaved;
pub use crate::orchestration::Kept;
pub use crate::orchestration::Listed;
pub use crate::orchestration::ListedCallee;
pub use crate::orchestration::LoopHead;
pub use crate::orchestration::Orchestrator;
pub use crate::orchestration::OtherAwait;
pub use crate::orchestration::Reports;
pub use crate::orchestration::Resumed;
pub use crate::orchestration::Saving;
pub use crate::orchestration::Selected;
pub use crate::orchestration::UnlistedCallee;
pub use crate::orchestration::activity_call;
pub use crate::orchestration::arm;
pub use crate::orchestration::assert_distinct_events;
pub use crate::orchestration::branch;
pub use crate::orchestration::branch_of;
pub use crate::orchestration::callees_of;
pub use crate::orchestration::checkpoint_due;
pub use crate::orchestration::checkpoint_value;
pub use crate::orchestration::child_call;
pub use crate::orchestration::durable;
pub use crate::orchestration::join;
pub use crate::orchestration::joined;
pub use crate::orchestration::may_await;
pub use crate::orchestration::may_drop;
pub use crate::orchestration::no_arm;
pub use crate::orchestration::range;
pub use crate::orchestration::resume;
pub use crate::orchestration::select;
pub use crate::orchestration::sequence;
pub use crate::orchestration::start_orchestrator;
pub use crate::orchestration::state_machine_of;
pub use crate::orchestration::try_join;
pub use crate::orchestration::try_joined;
pub use crate::orchestration::unbounded;
pub use crate::payload::CodecError;
pub use crate::payload::Payload;
pub use crate::registry::Mock;
pub use crate::registry::MockedOperation;
pub use crate::registry::mocked_operation;
pub use crate::retry::RetryPolicy;
pub use durable_runtime::__payload_schemas as payload_schemas;

#[cfg(feature = "schemars")]
pub use crate::schemas::DescribedType;
#[cfg(feature = "schemars")]
pub use crate::schemas::OrchestratorSchemas;
#[cfg(feature = "schemars")]
pub use crate::schemas::OtherType;
#[cfg(feature = "schemars")]
pub use crate::schemas::SchemaProbe;

/// The part of an implementation of `Orchestrator` that tells the schemas of its types. Here, and not in
/// the macros, so that it is emitted just where the trait has it.
#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! __payload_schemas {
    (($($argument:ty,)*) -> $output:ty; $($event:ty),*) => {
        fn schemas() -> $crate::__private::OrchestratorSchemas {
            use $crate::__private::{DescribedType as _, OtherType as _};
            $crate::__private::OrchestratorSchemas {
                arguments: ::std::vec![
                    $((&$crate::__private::SchemaProbe::<$argument>::new()).schema()),*
                ],
                output: (&$crate::__private::SchemaProbe::<$output>::new()).schema(),
                events: ::std::vec![
                    $((
                        <$event as $crate::__private::Event>::NAME,
                        (&$crate::__private::SchemaProbe::<$event>::new()).schema(),
                    )),*
                ],
            }
        }
    };
}

/// Without schemas, nothing.
#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __payload_schemas {
    ($($types:tt)*) => {};
}
