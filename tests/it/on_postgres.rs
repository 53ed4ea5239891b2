//! The main stories once more, with the store on a PostgreSQL server. And what only a server can do: end and come back.

use std::process::Command;

use crate::oidc::{
    logout as oidc_logout, lost_roles as oidc_lost_roles, registered as oidc_registered,
    renewal as oidc_renewal, token as oidc_token,
};
use crate::world::postgres::{PostgresServer, on_server, postgres};
use crate::world::{CHAIR, Plan, World, eventually};
use crate::{admin, administer, logout, logout_everywhere, long_addresses, managed_roles, sessions, sign_in};

/// Each story as in its own file.
macro_rules! stories {
    ($($module:ident { $($story:ident)* })*) => { $($(
        #[test]
        fn $story() {
            on_server($module::$story);
        }
    )*)* };
}

stories! {
    sign_in {
        a_stranger_opens_a_members_page_signs_in_and_lands_on_that_very_page
        twenty_tabs_opened_at_once_all_end_on_their_own_page
        a_return_is_used_once
    }
    logout {
        a_logout_is_a_logout_after_a_restart_too
    }
    logout_everywhere {
        by_our_own_link
        an_administrator_ends_every_session_of_a_person
    }
    long_addresses {
        a_page_of_any_length_comes_back_with_query_and_fragment
    }
    managed_roles {
        an_old_list_is_found_for_seven_days_and_after_a_restart
    }
    sessions {
        a_restart_signs_nobody_out
        idle_and_absolute_limits_end_a_session
        a_membership_that_is_terminated_in_the_ams_is_lost_and_one_that_is_bought_is_gained
        whoever_is_no_longer_admitted_is_signed_out_for_good
    }
    administer {
        what_is_published_counts_at_the_next_click_and_a_rollback_takes_it_back
    }
    admin {
        two_administrators_edit_at_once_and_nothing_is_lost
        an_emergency_link_opens_once_and_only_by_its_button
    }
    oidc_lost_roles {
        a_seat_that_ends_in_the_ams_ends_the_sign_in_where_it_is_asked_for_and_nowhere_else
    }
    oidc_renewal {
        a_server_may_renew_twelve_times_at_once_and_keeps_its_refresh_token_until_the_session_ends
        two_tabs_of_an_app_that_renew_at_once_get_the_same_successor_and_stay_signed_in
    }
    oidc_token {
        a_code_used_twice_takes_back_what_came_of_it
    }
    oidc_logout {
        every_way_out_tells_the_client_within_a_second
    }
    oidc_registered {
        a_registered_client_outlives_a_restart_and_a_reload
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_and_started_again_has_lost_nobody() {
    let mut server = PostgresServer::start("");
    let database = server.database();
    let world = World::planned(Plan { database: Some(server.url(&database)), ..Plan::default() }).await;
    let mut jane = world.visitor();
    jane.sign_in(CHAIR, world.url("/education")).await.expect(200);
    let killed = Command::new("kill").args(["-KILL", &server.process()]).status().unwrap();
    assert!(killed.success());
    jane.get(world.url("/education")).await.expect(200);
    server.start_again();
    eventually("somebody else signs in", async || {
        let mut other = world.visitor();
        let page = other.sign_in(CHAIR, world.url("/education")).await;
        (page.status == 200).then_some(())
    })
    .await;
    jane.get(world.url("/education")).await.expect(200);
    jane.get(world.url("/_gate/logout")).await.expect(303);
    jane.get(world.url("/education")).await.expect(302);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_has_lost_the_store_says_so_and_writes_nothing() {
    let database = postgres().database();
    let url = postgres().url(&database);
    let first = World::planned(Plan { database: Some(url.clone()), ..Plan::default() }).await;
    // As if it had been asleep until its time was over.
    postgres().run(&database, "UPDATE gateway_lease SET number = number + 1, until = '-infinity'");
    let second = World::planned(Plan { database: Some(url), ..Plan::default() }).await;
    second.visitor().sign_in(CHAIR, second.url("/education")).await.expect(200);
    let lost = tokio::time::timeout(std::time::Duration::from_secs(30), first.gate().store_lost()).await;
    assert!(lost.is_ok_and(|error| error.to_string().contains("another gateway has taken over")));
    let ready = reqwest::get(format!("http://{}/readyz", first.gate().operations())).await.unwrap();
    assert_eq!(ready.status(), 503);
    assert!(ready.text().await.unwrap().contains("taken over"));
    let page = first.visitor().sign_in(CHAIR, first.url("/education")).await;
    assert_ne!(page.status, 200, "nobody signs in there");
    postgres().give_back(database);
}
