//! The community file: text to a [`CommunityMapping`] (docs/community.md).
//!
//! Its membership settings and its conditions are those of a rules file, and are read by the same readers. All problems are told at once.

mod print;
#[cfg(test)]
mod tests;

pub use print::print_group;

use std::ops::Range;

use toml::Spanned;

use super::toml_reading::{FromToml, Problem, Reading, Said, section};
use crate::domain::calendar::CalendarMapping;
use crate::domain::code::Code;
use crate::domain::community::{
    CommunityMapping, CommunityPlace, ContactSwitches, DemographicMapping, GroupKind, GroupMapping,
    GroupRole, MembershipSettings, WhoSyncs, changed_kinds,
};
use crate::domain::condition::Condition;
use crate::domain::time::TimeZone;

section! {
    /// Top of the file: by which settings memberships count, as in the rules file.
    CommunityDocument {
        /// The time zone in which days begin and end, an IANA name. Example: "America/New_York". Required.
        time_zone: TimeZone,
        /// Whether a membership starts at its effective date. Otherwise it starts at the earlier of effective date and join date. Default: false.
        honor_effective_date: bool,
        /// Whether a membership lasts to the end of its grace period, which is then its end date at the community. Default: false.
        honor_grace: bool,
        /// Whether, where the AMS says how a membership stands (Novi, GrowthZone), its dates must agree. Default: false.
        strict_dates: bool,
        /// Whether memberships that come from an organization count. Default: true.
        count_inherited: bool,
        /// What of a profile is sent.
        contact: ContactTable,
        /// Who is sent at all.
        who: WhoTable,
        /// The groups, one `[[group]]` each. Default: no groups.
        group: Vec<Spanned<GroupTable>>,
        /// The demographics, one `[[demographic]]` each. Default: no demographics.
        demographic: Vec<Spanned<DemographicTable>>,
        /// The community's calendar.
        calendar: CalendarTable,
    }
}

section! {
    /// `[contact]`: what of a profile is sent beside name, e-mail address and record number. What is off is left out, and the community clears what it has of it.
    ContactTable {
        /// Prefix, middle name, suffix, the name by which the person is called, credentials and job title. Default: true.
        names: bool,
        /// Whether the person is in the member directory, as the AMS says it. Default: true.
        directory: bool,
        /// The name of the primary organization, and the link to its record. Default: true.
        organization: bool,
        /// Whether that organization is sent as a company record of its own, with its name alone. Off where the AMS has companies on file as people. Default: true.
        company_records: bool,
        /// What the person says about themselves. Higher Logic has to switch it on (`MembershipIntegrateBio`). Default: false.
        bio: bool,
        /// The address of a picture. Higher Logic has to switch it on (`IntegrateProfileImage`). Default: false.
        photo: bool,
        /// Pages of the person elsewhere. Higher Logic has to switch it on (`IntegrateSocialMediaSites`). Default: false.
        links: bool,
        /// E-mail addresses beside the first. Default: false.
        emails: bool,
        /// Telephone numbers. One that the AMS does not mark as public is sent as not to be published. Default: false.
        phones: bool,
        /// Postal addresses. One that the AMS does not mark as public is sent as not to be published. Default: false.
        addresses: bool,
    }
}

section! {
    /// `[who]`: who is sent at all. Somebody who was sent and no longer fits is sent without groups and not as a member.
    WhoTable {
        /// Only people that the AMS counts as active. Default: false.
        only_active: bool,
        /// Only people with a user account in the AMS. Default: false.
        only_with_account: bool,
        /// Only people who meet all of these conditions. Default: everybody.
        when: Spanned<Vec<Option<Condition>>>,
    }
}

section! {
    /// `[[group]]`: a community or security group, and who is in it.
    GroupTable {
        /// Its key at the community, sent exactly so. With `{code}` in it one group for each code that fits the pattern in `when`. Example: "committee-{code}". Required.
        id: Spanned<String>,
        /// Its name when the community first hears of it. `{name}` stands for the name in the AMS, `{code}` as in `id`. Example: "Education Committee". Default: "{name}".
        name: Spanned<String>,
        /// What it is there. That never changes once it was sent. One of: "community", "security_group". Required.
        r#as: Spanned<String>,
        /// The type of a community, which Higher Logic must know; it knows Committee, Chapter and Event. Never changes once it was sent. Example: "Committee". Default: none; a community needs one.
        r#type: Spanned<String>,
        /// Whether whoever is in it counts as a member. Security groups only. Default: false.
        member: Spanned<bool>,
        /// What is sent of the person's role in it: "{position}" is the position of the committee seat by name, "{position_code}" by code, anything else is sent as it is. Example: "{position}". Default: none.
        role: Spanned<String>,
        /// The conditions, all of which must hold, as in a rules file. Required.
        when: Spanned<Vec<Option<Condition>>>,
    }
}

section! {
    /// `[[demographic]]`: a custom field that is sent as a demographic.
    DemographicTable {
        /// The name of the custom field in the AMS. Example: "Interests". Required.
        field: Spanned<String>,
        /// The key of the demographic type at the community. Example: "INTEREST". Required.
        key: Spanned<String>,
        /// The name of the type. Example: "Areas of interest". Default: the key.
        name: Spanned<String>,
        /// Whether the field holds several values, apart at `|`. Default: true.
        multiple: bool,
        /// Whether any text may stand there, and not only one of several choices. Default: false.
        free_form: bool,
    }
}

section! {
    /// `[calendar]`: public events of the AMS as entries of the community's calendar. Of the AMSs that are known only re:Members lists them.
    CalendarTable {
        /// Whether they are sent. Default: false.
        events: bool,
        /// Only events whose code fits one of these; one `*` in it stands for any text. Example: ["ANNUAL*"]. Default: all.
        only_codes: Vec<Spanned<String>>,
        /// The type of every entry (`MeetingType`), exactly as it is sent. Example: "Conference". Default: none.
        r#type: Spanned<String>,
        /// Whether events are sent that were over before anything was sent of them. Default: false.
        past: bool,
    }
}

/// Reads a community file. On failure every problem in it, in the order of the text.
pub fn parse(text: &str) -> Result<CommunityMapping, Vec<Problem>> {
    parse_after(text, &[])
}

/// The same, and refuses what would make something else of a group that the community knows as one of `known`.
pub fn parse_after(text: &str, known: &[GroupMapping]) -> Result<CommunityMapping, Vec<Problem>> {
    let mut reading = Reading::new(text);
    let document = reading.document();
    let mapping = CommunityDocument::from_toml(document, &mut reading)
        .and_then(|said| mapping(said, known, &mut reading));
    match (mapping, reading.problems()) {
        (Some(mapping), problems) if problems.is_empty() => Ok(mapping),
        (_, problems) => Err(problems),
    }
}

/// Where the keys of a table stand, and the table itself.
type TablePlaces = (Range<usize>, Vec<(&'static str, Range<usize>)>);

fn mapping(
    said: CommunityDocument,
    known: &[GroupMapping],
    reading: &mut Reading<'_>,
) -> Option<CommunityMapping> {
    if let Said::Nothing = said.time_zone {
        let remedy = "Name the association's time zone, such as `time_zone = \"America/New_York\"`";
        reading.missing(0..0, "`time_zone` is missing", remedy);
    }
    let zone = said.time_zone.value();
    let settings = MembershipSettings {
        time_zone: zone.clone().unwrap_or(TimeZone::UTC),
        honor_effective_date: said.honor_effective_date.value().unwrap_or(false),
        honor_grace: said.honor_grace.value().unwrap_or(false),
        strict_dates: said.strict_dates.value().unwrap_or(false),
        count_inherited: said.count_inherited.value().unwrap_or(true),
    };
    let contact = contact(said.contact.value().unwrap_or_default());
    let who_said = said.who.value().unwrap_or_default();
    let (who_when, who_place) = conditions(who_said.when.value());
    let who = WhoSyncs {
        only_active: who_said.only_active.value().unwrap_or(false),
        only_with_account: who_said.only_with_account.value().unwrap_or(false),
        when: who_when,
    };
    let tables = said.group.value().unwrap_or_default();
    let (groups, group_places): (Vec<_>, Vec<TablePlaces>) =
        tables.into_iter().filter_map(|table| group(table, reading)).unzip();
    let tables = said.demographic.value().unwrap_or_default();
    let (demographics, demographic_places): (Vec<_>, Vec<TablePlaces>) =
        tables.into_iter().filter_map(|table| demographic(table, reading)).unzip();
    let calendar = calendar(said.calendar.value().unwrap_or_default(), &settings.time_zone, reading);
    let mut mapping = CommunityMapping::new(settings, contact, who, groups, demographics);
    mapping.calendar = calendar;
    for fault in mapping.faults().into_iter().chain(changed_kinds(known, &mapping)) {
        let of = |places: &[TablePlaces], index: usize, key: &str| {
            let (whole, keys) = places.get(index)?;
            let place = keys.iter().find(|(name, _)| *name == key).map(|(_, place)| place);
            Some(place.unwrap_or(whole).clone())
        };
        let place = match fault.place {
            CommunityPlace::Group(index, key) => of(&group_places, index, key),
            CommunityPlace::Demographic(index, key) => of(&demographic_places, index, key),
            CommunityPlace::Who => who_place.clone(),
        };
        reading.problem(place.unwrap_or_default(), fault.what, fault.remedy);
    }
    zone.map(|_| mapping)
}

fn contact(said: ContactTable) -> ContactSwitches {
    let usual = ContactSwitches::default();
    ContactSwitches {
        names: said.names.value().unwrap_or(usual.names),
        directory: said.directory.value().unwrap_or(usual.directory),
        organization: said.organization.value().unwrap_or(usual.organization),
        company_records: said.company_records.value().unwrap_or(usual.company_records),
        bio: said.bio.value().unwrap_or(usual.bio),
        photo: said.photo.value().unwrap_or(usual.photo),
        links: said.links.value().unwrap_or(usual.links),
        emails: said.emails.value().unwrap_or(usual.emails),
        phones: said.phones.value().unwrap_or(usual.phones),
        addresses: said.addresses.value().unwrap_or(usual.addresses),
    }
}

/// `None`: no events are sent.
fn calendar(said: CalendarTable, zone: &TimeZone, reading: &mut Reading<'_>) -> Option<CalendarMapping> {
    let mut only_codes = Vec::new();
    for text in said.only_codes.value().unwrap_or_default() {
        match Code::parse(text.get_ref()).filter(|code| code.stars() <= 1) {
            Some(code) => only_codes.push(code),
            None => {
                let remedy = "Write a code with at most one `*`, such as \"ANNUAL*\"";
                reading.problem(text.span(), "this is not the code of an event", remedy);
            }
        }
    }
    let kind = said.r#type.value().and_then(|text| {
        let fits = CalendarMapping::is_type(text.get_ref());
        if !fits {
            let what = "this type is empty, too long, or has blanks around it";
            reading.problem(text.span(), what, "Write it as Higher Logic shows it, or leave the key out");
        }
        fits.then(|| text.into_inner())
    });
    let past = said.past.value().unwrap_or(false);
    let is_on = said.events.value().unwrap_or(false);
    is_on.then(|| CalendarMapping { only_codes, kind, past, time_zone: zone.clone() })
}

/// The conditions that can be read, with their place.
fn conditions(when: Option<Spanned<Vec<Option<Condition>>>>) -> (Vec<Condition>, Option<Range<usize>>) {
    let place = when.as_ref().map(Spanned::span);
    (when.into_iter().flat_map(Spanned::into_inner).flatten().collect(), place)
}

fn group(table: Spanned<GroupTable>, reading: &mut Reading<'_>) -> Option<(GroupMapping, TablePlaces)> {
    let (whole, said) = (table.span(), table.into_inner());
    for (key, is_missing, remedy) in [
        ("id", matches!(said.id, Said::Nothing), "Give it a key, such as `id = \"committee-EDU\"`"),
        ("as", matches!(said.r#as, Said::Nothing), "Write `as = \"community\"` or `as = \"security_group\"`"),
        (
            "when",
            matches!(said.when, Said::Nothing),
            "Say who is in it, such as `when = [{ member = true }]`",
        ),
    ] {
        if is_missing {
            reading.problem(whole.clone(), format!("the group has no `{key}`"), remedy);
        }
    }
    let (id, kind, when) = (said.id.value(), said.r#as.value(), said.when.value());
    let (name, of_type, role) = (said.name.value(), said.r#type.value(), said.role.value());
    let member = said.member.value();
    let spans = [("id", &id), ("as", &kind), ("name", &name), ("type", &of_type), ("role", &role)];
    let mut places: Vec<(&'static str, Range<usize>)> =
        spans.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?.span()))).collect();
    places.extend(member.as_ref().map(|member| ("member", member.span())));
    places.extend(when.as_ref().map(|when| ("when", when.span())));
    let kind = kind.and_then(|kind| self::kind(&kind, of_type, &whole, reading));
    // An empty one is told as a fault.
    let role = role.map_or(GroupRole::None, |text| match text.into_inner() {
        text if text.is_empty() => GroupRole::Fixed(text),
        text => GroupRole::parse(&text),
    });
    // Where a condition could not be read, nothing can be said about all of them.
    let is_readable = when.as_ref().is_some_and(|when| when.get_ref().iter().all(Option::is_some));
    let group = GroupMapping {
        id: id?.into_inner(),
        name: name.map_or_else(|| crate::domain::community::NAME.to_owned(), Spanned::into_inner),
        kind: kind?,
        member: member.is_some_and(Spanned::into_inner),
        role,
        when: conditions(when.filter(|_| is_readable)).0,
    };
    is_readable.then_some((group, (whole, places)))
}

fn kind(
    kind: &Spanned<String>,
    of_type: Option<Spanned<String>>,
    whole: &Range<usize>,
    reading: &mut Reading<'_>,
) -> Option<GroupKind> {
    match (kind.get_ref().as_str(), of_type) {
        ("community", Some(of_type)) => Some(GroupKind::Community(of_type.into_inner())),
        ("community", None) => {
            reading.problem(
                whole.clone(),
                "a community has no `type`",
                "Write one such as `type = \"Committee\"`",
            );
            None
        }
        ("security_group", None) => Some(GroupKind::SecurityGroup),
        ("security_group", Some(of_type)) => {
            reading.problem(of_type.span(), "a security group has no type", "Take `type` out");
            None
        }
        (other, _) => {
            let remedy = "Write `\"community\"` or `\"security_group\"`";
            reading.problem(kind.span(), format!("`as` cannot be `{other}`"), remedy);
            None
        }
    }
}

fn demographic(
    table: Spanned<DemographicTable>,
    reading: &mut Reading<'_>,
) -> Option<(DemographicMapping, TablePlaces)> {
    let (whole, said) = (table.span(), table.into_inner());
    for (key, is_missing) in
        [("field", matches!(said.field, Said::Nothing)), ("key", matches!(said.key, Said::Nothing))]
    {
        if is_missing {
            let remedy = format!("Write `{key} = \"…\"`");
            reading.problem(whole.clone(), format!("the demographic has no `{key}`"), remedy);
        }
    }
    let mut text = |text: Option<Spanned<String>>| {
        let text = text?;
        if text.get_ref().trim().is_empty() {
            reading.problem(text.span(), "this is empty", "Write something, or leave the key out");
            return None;
        }
        Some((text.span(), text.into_inner().trim().to_owned()))
    };
    let (field, key, name) = (text(said.field.value()), text(said.key.value()), text(said.name.value()));
    let ((field_place, field), (key_place, key)) = (field?, key?);
    let demographic = DemographicMapping {
        field: Code::parse(&field)?,
        name: name.map_or_else(|| key.clone(), |(_, name)| name),
        key,
        multiple: said.multiple.value().unwrap_or(true),
        free_form: said.free_form.value().unwrap_or(false),
    };
    Some((demographic, (whole, vec![("field", field_place), ("key", key_place)])))
}
