//! Decisions per second on one core: `decide` alone, and the whole of `explain` from JSON lines to JSON lines.
//!
//! Run with `cargo bench --bench explain`. The people are generated and the same in every run.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::hint::black_box;
use std::io::{BufReader, Write};
use std::time::Instant;

use membergate::adapters::ams::kinds::Kind;
use membergate::cli::explain::{self, AnswerFormat};
use membergate::config;
use membergate::domain::record::Record;
use membergate::domain::roles::decide;
use membergate::domain::time::Timestamp;
use serde_json::{Value, json};

const LINES: usize = 100_000;

const RULES: &str = r#"
time_zone = "America/New_York"
everyone = "subscriber"
member = "member"
non_member = "non_member"
[[rule]]
role = "gold"
when = [{ membership_type = "CORPGOLD" }]
[[rule]]
role = "education_chair"
when = [{ committee = "EDU", positions = ["CHAIR"] }, { member = true }]
[[rule]]
role = "annual_2026"
when = [{ event = "ANNUAL26", from_days_before = 7, until_days_after = 90 }, { not = { security_role = "Press" } }]
[[rule]]
role = "course"
when = [{ purchase = "WEB1", valid_days = 365 }]
[[rule]]
role = "cpa"
when = [{ certification = "CPA" }]
[[rule]]
role = "harbor"
when = [{ relationship = "Employee", organization = "20011" }]
[[rule]]
role = "ocean"
when = [{ custom_field = "topics", value = "ocean" }]
"#;

fn person(number: usize) -> Value {
    let day = |base: usize| format!("2026-{:02}-{:02}T00:00:00", 1 + (base + number) % 12, 1 + number % 28);
    let kind = ["CORPGOLD", "STUDENT", "RETIRED"][number % 3];
    json!({
        "individual": {
            "id": format!("b3a1c0de-1111-4222-8333-{number:012}"), "recordNumber": number.to_string(),
            "name": format!("Person {number}"), "email": format!("person{number}@people.example"),
            "user": { "loginEmail": format!("person{number}@people.example"), "isApproved": true },
            "memberships": [
                { "membershipType": "Old", "code": "OLD", "joinDate": "2019-03-01T00:00:00",
                  "effectiveDate": "2019-03-01T00:00:00", "expireDate": "2024-12-31T00:00:00", "graceExpireDate": null },
                { "membershipType": kind, "code": kind, "joinDate": "2019-03-01T00:00:00", "effectiveDate": day(0),
                  "expireDate": day(5), "graceExpireDate": day(6), "terminateDate": null,
                  "inheritedMembershipBenefits": number.is_multiple_of(4), "renewalUrl": "" } ],
            "committees": [ { "committee": { "code": "EDU", "name": "Education" }, "position": "Chair",
                "positionCode": if number.is_multiple_of(5) { "CHAIR" } else { "MEMBER" }, "startDate": day(1), "endDate": day(4) } ],
            "securityRoles": [ { "name": "Member" } ],
            "relationships": [ { "relationshipName": "Employee", "startDate": "2019-03-01T00:00:00", "endDate": null,
                "relatedToCustomer": { "customerType": "Organization", "recordNumber": "20011", "name": "Harbor Labs" } } ],
            "customFields": [ { "name": "topics", "caption": "Topics", "value": "ocean|policy" } ]
        },
        "registrations": [ { "event": { "code": "ANNUAL26", "startDate": "2026-05-21T00:00:00",
            "endDate": "2026-05-23T00:00:00", "registrationDate": "2026-02-21T15:19:07.183" } } ],
        "purchases": [ { "productCode": "WEB1", "purchaseDate": day(2) } ],
        "certifications": [ { "code": "CPA", "expireDate": day(3) } ]
    })
}

fn record(number: usize, as_of: Timestamp) -> Record {
    let Value::Object(line) = person(number) else { unreachable!("a person is an object") };
    Kind::default().record(line, as_of).unwrap()
}

fn rate(what: &str, count: usize, work: impl FnOnce()) {
    let started = Instant::now();
    work();
    let seconds = started.elapsed().as_secs_f64();
    println!("{what}: {:.0} per second, {:.2} us each", count as f64 / seconds, seconds * 1e6 / count as f64);
}

fn main() {
    let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
    let rules = config::rules::parse(RULES).unwrap();
    let records: Vec<Record> = (0..1_000).map(|number| record(number, now)).collect();
    rate("decide", LINES * 5, || {
        for number in 0..LINES * 5 {
            black_box(decide(black_box(&records[number % records.len()]), &rules, now));
        }
    });

    let folder = std::env::temp_dir().join(format!("explain-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (rules_file, lines_file) = (folder.join("rules.toml"), folder.join("people.jsonl"));
    std::fs::write(&rules_file, RULES).unwrap();
    let mut lines = std::io::BufWriter::new(std::fs::File::create(&lines_file).unwrap());
    for number in 0..LINES {
        serde_json::to_writer(&mut lines, &person(number)).unwrap();
        lines.write_all(b"\n").unwrap();
    }
    lines.flush().unwrap();
    let mut input = BufReader::with_capacity(1 << 16, std::fs::File::open(&lines_file).unwrap());
    rate("explain", LINES, || {
        explain::run(&rules_file, &mut input, Kind::default(), now, AnswerFormat::Json, &mut std::io::sink())
            .unwrap();
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
