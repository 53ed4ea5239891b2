//! What the vendors' integrations promise of re:Members, GrowthZone and Novi: a person as the AMS tells it, and what the community shows then.
//!
//! Both sides are simulated over HTTP and share no type with what is between them.

use std::collections::BTreeMap;

use membergate::adapters::ams::Ams;
use membergate::adapters::budget::Priority;
use membergate::adapters::clock::{Clock as _, SystemClock};
use membergate::adapters::community_file;
use membergate::adapters::subscribers::Subscriber as _;
use membergate::adapters::subscribers::higher_logic::PushApi;
use membergate::domain::community::{ContactState, desired};
use membergate::domain::deliveries::row::{Flight, FlightEnd};
use membergate::domain::deliveries::state::State;
use membergate::domain::record::IndividualId;
use membergate::sim::higher_logic::{Contact, GroupKind, Settings, Simulator};
use membergate::sim::people::CustomField;
use serde_json::json;

use super::properties::{Mode, community};
use crate::{ams, growthzone, novi};

const V2: Mode = Mode { api: PushApi::V2, switch: "answer=items", tells_refusals: true };
const V1: Mode = Mode { api: PushApi::V1, switch: "v1_failure=ok", tells_refusals: true };

/// What is shown of profiles, whole.
const PROFILE: &str = r#"
time_zone = "America/New_York"
[contact]
bio = true
photo = true
links = true
emails = true
phones = true
addresses = true
"#;

/// A community, and the file that says what it is told.
struct There {
    simulator: Simulator,
    mode: Mode,
    file: String,
}

impl There {
    async fn start(mode: Mode, groups: &str) -> There {
        let simulator = Simulator::start(Settings::demo()).await.unwrap();
        simulator.control().set_switch(mode.switch).unwrap();
        There { simulator, mode, file: format!("{PROFILE}{groups}") }
    }

    /// Reads somebody from the AMS, and tells the community. The key is what the AMS writes.
    async fn told(&self, ams: &dyn Ams, id: &str) -> Option<Contact> {
        let mapping = community_file::parse(&self.file).unwrap();
        let parts = mapping.looks().parts();
        let id = IndividualId::parse(id).unwrap();
        let record = ams.read(&id, parts, Priority::Refresh).await.unwrap().unwrap();
        let now = SystemClock.now();
        let Some(ContactState::Present(told)) = desired(&mapping, &record, None, now).state else {
            return None;
        };
        let said = serde_json::to_string(&told).unwrap();
        let state = State::Present { said, holds: BTreeMap::new() };
        let flights = [Flight { individual: id, fence: 1, version: 1, state }];
        let ends = community(self.mode, &self.simulator).send(&flights, now).await.unwrap();
        assert!(matches!(ends[..], [FlightEnd::Confirmed(_)]), "{ends:?}");
        self.simulator.control().contact(&told.id)
    }

    /// Groups that count for somebody now, by id and role.
    fn groups(&self, contact: &Contact) -> Vec<(String, String)> {
        self.simulator.control().active_groups(&contact.contact_id)
    }

    fn is_member(&self, contact: &Contact) -> bool {
        self.simulator.control().is_member(&contact.contact_id)
    }

    fn kind(&self, group: &str) -> GroupKind {
        self.simulator.control().any_group(group).unwrap().kind
    }
}

fn named(groups: &[(&str, &str)]) -> Vec<(String, String)> {
    groups.iter().map(|(id, role)| ((*id).to_owned(), (*role).to_owned())).collect()
}

const RE_MEMBERS: &str = r#"
[[group]]
id = "MBR-INDIV"
name = "Individual Member"
as = "security_group"
member = true
when = [{ membership_type = "INDIV" }]
[[group]]
id = "ROLE-STAFF"
name = "Staff"
as = "security_group"
member = true
when = [{ security_role = "Staff" }]
[[group]]
id = "REL-20011"
name = "Works for Harbor Labs"
as = "security_group"
when = [{ relationship = "Employee", organization = "20011" }]
[[group]]
id = "committee-EDU"
name = "Education Committee"
as = "community"
type = "Committee"
role = "{position}"
when = [{ committee = "EDU" }]
[[group]]
id = "members"
name = "All members"
as = "community"
type = "Chapter"
when = [{ member = true }]
[[group]]
id = "event-ANNUAL26"
name = "Annual Meeting"
as = "community"
type = "Event"
when = [{ event = "ANNUAL26" }]
[[group]]
id = "topic-ocean"
name = "Ocean"
as = "community"
type = "Chapter"
when = [{ custom_field = "topics", value = "ocean" }]
[[demographic]]
field = "topics"
key = "TOPICS"
name = "Topics"
multiple = true
"#;

const JANE: &str = "b3a1c0de-0001-4222-8333-444455550001";
const MARISOL: &str = "b3a1c0de-0005-4222-8333-444455550005";
const INES: &str = "b3a1c0de-0007-4222-8333-444455550007";
const SAM: &str = "b3a1c0de-0010-4222-8333-444455550010";

#[tokio::test]
async fn of_re_members_profiles_companies_demographics_groups_and_communities_are_told() {
    for mode in [V2, V1] {
        let world = ams::World::start().await;
        world.sim.control().edit_person(SAM, |sam| {
            sam.custom_fields.push(CustomField {
                name: "topics".to_owned(),
                value: "ocean|policy".to_owned(),
                ..CustomField::default()
            });
        });
        let client = world.production.reading_contact(true);
        let there = There::start(mode, RE_MEMBERS).await;

        let jane = there.told(&client, JANE).await.unwrap();
        assert_eq!(
            there.groups(&jane),
            named(&[("MBR-INDIV", ""), ("committee-EDU", "Chair"), ("members", "")]),
            "{mode:?}"
        );
        assert!(there.is_member(&jane));
        assert_eq!(there.kind("MBR-INDIV"), GroupKind::Security);
        assert_eq!(there.kind("committee-EDU"), GroupKind::Community);
        assert!(there.simulator.control().any_group("committee-EDU").unwrap().hidden, "a new one is hidden");
        for (field, said) in [
            ("firstName", "Jane"),
            ("lastName", "Marlowe"),
            ("informalName", "Janey"),
            ("designation", "PhD, CAE"),
            ("email", "jane.marlowe@harborlabs.example"),
        ] {
            assert_eq!(jane.text(field), said, "{mode:?} {field}");
        }
        assert!(!jane.text("linkedinUrl").is_empty() && !jane.text("memberId").is_empty(), "{mode:?}");
        assert_eq!(jane.flag("excludeFromDirectory"), Some(false), "{mode:?}");
        let seat = jane.memberships.iter().find(|line| line.group == "committee-EDU").unwrap();
        assert!(seat.begin.is_some() && seat.end.is_some(), "{seat:?}");

        let marisol = there.told(&client, MARISOL).await.unwrap();
        assert!(there.groups(&marisol).contains(&("REL-20011".to_owned(), String::new())), "{mode:?}");
        assert_eq!(marisol.flag("excludeFromDirectory"), Some(true), "{mode:?}: ShowInDirectory is false");
        let company = there.simulator.control().contact(marisol.text("parentContactId")).unwrap();
        assert!(company.is_company(), "{company:?}");
        assert_eq!(company.text("organizationName"), "Harbor Labs", "{mode:?}");

        let ines = there.told(&client, INES).await.unwrap();
        assert_eq!(there.groups(&ines), named(&[("event-ANNUAL26", "")]), "{mode:?}");
        assert!(!there.is_member(&ines), "{mode:?}");

        let sam = there.told(&client, SAM).await.unwrap();
        assert_eq!(there.groups(&sam), named(&[("ROLE-STAFF", ""), ("topic-ocean", "")]), "{mode:?}");
        assert!(there.is_member(&sam), "{mode:?}: a security role grants it");
        assert_eq!(sam.details["demographics"].len(), 2, "{mode:?}: {:?}", sam.details);
    }
}

const GROWTHZONE: &str = r#"
[who]
only_active = true
[[group]]
id = "MEMBERS"
name = "Members"
as = "security_group"
member = true
when = [{ member = true }]
[[group]]
id = "type-business"
name = "Business members"
as = "security_group"
when = [{ membership_type = "Business" }]
[[group]]
id = "committee-safety"
name = "{name}"
as = "community"
type = "Committee"
role = "{position}"
when = [{ committee = "Safety Committee" }]
"#;

#[tokio::test]
async fn of_growthzone_active_people_with_their_contact_organization_type_and_lists_are_told() {
    for mode in [V2, V1] {
        let world = growthzone::World::start(&[]).await;
        let client = world.client.reading_contact(true);
        let there = There::start(mode, GROWTHZONE).await;
        let dana = there.told(&client, growthzone::DANA).await.unwrap();
        assert!(there.is_member(&dana), "{mode:?}");
        assert!(
            there.groups(&dana).contains(&("committee-safety".to_owned(), "Chair".to_owned())),
            "{mode:?}: {:?}",
            there.groups(&dana)
        );
        assert!(there.simulator.control().any_group("committee-safety").unwrap().hidden);
        assert_eq!((dana.text("firstName"), dana.text("lastName")), ("Dana", "Ruiz"), "{mode:?}");
        assert!(dana.text("bio").starts_with("Keeps building sites safe."), "{mode:?}");

        let marek = there.told(&client, growthzone::MAREK).await.unwrap();
        let groups = there.groups(&marek);
        assert!(groups.contains(&("type-business".to_owned(), String::new())), "{mode:?}: {groups:?}");
        let company = there.simulator.control().contact(marek.text("parentContactId")).unwrap();
        assert!(company.is_company() && !company.text("organizationName").is_empty(), "{company:?}");
        // Whoever is not active is not told of.
        assert!(world.sim.control().act("druiz", "drop", &json!({})));
        assert!(there.told(&client, growthzone::DANA).await.is_none(), "{mode:?}");
    }
}

const NOVI: &str = r#"
company_records = false
[who]
only_with_account = true
[[group]]
id = "MEMBERS"
name = "Members"
as = "security_group"
member = true
when = [{ member = true }]
[[group]]
id = "group-water"
name = "Water Section"
as = "community"
type = "Chapter"
when = [{ group = "Water Section" }]
[[group]]
id = "committee-safety"
name = "Safety Committee"
as = "security_group"
when = [{ committee = "Safety" }]
"#;

#[tokio::test]
async fn of_novi_people_with_an_account_their_profile_and_groups_of_either_kind_are_told() {
    for mode in [V2, V1] {
        let world = novi::World::start(&[]).await;
        let client = world.production.reading_contact(true);
        let there = There::start(mode, NOVI).await;
        let dana = there.told(&client, novi::DANA).await.unwrap();
        assert!(there.is_member(&dana), "{mode:?}");
        let groups = there.groups(&dana);
        assert!(groups.contains(&("committee-safety".to_owned(), String::new())), "{mode:?}: {groups:?}");
        assert_eq!(there.kind("committee-safety"), GroupKind::Security);
        assert_eq!(dana.text("bio"), "<p>Keeps building sites safe.</p>", "{mode:?}");
        assert!(!dana.text("profileImageUrl").is_empty(), "{mode:?}");

        // The tenant has not switched on what a profile shows.
        for switch in ["integrate_bio=off", "integrate_image=off", "integrate_social=off"] {
            there.simulator.control().set_switch(switch).unwrap();
        }
        let dana = there.told(&client, novi::DANA).await.unwrap();
        assert_eq!(dana.contact_id.to_lowercase(), novi::DANA);
        assert!(there.is_member(&dana), "{mode:?}");
    }
}
