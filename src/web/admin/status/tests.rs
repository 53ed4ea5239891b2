//! Samples of the page, and what it says of a certificate.

use super::page::*;
use super::*;
use crate::adapters::store::outbox::Undelivered;
use crate::domain::names::ListedNames;
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::administer::status::Status;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    use crate::adapters::ams::AmsError;
    use crate::adapters::ams::catalogue::AmsStatus;
    use crate::adapters::budget::Usage;
    use crate::adapters::store::StoreError;
    use crate::flows::directory::{DirectoryStatus, HeldAbsences};
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let now = at("2026-03-04T15:42:00Z");
    let good = Status {
        release: "0.1.0",
        ams: AmsStatus {
            environment: "production".into(),
            last_success: Some(now),
            last_failure: None,
            tokens_since: None,
        },
        standby: Some("staging".into()),
        budget: Usage {
            last_minute: [2, 6, 0, 1, 3, 0, 0],
            per_minute: 60,
            waiting: [0; 7],
            reserved: 0,
            paused_for: None,
        },
        store: Ok(()),
        sealed_with_older: 1204,
        known: Some(100_000),
        directory: samples::directory(),
        mapping: 7,
        certificate_ends: Some(at("2026-06-01T00:00:00Z")),
    };
    let bad = Status {
        ams: AmsStatus {
            last_failure: Some((now, AmsError::Failed(503))),
            last_success: None,
            ..good.ams.clone()
        },
        budget: Usage {
            waiting: [0, 2, 0, 0, 40, 0, 4],
            paused_for: Some(std::time::Duration::from_secs(20)),
            ..good.budget
        },
        store: Err(StoreError::Unavailable("the disk is full".into())),
        known: None,
        directory: DirectoryStatus {
            feed_lacks: vec!["committees"],
            polled_at: None,
            sweep_held: Some(HeldAbsences { since: now, people: 4_312 }),
            own_lists_held: Some(HeldAbsences { since: now, people: 3 }),
            stretch: 2.44,
            ..samples::directory()
        },
        certificate_ends: Some(at("2026-03-10T00:00:00Z")),
        ..good.clone()
    };
    let fresh = Status {
        ams: AmsStatus { last_success: None, ..good.ams.clone() },
        standby: None,
        known: Some(0),
        directory: DirectoryStatus { in_step: false, people: 0, rosters: Vec::new(), ..samples::directory() },
        sealed_with_older: 0,
        certificate_ends: None,
        ..good.clone()
    };
    let clients = |status: &Status| match (&status.store, status.known) {
        (Err(_), _) => {
            Some(openid_clients(4, Undelivered { pending: 2, given_up: 1 }, &samples::deliveries()))
        }
        (Ok(()), Some(0)) => None,
        (Ok(()), _) => Some(openid_clients(4, Undelivered { pending: 0, given_up: 0 }, &[])),
    };
    let page = |status: &Status| StatusPage {
        shell: samples::shell(menu::STATUS),
        parts: parts(status, now, &TimeZone::get("America/New_York").unwrap())
            .into_iter()
            .chain([directory::part(&status.directory, now, &TimeZone::UTC)])
            .chain(clients(status))
            .collect(),
        rosters: directory::rows(&status.directory, &ListedNames::default(), &TimeZone::UTC),
        other: status.standby.as_deref().map(str::to_owned),
    };
    check(vec![("status_empty", page(&fresh)), ("status_full", page(&good)), ("status_error", page(&bad))]);
}

#[test]
fn a_certificate_has_ended_from_the_very_second_on() {
    let ends = "2026-03-10T00:00:00Z".parse().ok();
    for (now, word) in [
        ("2026-02-01T00:00:00Z", "In order"),
        ("2026-02-25T00:00:00Z", "Ends soon"),
        ("2026-03-09T23:59:59Z", "Ends soon"),
        ("2026-03-10T00:00:00Z", "Has ended"),
        ("2026-03-10T05:00:00Z", "Has ended"),
        ("2026-04-10T00:00:00Z", "Has ended"),
    ] {
        assert_eq!(certificate(ends, now.parse().unwrap(), &TimeZone::UTC).word, word, "{now}");
    }
}
