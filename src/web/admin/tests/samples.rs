//! Invented facts from which the samples of all pages are made.

use std::sync::Arc;

use crate::adapters::ams::kinds::Kind;
use crate::domain::catalogue::{Catalogue, Choice};
use crate::domain::rule::{Code, Condition, Role, Rule, Rules};
use crate::domain::time::TimeZone;
use crate::web::admin::fields::List;
use crate::web::admin::mapping::offers::Offers;
use crate::web::admin::menu::MenuItem;
use crate::web::admin::shell::{Note, Shell, Tone};

/// The shell of all samples. The markup in the name must come out as text.
pub(in crate::web::admin) fn shell(item: MenuItem) -> Shell {
    Shell {
        association: "Harbour Association".to_owned(),
        who: "Jane <b>Marlowe</b>".to_owned(),
        break_glass: false,
        token: "dG9rZW4".to_owned(),
        item,
        has_community: true,
        notes: Vec::new(),
        request_id: "7QK2-M0XF".to_owned(),
        status: http::StatusCode::OK,
    }
}

/// What every page says while the AMS does not answer.
pub(in crate::web::admin) fn outage() -> Note {
    Note::new(Tone::Warn, "The AMS is not answering. These pages work with what was read before.")
}

fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(in crate::web::admin) fn rule(role: &str, label: &str, when: Vec<Condition>) -> Rule {
    let label = (!label.is_empty()).then(|| label.into());
    Rule::new(Role::parse(role).unwrap(), label, when)
}

/// One rule of each kind, and combinations.
pub(in crate::web::admin) fn rules() -> Rules {
    let committee = |name: &str| Condition::Committee {
        committee: code(name),
        positions: Vec::new(),
        self_subscribed: false,
    };
    let mut rules = Rules {
        honor_grace: true,
        everyone: Role::parse("subscriber").ok(),
        member: Role::parse("member").ok(),
        non_member: Role::parse("non_member").ok(),
        ..Rules::new(TimeZone::get("America/New_York").unwrap())
    };
    for rule in [
        rule("gold", "", vec![Condition::MembershipType(code("CORPGOLD"))]),
        rule("education", "Education committee", vec![committee("EDU")]),
        rule(
            "finance",
            "",
            vec![Condition::Committee {
                committee: code("FIN"),
                positions: vec![code("CHAIR"), code("TREAS")],
                self_subscribed: false,
            }],
        ),
        rule("staff", "Staff", vec![Condition::SecurityRole(code("Staff <b>"))]),
        rule(
            "annual_meeting",
            "",
            vec![Condition::Event {
                event: code("ANNUAL26"),
                from_days_before: Some(7),
                until_days_after: Some(90),
            }],
        ),
        rule("webinar", "", vec![Condition::Purchase { product: code("WEB1"), valid_days: Some(365) }]),
        rule("certified", "", vec![Condition::Certification(code("CPA"))]),
        rule(
            "employee",
            "",
            vec![Condition::Relationship { name: code("Employee"), organization: Some(code("20011")) }],
        ),
        rule("ocean_news", "", vec![Condition::CustomField { name: code("topics"), value: code("ocean") }]),
        rule(
            "education_chair",
            "Chair of the education committee",
            vec![
                committee("EDU"),
                Condition::Member,
                Condition::Not(Box::new(Condition::SecurityRole(code("Press")))),
            ],
        ),
    ] {
        rules.add(rule);
    }
    rules
}

/// A few values for every field.
pub(in crate::web::admin) fn offers() -> Offers {
    let list = |id: &'static str, items: &[(&str, &str)]| List {
        id: id.into(),
        items: items.iter().map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect(),
    };
    let choice = |code: &str, label: &str| Choice { code: code.to_owned(), label: label.to_owned() };
    let catalogue = Catalogue {
        as_of: "2026-03-04T13:00:00Z".parse().unwrap(),
        committees: vec![choice("EDU", "Education committee"), choice("FINANCE", "Finance & audit")],
        events: Vec::new(),
        custom_fields: Vec::new(),
        relationships: Vec::new(),
        ..Catalogue::default()
    };
    let lists = vec![
        list("list-committee", &[("EDU", "Education committee"), ("FIN", "Finance & audit")]),
        list(
            "list-membership_type",
            &[("CORPGOLD", "Corporate Gold (212 people)"), ("INDIV", "Individual (1,204 people)")],
        ),
        list("list-event", &[("ANNUAL26", "Annual meeting, 12 June 2026")]),
        list("list-role", &[("member", "member"), ("education", "Education committee")]),
    ];
    Offers {
        lists,
        as_of: "4 March 2026, 08:00".to_owned(),
        catalogue: Some(Arc::new(catalogue)),
        names: std::sync::Arc::default(),
        supplied: Kind::ReMembers.supplied(),
    }
}

/// What a draft changes.
pub(in crate::web::admin) fn differences() -> Vec<crate::web::admin::words::Difference> {
    let before = rules();
    let mut after = before.clone();
    after.honor_grace = false;
    after.rules.truncate(9);
    after.rules.remove(0);
    after.rules.push(rule(
        "board",
        "Board",
        vec![Condition::Committee {
            committee: code("BOARD"),
            positions: Vec::new(),
            self_subscribed: false,
        }],
    ));
    crate::web::admin::words::differences(
        &crate::domain::mapping::MappingDiff::between(&before, &after),
        &crate::domain::names::ListedNames::default(),
    )
}

fn person(name: &str, number: u32) -> std::sync::Arc<crate::domain::preview::PersonName> {
    std::sync::Arc::new(crate::domain::preview::PersonName {
        name: name.to_owned(),
        record_number: Some(number.to_string()),
        id: crate::domain::record::IndividualId::parse(&format!("b3a1c0de-0001-4222-8333-{number:012}"))
            .unwrap(),
    })
}

/// What a preview found among many people.
pub(in crate::web::admin) fn preview() -> crate::domain::preview::Preview {
    let role = |name: &str| Role::parse(name).unwrap();
    let many: Vec<_> = (0..75).map(|n| person(&format!("Member {n:03}"), 200_000 + n)).collect();
    let two = vec![person("Jane Marlowe", 100_481), person("Tomás <i>Lindqvist</i>", 100_482)];
    crate::domain::preview::Preview {
        people: 100_000,
        members: 98_412,
        affected: 1_248,
        gaining: 2,
        losing: 76,
        gained: [(role("education"), two.clone())].into(),
        lost: [(role("gold"), many), (role("member"), vec![person("Gus Fenwick", 100_484)])].into(),
        lose_access: vec![person("Gus Fenwick", 100_484)],
        gain_access: two,
        administrators: 2,
        incomplete: 14,
        large: 31,
        too_large: 2,
        unreadable: 1,
    }
}

/// Three people who go by one name.
pub(in crate::web::admin) fn names() -> Vec<crate::domain::preview::PersonName> {
    ["Jane Marlowe", "Jane <b>Marlowe</b>", "Janet Marlowe"]
        .into_iter()
        .zip(100_481..)
        .map(|(name, number)| std::sync::Arc::unwrap_or_clone(person(name, number)))
        .collect()
}

/// A directory of all members that is in step, with a roster that is held.
pub(in crate::web::admin) fn directory() -> crate::flows::directory::DirectoryStatus {
    use crate::domain::directory::roster_name::RosterName;
    use crate::flows::directory::{DirectoryStatus, HeldAbsences, RosterStatus};
    let at = |text: &str| text.parse().ok();
    let roster = |name: &str| RosterStatus {
        name: RosterName::try_from(name.to_owned()).unwrap(),
        people: Some(1_204),
        whole_at: at("2026-03-04T15:40:00Z"),
        confirmed_at: at("2026-03-04T15:40:00Z"),
        has_dates: true,
        missing: 0,
        held: None,
    };
    let held = HeldAbsences { since: "2026-03-04T14:10:00Z".parse().unwrap(), people: 31 };
    DirectoryStatus {
        in_step: true,
        coverage: crate::domain::directory::settings::PeopleOnFile::Members,
        people: 8_622,
        has_feed: true,
        polled_at: at("2026-03-04T15:41:30Z"),
        unbroken_since: at("2026-03-01T02:10:00Z"),
        feed_lacks: Vec::new(),
        hooked_at: None,
        rosters: vec![
            roster("committee/EDU"),
            RosterStatus { missing: 31, held: Some(held), ..roster("event/ANNUAL26") },
            RosterStatus { people: None, whole_at: None, confirmed_at: None, ..roster("committee/<b>") },
        ],
        sweep_page: Some((41, Some(169))),
        last_sweep: at("2026-03-04T14:30:00Z").map(|at| (at, 8_412)),
        sweep_every: jiff::SignedDuration::from_hours(1),
        sweep_held: None,
        own_lists_held: None,
        to_read: 12,
        stretch: 1.0,
        calls_an_hour: 412.4,
    }
}

/// Clients of every kind: the configuration's, a registered one, one that is not in force, and one with two secrets.
pub(in crate::web::admin) fn clients() -> Vec<crate::flows::administer::clients::ListedClient> {
    use crate::adapters::store::administration::Registered;
    use crate::domain::access::Require;
    use crate::domain::audit::{Actor, AdmittedBy};
    use crate::domain::client::{Client, ClientAddress, ClientId, PostLogoutAddress, Proof, Scope, Scopes};
    use crate::domain::mapping::Edit;
    use crate::flows::administer::clients::ListedClient;
    let client = |id: &str, name: &str, proof, require, told: bool| Client {
        name: name.to_owned(),
        redirect_uris: vec![ClientAddress::parse(&format!("https://{id}.harbour.example/cb")).unwrap()],
        post_logout_redirect_uris: vec![
            PostLogoutAddress::parse(&format!("https://{id}.harbour.example/")).unwrap(),
        ],
        back_channel_logout_uri: told
            .then(|| ClientAddress::parse(&format!("https://{id}.harbour.example/out")).unwrap()),
        scopes: Scopes::from([Scope::OpenId, Scope::Email, Scope::Roles]),
        default_scopes: Scopes::from([Scope::Email]),
        require,
        ..Client::new(ClientId::parse(id).unwrap(), proof)
    };
    let role = |name: &str| Role::parse(name).unwrap();
    let listed = |client: Client, revision: u64, is_shadowed: bool| ListedClient {
        registered: (revision > 0).then(|| Registered {
            client: client.clone(),
            revision,
            last: Edit {
                by: Actor { id: None, name: "Sam <i>Osei</i>".to_owned(), admitted_by: AdmittedBy::Role },
                at: "2026-03-04T15:42:00Z".parse().unwrap(),
            },
        }),
        client,
        is_shadowed,
    };
    let secrets = |count: usize| Proof::Secret(vec![[7; 32]; count]);
    vec![
        listed(client("wiki", "Harbour Wiki", secrets(1), Require::SignedIn, true), 0, false),
        listed(client("app", "Tide tables", Proof::Public, Require::SignedIn, false), 12, false),
        listed(client("library", "Old library", secrets(1), Require::SignedIn, false), 14, true),
        listed(
            client(
                "forum",
                "Forum <b>& more",
                secrets(2),
                Require::AnyOf(vec![role("member"), role("alumni")]),
                true,
            ),
            17,
            false,
        ),
    ]
}

/// Logout messages in every state.
pub(in crate::web::admin) fn deliveries() -> Vec<crate::adapters::store::outbox::DeliveryStatus> {
    let told = |client: &str, state: &str, attempts, error: Option<&str>| {
        crate::adapters::store::outbox::DeliveryStatus {
            client: client.to_owned(),
            state: state.to_owned(),
            attempts,
            last_error: error.map(str::to_owned),
            changed: (attempts > 0).then(|| "2026-03-04T15:42:00Z".parse().unwrap()),
        }
    };
    vec![
        told("wiki", "pending", 0, None),
        told("forum", "pending", 2, Some("the client answered 502")),
        told("wiki", "delivered", 1, None),
        told("forum", "failed", 9, Some("no connection could be made")),
    ]
}
