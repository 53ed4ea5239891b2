//! Stories of the calls that tell about many: rosters, everybody, and who changed.

use jiff::SignedDuration;

use super::records::start;
use super::*;
use crate::sim::people::{EventSession, Registration};
use crate::sim::re_members::Scope;
use crate::sim::switches::{Fault, Setting};

const REGISTRATIONS: &str = "/Events/annual26/Registrations/{page}";
const CANCELLATIONS: &str = "/Events/ANNUAL26/Cancellations/{page}";

/// Lena goes with Jane as her guest, Gus has cancelled, Priya has cancelled a session of hers.
fn fill(control: &Control) {
    let registration = |number: &str, date: &str| Registration {
        event: "ANNUAL26".into(),
        registration_number: number.into(),
        registration_date: Some(date.into()),
        ..Registration::default()
    };
    let people = ["100481", "lena.moss@people.example", "100484", "100483"];
    let more = [
        registration("R-1", "2026-06-09T12:00:00"),
        Registration { guest_of: Some("100481".into()), ..registration("R-2", "2026-06-09T12:00:00") },
        Registration {
            cancellation_date: Some("2026-06-10T11:00:00.5".into()),
            ..registration("R-3", "2026-06-10T10:00:00")
        },
        Registration {
            sessions: vec![
                EventSession { code: "S1".into(), cancellation_date: None },
                EventSession { code: "S2".into(), cancellation_date: Some("2026-06-10T09:00:00".into()) },
            ],
            ..registration("R-4", "2026-06-10T09:00:00")
        },
    ];
    for (person, registration) in people.into_iter().zip(more) {
        assert!(control.edit_person(person, |it| it.registrations = vec![registration]));
    }
    assert!(control.edit_person("100487", |it| it.registrations.clear()));
}

async fn registered(world: &World, tokens: &Tokens, query: &str) -> Vec<String> {
    let mut numbers = world.each(tokens, &format!("{REGISTRATIONS}{query}"), "registrationNumber").await;
    numbers.sort();
    numbers
}

#[tokio::test]
async fn a_registration_names_the_person_and_a_guest_the_host_as_switched() {
    let (world, tokens) = start(&["page_size=2"]).await;
    fill(world.control());
    let id = |key: &str| world.control().person(key).unwrap().id;
    let guest = async || {
        let rows = world.everything(&tokens, REGISTRATIONS).await;
        rows.into_iter().find(|row| row["guestOfRecordNumber"] == "100481")
    };
    let row = guest().await.unwrap();
    assert_eq!(
        (&row["id"], &row["customerType"]),
        (&json!(id("lena.moss@people.example")), &json!("Individual"))
    );
    assert_eq!(row.get("individualId"), None, "a list about a person has that, this one has not");
    world.control().set_switch("guest_rows=host_id").unwrap();
    assert_eq!(guest().await.unwrap()["id"], json!(id("100481")));
    assert_eq!(guest().await.unwrap()["recordNumber"], "100481");
    world.control().set_switch("guest_rows=absent").unwrap();
    assert_eq!(guest().await, None);
    let own = format!("/Individuals/{}/Registrations/1", id("lena.moss@people.example"));
    assert_eq!(world.get(&tokens, &own).await.1["dataList"], json!([]), "it is the host's registration");
    assert_eq!(world.get(&tokens, "/Events/NOWHERE/Registrations/1").await.0, 404);
}

#[tokio::test]
async fn cancelled_rows_are_on_the_lists_as_switched_and_a_session_alone_has_no_date_of_the_event() {
    let (world, tokens) = start(&[]).await;
    fill(world.control());
    assert_eq!(registered(&world, &tokens, "").await, ["R-1", "R-2", "R-3", "R-4"]);
    world.control().set_switch("cancelled_stay_listed=off").unwrap();
    assert_eq!(registered(&world, &tokens, "").await, ["R-1", "R-2", "R-4"]);
    assert_eq!(registered(&world, &tokens, "?sessionCode=s1").await, ["R-4"]);

    let rows = world.everything(&tokens, CANCELLATIONS).await;
    let of = |number: &str| rows.iter().find(|row| row["registrationNumber"] == number).unwrap();
    assert_eq!(of("R-3")["eventCancellationDate"], "2026-06-10T11:00:00.5");
    assert_eq!(of("R-4")["eventCancellationDate"], Value::Null);
    assert_eq!(of("R-4")["cancelledSessions"][0]["sessionCode"], "S2");
    assert_eq!(rows.len(), 2);

    let gus = format!("/Individuals/{}/Registrations/1", world.control().person("100484").unwrap().id);
    assert_eq!(world.get(&tokens, &gus).await.1["dataList"], json!([]));
    world.control().set_switch("cancelled_on_own_list=on").unwrap();
    assert_eq!(world.only(&tokens, &gus).await["registrationNumber"], "R-3");
}

#[tokio::test]
async fn filters_by_time_are_honoured_in_either_zone_ignored_or_refused() {
    let (world, tokens) = start(&[]).await;
    fill(world.control());
    let since = "?registeredSince=2026-06-10T10:00:00";
    assert_eq!(registered(&world, &tokens, since).await, ["R-3"]);
    let cancelled = async |since: &str| {
        world.each(&tokens, &format!("{CANCELLATIONS}?cancelledSince={since}"), "registrationNumber").await
    };
    assert_eq!(cancelled("2026-06-10T10:00:00").await, ["R-3"]);
    // Ten o'clock UTC is six in New York, before both cancellations.
    world.control().set_switch("since_zone=utc").unwrap();
    assert_eq!(cancelled("2026-06-10T10:00:00").await.len(), 2);
    assert_eq!(registered(&world, &tokens, since).await, ["R-3", "R-4"]);
    assert_eq!(world.get(&tokens, "/Events/ANNUAL26/Registrations/1?registeredSince=soon").await.0, 400);
    world.control().set_switch("since_filters=ignored").unwrap();
    assert_eq!(registered(&world, &tokens, since).await.len(), 4);
    world.control().set_switch("since_filters=refused").unwrap();
    assert_eq!(world.get(&tokens, &format!("/Events/ANNUAL26/Registrations/1{since}")).await.0, 400);
}

#[tokio::test]
async fn a_committee_lists_seats_with_or_without_dates_and_ended_ones_as_switched() {
    let (world, tokens) = start(&[]).await;
    let names = async |query: &str| {
        world.each(&tokens, &format!("/Committees/FIN/Members/{{page}}{query}"), "lastName").await
    };
    assert!(!names("").await.contains(&"Marlowe".to_owned()), "her term is over");
    world.control().set_switch("ended_seats_listed=on").unwrap();
    assert!(names("").await.contains(&"Marlowe".to_owned()));
    let chair = "/Committees/EDU/Members?positionCodes=chair,treasurer";
    let row = world.only(&tokens, chair).await;
    assert!(text(&row["startDate"]).ends_with("T00:00:00"));
    assert_eq!((text(&row["code"]), row.get("committee")), ("EDU-014", None));
    world.control().set_switch("roster_dates=off").unwrap();
    let row = world.only(&tokens, chair).await;
    assert_eq!((row.get("startDate"), row.get("endDate")), (None, None));
    assert_eq!(names("?Term=1999").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_list_loses_rows_and_moves_while_it_is_read_by_fault() {
    let (world, tokens) = start(&["page_size=3"]).await;
    let path = "/Individuals/Members/All/{page}";
    let whole = world.each(&tokens, path, "id").await;
    assert!(whole.len() > 8);
    let scope = Scope::read("members_all").unwrap();
    let read = async |fault: Fault| {
        world.control().fail_next(scope, fault, u32::MAX);
        let rows = world.each(&tokens, path, "id").await;
        world.control().clear_faults();
        rows
    };
    let halves: Vec<String> = whole.chunks(3).flat_map(|page| page.iter().step_by(2).cloned()).collect();
    assert_eq!(read(Fault::HalfRows).await, halves);
    let mut moved = whole.clone();
    moved.remove(3);
    assert_eq!(read(Fault::ShiftedRows).await, moved, "the fourth is on no page");
    assert_eq!(world.each(&tokens, path, "id").await, whole);
}

#[tokio::test]
async fn members_in_bulk_have_what_the_flags_ask_for_or_do_not() {
    let (world, tokens) = start(&["page_size=100"]).await;
    let path = "/Individuals/Members/All/1?includeMembership=true&includeCustomFields=true&includeEmail=true";
    let read = async |query: &str| {
        let (_, body) = world.get(&tokens, &format!("{path}{query}")).await;
        body["dataList"].as_array().unwrap().clone()
    };
    let full = |row: &Value| row["memberships"].is_array() && row["customFields"].is_array();
    let rows = read("").await;
    assert!(rows.iter().all(full) && rows.len() > 8);
    assert!(rows.iter().all(|row| row["memberships"][0]["renewalUrl"].is_null()));
    let rows = read("&includeMembershipRenewalUrl=true").await;
    assert!(rows.iter().all(|row| row["memberships"][0]["renewalUrl"].is_string()));

    world.control().set_switch("include_flags=ignored").unwrap();
    assert!(read("").await.iter().all(|row| row.get("memberships") == Some(&Value::Null)));
    world.control().set_switch("include_flags=left_out").unwrap();
    assert!(read("").await.iter().all(|row| row.get("memberships").is_none() && row["id"].is_string()));
    world.control().set_switch("include_flags=half").unwrap();
    let rows = read("").await;
    assert_eq!(rows.iter().filter(|row| full(row)).count(), rows.len().div_ceil(2));
}

#[tokio::test]
async fn members_in_bulk_have_the_parts_of_the_profile_that_the_flags_ask_for() {
    let (world, tokens) = start(&["page_size=100"]).await;
    let lists = ["addresses", "emails", "links", "phones"];
    let jane = async |query: &str| {
        let (_, body) = world.get(&tokens, &format!("/Individuals/Members/All/1?{query}")).await;
        let rows = body["dataList"].as_array().unwrap().clone();
        let jane = rows.into_iter().find(|row| row["recordNumber"] == "100481").unwrap();
        lists.map(|name| jane[name].as_array().map_or(0, Vec::len))
    };
    assert_eq!(jane("includeMembership=true").await, [0; 4]);
    assert_eq!(jane("includePhone=true&includeLink=false").await, [0, 0, 0, 2]);
    let all = "includeAddress=true&includeEmail=true&includeLink=true&includePhone=true";
    let [addresses, emails, links, phones] = jane(all).await;
    assert!(addresses > 0 && emails == 2 && links > 0 && phones == 2);
    world.control().set_switch("include_contact=off").unwrap();
    assert_eq!(jane(all).await, [0; 4]);
}

#[tokio::test]
async fn changed_since_gives_ids_and_repeats_across_pages() {
    let (world, tokens) = start(&["page_size=5"]).await;
    let everybody = world.everything(&tokens, "/Individuals/ChangedSince/17530101/0000/{page}").await;
    let distinct: std::collections::HashSet<&str> = everybody.iter().map(text).collect();
    let on_file = Settings::demo().people.people.len(); // one is in staging only, but the integration user is on file
    assert_eq!(distinct.len(), on_file);
    assert!(everybody.len() > distinct.len());

    let now = world.control().now().to_zoned(world.control().switches().time_zone);
    let path = format!("/Individuals/ChangedSince/{}/{{page}}", now.strftime("%Y%m%d/%H%M"));
    assert!(world.everything(&tokens, &path).await.is_empty());
    assert!(world.control().edit_person("100481", |jane| jane.memberships.clear()));
    let jane = world.control().person("100481").unwrap().id;
    assert_eq!(world.everything(&tokens, &path).await, [json!(jane)]);
    assert_eq!(world.get(&tokens, "/Individuals/ChangedSince/20261301/0000/1").await.0, 400);
    let last = format!("/Individuals/ChangedSince/17530101/0000/{}", usize::MAX);
    assert_eq!(world.get(&tokens, &last).await.1["dataList"], json!([]));
}

#[tokio::test]
async fn what_counts_as_a_change_and_in_which_zone_the_question_is_read_are_switches() {
    let (world, tokens) = start(&[]).await;
    let control = world.control();
    let ids = async |zone: &str| {
        let now = control.now().to_zoned(jiff::tz::TimeZone::get(zone).unwrap());
        let path = format!("/Individuals/ChangedSince/{}/{{page}}", now.strftime("%Y%m%d/%H%M"));
        world.everything(&tokens, &path).await.len()
    };
    control.edit_person("100481", |jane| jane.committees.clear());
    assert_eq!(ids("America/New_York").await, 1);
    control.set_switch("changed_since_covers=profiles").unwrap();
    assert_eq!(ids("America/New_York").await, 0, "a seat is not the profile");
    control.edit_person("100481", |jane| jane.title = Some("Director".into()));
    assert_eq!(ids("America/New_York").await, 1);

    control.set_switch("since_zone=utc").unwrap();
    assert_eq!((ids("UTC").await, ids("America/New_York").await), (1, 1));
    control.advance(SignedDuration::from_hours(2));
    assert_eq!((ids("UTC").await, ids("America/New_York").await), (0, 1), "four hours earlier");
}
