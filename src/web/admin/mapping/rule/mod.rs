//! Writing one rule: adding and taking away conditions, saving into the draft, and what happens when somebody else was faster.

pub mod form;
pub mod page;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;

use crate::web::admin::state::Admin;
use crate::web::admin::guard::{Called, Caller};
use crate::web::admin::draft::{told, who_was_faster};
use crate::web::admin::kinds::{self, Kind};
use crate::web::admin::mapping::page::keyed;
use crate::web::admin::offers;
use crate::web::admin::mapping::rule::page::{Clash, RulePage};
use crate::web::admin::shell::Room;
use crate::web::admin::mapping::rule::form::{MOST_CONDITIONS, Mends, Typed, TypedCondition};
use crate::domain::mapping::Draft;
use crate::domain::rule::{CORE_ROLES, Rule, Rules};
use crate::flows::administer::mapping::ChangeError;
use crate::web::pages::respond;
use crate::web::state::answer;

/// Shows the form of a rule, or an empty one.
pub async fn show(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let draft = match admin.administer.mapping.draft().await {
        Ok(draft) => draft,
        Err(error) => return caller.broken(&error),
    };
    let (key, typed) = match caller.asked("key") {
        None => ("", Typed::default()),
        Some(key) => match keyed(&draft.rules).into_iter().find(|(of, _)| of == key) {
            Some((_, rule)) => (key, Typed::from(rule)),
            None => return caller.not_found(),
        },
    };
    answer(respond(&page(&admin, &caller, &draft.rules, (key, &typed), &Mends::new())))
}

/// Takes the form: another condition, one less or one back, or into the draft.
pub async fn save(State(admin): State<Admin>, Extension(caller): Called) -> Response<Body> {
    let draft = match admin.administer.mapping.draft().await {
        Ok(draft) => draft,
        Err(error) => return caller.broken(&error),
    };
    let mut typed = Typed::read(&caller.form);
    let key = caller.sent("key");
    let again = |typed: &Typed, mends: &Mends| {
        answer(respond(&page(&admin, &caller, &draft.rules, (key, typed), mends)))
    };
    match caller.sent("do") {
        "add" => {
            let kind = Kind::named(caller.sent("add")).unwrap_or(Kind::Member);
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
    match admin.administer.mapping.edit(&caller.actor, |rules| put(rules, key, &rule)).await {
        Ok(None) => caller.go("/_gate/admin/mapping?done=same"),
        Ok(Some(_)) => {
            let card = match rule.when.as_slice() {
                [one] if !one.plain().1 => Kind::of(one).name(),
                _ => "combined",
            };
            caller.go(&format!("/_gate/admin/mapping?done=saved#{card}"))
        }
        Err(ChangeError::Conflict { last, now }) => {
            let says = who_was_faster(&admin, last.as_ref());
            clash(&admin, &caller, says, &now, (key, &typed), &rule)
        }
        Err(ChangeError::Store(error)) => caller.broken(&error),
        Err(error) => {
            let field = if CORE_ROLES.contains(&rule.role.as_str()) { "role" } else { "rule" };
            again(&typed, &Mends::from([(field.to_owned(), told(&error))]))
        }
    }
}

/// The rules with this one in the place of the rule of `key`; a new rule comes last, once. `None`: the rule of `key` is not there any
/// longer as the form knew it.
fn put(rules: &Rules, key: &str, rule: &Rule) -> Option<Rules> {
    let mut rules = rules.clone();
    if key.is_empty() {
        if !rules.rules.contains(rule) {
            rules.rules.push(rule.clone());
        }
        return Some(rules);
    }
    let at = keyed(&rules).iter().position(|(of, _)| of == key)?;
    *rules.rules.get_mut(at)? = rule.clone();
    Some(rules)
}

/// The form once more, with what was typed, beside what the draft says now.
fn clash(
    admin: &Admin,
    caller: &Caller,
    says: String,
    now: &Draft,
    (key, typed): (&str, &Typed),
    rule: &Rule,
) -> Response<Body> {
    let lines = |rule: &Rule| -> Vec<String> {
        let conditions = rule.when.iter().map(kinds::line);
        conditions.chain([format!("Gets the role {}", rule.role)]).collect()
    };
    // The rule as it was; else the one that carries its name now. A new rule has nothing to compare with.
    let all = keyed(&now.rules);
    let same_name = |other: &Rule| other.role == rule.role && other.label == rule.label;
    let there = all
        .iter()
        .find(|(of, _)| of == key)
        .or_else(|| all.iter().find(|(_, other)| !key.is_empty() && same_name(other)));
    let key = there.map_or("", |(key, _)| key);
    let clash = Clash { says, now: there.map_or_else(Vec::new, |(_, rule)| lines(rule)), yours: lines(rule) };
    let page = page(admin, caller, &now.rules, (key, typed), &Mends::new());
    answer(respond(&page.clashing(clash)))
}

fn page(
    admin: &Admin,
    caller: &Caller,
    rules: &Rules,
    (key, typed): (&str, &Typed),
    mends: &Mends,
) -> RulePage {
    let (lists, _) = offers::lists(admin, rules);
    let shell = caller.shell(Room::Mapping).with(offers::outage(admin));
    RulePage::new(shell, key, typed, mends, lists)
}
