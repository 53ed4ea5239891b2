//! The page of one rule: its role, its conditions, and what to mend. Works without scripts: adding or taking away a condition
//! sends the form and gets it back.

use askama::Template;
use http::StatusCode;

use crate::domain::condition::{ConditionField, ConditionKind, KINDS};
use crate::web::admin::fields::{Field, FieldErrors, List};
use crate::web::admin::kinds;
use crate::web::admin::mapping::offers::Offers;
use crate::web::admin::mapping::rule::edited::Edited;
use crate::web::admin::mapping::rule::form::{MOST_CONDITIONS, TypedCondition, TypedRule};
use crate::web::admin::shell::{Shell, admin_pages};

/// One condition on the page.
#[derive(Clone, Debug)]
pub struct ConditionCard {
    /// Its place.
    pub number: usize,
    /// What it asks for.
    pub kind: &'static ConditionKind,
    /// The opposite.
    pub not: bool,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// The conditions of a form, and the buttons that add one or take one away.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/mapping/conditions.html")]
pub struct TypedConditions {
    /// The conditions.
    pub conditions: Vec<ConditionCard>,
    /// The condition that was taken away just now, and can be put back.
    pub taken: Option<Taken>,
    /// What to mend about the conditions as a whole.
    pub mend: Option<String>,
    /// The kinds of conditions that the AMS supplies.
    pub kinds: Vec<&'static ConditionKind>,
    /// What it does not supply, in a sentence; empty: nothing.
    pub lacks: String,
}

impl askama::filters::HtmlSafe for TypedConditions {}

impl TypedConditions {
    /// As they were typed.
    pub fn of(typed: &TypedRule, errors: &FieldErrors, offers: &Offers) -> TypedConditions {
        let conditions = typed.conditions.iter().enumerate().map(|(number, condition)| {
            let read = condition.condition(number, &mut FieldErrors::new());
            // It is about the first field, which names the thing.
            let mut doubt = read.and_then(|condition| offers.doubt(&condition));
            let is_shown = |field: &&ConditionField| {
                offers.supplied.has_field(field) || !condition.value(field.key).is_empty()
            };
            let fields = condition.kind.fields.iter().filter(is_shown).map(|field| {
                let mend = errors.get(&kinds::name(number, field.key)).cloned();
                kinds::field(field, number, condition.value(field.key), mend).doubt(doubt.take())
            });
            ConditionCard { number, fields: fields.collect(), kind: condition.kind, not: condition.not }
        });
        TypedConditions {
            conditions: conditions.collect(),
            taken: typed.taken.as_ref().map(Taken::of),
            mend: errors.get("add").or_else(|| errors.get("rule")).cloned(),
            kinds: KINDS.into_iter().filter(|kind| offers.supplied.has(kind)).collect(),
            lacks: offers.supplied.lacks(),
        }
    }

    fn has_room(&self) -> bool {
        self.conditions.len() < MOST_CONDITIONS
    }
}

/// The page of one rule.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/mapping/rule.html")]
pub struct RulePage {
    /// Around the page.
    pub shell: Shell,
    /// The rule that is edited.
    pub edited: Edited,
    /// Its role.
    pub role: Field,
    /// Its label.
    pub label: Field,
    /// Its conditions.
    pub conditions: TypedConditions,
    /// What fields offer.
    pub lists: Vec<List>,
    /// What saving would change in the draft as it is now; after somebody else changed it.
    pub clash: Option<Clash>,
}

/// A condition that was taken away, as the form carries it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// In words: "Committee EDU (any seat)".
    pub says: String,
    /// Names and values of its hidden fields.
    pub fields: Vec<(String, String)>,
}

impl Taken {
    fn of((number, condition): &(usize, TypedCondition)) -> Taken {
        let mut fields = vec![
            ("taken.at".to_owned(), number.to_string()),
            ("taken.kind".to_owned(), condition.kind.key.to_owned()),
        ];
        fields.extend(condition.not.then(|| ("taken.not".to_owned(), "yes".to_owned())));
        let values = condition.values.iter().filter(|(_, value)| !value.is_empty());
        fields.extend(values.clone().map(|(key, value)| (format!("taken.{key}"), value.clone())));
        let typed: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
        let not = if condition.not { "not " } else { "" };
        let says = format!("{not}{} {}", condition.kind.label, typed.join(", "));
        Taken { says: says.trim().to_owned(), fields }
    }
}

/// Two administrators edited at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// "Sam Osei changed the draft at 10:42".
    pub says: String,
    /// How the draft has this rule now, line by line; empty: it is not there any more.
    pub now: Vec<String>,
    /// How it was typed here.
    pub yours: Vec<String>,
}

impl RulePage {
    /// A form with what was typed.
    pub fn new(
        shell: Shell,
        edited: Edited,
        typed: &TypedRule,
        errors: &FieldErrors,
        offers: Offers,
    ) -> RulePage {
        let is_refused = !errors.is_empty();
        RulePage {
            shell: if is_refused { shell.status(StatusCode::UNPROCESSABLE_ENTITY) } else { shell },
            edited,
            role: Field::text("role", "Gets the role", &typed.role)
                .hint("The name that your sites know, written with a–z, 0–9, _ and -. With {code} in it the rule gives many.")
                .list("list-role")
                .mend(errors.get("role").cloned()),
            label: Field::text("label", "What people call it (optional)", &typed.label)
                .hint("Shown where somebody lacks the role, such as “Chair of the education committee”.")
                .mend(errors.get("label").cloned()),
            conditions: TypedConditions::of(typed, errors, &offers),
            lists: offers.lists,
            clash: None,
        }
    }

    /// Somebody else was faster.
    #[must_use]
    pub fn clashing(self, clash: Clash) -> RulePage {
        let shell = self.shell.status(StatusCode::CONFLICT);
        RulePage { shell, clash: Some(clash), ..self }
    }
}

admin_pages!(RulePage);
