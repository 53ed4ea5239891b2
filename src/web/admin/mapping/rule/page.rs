//! The page of one rule: its role, its conditions, and what to mend. Works without scripts: adding or taking away a condition
//! sends the form and gets it back.

use askama::Template;
use http::StatusCode;

use crate::domain::condition::{ConditionKind, KINDS};
use crate::web::admin::fields::{Field, List};
use crate::web::admin::kinds;
use crate::web::admin::mapping::rule::edited::Edited;
use crate::web::admin::mapping::rule::form::{MOST_CONDITIONS, Mends, Typed, TypedCondition};
use crate::web::admin::offers::Offers;
use crate::web::admin::shell::Shell;
use crate::web::pages::{Forms, Page};

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
    pub conditions: Vec<ConditionCard>,
    /// The condition that was taken away just now, and can be put back.
    pub taken: Option<Taken>,
    /// What to mend about the conditions as a whole.
    pub mend: Option<String>,
    /// What fields offer.
    pub lists: Vec<List>,
    /// What saving would change in the draft as it is now; after somebody else changed it.
    pub clash: Option<Clash>,
    status: StatusCode,
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
    pub fn new(shell: Shell, edited: Edited, typed: &Typed, mends: &Mends, offers: Offers) -> RulePage {
        let conditions = typed.conditions.iter().enumerate().map(|(number, condition)| {
            let read = condition.condition(number, &mut Mends::new());
            // It is about the first field, which names the thing.
            let mut doubt = read.and_then(|condition| offers.doubt(&condition));
            let fields = condition.kind.fields.iter().map(|field| {
                let mend = mends.get(&kinds::name(number, field.key)).cloned();
                kinds::field(field, number, condition.value(field.key), mend).doubt(doubt.take())
            });
            ConditionCard { number, fields: fields.collect(), kind: condition.kind, not: condition.not }
        });
        RulePage {
            shell,
            edited,
            role: Field::text("role", "Gets the role", &typed.role)
                .hint("The name that your sites know, written with a–z, 0–9, _ and -. With {code} in it the rule gives many.")
                .list("list-role")
                .mend(mends.get("role").cloned()),
            label: Field::text("label", "What people call it (optional)", &typed.label)
                .hint("Shown where somebody lacks the role, such as “Chair of the education committee”.")
                .mend(mends.get("label").cloned()),
            conditions: conditions.collect(),
            taken: typed.taken.as_ref().map(Taken::of),
            mend: mends.get("add").or_else(|| mends.get("rule")).cloned(),
            lists: offers.lists,
            clash: None,
            status: if mends.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY },
        }
    }

    /// Somebody else was faster.
    #[must_use]
    pub fn clashing(self, clash: Clash) -> RulePage {
        RulePage { clash: Some(clash), status: StatusCode::CONFLICT, ..self }
    }

    fn kinds() -> [&'static ConditionKind; KINDS.len()] {
        KINDS
    }

    fn has_room(&self) -> bool {
        self.conditions.len() < MOST_CONDITIONS
    }
}

impl Page for RulePage {
    const STYLE: &'static str = crate::web::admin::state::STYLE;
    const SCRIPT: &'static str = crate::web::admin::state::SCRIPT;
    const FORMS: Forms = Forms::ToUs;

    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        use crate::web::admin::tests::samples;
        let new = |key: &str, typed: &Typed, mends: &Mends| {
            let edited = Edited { key: key.to_owned(), was: key.to_owned() };
            Self::new(
                samples::shell(crate::web::admin::shell::Room::Mapping),
                edited,
                typed,
                mends,
                samples::offers(),
            )
        };
        let full = samples::rules().rules.last().map(Typed::from).unwrap();
        let broken = Typed {
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
        vec![
            ("rule_empty", new("", &Typed::default(), &Mends::new())),
            ("rule_full", new("a1b2", &full, &Mends::new())),
            ("rule_taken_away", new("a1b2", &taken, &Mends::new())),
            ("rule_error", new("", &broken, &broken.rule().unwrap_err())),
            ("rule_conflict", new("a1b2", &full, &Mends::new()).clashing(clash)),
        ]
    }
}
