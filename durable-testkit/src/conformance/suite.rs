//! The list of cases, and the macro that makes tests of them.

/// Makes a test of each case for a store: `conformance!(name, factory)`, where `factory` is an
/// async function without arguments that returns a [`Subject`](crate::conformance::Subject).
#[macro_export]
macro_rules! conformance {
    ($store:ident, $factory:ident) => {
        #[cfg(test)]
        mod $store {
            use super::$factory as factory;

            $crate::conformance_group!(factory, ownership: [
                a_lone_worker_owns_all_units,
                a_worker_owns_the_lanes_it_registers_for,
                registered_lanes_are_told,
                a_lease_can_be_renewed,
                a_stopped_worker_gives_everything_back,
                an_exclusive_store_hands_over_at_once,
                units_are_spread_evenly,
                only_workers_of_a_lane_share_it,
                a_live_worker_is_left_alone,
                the_units_of_a_dead_worker_are_taken_over,
                a_late_worker_goes_on_where_nobody_took_over,
            ]);
            $crate::conformance_group!(factory, creation: [
                a_hub_opens_twice,
                a_new_instance_is_stored_as_it_was_given,
                an_absent_input_is_not_null,
                a_creation_sends_the_start_message,
                a_scheduled_creation_sets_the_start_timer,
                a_creation_scheduled_for_now_begins_at_once,
                a_taken_id_is_refused,
                a_taken_id_can_be_used,
                a_repeated_creation_counts_as_created,
                a_repeated_creation_leaves_the_salt_alone,
                a_replacing_creation_asks_the_owner_once,
                a_replacing_creation_refuses_other_statuses,
                ids_differ_by_case,
                an_instance_can_be_created_before_any_worker_comes,
            ]);
            $crate::conformance_group!(factory, inbox: [
                messages_come_in_the_order_they_were_sent,
                a_repeated_command_has_no_effect,
                the_same_command_for_two_instances_counts_twice,
                a_message_to_an_unknown_instance_is_not_found,
                a_message_to_an_ended_instance_is_refused,
                a_message_that_its_orchestrator_cannot_take_is_refused,
                an_instance_that_is_replaced_takes_what_its_replacement_takes,
                fetching_leaves_out_what_the_worker_has,
                messages_come_page_by_page,
                messages_are_found_behind_those_that_are_not_asked_for,
                fetching_keeps_to_the_units,
                consumed_messages_are_gone,
                message_ids_are_never_given_twice,
                parked_messages_are_kept_and_not_polled,
                unparked_messages_are_polled_again,
                unparking_comes_before_parking,
                unread_events_are_listed,
                a_large_message_comes_back_whole,
            ]);
            $crate::conformance_group!(factory, timers: [
                timers_come_by_due_time,
                timers_come_page_by_page,
                pages_of_timers_go_on_whatever_is_written,
                places_lie_before_and_behind_a_moment,
                timers_of_one_call_differ_by_kind,
                a_timer_set_again_moves,
                a_turn_takes_timers_away_before_it_sets_new_ones,
                taking_an_absent_timer_away_is_no_error,
                timers_end_with_their_instance,
                timers_end_with_their_execution,
                timers_keep_to_the_units,
            ]);
            $crate::conformance_group!(factory, history: [
                turns_come_back_oldest_first,
                turns_before_a_checkpoint_can_be_dropped,
                executions_have_histories_of_their_own,
                an_unreadable_turn_is_an_error,
                an_unknown_format_is_an_error,
            ]);
            $crate::conformance_group!(factory, listing: [
                pages_come_in_order_of_creation,
                pages_neither_skip_nor_repeat_under_writes,
                filters_narrow_the_list,
                lists_and_counts_agree_on_every_filter,
                the_few_among_many_are_listed_and_counted,
                a_version_is_listed_under_all_its_names,
                tags_are_found_as_they_show,
            ]);
            $crate::conformance_group!(factory, purging: [
                only_ended_instances_are_purged,
                nothing_of_a_purged_instance_is_left,
                a_purge_is_bounded,
                children_are_purged_before_or_with_their_parents,
                one_that_is_wanted_and_a_child_is_purged_once,
                detached_children_are_not_purged_with_their_parents,
                one_that_is_about_to_be_replaced_is_not_purged,
            ]);
            $crate::conformance_group!(factory, loading: [
                an_instance_is_loaded_with_all_it_needs,
                only_the_current_execution_is_loaded,
                loading_begins_with_the_checkpoint,
                a_checkpoint_ends_with_its_execution,
                an_absent_instance_is_loaded_as_none,
                instances_to_load_come_by_key,
                the_last_heartbeat_of_a_call_counts,
                heartbeats_end_with_the_execution,
            ]);
            $crate::conformance_group!(factory, fence: [
                a_fenced_worker_changes_no_row,
                a_commit_after_an_unknown_one_is_fenced,
                an_unknown_worker_is_fenced,
                the_commit_outcome_tells_the_last_commit,
            ]);
            $crate::conformance_group!(factory, closing: [
                a_closed_store_refuses_everything,
            ]);
            $crate::conformance_group!(factory, commit: [
                an_empty_commit_does_nothing,
                a_plain_step_is_one_history_row,
                a_turn_written_before_is_a_conflict,
                an_update_is_stored_as_it_was_given,
                outputs_come_back,
                messages_of_a_turn_are_delivered,
                messages_to_nobody_are_dropped,
                messages_of_a_turn_reach_ended_instances,
                consuming_absent_messages_is_no_error,
                a_large_commit_is_written_whole,
            ]);
            $crate::conformance_group!(factory, children: [
                a_turn_creates_children,
                a_child_can_be_scheduled,
                a_taken_id_fails_the_call,
                a_child_that_its_call_made_before_is_no_failure,
                the_first_of_two_equal_ids_wins,
                a_taken_id_without_a_caller_tells_nobody,
                a_commit_can_send_to_what_it_creates,
            ]);
            $crate::conformance_group!(factory, replacement: [
                a_replacement_begins_the_next_execution,
                a_replacement_keeps_no_timer_and_no_progress,
                a_replacement_can_move_to_another_lane,
                commands_around_a_replacement_take_effect_once,
            ]);
            $crate::conformance_group!(factory, showing: [
                a_replacement_shows_as_pending_at_once,
                a_live_instance_that_is_to_be_replaced_shows_as_pending,
                a_suspension_shows_at_once,
                a_resumption_shows_at_once,
                an_end_hides_what_was_asked_before,
                a_termination_shows_when_it_has_come,
                an_execution_lives_until_its_owner_has_ended_it,
                unread_events_are_bounded,
                a_replacement_has_no_unread_events,
            ]);
            $crate::conformance_group!(factory, entities: [
                a_client_sends_to_an_entity_once,
                an_entitys_row_is_written_and_read_back,
                an_entity_without_state_shows_while_something_waits_for_it,
                entities_are_listed_by_name_and_key,
                a_turn_sends_to_entities,
                a_delayed_signal_is_parked_until_its_timer,
                answers_are_kept_until_they_expire,
                answers_expire_page_by_page,
                entities_that_wait_are_found_at_start,
            ]);
            $crate::conformance_group!(factory, signals: [
                delayed_signals_are_listed,
                a_delayed_signal_is_withdrawn_once,
                only_a_delayed_signal_can_be_withdrawn,
                a_signal_that_was_withdrawn_is_not_run,
            ]);
        }
    };
}

/// A part of [`conformance!`].
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_group {
    ($factory:ident, $group:ident: [$($case:ident,)+]) => {
        mod $group {
            use super::$factory as factory;

            $(
                #[tokio::test]
                async fn $case() {
                    let subject = factory().await;
                    $crate::conformance::$group::$case(subject.store()).await;
                    subject.end().await;
                }
            )+
        }
    };
}
