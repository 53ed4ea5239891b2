//! The same hour with GrowthZone: 10,000 people who are signed in, 50 changes, and the limits of one key.
//!
//! `cargo bench --bench hour --profile dev -- growthzone`, or `growthzone-small` with 300 people.

use std::collections::BTreeMap;

use membergate::adapters::ams::kinds::Kind;
use membergate::adapters::clock::Clock as _;
use membergate::sim::control::{Control, Simulated};
use membergate::sim::growthzone::people::{Contact, ContactType, ListEntry, Registration, generate};
use membergate::sim::growthzone::{Credentials, Endpoint, Settings, Simulator};
use serde_json::{Value, json};

use crate::patient;
use crate::stage::{self, Change, HourAms, HourStage, now};

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"
[[rule]]
role = "safety"
when = [{ committee = "Safety Committee" }]
[[rule]]
role = "board"
when = [{ committee = "Board", positions = ["Chair"] }]
[[rule]]
role = "annual"
when = [{ event = "501" }]
"#;

/// How many people, by the name of the case.
pub const CASES: &[(&str, u64)] = &[("growthzone", 10_000), ("growthzone-small", 300)];

/// Runs one case.
pub async fn run(name: &str, active: u64) {
    println!("\n== {name}: {active} people who are active");
    let now = now();
    let mut settings = Settings::demo();
    settings.switches.set("rate_limit=off").unwrap();
    let today = now.to_zoned(settings.switches.time_zone.clone()).date();
    // Organizations and those without a login are on file too.
    let on_file: Vec<Contact> = generate(active * 13 / 10 + 20, 1, today).collect();
    let admitted = |it: &&Contact| it.contact_type == ContactType::Individual && it.login.is_some();
    let ids = on_file.iter().filter(admitted).map(|it| it.contact_id.clone());
    let ids: Vec<String> = ids.take(usize::try_from(active).unwrap()).collect();
    // Nobody is on these from the start, so that each change is seen.
    settings.people.people = on_file;
    for person in &mut settings.people.people {
        person.lists.clear();
        person.registrations.clear();
    }
    let ams = Simulator::start(settings).await.unwrap();
    let known = listed(&ams).await;
    let stage = HourStage::set(ams, ids, now, |id| json!({ "individual": known[id] })).await;
    stage::run(stage, active).await;
}

impl HourAms for Simulator {
    const KIND: Kind = Kind::GrowthZone;
    const KEPT_UNDER: &'static str = "growthzone-production";
    const RULES: &'static str = RULES;

    fn section(&self, canary: &str) -> (String, Vec<(&'static str, String)>) {
        let credentials = Credentials::demo();
        let (base, client_id) = (self.base_url(), credentials.client_id);
        let section = format!(
            r#"[ams]
kind = "growthzone"
[ams.production]
host = "{base}"
client_id = "{client_id}"
client_secret = {{ env = "CLIENT_SECRET" }}
api_key = {{ env = "API_KEY" }}
canary = "{canary}""#
        );
        (section, vec![("CLIENT_SECRET", credentials.client_secret), ("API_KEY", credentials.api_key)])
    }

    fn control(&self) -> &Control<impl Simulated> {
        Simulator::control(self)
    }

    fn has_read(&self, active: u64) -> bool {
        self.control().calls(Endpoint::Contacts) > active / 100
    }

    async fn change(stage: &HourStage<Simulator>, number: usize) -> Option<Change> {
        let control = stage.ams.control();
        let mut person = 7 + number * 13 % (stage.ids.len() - 7);
        let (today, made) = (control.today(), stage.clock.now());
        let local = control.now().to_zoned(control.switches().time_zone);
        let at = local.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let (what, role, gains) = match number % 4 {
            0 => ("a place on a list", "safety", true),
            1 => ("a membership is dropped", "member", false),
            2 => ("a registration", "annual", true),
            _ => ("a role on a list", "board", true),
        };
        if !gains {
            // The next one who is a member by an own membership alone.
            let own = |id: &str| {
                let contact = control.contact(id).unwrap();
                !contact.memberships.is_empty() && contact.organizations.is_empty()
            };
            person = stage.next_who(person, role, own).await?;
        }
        let place = |list: &str, role: &str| ListEntry {
            list: list.to_owned(),
            role: role.to_owned(),
            join_date: Some(format!("{today}T00:00:00")),
            ..ListEntry::default()
        };
        control.edit_contact(&stage.ids[person], |it| match number % 4 {
            0 => it.lists.push(place("Safety Committee", "Member")),
            1 => it.memberships.iter_mut().for_each(|one| one.status = Some("Dropped".to_owned())),
            2 => it.registrations.push(Registration {
                event: "Annual Meeting".to_owned(),
                registration_date: Some(at),
                status: "Registered".to_owned(),
            }),
            _ => it.lists.push(place("Board", "Chair")),
        });
        Some(Change { what, person, made, role, gains })
    }

    async fn stop(self) {
        Simulator::stop(self).await;
    }
}

/// What the interface says of everybody, by ContactId.
async fn listed(ams: &Simulator) -> BTreeMap<String, Value> {
    let (client, credentials) = (reqwest::Client::new(), Credentials::demo());
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for page in 0.. {
        let url = format!("{}/api/contacts?$top=100&$skip={}", ams.base_url(), page * 100);
        let request = client.get(url).header("authorization", format!("ApiKey {}", credentials.api_key));
        let answer = patient(request.send()).await.unwrap().error_for_status().unwrap();
        let mut answer: Value = patient(answer.json()).await.unwrap();
        let Value::Array(rows) = answer["Results"].take() else { panic!("no list: {answer}") };
        if rows.is_empty() {
            break;
        }
        known.extend(rows.into_iter().map(|row| (row["ContactId"].to_string(), row)));
    }
    known
}
