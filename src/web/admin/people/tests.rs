//! Samples of the page, and the instants of its form.

use super::page::*;
use super::*;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let reason = |rule: &str, role: &str, matched, because: &str| RuleReason {
        rule: rule.to_owned(),
        role: role.to_owned(),
        matched,
        because: because.to_owned(),
    };
    let person = TriedPerson {
        name: "Zoë <b>O’Hara</b>".to_owned(),
        id: "b3a1c0de-0001-4222-8333-444455550001".to_owned(),
        number: "100481".to_owned(),
        email: "zoe@people.example".to_owned(),
        as_of: "4 March 2026, 10:42".to_owned(),
        from_memory: false,
        at: "Now, 4 March 2026, 10:42".to_owned(),
        admitted: true,
        membership: "Member (INDIV), to 31 December 2026".to_owned(),
        roles: vec![
            RoleLabel { role: "education".to_owned(), label: "Education committee".to_owned() },
            RoleLabel { role: "member".to_owned(), label: "Member".to_owned() },
        ],
        reasons: vec![
            reason("member", "member", true, "Member: Individual runs to 31 December 2026."),
            reason("Education committee", "education", true, "On committee EDU, to 30 June 2026."),
            reason("staff", "staff", false, "Does not have the security role Staff."),
        ],
        changes: vec![("1 July 2026, 00:00".to_owned(), "loses education".to_owned())],
        warnings: vec!["committee FIN: the start date cannot be read".to_owned()],
        said: "{\n  \"individual\": { \"id\": \"b3a1c0de\" }\n}".to_owned(),
    };
    let page = |person: Option<TriedPerson>, mend: Option<&str>| PeoplePage {
        shell: samples::shell(menu::PEOPLE),
        who: Field::text("who", "Who", if mend.is_some() { "nobody@people.example" } else { "" })
            .hint("A name, an e-mail address, a record number or an AMS id.")
            .required()
            .mend(mend.map(str::to_owned)),
        at: Field::text("at", "When (optional)", "")
            .kind("datetime-local")
            .hint("Empty: now. In the association’s time zone."),
        draft: false,
        choices: Vec::new(),
        links: person
            .iter()
            .map(|_| TimeLink {
                says: "1 January 2027".to_owned(),
                href: "/_gate/admin/people?who=x".to_owned(),
            })
            .collect(),
        may_view: true,
        person,
    };
    let from_memory = TriedPerson {
        from_memory: true,
        said: String::new(),
        admitted: false,
        roles: Vec::new(),
        ..person.clone()
    };
    check(vec![
        ("people_empty", page(None, None)),
        ("people_full", page(Some(person), None)),
        ("people_from_memory", page(Some(from_memory), None)),
        ("people_error", page(None, Some("The AMS knows nobody by that."))),
    ]);
}

#[test]
fn a_date_box_survives_being_read_and_written() {
    let zone = TimeZone::get("America/New_York").unwrap();
    for (text, read) in [
        ("", Ok(None)),
        ("2027-01-01", Ok(Some("2027-01-01T05:00:00Z"))),
        ("2027-01-01T00:00", Ok(Some("2027-01-01T05:00:00Z"))),
        ("2027-07-01 12:30", Ok(Some("2027-07-01T16:30:00Z"))),
        ("tomorrow", Err(())),
    ] {
        let read = read.map(|at| at.map(|at| at.parse::<Timestamp>().unwrap()));
        assert_eq!(instant(text, &zone), read, "{text}");
    }
    let at = "2027-07-01T16:30:00Z".parse().unwrap();
    assert_eq!(instant(&boxed(at, &zone), &zone), Ok(Some(at)));
}
