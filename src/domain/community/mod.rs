//! The community: what it should know of a person, and the mapping that says so (docs/community.md).
//!
//! A mapping gives groups by the same conditions as the role mapping gives roles. So it is compiled into rules, one for each group, and what is
//! certain, what is open and what ends by a date is decided by `domain::roles`. Kept out: how a community is told, which is the subscriber's.

mod desired;
mod facts;
mod faults;
mod figures;
mod lines;
mod person;
mod preview;
mod published;
mod reasons;
#[cfg(test)]
pub(crate) mod tests;

use super::calendar::CalendarMapping;
use super::code::Code;
use super::condition::Condition;
use super::rule::{PrimaryMembership, Role, Rule, RuleRole, Rules};
use super::time::TimeZone;

pub use desired::{ContactState, DesiredContact, KnownContact, desired};
pub use facts::{FactChange, FactKind, FactRow, ToldFact, compared, facts};
pub use faults::{CommunityFault, CommunityPlace, changed_kinds};
pub use figures::{CommunityFigures, GroupFigures, SyncCount, SyncPhase, Untold};
pub use person::{RemovedContact, ToldContact, ToldDemographic, ToldLine, ToldOrganization, ToldProfile};
pub use preview::{CommunityComparison, CommunityPreview, GroupMoves, NamedPeople};
pub use published::{CommunityInForce, CommunityText};
pub use reasons::{GroupReasons, untold};

/// What stands in the id or the name of a group for the code that fits.
pub(crate) const CODE: &str = "{code}";
/// What stands in the name of a group for the name of what fits.
pub(crate) const NAME: &str = "{name}";

/// Who gets into which group of the community, and what is told of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct CommunityMapping {
    /// What is told of a profile.
    pub contact: ContactSwitches,
    /// Who is told of at all.
    pub who: WhoSyncs,
    /// The groups.
    pub groups: Vec<GroupMapping>,
    /// The demographics.
    pub demographics: Vec<DemographicMapping>,
    /// Which events are told of. `None`: none are.
    pub calendar: Option<CalendarMapping>,
    rules: Rules,
    compiled: Vec<CompiledRule>,
}

/// What a compiled rule stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CompiledRule {
    /// The group of this index.
    Group(usize),
    /// The conditions of `who`.
    Who,
}

/// By which settings memberships count; as in the role mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct MembershipSettings {
    /// The association's time zone.
    pub time_zone: TimeZone,
    /// A membership starts at its effective date only, not already at the join date.
    pub honor_effective_date: bool,
    /// A membership lasts to the end of its grace period.
    pub honor_grace: bool,
    /// Where the AMS says how a membership stands, its dates must agree.
    pub strict_dates: bool,
    /// Memberships that come from an organization count.
    pub count_inherited: bool,
}

/// What of a profile is told. Name, e-mail address and record number always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactSwitches {
    /// Prefix, middle name, suffix, the name by which the person is called, credentials and job title.
    pub names: bool,
    /// Whether the person is in the directory of members.
    pub directory: bool,
    /// The primary organization: its name, and the link to its record.
    pub organization: bool,
    /// A record for that organization, which says its name.
    pub company_records: bool,
    /// What the person says about themselves.
    pub bio: bool,
    /// A picture.
    pub photo: bool,
    /// Pages elsewhere.
    pub links: bool,
    /// E-mail addresses beside the first.
    pub emails: bool,
    /// Telephone numbers.
    pub phones: bool,
    /// Postal addresses.
    pub addresses: bool,
}

impl Default for ContactSwitches {
    /// What shows a person to others is off.
    fn default() -> ContactSwitches {
        ContactSwitches {
            names: true,
            directory: true,
            organization: true,
            company_records: true,
            bio: false,
            photo: false,
            links: false,
            emails: false,
            phones: false,
            addresses: false,
        }
    }
}

impl ContactSwitches {
    /// Whether anything is told that a record has in its contact alone.
    fn want_contact(&self) -> bool {
        let ContactSwitches { names, directory, organization, bio, photo, links, .. } = *self;
        let ContactSwitches { emails, phones, addresses, .. } = *self;
        names || directory || organization || bio || photo || links || emails || phones || addresses
    }
}

/// Who is told of at all. Everybody who is on file, unless something is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhoSyncs {
    /// Only people that the AMS counts as active.
    pub only_active: bool,
    /// Only people with a user account in the AMS.
    pub only_with_account: bool,
    /// Only people who meet all of these.
    pub when: Vec<Condition>,
}

/// A group of the community, or one for each code that fits a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMapping {
    /// Its key at the community, exactly as it is sent. `{code}` stands for what the pattern's `*` stands for.
    pub id: String,
    /// Its name when the community first hears of it. `{name}` stands for the name in the AMS, `{code}` as in the id.
    pub name: String,
    /// What it is there.
    pub kind: GroupKind,
    /// Whoever is in it counts as a member.
    pub member: bool,
    /// What is told of the person's role in it.
    pub role: GroupRole,
    /// All of these must hold.
    pub when: Vec<Condition>,
}

/// What a group is at the community. It never changes once the group is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupKind {
    /// It gives access to pages and communities.
    SecurityGroup,
    /// It is a community of this type, such as `Committee`.
    Community(String),
}

/// What is told of a person's role in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupRole {
    /// Nothing.
    None,
    /// The position of the seat by its name, else by its code.
    PositionName,
    /// The position of the seat by its code.
    PositionCode,
    /// This text.
    Fixed(String),
}

/// A custom field that is told as a demographic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemographicMapping {
    /// The field in the AMS.
    pub field: Code,
    /// The key of its type at the community.
    pub key: String,
    /// The name of its type there.
    pub name: String,
    /// Several values stand in the field, apart at `|`.
    pub multiple: bool,
    /// Any text may stand there; otherwise it is one of several to choose from.
    pub free_form: bool,
}

impl GroupRole {
    /// What a file says; nothing, if it says so.
    pub fn parse(text: &str) -> GroupRole {
        match text {
            "" => GroupRole::None,
            "{position}" => GroupRole::PositionName,
            "{position_code}" => GroupRole::PositionCode,
            text => GroupRole::Fixed(text.to_owned()),
        }
    }

    /// As a file says it.
    pub fn as_written(&self) -> Option<&str> {
        match self {
            GroupRole::None => None,
            GroupRole::PositionName => Some("{position}"),
            GroupRole::PositionCode => Some("{position_code}"),
            GroupRole::Fixed(text) => Some(text),
        }
    }
}

impl CommunityMapping {
    /// A mapping of these parts.
    pub fn new(
        settings: MembershipSettings,
        contact: ContactSwitches,
        who: WhoSyncs,
        groups: Vec<GroupMapping>,
        demographics: Vec<DemographicMapping>,
    ) -> CommunityMapping {
        let mut rules = Rules {
            honor_effective_date: settings.honor_effective_date,
            honor_grace: settings.honor_grace,
            strict_dates: settings.strict_dates,
            count_inherited: settings.count_inherited,
            primary_membership: PrimaryMembership::Longest,
            ..Rules::new(settings.time_zone)
        };
        let mut compiled = Vec::new();
        let mut add = |role: &str, when: &[Condition], of: CompiledRule| {
            if let Ok(role) = RuleRole::parse(role) {
                rules.add(Rule::new(role, None, when.to_vec()));
                compiled.push(of);
            }
        };
        for (index, group) in groups.iter().enumerate() {
            let code = if group.is_for_each_code() { "-{code}" } else { "" };
            add(&format!("group-{index}{code}"), &group.when, CompiledRule::Group(index));
        }
        if !who.when.is_empty() {
            add("who", &who.when, CompiledRule::Who);
        }
        CommunityMapping { contact, who, groups, demographics, calendar: None, rules, compiled }
    }

    /// The rules into which the groups are compiled.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Rules that look at all of a record at which this mapping looks. What they give somebody means nothing.
    pub fn looks(&self) -> Rules {
        let mut rules = self.rules.clone();
        let (Some(any), Ok(role)) = (Code::parse("*"), Role::parse("demographic")) else { return rules };
        for demographic in &self.demographics {
            let field = Condition::CustomField { name: demographic.field.clone(), value: any.clone() };
            rules.add(Rule::new(role.clone(), None, vec![field]));
        }
        rules
    }

    /// Whether it looks at the contact of a record, which is read only where somebody asks for it.
    pub fn looks_at_contact(&self) -> bool {
        self.contact.want_contact() || self.who.only_active || self.who.only_with_account
    }
}

impl GroupMapping {
    /// Whether it stands for one group for each code that fits.
    pub fn is_for_each_code(&self) -> bool {
        self.id.contains(CODE)
    }

    /// Whether this may be the id of one of its groups.
    fn can_have_id(&self, id: &str) -> bool {
        match self.id.split_once(CODE) {
            Some((before, after)) => {
                id.len() > before.len() + after.len() && id.starts_with(before) && id.ends_with(after)
            }
            None => self.id == id,
        }
    }
}
