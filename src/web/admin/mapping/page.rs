//! The page of the role mapping: the draft as one card for each kind of rule, with the switches that hold for all.

use askama::Template;

use crate::domain::condition::{ConditionKind, KINDS};
use crate::domain::fold;
use crate::domain::guid::is_guid;
use crate::domain::names::ListedNames;
use crate::domain::rule::{PrimaryMembership, Rule, Rules};
use crate::domain::supplied::Supplied;
use crate::web::admin::draft::DraftBar;
use crate::web::admin::fields::{Field, FieldErrors, List, Toggle};
use crate::web::admin::kinds;
use crate::web::admin::mapping::offers::Offers;
use crate::web::admin::mapping::rule::edited::Edited;
use crate::web::admin::mapping::rule::form::TypedCondition;
use crate::web::admin::shell::{Shell, admin_pages};
use crate::web::admin::words::Difference;

/// The switch for memberships of which the AMS says how they stand.
const STRICT_DATES: &str = "strict_dates";

/// A rule in a card.
#[derive(Clone, Debug)]
pub struct RuleRow {
    /// Found by, in forms and addresses.
    pub edited: Edited,
    /// What it asks, line by line; one of one kind names the code alone.
    pub asks: Vec<String>,
    /// Details, or what people call the thing.
    pub detail: String,
    /// What may be a mistake, in sentences.
    pub doubts: Vec<String>,
    /// The role granted.
    pub role: String,
    /// What people call the rule.
    pub label: String,
}

/// A card: the rules of one kind, and the form that adds one.
#[derive(Clone, Debug)]
pub struct KindCard {
    /// The kind.
    pub kind: &'static ConditionKind,
    /// Where its choices come from.
    pub source: &'static str,
    /// Its rules, in the order of the draft.
    pub rows: Vec<RuleRow>,
    /// The fields of the form.
    pub add: Vec<Field>,
}

/// The settings that hold for the whole mapping, as they stand or were typed.
#[derive(Clone, Debug, Default)]
pub struct MappingSettings {
    /// Role of everyone who signs in.
    pub everyone: String,
    /// Role of members.
    pub member: String,
    /// Role of everyone else.
    pub non_member: String,
    /// IANA name.
    pub time_zone: String,
    /// Honor Effective Date.
    pub honor_effective_date: bool,
    /// Grace.
    pub honor_grace: bool,
    /// Dates beside the AMS's word.
    pub strict_dates: bool,
    /// Inherited memberships.
    pub count_inherited: bool,
    /// The first membership names the person's type, as the plugin has it.
    pub primary_first: bool,
    /// Core roles.
    pub manage_core_roles: bool,
}

impl MappingSettings {
    /// All of it in one line, by which a form says what it was made from.
    pub fn line(&self) -> String {
        let switches = [
            self.honor_effective_date,
            self.honor_grace,
            self.strict_dates,
            self.count_inherited,
            self.primary_first,
            self.manage_core_roles,
        ];
        let switches = switches.map(|on| if on { "1" } else { "0" }).concat();
        [&self.everyone, &self.member, &self.non_member, &self.time_zone, &switches]
            .map(String::as_str)
            .join(" | ")
    }

    /// As a mapping has them.
    pub fn of(rules: &Rules) -> MappingSettings {
        let role = |role: &Option<crate::domain::rule::Role>| {
            role.as_ref().map(ToString::to_string).unwrap_or_default()
        };
        MappingSettings {
            everyone: role(&rules.everyone),
            member: role(&rules.member),
            non_member: role(&rules.non_member),
            time_zone: rules.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            honor_effective_date: rules.honor_effective_date,
            honor_grace: rules.honor_grace,
            strict_dates: rules.strict_dates,
            count_inherited: rules.count_inherited,
            primary_first: rules.primary_membership == PrimaryMembership::First,
            manage_core_roles: rules.manage_core_roles,
        }
    }
}

/// The role mapping.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/mapping/page.html")]
pub struct MappingPage {
    /// Around the page.
    pub shell: Shell,
    /// How the draft stands.
    pub draft: DraftBar,
    /// One for each kind.
    pub cards: Vec<KindCard>,
    /// What the AMS does not know of people, in a sentence; may be empty.
    pub lacks: String,
    /// Rules with more than one condition, or with a negation.
    pub combined: Vec<RuleRow>,
    /// [`MappingSettings::line`] of the draft that the form of the settings is made from.
    pub was: String,
    /// Built-in roles.
    pub roles: Vec<Field>,
    /// Time zone.
    pub time_zone: Field,
    /// Switches.
    pub switches: Vec<Toggle>,
    /// The first membership names the type.
    pub primary_first: bool,
    /// What fields offer.
    pub lists: Vec<List>,
    /// When the lists of the AMS were read; empty: never.
    pub lists_as_of: String,
    /// Somebody else was faster: who and when, and what saving would change now.
    pub clash: Option<(String, Vec<Difference>)>,
}

impl MappingPage {
    /// The page of a draft; `typed` are settings that were refused, with what to mend.
    pub fn new(
        shell: Shell,
        draft: DraftBar,
        rules: &Rules,
        typed: Option<(MappingSettings, FieldErrors)>,
        offers: Offers,
    ) -> MappingPage {
        let (settings, errors) = typed.unwrap_or_else(|| (MappingSettings::of(rules), FieldErrors::new()));
        let is_plain = |rule: &Rule| matches!(rule.when.as_slice(), [one] if !one.plain().1 && !one.kind().fields.is_empty());
        let name_of = |kind: &ConditionKind, code: &str| {
            let list = kind.fields.first().map(kinds::list_id).unwrap_or_default();
            let items = offers.lists.iter().filter(|of| of.id == list).flat_map(|of| &of.items);
            items
                .clone()
                .find(|(value, name)| fold::folded(value) == fold::folded(code) && value != name)
                .map(|(_, name)| name.clone())
        };
        let card = |kind: &'static ConditionKind| KindCard {
            kind,
            source: kinds::source(kind, &offers.supplied),
            rows: rules
                .rules
                .iter()
                .filter(|rule| is_plain(rule) && rule.when.iter().all(|one| one.kind() == kind))
                .map(|rule| {
                    let in_words = |condition| kinds::in_words(condition, &ListedNames::default());
                    let (what, detail) = rule.when.first().map(in_words).unwrap_or_default();
                    // An id is no heading where there is a name.
                    let (what, named) = match name_of(kind, &what) {
                        Some(name) if is_guid(&what) => (name, Some(what)),
                        known => (what, known),
                    };
                    let named: Vec<String> =
                        named.into_iter().chain(Some(detail).filter(|text| !text.is_empty())).collect();
                    row(rule, vec![what], named.join(" · "), &offers)
                })
                .collect(),
            add: add_fields(kind, &offers.supplied),
        };
        let field = |name: &'static str, label, value: &str, hint| {
            Field::text(name, label, value).hint(hint).list("list-role").mend(errors.get(name).cloned())
        };
        MappingPage {
            shell,
            draft,
            // Of what the AMS does not supply only rules that are there already are shown, so that they can be taken away.
            cards: KINDS
                .into_iter()
                .filter(|kind| !kind.fields.is_empty())
                .map(card)
                .filter(|card| offers.supplied.has(card.kind) || !card.rows.is_empty())
                .collect(),
            lacks: offers.supplied.lacks(),
            combined: rules
                .rules
                .iter()
                .filter(|rule| !is_plain(rule))
                .map(|rule| {
                    let line = |condition| kinds::line(condition, &offers.names);
                    row(rule, rule.when.iter().map(line).collect(), String::new(), &offers)
                })
                .collect(),
            was: MappingSettings::of(rules).line(),
            roles: vec![
                field("member", "Members get", &settings.member, "While any membership is active."),
                field("non_member", "Non-members get", &settings.non_member, "Everyone else who signs in."),
                field(
                    "everyone",
                    "Everyone gets",
                    &settings.everyone,
                    "On top, for each person who signs in.",
                ),
            ],
            time_zone: Field::text("time_zone", "Time zone of the association", &settings.time_zone)
                .hint("Days begin and end here. An IANA name, such as America/New_York.")
                .list("list-time-zone")
                .required()
                .mend(errors.get("time_zone").cloned()),
            switches: switches(&settings, &offers.supplied),
            primary_first: settings.primary_first,
            lists: offers.lists,
            lists_as_of: offers.as_of,
            clash: None,
        }
    }
}

fn row(rule: &Rule, asks: Vec<String>, detail: String, offers: &Offers) -> RuleRow {
    let label = rule.label.as_deref().unwrap_or_default().to_owned();
    let doubts = rule.when.iter().filter_map(|condition| offers.doubt(condition)).collect();
    RuleRow { edited: Edited::of(rule), asks, detail, doubts, role: rule.role.to_string(), label }
}

/// The form of a card: the fields of the kind, then the role.
pub fn add_fields(kind: &'static ConditionKind, supplied: &Supplied) -> Vec<Field> {
    let blank = TypedCondition::of(kind);
    let scope = format!("{}-", kind.key);
    let fields = kind.fields.iter().filter(|field| supplied.has_field(field));
    let fields = fields.map(|field| kinds::field(field, 0, blank.value(field.key), None).scope(&*scope));
    fields.chain([Field::text("role", "Gets the role", "").list("list-role").scope(&*scope)]).collect()
}

/// A switch for what the AMS does not supply is shown only while it is on.
fn switches(settings: &MappingSettings, supplied: &Supplied) -> Vec<Toggle> {
    let mut switches = vec![
        Toggle {
            name: "honor_effective_date",
            label: "Honor Effective Date",
            on: settings.honor_effective_date,
            says: "On: a membership counts from its effective date. Off: it counts from the join date already, if that is earlier.",
            example: "Priya joins on 10 October; her membership takes effect on 1 January. On: she is a member from 1 January. Off: from 10 October.",
        },
        Toggle {
            name: "honor_grace",
            label: "Honor the grace period",
            on: settings.honor_grace,
            says: "On: a membership lasts to the end of its grace period. Off: it ends on its expiry date.",
            example: "Gus’s membership expires on 31 December, with grace to 31 January. On: he keeps his roles through January. Off: he loses them on 1 January.",
        },
        Toggle {
            name: STRICT_DATES,
            label: "Dates must agree",
            on: settings.strict_dates,
            says: "For an AMS that says how a membership stands. On: its dates must agree too. Off: the AMS’s word alone decides.",
            example: "The AMS still has Otto as current, and his membership expired yesterday. On: he is no member. Off: he is one until the AMS says otherwise.",
        },
        Toggle {
            name: "count_inherited",
            label: "Count inherited memberships",
            on: settings.count_inherited,
            says: "On: people are members through their organization. Off: only a membership of their own counts.",
            example: "Marisol works at Harbor Labs, which is a Corporate Gold member. On: she is a member. Off: she is not, unless she joins herself.",
        },
        Toggle {
            name: "manage_core_roles",
            label: "Manage core roles",
            on: settings.manage_core_roles,
            says: "On: rules may name administrator, editor, author and contributor. Off: such rules are refused, and these roles stay as the site gives them.",
            example: "You made Sam an editor by hand. Off: no rule can take that away. On: Sam is an editor only while a rule says so.",
        },
    ];
    switches.retain(|toggle| toggle.name != STRICT_DATES || supplied.has_standing || toggle.on);
    switches
}

admin_pages!(MappingPage);
