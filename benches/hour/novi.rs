//! The same hour with Novi: 10,000 people who are signed in, 50 changes, and the limits of one key.
//!
//! `cargo bench --bench hour --profile dev -- novi`, or `novi-small` with 300 people.

use std::collections::BTreeMap;

use membergate::adapters::ams::kinds::Kind;
use membergate::adapters::clock::Clock as _;
use membergate::sim::control::{Control, Simulated};
use membergate::sim::novi::people::{Belonging, Customer, Purchase, Registration, Seat, generate};
use membergate::sim::novi::{Credentials, Endpoint, Settings, Simulator};
use membergate::sim::people::Environment;
use serde_json::{Value, json};

use crate::patient;
use crate::stage::{self, Change, HourAms, HourStage, now};

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"
[[rule]]
role = "education"
when = [{ committee = "Education" }]
[[rule]]
role = "safety"
when = [{ committee = "Safety" }]
[[rule]]
role = "water"
when = [{ group = "Water Section" }]
[[rule]]
role = "annual"
when = [{ event = "4f000000-0001-4aaa-8bbb-000000000001" }]
[[rule]]
role = "webinar"
when = [{ purchase = "5f000000-0001-4aaa-8bbb-000000000001" }]
"#;

/// How many people, by the name of the case.
pub const CASES: &[(&str, u64)] = &[("novi", 10_000), ("novi-small", 300)];

/// Runs one case.
pub async fn run(name: &str, active: u64) {
    println!("\n== {name}: {active} people who are active");
    let now = now();
    let mut settings = Settings::demo();
    settings.switches.set("rate_limit=off").unwrap();
    let today = now.to_zoned(settings.switches.time_zone.clone()).date();
    // Companies and those who may not sign in are on file too: a sixth more than are active.
    let on_file: Vec<Customer> = generate(active * 13 / 10 + 20, 1, today).collect();
    let admitted = |it: &&Customer| it.account.is_some() && it.active && it.approved;
    let ids = on_file.iter().filter(admitted).map(|it| it.unique_id.clone());
    let ids: Vec<String> = ids.take(usize::try_from(active).unwrap()).collect();
    // Nobody is on these from the start, so that each change is seen.
    settings.people.people = on_file;
    for person in &mut settings.people.people {
        person.committees.clear();
        person.groups.clear();
        person.registrations.clear();
        person.purchases.clear();
    }
    let ams = Simulator::start(settings).await.unwrap();
    let known = listed(&ams).await;
    let stage = HourStage::set(ams, ids, now, |id| json!({ "individual": known[id] })).await;
    stage::run(stage, active).await;
}

impl HourAms for Simulator {
    const KIND: Kind = Kind::Novi;
    const KEPT_UNDER: &'static str = "novi-production";
    const RULES: &'static str = RULES;

    fn section(&self, canary: &str) -> (String, Vec<(&'static str, String)>) {
        let credentials = Credentials::demo(Environment::Production);
        let (base, client_id) = (self.base_url(), credentials.client_id);
        let section = format!(
            r#"[ams]
kind = "novi"
[ams.production]
site = "{base}"
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
        self.control().calls(Endpoint::Members) > active / 100
    }

    async fn change(stage: &HourStage<Simulator>, number: usize) -> Option<Change> {
        let control = stage.ams.control();
        let mut person = 7 + number * 13 % (stage.ids.len() - 7);
        let (today, made) = (control.today(), stage.clock.now());
        let local = control.now().to_zoned(control.switches().time_zone);
        let at = local.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let day = Some(format!("{today}T00:00:00"));
        let (what, role, gains) = match number % 5 {
            0 => ("a seat is given", "education", true),
            1 => ("memberships end", "member", false),
            2 => ("a registration", "annual", true),
            3 => ("a place in a group", "water", true),
            _ => ("a purchase", "webinar", true),
        };
        if !gains {
            // The next one who is a member by an own membership.
            let own = |id: &str| control.customer(id).unwrap().member_type.is_some();
            person = stage.next_who(person, role, own).await?;
        }
        control.edit_customer(&stage.ids[person], |it| match number % 5 {
            0 => it.committees.push(Seat {
                committee: "Education".to_owned(),
                role: "Member".to_owned(),
                term_start: day,
                status: "Active".to_owned(),
                ..Seat::default()
            }),
            1 => (it.member_type, it.membership_expires) = (None, None),
            2 => it.registrations.push(Registration {
                event: "Annual Meeting".to_owned(),
                ticket: "Full".to_owned(),
                number: format!("R-X{number}"),
                registration_date: Some(at),
                payment_status: "Paid".to_owned(),
                ..Registration::default()
            }),
            3 => it.groups.push(Belonging { group: "Water Section".to_owned(), join_date: day }),
            _ => it.purchases.push(Purchase {
                order: format!("O-X{number}"),
                product: "Recorded Webinar".to_owned(),
                purchase_date: Some(at),
                ..Purchase::default()
            }),
        });
        Some(Change { what, person, made, role, gains })
    }

    async fn stop(self) {
        Simulator::stop(self).await;
    }
}

/// What the interface says of everybody, by id.
async fn listed(ams: &Simulator) -> BTreeMap<String, Value> {
    let (client, credentials) = (reqwest::Client::new(), Credentials::demo(Environment::Production));
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for page in 0.. {
        let url = format!("{}/api/members?pageSize=100&offset={}", ams.base_url(), page * 100);
        let request = client.get(url).header("authorization", format!("Basic {}", credentials.api_key));
        let answer = patient(request.send()).await.unwrap().error_for_status().unwrap();
        let mut answer: Value = patient(answer.json()).await.unwrap();
        let Value::Array(rows) = answer["Results"].take() else { panic!("no list: {answer}") };
        if rows.is_empty() {
            break;
        }
        known.extend(rows.into_iter().map(|row| (row["UniqueID"].as_str().unwrap().to_owned(), row)));
    }
    known
}
