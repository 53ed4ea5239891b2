//! What the community should know of each person: a table for each sentence of docs/community.md, and properties over generated records.

mod preview;
mod profile;
mod properties;
mod standing;

use self::profile::contact;
use super::*;
use crate::adapters::community_file::parse;
use crate::domain::contact::Contact;
use crate::domain::record::{CommitteeSeat, CustomField, GroupPlace, Membership, Record, Registration};
use crate::domain::time::{AmsDate, Timestamp};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> AmsDate {
    match text {
        "" => AmsDate::Absent,
        "?" => AmsDate::Unreadable("?".to_owned()),
        text => AmsDate::Day(text.parse().unwrap()),
    }
}

const NOW: &str = "2026-06-15T12:00:00Z";

/// Nothing of a contact is asked for.
const BARE: &str = "[contact]\nnames = false\ndirectory = false\norganization = false\n";

fn mapping(groups: &str) -> CommunityMapping {
    whole(&format!("time_zone = \"UTC\"\n{BARE}{groups}"))
}
fn whole(text: &str) -> CommunityMapping {
    parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

const EDU: &str = r#"
[[group]]
id = "committee-EDU"
name = "Education"
as = "community"
type = "Committee"
role = "{position}"
when = [{ committee = "EDU" }]
"#;

const GOLD: &str = r#"
[[group]]
id = "MBR-GOLD"
as = "security_group"
member = true
when = [{ membership_type = "GOLD" }]
"#;

/// Everything of this person was read, and nothing is there.
fn nobody() -> Record {
    let individual = serde_json::json!({ "id": "B3A1", "firstName": "Jane", "lastName": "Marlowe" });
    let record = serde_json::json!({ "individual": individual });
    let kind = crate::adapters::ams::kinds::Kind::default();
    let mut record = kind.record(record.as_object().unwrap().clone(), at(NOW)).unwrap();
    record.profile.written_id = Some("B3A1".to_owned());
    record.profile.first_name = Some("Jane".to_owned());
    record.profile.last_name = Some("Marlowe".to_owned());
    (record.committees, record.registrations) = (Some(Vec::new()), Some(Vec::new()));
    (record.groups, record.relationships) = (Some(Vec::new()), Some(Vec::new()));
    record.memberships.clear();
    record.read_at(at(NOW))
}

fn membership(code: &str, from: &str, to: &str) -> Membership {
    Membership {
        code: Some(code.to_owned()),
        type_name: Some(format!("{code} member")),
        join_date: date("2019-03-01"),
        effective_date: date(from),
        expire_date: date(to),
        ..Membership::default()
    }
}

fn seat(committee: &str, position: &str, from: &str, to: &str) -> CommitteeSeat {
    CommitteeSeat {
        committee: committee.to_owned(),
        committee_name: Some(format!("{committee} committee")),
        position: Some(position.to_lowercase()),
        position_name: Some(position.to_owned()),
        start_date: date(from),
        end_date: date(to),
        ..CommitteeSeat::default()
    }
}

fn present(found: &DesiredContact) -> &ToldContact {
    let Some(ContactState::Present(told)) = &found.state else { panic!("{found:?}") };
    told
}

/// What is desired now, and what then, by what was told now.
fn then(mapping: &CommunityMapping, before: &Record, after: &Record, then: &str) -> DesiredContact {
    let first = desired(mapping, before, None, at(NOW));
    let known = KnownContact { told: present(&first), holds: &first.holds };
    desired(mapping, after, Some(known), at(then))
}

/// Each line as `id/role since..until`.
fn lines(told: &ToldContact) -> Vec<String> {
    let day = |at: Option<Timestamp>| at.map_or(String::new(), |at| at.to_string().replace("T00:00:00Z", ""));
    let line = |line: &ToldLine| {
        let role = line.role.as_deref().map_or(String::new(), |role| format!("/{role}"));
        format!("{}{role} {}..{}", line.id, day(line.since), day(line.until))
    };
    told.groups.iter().map(line).collect()
}

#[test]
fn a_line_has_the_dates_and_the_role_of_what_gives_it() {
    let events = "[[group]]\nid = \"E\"\nas = \"community\"\ntype = \"Event\"\nwhen = [{ event = \"ANNUAL\", until_days_after = 2 }]\n";
    let lists = "[[group]]\nid = \"L\"\nas = \"community\"\ntype = \"Committee\"\nrole = \"Guest\"\nwhen = [{ group = \"Walkers\" }, { custom_field = \"a\", value = \"x\" }]\n";
    let both = "[[group]]\nid = \"B\"\nas = \"security_group\"\nwhen = [{ committee = \"EDU\" }, { member = true }]\n";
    let all = mapping(&format!("{EDU}{GOLD}{events}{lists}{both}"));
    let mut jane = nobody();
    jane.memberships = vec![membership("GOLD", "2026-01-01", "2026-12-31")];
    jane.committees =
        Some(vec![seat("EDU", "Chair", "2026-02-01", ""), seat("EDU", "Member", "2025-01-01", "2026-09-30")]);
    jane.registrations = Some(vec![Registration {
        event: "ANNUAL".to_owned(),
        registration_date: date("2026-05-01"),
        event_start: date("2026-07-01"),
        ..Registration::default()
    }]);
    jane.groups = Some(vec![GroupPlace { group_name: Some("Walkers".to_owned()), ..GroupPlace::default() }]);
    jane.custom_fields = vec![CustomField { name: "a".to_owned(), value: "y|x".to_owned() }];
    let found = desired(&all, &jane, None, at(NOW));
    let told = present(&found);
    assert_eq!(
        lines(told),
        [
            "B 2025-01-01..2027-01-01",
            "E 2026-05-01..2026-07-04",
            "L/Guest ..",
            "MBR-GOLD 2019-03-01..2027-01-01",
            "committee-EDU/Chair 2026-02-01..",
            "committee-EDU/Member 2025-01-01..2026-10-01",
        ]
    );
    assert_eq!((told.id.as_str(), told.is_member), ("B3A1", true));
    assert_eq!(told.member_since, Some(at("2019-03-01T00:00:00Z")));
    assert_eq!(told.member_until, Some(at("2027-01-01T00:00:00Z")));
    let names: Vec<&str> = told.groups.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["EDU committee", "E", "Walkers", "GOLD member", "Education", "Education"]);
    assert_eq!(found.holds_until, Some(at("2026-07-04T00:00:00Z")), "the event ends first");
    let ends: Vec<String> =
        found.holds.iter().map(|(name, end)| format!("{name} {}", end.unwrap_or_default())).collect();
    assert_eq!(
        ends,
        [
            "group B 2027-01-01T00:00:00Z",
            "group E 2026-07-04T00:00:00Z",
            "group L 1970-01-01T00:00:00Z",
            "group MBR-GOLD 2027-01-01T00:00:00Z",
            "group committee-EDU 1970-01-01T00:00:00Z",
            "membership 2027-01-01T00:00:00Z",
        ],
        "what no date ends has none"
    );
}

#[test]
fn grace_is_an_end_date_where_it_is_honoured_and_a_renewal_is_joined_on() {
    for (grace, renewed, until) in [
        (false, false, "2026-12-31"),
        (true, false, "2027-01-31"),
        (false, true, "2027-12-31"),
        (true, true, "2027-12-31"),
    ] {
        let text = format!("time_zone = \"UTC\"\nhonor_grace = {grace}\n{BARE}{GOLD}");
        let mut jane = nobody();
        let term = membership("GOLD", "2026-01-01", "2026-12-31");
        jane.memberships = vec![Membership { grace_expire_date: date("2027-01-31"), ..term }];
        if renewed {
            let next = membership("GOLD", "2027-01-01", "2027-12-31");
            jane.memberships.push(Membership { join_date: date(""), ..next });
        }
        let found = desired(&whole(&text), &jane, None, at(NOW));
        let end = crate::domain::time::end_of_day(until.parse().unwrap(), &TimeZone::UTC);
        assert_eq!(present(&found).groups[0].until, Some(end), "{grace} {renewed}");
    }
}

#[test]
fn one_group_for_each_code_has_the_code_as_the_ams_writes_it() {
    let chapters = mapping(
        "[[group]]\nid = \"ch:{code}\"\nname = \"{name} ({code})\"\nas = \"community\"\ntype = \"Chapter\"\nwhen = [{ committee = \"ch-*\" }]\n",
    );
    let mut jane = nobody();
    jane.committees = Some(vec![
        seat("CH-St. Louis", "Chair", "", ""),
        seat("CH-Austin", "Chair", "", ""),
        seat("EDU", "Chair", "", ""),
    ]);
    let found = desired(&chapters, &jane, None, at(NOW));
    assert_eq!(lines(present(&found)), ["ch:Austin ..", "ch:St. Louis .."]);
    assert_eq!(present(&found).groups[1].name, "CH-St. Louis committee (St. Louis)");
    let unread = Record { committees: None, ..jane.clone() };
    assert_eq!(desired(&chapters, &unread, None, at(NOW)).state, None);
    assert_eq!(lines(present(&then(&chapters, &jane, &unread, NOW))), ["ch:Austin ..", "ch:St. Louis .."]);
}

#[test]
fn a_person_is_a_member_by_membership_or_by_a_group_that_says_so() {
    let text = format!(
        "{GOLD}[[group]]\nid = \"STAFF\"\nas = \"security_group\"\nmember = true\nwhen = [{{ security_role = \"Staff\" }}]\n"
    );
    for (memberships, staff, is_member) in [
        (vec![], false, false),
        (vec![membership("SILVER", "2026-01-01", "2026-12-31")], false, true),
        (vec![membership("GOLD", "2024-01-01", "2024-12-31")], false, false),
        (vec![], true, true),
    ] {
        let mut jane = nobody();
        jane.memberships = memberships;
        jane.security_roles = if staff { vec!["Staff".to_owned()] } else { Vec::new() };
        let found = desired(&mapping(&text), &jane, None, at(NOW));
        assert_eq!(present(&found).is_member, is_member, "{jane:?}");
    }
}

#[test]
fn who_has_lapsed_or_is_not_approved_is_there_without_groups_and_who_is_deceased_is_removed() {
    let (all, mut jane) = (mapping(&format!("{EDU}{GOLD}")), nobody());
    jane.memberships = vec![membership("GOLD", "2026-01-01", "2026-12-31")];
    let lapsed = then(&all, &jane, &jane, "2027-01-01T00:00:00Z");
    let told = present(&lapsed);
    assert_eq!((told.is_member, told.groups.len(), lapsed.holds.len()), (false, 0, 0));
    assert_eq!(told.member_until, Some(at("2027-01-01T00:00:00Z")), "when it was over is told");
    let not_approved = Record { is_approved: Some(false), ..jane.clone() };
    let kept_out = then(&all, &jane, &not_approved, NOW);
    let told = present(&kept_out);
    assert_eq!((told.is_member, told.groups.len(), kept_out.holds.len()), (false, 0, 0));
    let deceased = Record { is_deceased: true, ..jane.clone() };
    let removed =
        RemovedContact { id: "B3A1".into(), first_name: "Jane".into(), last_name: "Marlowe".into() };
    assert_eq!(then(&all, &jane, &deceased, NOW).state, Some(ContactState::Removed(removed)));
    for refused in [not_approved, deceased] {
        assert_eq!(desired(&all, &refused, None, at(NOW)).state, None, "nobody was told");
    }
}

#[test]
fn what_is_not_known_stays_line_for_line_until_a_known_date() {
    let (all, mut jane) = (mapping(&format!("{EDU}{GOLD}")), nobody());
    jane.memberships = vec![membership("GOLD", "2026-01-01", "2026-12-31")];
    jane.committees =
        Some(vec![seat("EDU", "Chair", "2026-02-01", ""), seat("EDU", "Member", "2025-01-01", "2026-09-30")]);
    let unread = Record { committees: None, ..jane.clone() };
    assert_eq!(desired(&all, &unread, None, at(NOW)).state, None, "nothing is told for the first time");
    let kept = then(&all, &jane, &unread, NOW);
    assert_eq!(*present(&kept), *present(&desired(&all, &jane, None, at(NOW))));
    assert_eq!(kept.holds_until, Some(at("2026-10-01T00:00:00Z")));
    let later = then(&all, &jane, &unread, "2026-10-01T00:00:00Z");
    assert_eq!(
        lines(present(&later)),
        ["MBR-GOLD 2019-03-01..2027-01-01", "committee-EDU/Chair 2026-02-01.."]
    );
    let lapsed = then(&all, &jane, &unread, "2027-01-01T00:00:00Z");
    assert_eq!(lines(present(&lapsed)), ["committee-EDU/Chair 2026-02-01.."], "that is known");
    assert!(!present(&lapsed).is_member);
    let mut doubtful = jane.clone();
    doubtful.memberships =
        vec![Membership { expire_date: date("?"), ..membership("GOLD", "2026-01-01", "") }];
    let doubted = then(&all, &jane, &doubtful, NOW);
    assert!(present(&doubted).is_member);
    assert_eq!(present(&doubted).member_until, Some(at("2027-01-01T00:00:00Z")));
    assert_eq!(present(&doubted).groups.len(), 3);
    let over = then(&all, &jane, &doubtful, "2027-01-01T00:00:00Z");
    assert!(!present(&over).is_member, "the end that was known has come");
    // A position that is not told is the one of before.
    let mut unsaid = jane.clone();
    unsaid.committees = Some(vec![CommitteeSeat {
        position: None,
        position_name: None,
        position_unread: true,
        ..seat("EDU", "Chair", "2026-02-01", "")
    }]);
    assert_eq!(lines(present(&then(&all, &jane, &unsaid, NOW)))[1..], ["committee-EDU/Chair 2026-02-01.."]);
    // A list on which people put themselves leaves nothing open that could still be read.
    let mut joined = nobody();
    joined.committees = Some(vec![CommitteeSeat { self_joinable: true, ..seat("EDU", "Chair", "", "") }]);
    assert_eq!(lines(present(&desired(&all, &joined, None, at(NOW)))), Vec::<String>::new());
}

#[test]
fn who_is_not_to_be_told_of_is_told_of_without_groups_if_ever() {
    let text = |who: &str| whole(&format!("time_zone = \"UTC\"\n{BARE}[who]\n{who}\n{GOLD}"));
    let (active, accounts) = (text("only_active = true"), text("only_with_account = true"));
    let members = text("when = [{ member = true }]");
    let mut jane = Record { contact: Some(Box::new(contact())), ..nobody() };
    jane.memberships = vec![membership("GOLD", "2026-01-01", "2026-12-31")];
    let changed = |change: fn(&mut Contact)| {
        let mut contact = contact();
        change(&mut contact);
        Record { contact: Some(Box::new(contact)), ..jane.clone() }
    };
    let passive = changed(|contact| contact.is_active = Some(false));
    let unsaid = changed(|contact| contact.is_active = None);
    let without = changed(|contact| contact.has_account = Some(false));
    let unread = Record { contact: None, ..jane.clone() };
    for (mapping, after, is_new, lines_then) in [
        (&active, &jane, true, 1),
        (&active, &passive, false, 0),
        (&active, &unsaid, false, 1),
        (&active, &unread, false, 1),
        (&accounts, &without, false, 0),
        (&accounts, &passive, true, 1),
        (&members, &unread, true, 1),
        (&members, &nobody(), false, 0),
    ] {
        assert_eq!(desired(mapping, after, None, at(NOW)).state.is_some(), is_new, "{after:?}");
        let told = then(mapping, &jane, after, NOW);
        assert_eq!(
            (present(&told).groups.len(), present(&told).is_member),
            (lines_then, lines_then > 0),
            "{after:?}"
        );
    }
    // Nothing new is given while it is not known.
    let bare = Record { memberships: Vec::new(), ..jane.clone() };
    assert_eq!(present(&then(&active, &bare, &unread, NOW)).groups.len(), 0);
}

#[test]
fn a_custom_field_is_told_as_a_demographic() {
    let text = "[[demographic]]\nfield = \"Interests\"\nkey = \"INT\"\n[[demographic]]\nfield = \"Motto\"\nkey = \"MOTTO\"\nname = \"Own words\"\nmultiple = false\nfree_form = true\n";
    let all = mapping(text);
    let mut jane = nobody();
    jane.custom_fields = vec![
        CustomField { name: "interests".to_owned(), value: "Ocean| Law |Ocean|".to_owned() },
        CustomField { name: "Motto".to_owned(), value: "a|b".to_owned() },
    ];
    let found = desired(&all, &jane, None, at(NOW));
    let told: Vec<String> = present(&found)
        .demographics
        .iter()
        .map(|one| format!("{}/{}={}{}", one.key, one.name, one.value, if one.free_form { "!" } else { "" }))
        .collect();
    assert_eq!(told, ["INT/INT=Ocean", "INT/INT=Law", "MOTTO/Own words=a|b!"]);
    assert!(all.looks().parts().custom_fields && !all.rules().parts().custom_fields);
}

#[test]
fn a_name_that_the_ams_gives_whole_is_taken_apart() {
    for (first, last, whole, expected) in [
        (Some("Jane"), Some("Marlowe"), "Dr. J. Marlowe", ("Jane", "Marlowe")),
        (None, None, "Jane  van Marlowe", ("Jane  van", "Marlowe")),
        (None, None, "Jane", ("Jane", "")),
        (None, Some(" Marlowe "), "Jane Marlowe", ("", "Marlowe")),
    ] {
        let mut jane = nobody();
        jane.profile.first_name = first.map(str::to_owned);
        jane.profile.last_name = last.map(str::to_owned);
        jane.profile.name = whole.to_owned();
        let found = desired(&mapping(""), &jane, None, at(NOW));
        let told = present(&found);
        assert_eq!((told.first_name.as_str(), told.last_name.as_str()), expected);
    }
    let mut labs =
        Record { contact: Some(Box::new(Contact { is_organization: true, ..contact() })), ..nobody() };
    labs.profile.name = "Harbor Labs".to_owned();
    assert_eq!(present(&desired(&mapping(""), &labs, None, at(NOW))).last_name, "Harbor Labs");
}
