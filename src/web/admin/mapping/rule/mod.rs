//! Writing one rule: adding and taking away conditions, saving into the draft, and what happens when somebody else was faster.

pub(crate) mod edited;
pub(crate) mod form;
pub(crate) mod page;
#[cfg(test)]
mod tests;

use axum::Extension;
use axum::extract::State;

use crate::domain::faults::{FaultPlace, MappingFault};
use crate::domain::mapping::Draft;
use crate::domain::rule::{Rule, Rules};
use crate::flows::administer::mapping::ChangeError;
use crate::web::admin::answers::{Answer, PageError, page};
use crate::web::admin::caller::{Called, Caller};
use crate::web::admin::done::Done;
use crate::web::admin::draft::{told, told_fault, who_was_faster};
use crate::web::admin::fields::FieldErrors;
use crate::web::admin::kinds;
use crate::web::admin::mapping::offers::Offers;
use crate::web::admin::menu;
use crate::web::admin::state::Admin;
use edited::Edited;
use form::TypedRule;
use page::{Clash, RulePage};

/// Shows the form of a rule, or an empty one.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let draft = admin.administer.mapping.draft().await?;
    let (edited, typed) = match caller.asked("key") {
        None => (Edited::default(), TypedRule::default()),
        Some(key) => {
            let rule = draft.rules.rules.iter().find(|rule| rule.id.to_string() == key);
            let rule = rule.ok_or(PageError::NotFound)?;
            (Edited::of(rule), TypedRule::from(rule))
        }
    };
    page(&form_page(&admin, &caller, &draft.rules, edited, &typed, &FieldErrors::new()))
}

/// Takes the form: another condition, one less or one back, or into the draft.
pub async fn save(State(admin): State<Admin>, Extension(caller): Called) -> Answer {
    let draft = admin.administer.mapping.draft().await?;
    let mut typed = TypedRule::read(&caller.form);
    let edited = Edited::sent(&caller);
    let again = |typed: &TypedRule, errors: &FieldErrors| {
        page(&form_page(&admin, &caller, &draft.rules, edited.clone(), typed, errors))
    };
    if typed.step(caller.sent("do"), caller.sent("add")) {
        return again(&typed, &FieldErrors::new());
    }
    let rule = match typed.rule() {
        Ok(rule) => rule,
        Err(errors) => return again(&typed, &errors),
    };
    match admin.administer.mapping.edit(&caller.actor, |rules| edited.put(rules, &rule)).await {
        Ok(None) => caller.done(menu::MAPPING, Done::Unchanged),
        Ok(Some(_)) => caller.done_at(menu::MAPPING, Done::Saved, card(&rule)),
        Err(ChangeError::Conflict { last, now }) => {
            let says = who_was_faster(&admin, last.as_ref());
            clash(&admin, &caller, says, &now, &edited, &typed, &rule)
        }
        Err(error @ ChangeError::Store(_)) => Err(error.into()),
        Err(ChangeError::Unsound(faults)) => again(&typed, &faults.iter().map(at_its_field).collect()),
        Err(error) => again(&typed, &FieldErrors::from([("rule".to_owned(), told(&error))])),
    }
}

/// The card of the mapping's page in which the rule stands.
fn card(rule: &Rule) -> &'static str {
    match rule.when.as_slice() {
        [one] if !one.plain().1 => one.kind().key,
        _ => "combined",
    }
}

fn at_its_field(fault: &MappingFault) -> (String, String) {
    let field = match fault.place {
        FaultPlace::Role(_) => "role".to_owned(),
        FaultPlace::Field(_, number, key) => kinds::name(number, key),
        FaultPlace::Setting(_) | FaultPlace::Label(_) | FaultPlace::Conditions(_) => "rule".to_owned(),
    };
    (field, told_fault(fault))
}

/// The form once more, with what was typed, beside what the draft says now.
fn clash(
    admin: &Admin,
    caller: &Caller,
    says: String,
    now: &Draft,
    edited: &Edited,
    typed: &TypedRule,
    rule: &Rule,
) -> Answer {
    let names = admin.services.catalogues.names();
    let lines = |rule: &Rule| -> Vec<String> {
        let conditions = rule.when.iter().map(|condition| kinds::line(condition, &names));
        conditions.chain([format!("Gets the role {}", rule.role)]).collect()
    };
    // The rule itself; else the one that carries its name now. A new rule has nothing to compare with.
    let all = &now.rules.rules;
    let same_name = |other: &&Rule| other.role == rule.role && other.label == rule.label;
    let named = || all.iter().find(same_name).filter(|_| !edited.key.is_empty());
    let there = edited.place(&now.rules).and_then(|at| all.get(at)).or_else(named);
    let clash = Clash { says, now: there.map_or_else(Vec::new, lines), yours: lines(rule) };
    let edited = there.map(Edited::of).unwrap_or_default();
    let form = form_page(admin, caller, &now.rules, edited, typed, &FieldErrors::new());
    page(&form.clashing(clash))
}

fn form_page(
    admin: &Admin,
    caller: &Caller,
    rules: &Rules,
    edited: Edited,
    typed: &TypedRule,
    errors: &FieldErrors,
) -> RulePage {
    let shell = caller.shell(menu::MAPPING).with(admin.outage());
    RulePage::new(shell, edited, typed, errors, Offers::of(admin, rules))
}
