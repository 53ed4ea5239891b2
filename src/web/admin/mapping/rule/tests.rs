//! Samples of the page.

use super::form::TypedCondition;
use super::page::*;
use super::*;
use crate::domain::condition::ConditionKind;
use crate::web::admin::tests::{check, samples};

#[test]
fn every_sample_renders() {
    let new = |key: &str, typed: &TypedRule, errors: &FieldErrors| {
        let edited = Edited { key: key.to_owned(), was: key.to_owned() };
        RulePage::new(samples::shell(menu::MAPPING), edited, typed, errors, samples::offers())
    };
    let full = samples::rules().rules.last().map(TypedRule::from).unwrap();
    let broken = TypedRule {
        role: "Board Member".to_owned(),
        label: String::new(),
        conditions: ["event", "member"]
            .map(|key| TypedCondition::of(ConditionKind::named(key).unwrap()))
            .into(),
        taken: None,
    };
    let mut taken = full.clone();
    taken.take(0);
    let clash = Clash {
        says: "Sam Osei changed the draft at 10:42".to_owned(),
        now: vec!["Committee EDU (any seat)".to_owned()],
        yours: vec!["Committee EDU (any seat)".to_owned(), "Is a member".to_owned()],
    };
    check(vec![
        ("rule_empty", new("", &TypedRule::default(), &FieldErrors::new())),
        ("rule_full", new("a1b2", &full, &FieldErrors::new())),
        ("rule_taken_away", new("a1b2", &taken, &FieldErrors::new())),
        ("rule_error", new("", &broken, &broken.rule().unwrap_err())),
        ("rule_conflict", new("a1b2", &full, &FieldErrors::new()).clashing(clash)),
    ]);
}
