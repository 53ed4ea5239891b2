//! What is told of a person, line by line in words, and two or three of these beside each other.

use std::collections::BTreeMap;

use super::person::{ToldContact, ToldLine, ToldProfile};
use crate::domain::contact::{ContactAddress, ContactEmail, ContactPhone, LinkKind};
use crate::domain::time::{TimeZone, Timestamp, end_of_day, in_words, last_day, start_of_day};

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// Name, addresses and the rest of the profile.
    Profile,
    /// Member or not, and since when and until when.
    Membership,
    /// A group; its name is the group's key.
    Group,
    /// A demographic; its name is the key of its type.
    Demographic,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldFact {
    /// What it is about.
    pub kind: FactKind,
    /// Its name: of a group and a demographic the key.
    pub name: String,
    /// What it says.
    pub says: String,
}

/// The same line as it was confirmed, as it waits, and as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    /// What it is about.
    pub kind: FactKind,
    /// Its name.
    pub name: String,
    /// What the community has confirmed.
    pub there: Option<String>,
    /// What waits to be told.
    pub waits: Option<String>,
    /// What it should be now.
    pub here: Option<String>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactChange {
    /// It is there as it should be.
    Same,
    /// It is to come.
    Gained,
    /// It is to go.
    Lost,
    /// It is to say something else.
    Changed,
}

impl FactRow {
    /// What becomes of what is there.
    pub fn change(&self) -> FactChange {
        match (&self.there, &self.here) {
            (None, None) => FactChange::Same,
            (None, Some(_)) => FactChange::Gained,
            (Some(_), None) => FactChange::Lost,
            (Some(there), Some(here)) if there == here => FactChange::Same,
            (Some(_), Some(_)) => FactChange::Changed,
        }
    }
}

/// All that is told of a person, in a fixed order; what is absent has no line.
pub fn facts(told: &ToldContact, zone: &TimeZone) -> Vec<ToldFact> {
    let mut facts = Vec::new();
    let mut put = |kind, name: &str, says: Option<String>| {
        if let Some(says) = says.filter(|says| !says.is_empty()) {
            facts.push(ToldFact { kind, name: name.to_owned(), says });
        }
    };
    put(FactKind::Profile, "Key", Some(told.id.clone()));
    put(FactKind::Profile, "Given name", Some(told.first_name.clone()));
    put(FactKind::Profile, "Family name", Some(told.last_name.clone()));
    put(FactKind::Profile, "E-mail address", told.email.clone());
    put(FactKind::Profile, "Record number", told.record_number.clone());
    for (name, says) in profile(&told.profile) {
        put(FactKind::Profile, name, says);
    }
    put(FactKind::Membership, "Member", Some(yes_or_no(told.is_member)));
    put(FactKind::Membership, "Member since", told.member_since.map(|at| begin(at, zone)));
    put(FactKind::Membership, "Member until", told.member_until.map(|at| end(at, zone)));
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in &told.groups {
        groups.entry(&line.id).or_default().push(place(line, zone));
    }
    for (id, lines) in groups {
        put(FactKind::Group, id, Some(lines.join("; ")));
    }
    let mut demographics: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &told.demographics {
        demographics.entry(&one.key).or_default().push(&one.value);
    }
    for (key, values) in demographics {
        put(FactKind::Demographic, key, Some(values.join(", ")));
    }
    facts
}

/// Three states beside each other, by line. `None`: nothing is told.
pub fn compared(
    there: Option<&ToldContact>,
    waits: Option<&ToldContact>,
    here: Option<&ToldContact>,
    zone: &TimeZone,
) -> Vec<FactRow> {
    let mut rows: Vec<FactRow> = Vec::new();
    let columns: [fn(&mut FactRow) -> &mut Option<String>; 3] =
        [|row| &mut row.there, |row| &mut row.waits, |row| &mut row.here];
    for (told, column) in [there, waits, here].into_iter().zip(columns) {
        for fact in told.map(|told| facts(told, zone)).unwrap_or_default() {
            let known = rows.iter_mut().find(|row| (row.kind, &row.name) == (fact.kind, &fact.name));
            if let Some(row) = known {
                *column(row) = Some(fact.says);
                continue;
            }
            let mut row = FactRow { kind: fact.kind, name: fact.name, there: None, waits: None, here: None };
            *column(&mut row) = Some(fact.says);
            rows.push(row);
        }
    }
    // Within a kind in the order of the first that has the line; groups and demographics by key.
    rows.sort_by(|one, other| {
        let key = |row: &FactRow| match row.kind {
            FactKind::Profile | FactKind::Membership => String::new(),
            FactKind::Group | FactKind::Demographic => row.name.clone(),
        };
        one.kind.cmp(&other.kind).then_with(|| key(one).cmp(&key(other)))
    });
    rows
}

fn profile(told: &ToldProfile) -> Vec<(&'static str, Option<String>)> {
    let organization = told.organization.as_ref().map(|it| match it.has_record {
        true => format!("{} ({}), with a record of its own", it.name, it.id),
        false => format!("{} ({})", it.name, it.id),
    });
    let links = told.links.iter().map(|link| format!("{}: {}", link_name(link.kind), link.url));
    vec![
        ("Prefix", told.prefix.clone()),
        ("Middle name", told.middle_name.clone()),
        ("Suffix", told.suffix.clone()),
        ("Informal name", told.informal_name.clone()),
        ("Credentials", told.designation.clone()),
        ("Job title", told.title.clone()),
        ("In the member directory", told.show_in_directory.map(yes_or_no)),
        ("Company", told.is_organization.then(|| yes_or_no(true))),
        ("Organization", organization),
        ("Biography", told.bio.clone()),
        ("Picture", told.photo.clone()),
        ("Pages elsewhere", Some(joined(links))),
        ("More e-mail addresses", Some(joined(told.emails.iter().map(e_mail)))),
        ("Telephone numbers", Some(joined(told.phones.iter().map(phone)))),
        ("Postal addresses", Some(joined(told.addresses.iter().map(address)))),
    ]
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("; ")
}

fn link_name(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Website => "website",
        LinkKind::Blog => "blog",
        LinkKind::Facebook => "Facebook",
        LinkKind::LinkedIn => "LinkedIn",
        LinkKind::Twitter => "Twitter",
        LinkKind::YouTube => "YouTube",
        LinkKind::Instagram => "Instagram",
    }
}

fn marked(text: String, kind: Option<&str>, primary: bool, shown: Option<bool>) -> String {
    let marks = [kind, primary.then_some("first"), (shown == Some(true)).then_some("public")];
    let marks: Vec<&str> = marks.into_iter().flatten().collect();
    if marks.is_empty() { text } else { format!("{text} ({})", marks.join(", ")) }
}

fn e_mail(one: &ContactEmail) -> String {
    marked(one.address.clone(), one.kind.as_deref(), one.primary, one.show_in_directory)
}

fn phone(one: &ContactPhone) -> String {
    marked(one.number.clone(), one.kind.as_deref(), one.primary, one.show_in_directory)
}

fn address(one: &ContactAddress) -> String {
    let rest = [&one.city, &one.state, &one.postal_code, &one.country];
    let parts = one.lines.iter().chain(rest.into_iter().flatten());
    let text = parts.cloned().collect::<Vec<_>>().join(", ");
    marked(text, one.kind.as_deref(), one.primary, one.show_in_directory)
}

/// A line of a group: its name, what it is, the role, the term.
fn place(line: &ToldLine, zone: &TimeZone) -> String {
    let kind =
        line.community_type.as_deref().map_or("security group".to_owned(), |of| format!("{of} community"));
    let role = line.role.as_deref().map(|role| format!(", as {role}")).unwrap_or_default();
    let since = line.since.map(|at| format!(", from {}", begin(at, zone))).unwrap_or_default();
    let until = line.until.map(|at| format!(", to {}", end(at, zone))).unwrap_or_default();
    let member = if line.member { ", counts as a member" } else { "" };
    format!("{} ({kind}){role}{since}{until}{member}", line.name)
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// A day, where it begins with the day in the association's zone; else with the time.
fn begin(at: Timestamp, zone: &TimeZone) -> String {
    let civil = zone.to_datetime(at);
    if start_of_day(civil.date(), zone) == at { in_words(civil.date()) } else { exact(at, zone) }
}

/// The last day of what ends, exclusively, at the end of a day; else with the time.
fn end(at: Timestamp, zone: &TimeZone) -> String {
    let last = last_day(at, zone);
    if end_of_day(last, zone) == at { in_words(last) } else { exact(at, zone) }
}

fn exact(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%-d %B %Y, %H:%M").to_string()
}
