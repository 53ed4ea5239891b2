//! What every store must do: stories that know no engine, run on each.
//!
//! A new store is one more line below [`contract`]. What only one engine can show, such as what its file withstands, is in the tests
//! of that engine.

use std::sync::Arc;

use jiff::SignedDuration;

use super::raw::{Filling, RawRows};
use super::*;
use crate::adapters::keys::secret::SecretKeys;
use crate::domain::audit::{Action, Actor, Entry};
use crate::domain::contact::Contact;
use crate::domain::record::{IndividualId, Profile, Record};
use crate::domain::session::{Session, SessionKey};

pub(super) mod administration;
mod calls;
mod deliveries;
mod directory;
mod grants;
mod mappings;
mod outbox;
mod records;
mod secrets;
mod sessions;
pub(super) mod transfer;
mod waiting;
mod whole;

/// Where a store of one kind is kept.
pub(in crate::adapters::store) trait Place: Sync {
    /// Opens the store: for the first time, or after a restart.
    fn open(&self) -> Arc<dyn Store>;

    /// An empty place of the same kind. What is kept there goes when it is dropped.
    fn another(&self) -> Box<dyn Place>;

    /// Opens the store as a gateway with these secret keys.
    fn open_for_gateway(&self, secrets: &SecretKeys, now: Timestamp) -> Result<Arc<dyn Store>, StoreError>;

    /// The rows of this moment.
    fn snapshot(&self) -> StoreFuture<'_, Box<dyn RawRows>>;

    /// The store, which must be empty, to be filled.
    fn filling(&self) -> StoreFuture<'_, Box<dyn Filling>>;

    /// The keys with which [`Place::open`] opens it.
    fn secrets(&self) -> &SecretKeys;

    /// Every table of a store that was opened before, as the engine describes it.
    fn tables(&self) -> Vec<ShownTable>;
}

/// The name of a table, how many columns its key has, and each column with its type in the engine's words, those of the key first.
pub(in crate::adapters::store) type ShownTable = (String, usize, Vec<(String, String)>);

/// Every story, on the stores of a kind. A story that is not listed here is never run, and the compiler calls it unused.
macro_rules! contract {
    ($place:expr) => {
        contract! { $place =>
            administration {
                a_client_comes_back_as_it_was_and_is_changed_only_over_what_was_seen
                a_removed_client_leaves_no_token_and_no_message
                audit_entries_are_numbered_without_a_gap
                an_emergency_link_opens_once_and_its_session_can_be_ended
                the_latest_choice_of_an_environment_counts
            }
            calls {
                of_many_calls_at_once_as_many_start_as_may
                calls_count_after_a_restart
                a_pause_counts_for_every_gateway_and_after_a_restart
            }
            deliveries {
                a_row_is_taken_by_one_and_leaves_when_it_is_confirmed
                of_a_worker_that_lost_its_turn_nothing_counts
                a_row_that_failed_waits_and_is_counted
                one_plans_at_a_time
                nothing_of_a_stopped_subscriber_is_taken
                who_loses_something_is_counted_until_it_is_confirmed
                rows_are_found_by_date_and_by_a_record_that_is_gone
                what_ends_is_noted_in_the_day_of_the_subscriber
                all_rows_are_sent_again_once_and_erased_by_environment_or_with_the_subscriber
            }
            directory {
                people_are_found_by_what_their_record_carries
                every_record_of_an_environment_is_on_one_page
                the_lists_of_the_ams_are_kept_by_environment
                what_is_kept_by_name_is_kept_by_environment_and_over_a_restart
            }
            grants {
                a_code_is_used_once_and_a_second_use_ends_all_that_came_of_it
                a_refresh_token_that_was_replaced_is_taken_again_for_ten_seconds_or_until_its_successor_is_used
                uses_at_the_same_time_never_end_an_honest_family_and_a_copy_always_does
                an_old_code_is_worth_nothing
                a_token_is_taken_back_by_its_own_client_only
                codes_that_nobody_exchanges_do_not_pile_up
                sessions_with_grants_are_found_by_client_and_page_by_page
            }
            mappings {
                a_draft_is_written_only_over_what_was_seen
                a_version_is_published_with_its_entry_or_not_at_all
                a_list_of_roles_is_found_while_it_was_in_force_lately
            }
            outbox {
                however_a_session_ends_its_grants_end_and_its_clients_are_told_once
                a_client_whose_grants_end_is_told_once_and_session_and_other_clients_go_on
                a_message_is_sent_again_until_it_is_settled
                a_client_that_does_not_answer_holds_up_no_other
                messages_that_no_client_has_taken_are_counted
            }
            records {
                readings_are_joined_whichever_comes_first
                a_session_begins_with_all_that_is_known
                of_readings_at_the_same_time_none_is_lost
                a_page_of_people_is_kept_together
                a_page_without_news_confirms_what_it_brings
                who_is_confirmed_is_not_purged
                a_record_is_forgotten_unless_somebody_is_signed_in_with_it
            }
            sessions {
                a_session_survives_a_restart_with_its_record
                what_a_logout_is_shown_survives_a_restart
                a_session_that_was_ended_stays_ended
                every_session_of_one_person_ends_and_nobody_elses
                a_session_shows_the_latest_record_of_its_own_environment
                a_session_needs_the_record_of_its_own_person
                a_session_and_its_record_are_written_both_or_neither
                last_seen_only_moves_forward
                sessions_are_listed_latest_first_and_page_by_page
                a_token_is_used_once_however_many_bring_it_at_once
                an_address_is_kept_for_a_while
                the_oldest_of_a_network_makes_room_and_no_other_network_loses_by_it
            }
            transfer {
                every_table_is_described_as_it_is
                what_is_sealed_opens_by_the_description_of_its_table
                a_copy_holds_every_row_and_signs_nobody_out
                a_copy_of_a_store_in_use_is_of_one_moment
                a_copy_goes_only_into_an_empty_place_and_is_nothing_before_it_is_finished
                sessions_that_are_ended_in_a_copy_tell_their_clients
            }
            secrets {
                a_secret_key_is_replaced_while_people_are_signed_in
                sealing_again_goes_on_after_a_restart_and_leaves_what_is_damaged
                a_store_opens_for_the_keys_of_its_gateway_and_no_others
            }
            waiting {
                a_place_keeps_its_number_over_a_restart
                a_number_is_never_given_twice
                networks_have_their_rounds
                a_place_is_forgotten_when_nobody_asks
            }
            whole {
                a_purge_deletes_what_is_over_and_keeps_what_lives
                a_purge_ends_although_there_are_many_batches
                signing_keys_are_kept_oldest_first_and_once
                a_store_that_works_says_so
            }
        }
    };
    ($place:expr => $($file:ident { $($story:ident)* })*) => { $(
        mod $file { $(
            #[tokio::test]
            async fn $story() {
                crate::adapters::store::contract::$file::$story(&$place).await;
            }
        )* }
    )* };
}

mod on_sqlite {
    contract!(crate::adapters::store::sqlite::tests::File::new());
}

mod on_postgres {
    contract!(crate::adapters::store::postgres::tests::Database::new());
}

pub(in crate::adapters::store) const DANA: &str = "0b6f4a52-dana";
pub(in crate::adapters::store) const OMAR: &str = "77aa3c10-omar";

pub(in crate::adapters::store) fn at(minute: i64) -> Timestamp {
    "2026-03-01T09:30:00.123456789Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

pub(in crate::adapters::store) fn key(n: u8) -> SessionKey {
    SessionKey([n; 32])
}

pub(in crate::adapters::store) fn id(text: &str) -> IndividualId {
    IndividualId::parse(text).unwrap()
}

pub(in crate::adapters::store) fn session(n: u8, person: &str) -> Session {
    Session {
        key: key(n),
        individual: id(person),
        environment: "production".to_owned(),
        host: "members.reef.example".to_owned(),
        created: at(0),
        last_seen: at(0),
        device: Some("Firefox on Windows".to_owned()),
        viewer: None,
        logout_hint: None,
    }
}

pub(in crate::adapters::store) fn record(person: &str, as_of: Timestamp) -> Record {
    Record {
        id: id(person),
        confirmed: Default::default(),
        profile: Profile {
            name: "Dana Reyes".to_owned(),
            email: Some("dana.reyes@reef.example".to_owned()),
            ..Profile::default()
        },
        contact: Some(Box::new(Contact {
            bio: Some("Counts fish at Lantern Reef.".to_owned()),
            photo: Some("https://reef.example/dana.jpg".to_owned()),
            ..Contact::default()
        })),
        is_approved: Some(true),
        is_deceased: false,
        memberships: Vec::new(),
        security_roles: vec!["Press".to_owned()],
        custom_fields: Vec::new(),
        committees: None,
        registrations: Some(Vec::new()),
        purchases: None,
        certifications: None,
        relationships: None,
        groups: None,
        partly: Default::default(),
        warnings: Vec::new(),
    }
    .read_at(as_of)
}

pub(in crate::adapters::store) async fn begin(store: &dyn Store, session: &Session) {
    store.begin_session(session, &record(session.individual.as_str(), at(0))).await.unwrap();
}

pub(in crate::adapters::store) fn entry(about: &str) -> Entry {
    Entry {
        at: at(1),
        actor: Actor::operator(),
        action: Action::ClientChanged,
        about: about.to_owned(),
        before: None,
        after: None,
    }
}

/// Nothing is too old; sessions and records stay.
pub(in crate::adapters::store) fn purge_at(now: Timestamp) -> Purge {
    let never = Timestamp::MIN;
    Purge { now, created_before: never, seen_before: never, records_before: never }
}
