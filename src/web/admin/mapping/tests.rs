//! Samples of the page.

use super::page::*;
use super::*;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let shell = || samples::shell(menu::MAPPING);
    let empty = Rules::new(crate::domain::time::TimeZone::UTC);
    let bar = |edited: Option<&str>| DraftBar {
        revision: 12,
        published: "Version 7, published by Jane Marlowe on 3 March 2026, 10:42".to_owned(),
        edited: edited.map(str::to_owned),
        ..DraftBar::default()
    };
    let wrong = MappingSettings {
        member: "Full Member".to_owned(),
        time_zone: "New York".to_owned(),
        ..MappingSettings::of(&empty)
    };
    let errors = FieldErrors::from([
        ("member".to_owned(), "A role is written with a–z, 0–9, _ and -. Try “full_member”.".to_owned()),
        ("time_zone".to_owned(), "There is no such time zone.".to_owned()),
    ]);
    check(vec![
        ("mapping_empty", MappingPage::new(shell(), bar(None), &empty, None, Offers::default())),
        (
            "mapping_full",
            MappingPage::new(
                shell(),
                bar(Some("Sam Osei changed it on 4 March 2026, 09:05")),
                &samples::rules(),
                None,
                samples::offers(),
            ),
        ),
        (
            "mapping_conflict",
            MappingPage {
                clash: Some(("Sam Osei changed the draft at 10:42".to_owned(), samples::differences())),
                ..MappingPage::new(
                    shell(),
                    bar(Some("Sam Osei changed it on 4 March 2026, 10:42")),
                    &samples::rules(),
                    Some((MappingSettings::of(&empty), FieldErrors::new())),
                    samples::offers(),
                )
            },
        ),
        (
            "mapping_error",
            MappingPage::new(
                shell().with(Some(samples::outage())),
                bar(None),
                &samples::rules(),
                Some((wrong, errors)),
                samples::offers(),
            ),
        ),
    ]);
}
