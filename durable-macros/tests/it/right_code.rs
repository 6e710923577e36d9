//! Programs that must compile and run: the files under `tests/ui/<macro>/pass`.
//!
//! They are part of this binary instead of being built by trybuild, which would link each by itself.

/// A module and a test for each program.
macro_rules! programs {
    ($($path:literal $name:ident)+) => {$(
        #[path = $path]
        #[allow(
            clippy::all,
            clippy::pedantic,
            clippy::unwrap_used,
            clippy::allow_attributes,
            clippy::allow_attributes_without_reason,
            dead_code,
            unreachable_pub,
            reason = "programs as users write them, each with other lints"
        )]
        mod $name;

        #[test]
        fn $name() {
            $name::main();
        }
    )+};
}

programs! {
    "../ui/activity/pass/awaits.rs" activity_awaits
    "../ui/activity/pass/every_option.rs" activity_every_option
    "../ui/activity/pass/hello.rs" activity_hello
    "../ui/activity/pass/injected_parameters.rs" activity_injected_parameters
    "../ui/activity/pass/names_of_the_user_stay.rs" activity_names_of_the_user_stay
    "../ui/activity/pass/one_file_each.rs" activity_one_file_each
    "../ui/activity/pass/path_of_the_runtime.rs" activity_path_of_the_runtime
    "../ui/activity/pass/result_aliases.rs" activity_result_aliases
    "../ui/activity/pass/result_by_type.rs" activity_result_by_type
    "../ui/activity/pass/retryable_by_trait.rs" activity_retryable_by_trait
    "../ui/checkpoint/pass/loops.rs" checkpoint_loops
    "../ui/determinism/pass/awaited.rs" determinism_awaited
    "../ui/determinism/pass/clock_of_the_users_own.rs" determinism_clock_of_the_users_own
    "../ui/determinism/pass/concurrency_of_the_orchestration.rs" determinism_concurrency_of_the_orchestration
    "../ui/determinism/pass/constants.rs" determinism_constants
    "../ui/determinism/pass/critical_sections.rs" determinism_critical_sections
    "../ui/determinism/pass/environment_of_the_users_own.rs" determinism_environment_of_the_users_own
    "../ui/determinism/pass/exceptions.rs" determinism_exceptions
    "../ui/determinism/pass/files_in_activities.rs" determinism_files_in_activities
    "../ui/determinism/pass/ids.rs" determinism_ids
    "../ui/determinism/pass/logging.rs" determinism_logging
    "../ui/determinism/pass/loops_with_an_end.rs" determinism_loops_with_an_end
    "../ui/determinism/pass/methods_named_like_blocking_ones.rs" determinism_methods_named_like_blocking_ones
    "../ui/determinism/pass/names_of_the_users_own.rs" determinism_names_of_the_users_own
    "../ui/determinism/pass/ordered_maps.rs" determinism_ordered_maps
    "../ui/determinism/pass/random_numbers.rs" determinism_random_numbers
    "../ui/determinism/pass/recorded_values.rs" determinism_recorded_values
    "../ui/determinism/pass/timers.rs" determinism_timers
    "../ui/entity/pass/as_users_write_it.rs" entity_as_users_write_it
    "../ui/entity/pass/awaits.rs" entity_awaits
    "../ui/entity/pass/callees.rs" entity_callees
    "../ui/entity/pass/hello.rs" entity_hello
    "../ui/entity/pass/options.rs" entity_options
    "../ui/entity/pass/signatures.rs" entity_signatures
    "../ui/event/pass/names.rs" event_names
    "../ui/inline/pass/callees_of_helpers.rs" inline_callees_of_helpers
    "../ui/inline/pass/helpers.rs" inline_helpers
    "../ui/orchestrator/pass/await_sites.rs" orchestrator_await_sites
    "../ui/orchestrator/pass/blocks_and_closures.rs" orchestrator_blocks_and_closures
    "../ui/orchestrator/pass/callees_are_found.rs" orchestrator_callees_are_found
    "../ui/orchestrator/pass/client_name.rs" orchestrator_client_name
    "../ui/orchestrator/pass/combinators_of_futures.rs" orchestrator_combinators_of_futures
    "../ui/orchestrator/pass/configured.rs" orchestrator_configured
    "../ui/orchestrator/pass/control_flow.rs" orchestrator_control_flow
    "../ui/orchestrator/pass/hello.rs" orchestrator_hello
    "../ui/orchestrator/pass/in_a_function.rs" orchestrator_in_a_function
    "../ui/orchestrator/pass/join_as_tokio_writes_it.rs" orchestrator_join_as_tokio_writes_it
    "../ui/orchestrator/pass/macros_with_awaits.rs" orchestrator_macros_with_awaits
    "../ui/orchestrator/pass/select_as_tokio_writes_it.rs" orchestrator_select_as_tokio_writes_it
    "../ui/orchestrator/pass/sub_orchestrations.rs" orchestrator_sub_orchestrations
    "../ui/orchestrator/pass/typed_context.rs" orchestrator_typed_context
}
