//! The conformance suite: what every engine promises, one test per behaviour.
//!
//! `store_conformance!(make)` expands to the tests; `make` is a function from a
//! catalogue to the future of a [`Fixture`] with an empty store, or none where there is no
//! such engine.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use tiendo_shared::submission::{Outcome, Recorded, Rejection};

use super::{Appended, Store};

pub(crate) mod acting;
pub(crate) mod ledger;
pub(crate) mod random;
pub(crate) mod reading;
pub(crate) mod refusing;
pub(crate) mod repeating;
pub(crate) mod samples;
pub(crate) mod taking;

/// The store that is tried.
pub(crate) type Shared = Arc<dyn Store>;

/// A store to be tried, and what has to outlive it.
pub(crate) struct Fixture {
    pub(crate) store: Shared,
    _keep: Box<dyn Any + Send>,
}

impl Fixture {
    pub(crate) fn new(store: impl Store + 'static, keep: impl Any + Send) -> Self {
        Self { store: Arc::new(store), _keep: Box::new(keep) }
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

/// What was recorded for the first time.
#[track_caller]
pub(crate) fn recorded(appended: Appended) -> Recorded {
    match appended {
        Appended::Recorded { recorded, duplicate: false, .. } => recorded,
        other => panic!("not newly recorded: {other:?}"),
    }
}

/// What was recorded by an earlier call.
#[track_caller]
pub(crate) fn repeated(appended: Appended) -> Recorded {
    match appended {
        Appended::Recorded { recorded, duplicate: true, .. } => recorded,
        other => panic!("not a duplicate: {other:?}"),
    }
}

/// What would have become of a submission that was not recorded.
#[track_caller]
pub(crate) fn not_recorded(appended: Appended) -> (Vec<Outcome>, Vec<Rejection>) {
    match appended {
        Appended::NotRecorded { outcomes, rejections } => (outcomes, rejections),
        other @ Appended::Recorded { .. } => panic!("recorded: {other:?}"),
    }
}

/// Expands to one test per behaviour; `$make` makes a fixture.
macro_rules! store_conformance {
    ($make:path) => {
        $crate::store::conformance::store_conformance! { $make;
            taking:
                a_first_value_is_accepted,
                a_later_value_revises_and_the_earlier_is_kept,
                an_equal_value_changes_nothing,
                a_withdrawn_value_stays_and_may_come_back,
                missing_is_neither_zero_nor_withdrawn,
                observations_read_back_exactly,
                a_comment_alone_revises,
                members_have_series_of_their_own,
                receipt_times_never_run_backwards;
            refusing:
                good_items_are_taken_beside_refused_ones,
                a_submission_of_refused_items_alone_is_recorded,
                nothing_to_withdraw_is_refused,
                an_implausible_change_needs_confirmation,
                a_change_is_measured_from_the_latest_number_of_its_frequency,
                items_are_decided_by_earlier_entries_alone,
                all_or_nothing_records_nothing_if_one_is_refused,
                all_or_nothing_records_all_if_none_is_refused,
                a_rehearsal_leaves_no_trace;
            repeating:
                the_same_id_returns_what_was_recorded_first,
                other_content_under_an_id_is_an_error,
                ids_are_per_department,
                concurrent_repeats_are_recorded_once;
            acting:
                an_act_is_an_entry_of_its_chain,
                acts_of_administrators_have_a_chain,
                acts_are_listed_without_what_stands_between,
                the_same_act_again_is_recorded_once,
                a_report_moves_as_its_review_goes,
                an_act_that_does_not_fit_its_report_is_refused,
                an_act_that_was_overtaken_is_not_recorded,
                an_approved_period_is_locked,
                refused_rows_do_not_move_a_report,
                approval_and_rows_never_pass_each_other;
            reading:
                a_read_as_of_an_instant_shows_what_was_known,
                the_province_combines_what_was_known,
                approved_figures_are_those_of_approved_reports,
                nothing_is_recorded_into_the_past_of_an_answer,
                an_answer_of_now_shows_what_came_after_an_earlier_one,
                series_are_ordered_by_key,
                series_are_filtered,
                series_are_paged,
                revisions_of_an_unknown_key_are_none;
            ledger:
                entries_chain_and_verify,
                entries_hold_what_was_sent,
                entries_are_paged,
                an_unknown_department_has_an_empty_chain,
                departments_in_parallel_have_chains_of_their_own,
                a_closed_store_takes_nothing;
        }
    };
    ($make:path; $($module:ident: $($name:ident),*;)*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let made = $make($crate::store::conformance::samples::catalogue()).await;
                // The test command said that this machine has no such engine.
                let Some(fixture) = Option::<$crate::store::conformance::Fixture>::from(made) else {
                    return;
                };
                $crate::store::conformance::$module::$name(&fixture.store).await;
            }
        )*)*
    };
}
pub(crate) use store_conformance;
