//! The one list of cases, and what is made of it: tests, and a table.

/// Passes every case to another macro of this crate, so that the list is written once.
#[doc(hidden)]
#[macro_export]
macro_rules! with_cases {
    ($callback:ident $($argument:expr)?) => {
        $crate::$callback! {
            ($($argument)?)
            session {
                an_empty_store_finds_nothing,
                a_session_is_found_as_decided_by_slot_and_id_and_handle,
                a_commits_events_are_in_the_log,
                events_carry_the_fence_that_guarded_them,
                a_session_without_a_key_guards_itself,
                slots_of_other_namespaces_and_kinds_are_apart,
                a_slots_revision_and_fence_go_on_in_its_next_session,
                the_fence_never_goes_back,
                a_fresh_workspace_start_writes_both_sessions,
                a_slot_shows_its_newest_session_after_it_ended,
                a_renewal_between_load_and_commit_survives,
                an_append_between_load_and_commit_survives,
                a_note_between_load_and_commit_survives,
                an_activity_is_replaced_and_dropped,
                the_last_activity_never_moves_back,
                a_note_leaves_the_revision_alone,
                a_heartbeat_raises_the_revision_and_renews,
                a_decision_without_writes_changes_nothing,
                a_release_wins_over_a_renewal_in_between,
            }
            guard {
                a_decision_on_an_old_revision_conflicts,
                a_second_start_on_an_empty_slot_conflicts,
                a_decision_on_a_revision_that_never_was_conflicts,
                a_decision_on_an_old_revision_conflicts_without_a_slot,
                a_start_on_an_empty_slot_loses_against_an_import_at_revision_zero,
                a_slot_never_has_two_open_sessions,
                a_decision_under_another_fence_is_fenced,
                an_owners_decision_after_the_end_is_fenced,
                an_operators_decision_needs_no_fence,
                the_revision_is_checked_before_the_fence,
                the_fence_is_checked_before_the_judgement,
                the_judgement_is_checked_before_the_id,
                an_id_that_exists_is_taken,
                a_taken_id_leaves_the_old_session_open,
                the_same_id_may_exist_in_two_namespaces,
                over_that_is_live_is_judged_again,
                live_that_became_over_is_judged_again,
                a_clock_set_back_has_a_takeover_judged_again,
                a_proof_of_death_holds_for_its_incarnation_only,
                idleness_is_judged_again_after_the_owners_append,
                a_judgement_about_nothing_never_holds,
            }
            lease {
                a_renewal_moves_the_end_to_one_ttl_from_now,
                a_renewal_changes_nothing_but_the_term,
                a_renewed_lease_lasts,
                a_renewal_never_revives,
                a_late_holder_is_granted_it_again_under_its_fence,
                a_renewal_under_another_fence_is_fenced,
                an_old_fence_is_fenced_though_the_lease_is_over,
                a_renewal_after_the_end_is_fenced,
                a_renewal_after_a_workspace_takeover_is_fenced,
                a_renewal_of_nothing_is_fenced,
                a_renewal_sent_twice_is_the_later_one,
                a_paused_session_is_renewed,
                a_session_without_a_key_has_its_own_fence,
                a_renewal_concerns_one_session,
                a_workspace_lease_is_renewed_by_the_wall_clock,
            }
            clock {
                the_time_is_the_stores_own,
                a_boot_lease_outlives_wall_jumps_both_ways,
                a_wall_jump_lets_nobody_take_a_boot_lease_over,
                a_boot_lease_is_over_once_another_boot_has_lasted_as_long,
                a_holder_elsewhere_keeps_its_session_while_the_machine_starts_anew,
                what_was_over_before_another_boot_is_judged_again,
                a_wall_lease_ends_by_the_wall_clock,
                a_wall_lease_outlives_the_boot,
                a_persons_session_is_over_only_after_its_threshold,
                an_unusable_wall_clock_lets_runs_renew,
                an_unusable_wall_clock_renews_no_workspace,
                an_unusable_wall_clock_confirms_no_judgement,
                an_unusable_wall_clock_lets_the_owner_clear,
                an_unusable_wall_clock_loses_no_events,
                an_unusable_wall_clock_makes_nothing_due,
                a_wall_clock_set_back_reorders_no_log,
            }
            arrival {
                what_arrives_is_seen_as_a_whole_and_not_before,
                what_arrived_goes_on,
                what_arrives_takes_a_place_once_it_is_held,
                what_arrives_with_a_dropped_beginning_begins_there,
                nothing_arrives_with_a_gap,
                ids_of_events_arrive_with_them,
                an_id_that_exists_does_not_arrive,
                an_admission_whose_answer_was_lost_is_asked_again,
                a_slot_with_an_open_session_takes_none,
                a_slot_counts_on_from_the_higher_counters,
                what_is_given_up_leaves_nothing,
                what_nobody_goes_on_with_is_given_up,
                what_arrived_is_not_due_at_once,
                what_had_ended_arrives,
                what_arrived_outlives_the_store,
                checkpoints_arrive_with_their_session,
                versions_of_files_arrive_with_their_session,
                checkpoints_of_what_is_given_up_are_removed,
            }
            keep {
                nothing_is_removed_of_what_is_retained,
                a_session_is_retained_while_it_is_held,
                a_past_session_is_retained_beside_its_successor,
                what_was_handed_over_takes_nothing_more,
                nothing_is_removed_of_what_is_on_its_way,
                a_session_weighs_what_its_log_takes,
                checkpoints_are_kept_with_their_session,
            }
            lifecycle {
                any_lifecycle_gives_the_states_events_and_refusals_of_the_table,
            }
            log {
                positions_have_no_gap_across_all_writers,
                events_are_read_as_they_were_appended,
                an_owners_append_is_activity_and_raises_no_revision,
                an_inbox_append_changes_nothing_but_the_log,
                an_owner_that_is_late_still_appends,
                an_append_under_another_fence_is_fenced,
                an_append_after_a_workspace_takeover_is_fenced,
                an_append_after_the_end_is_refused,
                an_append_to_nothing_is_not_found,
                neighbours_logs_stay_apart,
                reading_in_pages_finds_everything_once,
                reading_begins_after_the_given_position,
                reading_at_and_after_the_head_finds_nothing,
                reading_by_type_passes_over_the_others,
                a_full_page_by_type_loses_nothing,
            }
            named {
                an_event_with_an_id_is_appended_once,
                ids_are_read_back,
                only_what_is_new_is_appended,
                an_id_twice_in_one_append_is_one_event,
                an_id_that_names_another_event_is_refused,
                ids_of_other_sessions_are_apart,
                a_former_holder_is_fenced_though_its_event_is_known,
                what_is_known_is_told_after_the_end,
                ids_are_known_after_reopening,
                one_of_many_appends_the_event,
                an_append_with_ids_is_repeated_safely,
                an_append_that_was_partly_known_is_resolved,
            }
            compact {
                what_is_kept_stays_where_it_was,
                positions_go_on_after_compaction,
                a_log_begins_no_later_than_after_its_newest_event,
                a_reader_is_told_that_its_place_is_gone,
                ids_go_with_their_events,
                compaction_concerns_one_log,
                compaction_outlives_the_store,
                a_compaction_whose_answer_was_lost_is_asked_again,
                what_became_of_an_append_of_dropped_events_is_not_made_up,
            }
            checkpoint {
                a_payload_comes_back_as_it_was,
                a_checkpoint_and_its_event_are_one_write,
                everything_that_is_known_of_a_checkpoint_comes_back,
                an_operators_checkpoint_is_no_activity,
                a_checkpoint_sent_twice_happens_once,
                another_checkpoint_of_the_same_id_is_refused,
                the_same_id_may_exist_in_two_sessions,
                a_checkpoint_under_another_fence_is_fenced,
                nobody_saves_what_somebody_else_holds,
                an_owner_that_is_late_still_saves,
                an_operator_saves_what_nobody_holds,
                an_ended_session_takes_no_checkpoint_and_keeps_those_it_has,
                a_checkpoint_of_nothing_is_not_found,
                checkpoints_are_listed_newest_first_in_pages,
                what_is_listed_reads_no_payload,
                a_damaged_payload_is_reported_and_its_neighbours_are_read,
                a_damaged_record_is_reported_and_its_neighbours_are_listed,
                removed_checkpoints_are_gone_and_the_others_stay,
                a_removal_under_another_fence_is_fenced,
                checkpoints_outlive_the_store,
                checkpoints_of_many_writers_are_each_kept,
                a_watch_wakes_on_a_checkpoint,
                another_instance_shows_a_checkpoint,
                a_checkpoint_whose_answer_was_lost_is_there_once,
                a_dropped_checkpoint_is_there_whole_or_not_at_all,
                a_restored_record_is_kept,
                a_commit_saves_with_what_it_writes,
                a_refused_commit_saves_nothing,
                what_a_lost_commit_saves_is_there_with_it,
            }
            file {
                changed_files_are_listed_in_their_newest_version,
                a_file_is_found_as_it_was_at_a_position,
                a_version_of_a_file_is_told_as_file_change_and_is_no_checkpoint,
                a_version_of_a_file_under_another_fence_is_fenced,
                a_fork_has_the_files_as_they_were_there,
                a_damaged_version_of_a_file_is_reported,
            }
            fork {
                a_fork_reads_its_parents_log_and_then_its_own,
                a_fork_and_its_parent_go_on_apart,
                a_fork_of_a_fork_reads_through_both,
                a_fork_may_begin_in_what_its_parent_shares,
                a_fork_may_cut_through_an_append,
                a_fork_has_its_parents_checkpoints_up_to_there,
                a_removal_leaves_a_forks_checkpoints,
                a_fork_beyond_the_head_is_refused,
                a_fork_of_nothing_is_not_found,
                a_fork_under_an_id_that_exists_is_refused,
                a_fork_sent_twice_happens_once,
                an_ended_session_can_be_forked,
                a_fork_is_opened_as_decided,
                a_fork_goes_on_as_any_session,
                a_watch_on_a_fork_wakes,
                a_purge_leaves_forks_as_they_are,
                what_a_parent_drops_its_forks_keep,
                a_fork_drops_its_beginning_alone,
                a_fork_begins_where_its_parent_does,
                sessions_are_forked_again_and_again,
                ids_of_shared_events_are_known_to_a_fork,
                forks_outlive_the_store,
                a_fork_whose_answer_was_lost_is_there_once,
                forks_are_whole_after_a_fault,
                a_damaged_payload_is_reported_in_a_fork,
                sessions_are_forked_while_they_are_written,
            }
            watch {
                a_watch_wakes_on_a_commit,
                a_watch_wakes_on_an_append,
                every_watch_wakes,
                a_watch_wakes_on_another_instances_writes,
                a_watch_never_sleeps_through_a_write,
                a_watch_never_sleeps_through_another_instances_write,
                whoever_listens_has_the_whole_log_and_sees_the_end,
                whoever_listens_has_what_another_instance_wrote_in_between,
                what_was_dropped_is_not_heard,
                every_change_is_told_to_whoever_follows_all,
                nothing_is_slept_through_by_whoever_follows_all,
                another_instances_changes_are_told_to_whoever_follows_all,
                heads_say_where_logs_stand,
            }
            records {
                a_session_with_every_field_comes_back,
                a_session_with_no_field_set_comes_back,
                every_state_comes_back,
                every_lease_comes_back,
                large_numbers_come_back,
                an_import_comes_back,
                every_event_comes_back,
                the_largest_append_is_kept_whole,
                names_with_anything_in_them_are_kept,
                a_pending_session_is_kept_and_started,
            }
            inspect {
                a_list_shows_the_newest_first,
                a_list_shows_one_namespace,
                every_tenant_is_shown_once,
                pages_have_no_gap_and_no_double,
                the_last_page_says_so,
                pages_of_rare_sessions_are_full,
                a_name_is_an_id_first,
                a_key_names_what_is_open_and_else_the_newest,
                a_name_means_exactly_that,
            }
            filter {
                lists_are_filtered_by_state_and_kind_and_label,
                a_list_by_parent_shows_its_children,
                a_list_by_principals_shows_what_was_opened_for_any_of_them,
                a_list_by_holder_shows_what_is_held_now,
                a_list_by_key_shows_keys_that_begin_so,
                a_list_by_directory_takes_a_path_or_its_last_part,
                both_ends_of_a_time_belong_to_it,
                what_never_started_is_in_no_time,
                a_search_finds_words_by_their_beginning,
                a_search_finds_an_id_by_its_beginning,
                a_search_finds_what_is_said_now_and_not_what_was_said,
                the_oldest_come_first_when_asked,
                a_filtered_list_follows_every_change,
                any_filters_together_show_what_each_lets_through,
            }
            statistics {
                nothing_is_counted_where_nothing_is,
                sessions_are_counted_by_kind_and_state,
                how_long_ended_sessions_took_is_added_up,
                what_was_opened_before_yesterday_is_not_recent,
                the_ages_are_those_of_open_sessions,
                events_are_counted_by_type,
                events_older_than_an_hour_are_not_recent,
                refused_writes_are_not_counted,
                what_is_quiet_for_longest_comes_first,
                figures_show_one_namespace,
                every_instance_adds_to_the_same_figures,
                figures_are_there_after_reopening,
                without_a_usable_clock_nothing_is_recent,
                figures_are_what_one_finds_by_looking_at_everything,
                tasks_are_counted_by_queue_until_a_worker_has_them,
            }
            due {
                a_session_is_due_once_it_was_idle_too_long,
                the_longest_overdue_comes_first,
                what_cannot_expire_is_never_due,
                a_pending_session_is_never_due,
                a_pending_session_with_a_time_out_is_due,
                a_session_past_its_time_is_due_though_it_is_held,
                a_paused_session_is_due,
                what_was_swept_is_not_due,
                a_postponed_look_is_due_later,
                a_commit_sets_the_next_look_anew,
                postponing_what_has_ended_brings_nothing_back,
                an_active_session_is_due_again_once_it_is_idle,
            }
            group {
                a_group_has_the_limit_that_it_was_given,
                a_full_group_takes_nobody_until_somebody_stops,
                who_is_late_loses_the_place_and_not_the_session,
                who_is_gone_takes_no_place,
                places_are_given_in_the_order_of_arrival,
                who_waits_for_a_place_is_woken,
                a_claim_by_hand_takes_a_place_when_it_goes_to_work,
            }
            token {
                a_token_is_found_by_its_secret,
                a_token_is_made_once,
                a_token_expires_by_the_stores_clock,
                a_revoked_token_is_not_valid_any_more,
                a_rotated_token_takes_both_secrets_for_a_while,
                a_second_rotation_ends_the_first_ones_grace,
                a_rotation_that_is_asked_for_again_changes_nothing,
                a_rotation_is_refused_where_it_makes_no_sense,
                a_use_is_noted_once_in_an_interval,
                tokens_are_listed_in_pages,
                a_token_is_there_for_every_instance,
            }
            answer {
                a_request_is_answered_the_same_to_whoever_asks_again,
                a_key_is_its_callers_own,
                a_key_is_used_for_one_request_only,
                a_dead_servers_request_is_carried_out_with_its_seed,
                a_beginning_whose_answer_was_lost_is_a_beginning,
                a_dropped_request_may_be_made_again,
                a_body_is_bounded,
                a_key_is_new_again_after_its_time,
                old_answers_are_forgotten_in_pieces,
                answers_outlive_their_server,
            }
            purge {
                a_purged_session_is_gone_in_every_way,
                an_open_session_is_not_purged,
                what_is_not_there_is_not_purged,
                a_purged_slot_keeps_its_counters,
                a_slot_shows_what_a_purge_left,
                a_handle_is_never_given_out_twice,
                a_purged_id_can_be_used_again,
                a_purged_session_takes_nothing_more,
                a_decision_on_a_purged_session_conflicts,
                children_are_listed_newest_first,
                children_outlive_their_parent_and_say_so,
                a_watch_wakes_on_a_purge,
                a_long_log_is_reclaimed_step_by_step,
                a_purge_whose_answer_was_lost_is_asked_again,
                what_was_purged_is_gone_after_reopening,
                a_purge_is_seen_by_every_instance,
            }
            unknown {
                a_commit_is_resolved_by_its_id,
                a_refused_commit_resolves_to_nothing,
                a_later_commit_hides_an_earlier_one,
                other_writes_do_not_hide_a_commit,
                a_commit_of_two_sessions_is_resolved,
                a_former_sessions_commit_is_resolved,
                a_commit_without_writes_resolves_to_nothing,
                a_commit_sent_twice_happens_once,
                a_commit_whose_answer_was_lost_is_resolved,
                a_commit_that_failed_is_answered_truthfully,
                a_refusal_whose_answer_was_lost_wrote_nothing,
                an_append_whose_answer_was_lost_is_there_once_or_not,
                an_append_is_resolved_by_its_id,
                a_refused_append_resolves_to_nothing,
                other_writes_do_not_hide_an_append,
                an_append_among_many_at_once_is_resolved,
                an_append_is_resolved_after_reopening,
                a_renewal_whose_answer_was_lost_is_asked_again,
                a_postponement_whose_answer_was_lost_is_asked_again,
            }
            crash {
                what_was_acknowledged_is_there_after_reopening,
                numbers_go_on_after_reopening,
                a_lease_outlives_the_store,
                what_was_remembered_is_there_after_reopening,
                a_dropped_commit_is_all_or_nothing,
                dropped_commits_leave_their_neighbours_alone,
                a_fault_in_a_group_does_not_take_neighbours_along,
                nothing_that_failed_is_remembered,
                ownership_outlives_the_store,
            }
            process {
                one_of_many_starts_wins,
                one_of_many_takeovers_wins,
                each_revision_is_won_once,
                one_of_many_gets_the_id,
                concurrent_appends_share_one_row_of_positions,
                a_thousand_at_once_are_each_answered_rightly,
                everybody_reads_their_own_writes,
                sessions_opened_together_are_all_listed,
                a_cancel_and_an_append_at_once_agree,
            }
            instance {
                instances_show_what_the_others_wrote,
                guards_hold_across_instances,
                leases_are_judged_the_same_everywhere,
                instances_open_together_on_nothing,
            }
            turn {
                a_new_instance_is_there_with_its_history,
                a_turn_adds_to_the_history_alone,
                the_end_of_an_instance_is_kept,
                an_instance_may_end_with_its_first_turn,
                executions_have_their_own_histories,
                a_turn_of_somebody_else_is_fenced,
                a_turn_on_an_old_revision_conflicts,
                an_id_that_exists_opens_no_instance,
                a_turn_that_starts_what_exists_keeps_nothing,
                what_a_turn_starts_waits_for_a_worker,
                a_large_turn_is_kept_whole,
                a_history_that_cannot_be_read_is_never_an_empty_one,
                a_turn_sent_twice_is_told_again,
                a_turn_whose_answer_was_lost_is_there_once,
                a_turn_that_failed_changes_nothing,
                an_operators_end_fences_the_holder,
                a_purged_instance_takes_its_history_along,
                an_instances_log_is_its_holders,
                instances_outlive_the_store,
                many_instances_are_driven_at_once,
            }
            claim {
                what_nobody_holds_is_given_once,
                whose_time_came_first_is_given_first,
                nothing_is_given_before_its_time,
                ten_at_once_get_ten_different_ones,
                a_former_holders_turn_is_fenced,
                what_was_let_go_waits_for_its_time,
                what_an_over_worker_held_is_rescued,
                what_a_gone_worker_held_is_rescued_at_once,
                a_list_by_holder_shows_a_workers_instances,
            }
            mail {
                messages_wait_in_order_until_they_are_taken,
                messages_for_others_are_passed_over,
                only_open_instances_take_messages,
                a_message_wakes_what_nobody_holds,
                an_end_is_told_to_the_parent,
                attention_wakes_on_everything_for_workers,
                attention_wakes_on_another_instances_writes,
                messages_and_turns_at_once_lose_nothing,
            }
            worker {
                a_second_live_worker_of_a_name_is_refused,
                the_same_start_is_registered_once,
                a_replaced_worker_holds_nothing,
                a_gone_workers_name_is_free,
                after_another_boot_a_gone_worker_is_not_waited_for,
                a_worker_that_was_found_over_stays_so,
                a_worker_elsewhere_outlives_the_store,
                a_renewed_worker_lasts,
                a_late_worker_is_renewed,
                a_retired_worker_lets_everything_go,
                workers_are_listed_with_what_they_hold,
            }
            affinity {
                what_has_no_key_is_for_any_worker,
                a_key_that_nobody_holds_is_claimed_with_its_task,
                who_holds_a_key_gets_what_follows_next,
                nobody_else_gets_anything_of_a_held_key,
                two_keys_of_two_workers_are_apart,
                what_others_hold_is_passed_over,
                the_key_of_a_worker_that_is_over_is_anybodys,
                who_serves_no_keys_gets_nothing_that_follows_one,
                what_is_asked_for_first_is_given_first,
                a_worker_is_told_of_each_key_that_it_holds,
                a_worker_that_keeps_no_idle_keys_loses_them_at_once,
                who_holds_nothing_keeps_nothing,
                a_key_of_which_nothing_waits_is_idle_in_time,
                a_key_of_which_something_waits_is_not_idle,
                a_key_in_use_a_moment_ago_is_not_idle,
                the_end_of_an_attempt_is_a_use_of_its_key,
                the_renewal_of_an_attempt_is_a_use_of_its_key,
                what_follows_one_key_is_given_in_order,
                who_holds_a_key_still_gets_what_has_none,
                activities_of_one_key_run_side_by_side_at_its_worker,
                the_first_claim_of_a_key_decides_for_the_rest,
            }
            lapse {
                whoever_comes_first_takes_what_an_over_worker_held,
                a_key_that_went_idle_is_for_anybody_again,
                what_was_given_back_is_given_again,
                an_attempt_that_never_began_does_not_count,
                a_use_does_not_revive_what_is_over,
                who_held_an_idle_key_has_it_again,
                an_attempt_that_is_over_is_its_holders_to_repeat,
                what_is_given_back_goes_to_the_keys_next_worker,
                a_late_worker_goes_on_with_what_nobody_took,
                with_its_worker_an_attempt_is_over,
                who_lost_a_key_ends_what_it_began,
                a_worker_that_renews_keeps_its_keys,
            }
            attempt {
                an_instance_of_an_over_worker_is_given_on,
                an_instance_that_is_let_go_is_free_at_once,
                what_came_meanwhile_is_there_when_it_is_let_go,
                nobody_gets_what_is_held_and_one_does_then,
                an_attempt_that_goes_on_is_told_so,
                an_attempt_under_another_fence_is_refused,
                an_attempt_whose_time_is_over_is_not_revived,
                a_renewed_attempt_lasts,
                an_attempt_that_has_ended_cannot_go_on,
                what_is_given_back_is_there_at_once,
                what_is_given_back_for_later_is_hidden_until_then,
                the_end_of_an_attempt_that_is_over_is_refused,
                a_late_renewal_brings_nothing_back,
                an_attempt_that_nobody_took_is_granted_again,
                the_end_of_an_attempt_is_told_to_its_instance,
                what_an_attempt_said_goes_with_its_end,
                the_end_of_an_attempt_wakes_its_instance,
                the_tasks_of_an_instance_say_who_runs_them,
                an_attempt_says_what_it_is_for,
                whoever_claims_an_instance_is_told_its_tasks,
            }
            limits {
                at_most_so_many_keys_are_busy,
                at_the_limit_busy_keys_are_still_served,
                what_waits_for_busy_keys_is_told,
                what_runs_without_a_row_is_busy,
                a_worker_at_its_limit_leaves_keys_to_others,
                the_key_that_was_idle_longest_is_given_up,
                a_key_in_use_is_not_given_up,
                for_a_turn_no_key_is_given_up,
                a_worker_above_its_share_leaves_new_keys_to_others,
                far_above_its_share_is_a_tenth_above_the_mean,
                who_does_not_serve_it_has_no_share,
                a_turn_claims_nothing_above_its_share,
                what_waits_in_a_queue_is_for_those_that_serve_it,
                a_key_goes_to_who_serves_the_queue,
            }
            exclusive {
                of_an_exclusive_key_one_runs_at_a_time,
                a_worker_may_run_every_key_so,
                what_is_behind_for_one_worker_alone_is_anothers,
                what_was_given_back_keeps_its_place,
                what_is_withdrawn_keeps_nobody_waiting,
                an_exclusive_one_waits_for_what_has_no_row,
                a_moved_key_is_exclusive_still,
                what_was_lost_goes_before_the_rest,
                a_turns_activity_waits_its_turn,
                an_exclusive_key_goes_to_who_serves_the_queue_when_idle,
            }
            handover {
                another_start_of_a_worker_inherits_its_keys,
                a_turn_resumes_a_key,
                the_keys_of_a_gone_worker_are_inherited,
                a_worker_that_retires_leaves_everything,
                a_worker_that_is_to_drain_gets_nothing_new,
                a_worker_that_is_evicted_holds_nothing,
                what_is_withdrawn_is_gone_and_its_worker_told,
                nobody_withdraws_the_tasks_of_others,
                the_end_of_an_instance_withdraws_its_tasks,
                an_operators_end_withdraws_the_tasks,
                continuing_as_new_withdraws_the_tasks_before,
                notices_are_told_until_they_are_taken_in,
                what_a_worker_lacks_the_code_for_goes_to_another,
                where_nobody_else_is_there_it_comes_again,
                what_it_lacks_the_code_for_keeps_no_key,
                a_key_is_moved_to_whom_was_named,
                a_workers_progress_is_known,
                a_stalled_worker_is_given_nothing_by_others,
                a_key_is_idle_at_its_time,
                what_is_under_way_keeps_its_key,
            }
            placing {
                what_follows_a_free_key_is_run_at_once,
                what_is_not_for_its_instances_worker_waits,
                what_follows_a_waiting_key_waits_behind_it,
                a_late_worker_claims_no_key_by_a_turn,
                an_earlier_activity_is_asked_for_again,
                a_first_turn_asks_for_activities,
                a_refused_turn_leaves_no_tasks,
                a_turn_sent_twice_says_twice_where_they_went,
                a_lost_turn_asks_once_and_a_failed_one_never,
                what_waits_calls_workers,
                what_another_process_leaves_calls_workers,
                keys_of_two_tenants_are_apart,
                pins_are_listed_page_by_page,
                workers_are_listed_with_what_they_serve,
                tasks_and_pins_outlive_the_store,
                once_another_boot_has_lasted_as_long_every_key_is_anybodys,
                a_worker_elsewhere_keeps_keys_and_attempts_while_the_machine_starts_anew,
                an_attempts_own_time_counts_from_another_boot,
                a_keys_idle_time_counts_from_another_boot,
                claims_at_once_share_out_tasks_and_keys,
            }
            tenant {
                a_worker_of_one_tenant_gets_nothing_of_another,
                a_tenant_of_whom_nothing_is_known_has_nothing,
                what_is_of_others_hides_nothing_however_much,
                a_busy_key_of_another_tenant_brings_nothing,
                a_turn_runs_nothing_of_another_tenant,
                a_key_of_another_tenant_is_idle_in_time,
                a_key_of_another_tenant_is_left,
                a_key_of_another_tenant_is_not_moved_to_it,
                who_serves_another_tenant_is_not_there_for_what_one_lacks,
                who_serves_another_tenant_has_no_share,
                who_serves_the_tenant_has_a_share,
            }
            weak {
                held_keys_are_bounded_and_own_keys_served,
                who_has_no_room_for_a_key_does_not_claim_it,
                who_lost_a_key_does_not_keep_it_in_use,
                missed_renewals_lose_nothing_that_nobody_took,
                a_key_at_work_is_never_idle,
                who_stops_lets_go_and_its_next_start_can_tell,
                two_live_workers_of_one_name_do_not_share_keys,
                a_claim_goes_on_past_what_is_taken,
                what_others_hold_hides_nothing_however_much,
                keys_are_not_all_the_first_ones_that_asks,
                a_key_may_be_exclusive,
                no_wall_clock_moves_anything,
            }
            model {
                random_verbs_do_what_the_model_does,
                random_tasks_go_where_the_models_go,
            }
        }
    };
}

/// One test for each case, in a module named after the cases' subject.
///
/// Takes the expression of a [`Harness`](crate::Harness). The crate that uses it needs tokio with its
/// multi-threaded runtime and macros.
#[macro_export]
macro_rules! conformance_tests {
    ($harness:expr) => {
        $crate::with_cases!(case_tests $harness);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! case_tests {
    (($harness:expr) $($module:ident { $($case:ident,)* })*) => {
        fn harness_under_test() -> impl $crate::Harness {
            $harness
        }

        $(
            mod $module {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let harness = super::harness_under_test();
                        $crate::cases::$module::$case(&harness).await;
                    }
                )*
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! case_table {
    (() $($module:ident { $($case:ident,)* })*) => {
        vec![$($(
            $crate::Case {
                module: stringify!($module),
                name: stringify!($case),
                run: |harness| Box::pin($crate::cases::$module::$case(harness)),
            },
        )*)*]
    };
}

/// A running case.
pub type Running<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One case of the list.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What it is about.
    pub module: &'static str,
    /// The fact that it checks, as a sentence.
    pub name: &'static str,
    /// Runs it; it panics when the fact does not hold.
    pub run: fn(&dyn crate::Harness) -> Running<'_>,
}

/// Every case, for those who run them in their own way.
#[must_use]
pub fn cases() -> Vec<Case> {
    crate::with_cases!(case_table)
}
