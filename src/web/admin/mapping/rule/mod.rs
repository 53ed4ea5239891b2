//! Writing one rule: adding and taking away conditions, saving into the draft, and what happens when somebody else was faster.

pub mod edited;
pub mod form;
pub mod page;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;

use crate::domain::condition::ConditionKind;
use crate::domain::faults::FaultPlace;
use crate::domain::mapping::Draft;
use crate::domain::rule::{Condition, Rule, Rules};
use crate::flows::administer::mapping::ChangeError;
use crate::web::admin::draft::{told, told_fault, who_was_faster};
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::kinds;
use crate::web::admin::mapping::rule::edited::Edited;
use crate::web::admin::mapping::rule::form::{MOST_CONDITIONS, Mends, Typed, TypedCondition};
use crate::web::admin::mapping::rule::page::{Clash, RulePage};
use crate::web::admin::offers::{self, Offers};
use crate::web::admin::shell::Room;
use crate::web::admin::state::Admin;
use crate::web::pages::respond;
use crate::web::state::answer;

/// Shows the form of a rule, or an empty one.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let draft = match admin.administer.mapping.draft().await {
        Ok(draft) => draft,
        Err(error) => return caller.broken(&error),
    };
    let (edited, typed) = match caller.asked("key") {
        None => (Edited::default(), Typed::default()),
        Some(key) => match draft.rules.rules.iter().find(|rule| rule.id.to_string() == key) {
            Some(rule) => (Edited::of(rule), Typed::from(rule)),
            None => return caller.not_found(),
        },
    };
    answer(respond(&page(&admin, &caller, &draft.rules, edited, &typed, &Mends::new())))
}

/// Takes the form: another condition, one less or one back, or into the draft.
pub async fn save(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let draft = match admin.administer.mapping.draft().await {
        Ok(draft) => draft,
        Err(error) => return caller.broken(&error),
    };
    let mut typed = Typed::read(&caller.form);
    let edited = Edited::sent(&caller);
    let again = |typed: &Typed, mends: &Mends| {
        answer(respond(&page(&admin, &caller, &draft.rules, edited.clone(), typed, mends)))
    };
    match caller.sent("do") {
        "add" => {
            let kind = ConditionKind::named(caller.sent("add")).unwrap_or(Condition::Member.kind());
            typed.taken = None;
            if typed.conditions.len() < MOST_CONDITIONS {
                typed.conditions.push(TypedCondition::of(kind));
            }
            return again(&typed, &Mends::new());
        }
        "undo" => {
            typed.put_back();
            return again(&typed, &Mends::new());
        }
        other => {
            if let Some(number) = other.strip_prefix("drop-").and_then(|number| number.parse().ok()) {
                typed.take(number);
                return again(&typed, &Mends::new());
            }
        }
    }
    let rule = match typed.rule() {
        Ok(rule) => rule,
        Err(mends) => return again(&typed, &mends),
    };
    match admin.administer.mapping.edit(&caller.actor, |rules| edited.put(rules, &rule)).await {
        Ok(None) => caller.go("/_gate/admin/mapping?done=same"),
        Ok(Some(_)) => {
            let card = match rule.when.as_slice() {
                [one] if !one.plain().1 => one.kind().key,
                _ => "combined",
            };
            caller.go(&format!("/_gate/admin/mapping?done=saved#{card}"))
        }
        Err(ChangeError::Conflict { last, now }) => {
            let says = who_was_faster(&admin, last.as_ref());
            clash(&admin, &caller, says, &now, &edited, &typed, &rule)
        }
        Err(ChangeError::Store(error)) => caller.broken(&error),
        Err(ChangeError::Unsound(faults)) => {
            let mends = faults.iter().map(|fault| {
                let field = match fault.place {
                    FaultPlace::Role(_) => "role".to_owned(),
                    FaultPlace::Field(_, number, key) => kinds::name(number, key),
                    FaultPlace::Setting(_) | FaultPlace::Label(_) | FaultPlace::Conditions(_) => {
                        "rule".to_owned()
                    }
                };
                (field, told_fault(fault))
            });
            again(&typed, &mends.collect())
        }
        Err(error) => again(&typed, &Mends::from([("rule".to_owned(), told(&error))])),
    }
}

/// The form once more, with what was typed, beside what the draft says now.
fn clash(
    admin: &Admin,
    caller: &Caller,
    says: String,
    now: &Draft,
    edited: &Edited,
    typed: &Typed,
    rule: &Rule,
) -> Response<Body> {
    let lines = |rule: &Rule| -> Vec<String> {
        let conditions = rule.when.iter().map(kinds::line);
        conditions.chain([format!("Gets the role {}", rule.role)]).collect()
    };
    // The rule itself; else the one that carries its name now. A new rule has nothing to compare with.
    let all = &now.rules.rules;
    let same_name = |other: &&Rule| other.role == rule.role && other.label == rule.label;
    let named = || all.iter().find(same_name).filter(|_| !edited.key.is_empty());
    let there = edited.place(&now.rules).and_then(|at| all.get(at)).or_else(named);
    let clash = Clash { says, now: there.map_or_else(Vec::new, lines), yours: lines(rule) };
    let edited = there.map(Edited::of).unwrap_or_default();
    let page = page(admin, caller, &now.rules, edited, typed, &Mends::new());
    answer(respond(&page.clashing(clash)))
}

fn page(
    admin: &Admin,
    caller: &Caller,
    rules: &Rules,
    edited: Edited,
    typed: &Typed,
    mends: &Mends,
) -> RulePage {
    let shell = caller.shell(Room::Mapping).with(offers::outage(admin));
    RulePage::new(shell, edited, typed, mends, Offers::of(admin, rules))
}
