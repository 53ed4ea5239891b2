//! What the community should know of a person at an instant, until when that stays so, and what dates alone take away.

use super::CommunityMapping;
use super::lines::GroupsAt;
use super::person::{RemovedContact, ToldContact, ToldDemographic, ToldOrganization, ToldProfile};
use crate::domain::contact::Contact;
use crate::domain::deliveries::state::Holdings;
use crate::domain::parts::Part;
use crate::domain::record::{Profile, Record};
use crate::domain::roles::{self, EvidenceTimeline};
use crate::domain::time::Timestamp;

/// So many changes by known dates are looked ahead. Beyond that a loss counts towards the brake, and it is looked again.
const AHEAD: usize = 8;

/// Under this name a person holds a membership. Groups are held by their ids.
const MEMBERSHIP: &str = "membership";

/// What the community should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactState {
    /// The person is not of the association any longer.
    Removed(RemovedContact),
    /// The person is there.
    Present(Box<ToldContact>),
}

/// What the community was told before.
#[derive(Debug, Clone, Copy)]
pub struct KnownContact<'a> {
    /// What it was told.
    pub told: &'a ToldContact,
    /// What that gave, with the known dates that end it.
    pub holds: &'a Holdings,
}

/// What comes of looking at a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredContact {
    /// What the community should know. `None`: what it was told before, if anything.
    pub state: Option<ContactState>,
    /// What that gives the person.
    pub holds: Holdings,
    /// From then on time alone makes it another.
    pub holds_until: Option<Timestamp>,
}

/// What the community should know of a person. `before`: what it was told, unless the person was taken out.
pub fn desired(
    mapping: &CommunityMapping,
    record: &Record,
    before: Option<KnownContact<'_>>,
    now: Timestamp,
) -> DesiredContact {
    let nothing = |state| DesiredContact { state, holds: Holdings::new(), holds_until: None };
    if !roles::admits(record) {
        // Of somebody who was never there nothing is to be taken away.
        let removed = before.map(|before| ContactState::Removed(RemovedContact::of(before.told)));
        return nothing(removed);
    }
    let timeline = EvidenceTimeline::new(record, mapping.rules());
    let looking = ContactLook { mapping, record, before, timeline: &timeline };
    let Some(picture) = looking.picture(now) else {
        return DesiredContact { holds_until: timeline.next_edge(now), ..nothing(None) };
    };
    // Whoever looks later does so by what is told now.
    let known = KnownContact { told: &picture.told, holds: &picture.holds };
    let looking = ContactLook { before: Some(known), ..looking };
    let (mut holds, mut holds_until, mut last) = (picture.holds.clone(), None, now);
    for _ in 0..AHEAD {
        let Some(at) = looking.next_edge(last) else { break };
        let later = looking.picture(at);
        let is_another = later.as_ref().is_none_or(|later| later.told != picture.told);
        if is_another && holds_until.is_none() {
            holds_until = Some(at);
        }
        for (name, end) in &mut holds {
            let is_held = later.as_ref().is_some_and(|later| later.holds.contains_key(name));
            if end.is_none() && !is_held {
                *end = Some(at);
            }
        }
        last = at;
    }
    // It may be another only later; a look that comes too soon finds nothing new.
    let holds_until = holds_until.or_else(|| looking.next_edge(last));
    DesiredContact { state: Some(ContactState::Present(Box::new(picture.told))), holds, holds_until }
}

struct ContactLook<'a> {
    mapping: &'a CommunityMapping,
    record: &'a Record,
    before: Option<KnownContact<'a>>,
    timeline: &'a EvidenceTimeline<'a>,
}

/// What is told at one instant, and what that gives; with ends only for what is held on a doubt.
struct Picture {
    told: ToldContact,
    holds: Holdings,
}

impl ContactLook<'_> {
    /// When something may be another, after `t`.
    fn next_edge(&self, t: Timestamp) -> Option<Timestamp> {
        let kept = self.before.iter().flat_map(|before| {
            let lines = before.told.groups.iter().map(|line| line.until);
            before.holds.values().copied().chain(lines).flatten()
        });
        kept.filter(|end| *end > t).chain(self.timeline.next_edge(t)).min()
    }

    /// `None`: something is open and nothing was told before, or the person is not told of.
    fn picture(&self, t: Timestamp) -> Option<Picture> {
        let (mapping, record) = (self.mapping, self.record);
        let evidence = self.timeline.at(t);
        let known = self.before.map(|before| before.told.groups.as_slice()).unwrap_or_default();
        let groups = GroupsAt::of(mapping, &evidence, known);
        let who = fits_who(mapping, record, &groups);
        let profile = match (record.contact.as_deref(), mapping.looks_at_contact()) {
            (Some(contact), _) => told_profile(mapping, contact),
            (None, true) => self.before?.told.profile.clone(),
            (None, false) => ToldProfile::default(),
        };
        let demographics = match record.has_read(Part::CustomFields, None) {
            true => demographics(mapping, record),
            false if mapping.demographics.is_empty() => Vec::new(),
            false => self.before?.told.demographics.clone(),
        };
        if self.before.is_none() && (who != Some(true) || groups.has_doubt() || evidence.membership.is_open) {
            return None;
        }
        let (first_name, last_name) = names(&record.profile, profile.is_organization);
        let mut picture = Picture {
            told: ToldContact {
                id: record.profile.written_id.clone().unwrap_or_else(|| record.id.to_string()),
                record_number: record.profile.record_number.clone(),
                first_name,
                last_name,
                email: record.profile.email.clone(),
                profile,
                is_member: false,
                member_since: evidence.membership.since,
                member_until: evidence.membership.until,
                groups: Vec::new(),
                demographics,
            },
            holds: Holdings::new(),
        };
        if who != Some(false) {
            self.put_membership(&mut picture, evidence.membership.is_member, evidence.membership.is_open, t);
            self.put_groups(&mut picture, groups, t);
            if who.is_none() {
                // Nothing is given on a doubt about whether the person is told of at all.
                self.give_nothing_new(&mut picture);
            }
        }
        let by_group = picture.told.groups.iter().any(|line| line.member);
        picture.told.is_member = by_group || picture.holds.contains_key(MEMBERSHIP);
        Some(picture)
    }

    /// What was held before and no known date has taken away by `t`, with that date.
    fn held_before(&self, name: &str, t: Timestamp) -> Option<Option<Timestamp>> {
        let end = *self.before?.holds.get(name)?;
        end.is_none_or(|end| end > t).then_some(end)
    }

    fn put_membership(&self, picture: &mut Picture, is_member: bool, is_open: bool, t: Timestamp) {
        if is_member {
            picture.holds.insert(MEMBERSHIP.to_owned(), None);
        } else if let Some((end, before)) =
            self.held_before(MEMBERSHIP, t).zip(self.before).filter(|_| is_open)
        {
            // Whoever was a member stays one while it is not known that the membership has ended.
            picture.holds.insert(MEMBERSHIP.to_owned(), end);
            picture.told.member_since = before.told.member_since;
            picture.told.member_until = before.told.member_until;
        }
    }

    /// The groups that are certain, and line for line those that may still be.
    fn put_groups(&self, picture: &mut Picture, groups: GroupsAt<'_>, t: Timestamp) {
        for line in &groups.lines {
            picture.holds.insert(held_as(&line.id), None);
        }
        let known = self.before.map(|before| before.told.groups.as_slice()).unwrap_or_default();
        let mut lines = groups.lines.clone();
        for line in known {
            let is_there = lines.iter().any(|one| (&one.id, &one.role) == (&line.id, &line.role));
            if is_there || !groups.is_open(&line.id) || line.until.is_some_and(|end| end <= t) {
                continue;
            }
            let Some(end) = self.held_before(&held_as(&line.id), t) else { continue };
            picture.holds.entry(held_as(&line.id)).or_insert(end);
            lines.push(line.clone());
        }
        lines.sort();
        picture.told.groups = lines;
    }

    fn give_nothing_new(&self, picture: &mut Picture) {
        let before = self.before.map(|before| before.holds);
        picture.holds.retain(|name, _| before.is_some_and(|before| before.contains_key(name)));
        let Picture { told, holds } = picture;
        told.groups.retain(|line| holds.contains_key(&held_as(&line.id)));
    }
}

/// Whether a person is told of. `None`: it is not known.
pub(super) fn fits_who(mapping: &CommunityMapping, record: &Record, groups: &GroupsAt<'_>) -> Option<bool> {
    let (who, contact) = (&mapping.who, record.contact.as_deref());
    let asked = |is_asked: bool, said: Option<bool>| if is_asked { said } else { Some(true) };
    let all = [
        asked(who.only_active, contact.and_then(|contact| contact.is_active)),
        asked(who.only_with_account, contact.and_then(|contact| contact.has_account)),
        groups.who,
    ];
    if all.contains(&Some(false)) {
        Some(false)
    } else {
        all.contains(&None).then_some(()).map_or(Some(true), |()| None)
    }
}

fn held_as(id: &str) -> String {
    format!("group {id}")
}

/// Given and family name. The community wants both, so a name that the AMS gives whole is taken apart.
fn names(profile: &Profile, is_organization: bool) -> (String, String) {
    let whole = profile.name.trim();
    if is_organization {
        return (String::new(), whole.to_owned());
    }
    let said = |name: &Option<String>| {
        name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned)
    };
    let (first, last) = whole.rsplit_once(' ').unwrap_or((whole, ""));
    match (said(&profile.first_name), said(&profile.last_name)) {
        (None, None) => (first.trim().to_owned(), last.to_owned()),
        (first, last) => (first.unwrap_or_default(), last.unwrap_or_default()),
    }
}

fn told_profile(mapping: &CommunityMapping, contact: &Contact) -> ToldProfile {
    let on = &mapping.contact;
    let text = |is_on: bool, text: &Option<String>| text.clone().filter(|_| is_on);
    let organization = contact.organization.as_ref().filter(|_| on.organization);
    fn list<T: Clone>(is_on: bool, entries: &[T]) -> Vec<T> {
        if is_on { entries.to_vec() } else { Vec::new() }
    }
    // Lists of many people do not say what somebody wants, so whoever was not read alone is not shown.
    let shown = contact.show_in_directory.or(contact.is_thin.then_some(false));
    ToldProfile {
        prefix: text(on.names, &contact.prefix),
        middle_name: text(on.names, &contact.middle_name),
        suffix: text(on.names, &contact.suffix),
        informal_name: text(on.names, &contact.informal_name),
        designation: text(on.names, &contact.designation),
        title: text(on.names, &contact.title),
        show_in_directory: shown.filter(|_| on.directory),
        is_organization: contact.is_organization,
        organization: organization.map(|it| ToldOrganization {
            id: it.id.clone(),
            name: it.name.clone(),
            has_record: on.company_records,
        }),
        bio: text(on.bio, &contact.bio),
        photo: text(on.photo, &contact.photo),
        links: list(on.links, &contact.links),
        emails: list(on.emails, &contact.emails),
        phones: list(on.phones, &contact.phones),
        addresses: list(on.addresses, &contact.addresses),
    }
}

fn demographics(mapping: &CommunityMapping, record: &Record) -> Vec<ToldDemographic> {
    let mut told: Vec<ToldDemographic> = Vec::new();
    for of in &mapping.demographics {
        let fields = record.custom_fields.iter().filter(|field| of.field.matches(&field.name));
        let values = fields.flat_map(|field| match of.multiple {
            true => field.value.split('|').collect::<Vec<_>>(),
            false => vec![field.value.as_str()],
        });
        for value in values.map(str::trim).filter(|value| !value.is_empty()) {
            let one = ToldDemographic {
                key: of.key.clone(),
                name: of.name.clone(),
                value: value.to_owned(),
                free_form: of.free_form,
            };
            if !told.contains(&one) {
                told.push(one);
            }
        }
    }
    told
}
