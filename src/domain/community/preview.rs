//! Who gains and who loses which group by another community mapping: everybody on file is looked at twice, person by person, and added up.
//!
//! Pure. Reading the people and showing progress is the business of `flows::administer::community_mapping`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::lines::GroupsAt;
use super::{CommunityMapping, GroupMapping};
use crate::domain::preview::{AffectedPeople, PersonName};
use crate::domain::record::Record;
use crate::domain::roles::{self, EvidenceTimeline};
use crate::domain::time::Timestamp;

/// So many people of a list are named at most.
pub const MOST_NAMED: usize = 1_000;

/// Of so many groups it is told who gains and loses them at most; the others are counted.
pub const MOST_GROUPS: usize = 2_000;

/// People of whom the first are named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedPeople {
    /// How many they are.
    pub count: usize,
    /// At most a thousand of them, sorted by name once the preview is whole.
    pub people: AffectedPeople,
}

/// Who gains something, and who loses it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupMoves {
    /// Its name; of a group of which only the id is known, empty.
    pub name: String,
    /// Who gains it.
    pub gained: NamedPeople,
    /// Who loses it.
    pub lost: NamedPeople,
    /// How many stay and are sent in another role.
    pub other_role: usize,
    /// Of how many it cannot be said, because something was not read.
    pub undecided: usize,
}

/// What another mapping would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommunityPreview {
    /// How many people were looked at.
    pub people: usize,
    /// How many of them are members at the community, by the mapping in force.
    pub members: usize,
    /// How many of them it affects.
    pub affected: usize,
    /// How many gain something.
    pub gaining: usize,
    /// How many lose something.
    pub losing: usize,
    /// How many have something there, by the mapping in force: of these the brake counts who loses something.
    pub holders: usize,
    /// Who becomes a member there, and who is one no longer.
    pub membership: GroupMoves,
    /// Who is sent at all, and who is no longer: these are sent without groups and not as members.
    pub sent: GroupMoves,
    /// The groups by id that somebody gains or loses, or may.
    pub groups: BTreeMap<String, GroupMoves>,
    /// So many more groups change, of which nothing is told.
    pub other_groups: usize,
    /// How many stored records could not be opened; nothing is said about them.
    pub unreadable: usize,
}

/// What a preview compares.
#[derive(Debug, Clone)]
pub struct CommunityComparison {
    before: Arc<CommunityMapping>,
    after: Arc<CommunityMapping>,
    /// Whether something else decides about everybody, apart from the groups themselves.
    is_other_ground: bool,
    at: Timestamp,
}

/// Whether somebody has something. `None`: it cannot be said.
type PlaceHeld = Option<bool>;

/// How somebody stands under one mapping.
struct CommunityPlaces<'m> {
    sent: PlaceHeld,
    is_member: PlaceHeld,
    groups: Option<GroupsAt<'m>>,
}

impl CommunityComparison {
    /// Compares the mapping in force with one that might be published, at one instant for all.
    pub fn new(
        before: Arc<CommunityMapping>,
        after: Arc<CommunityMapping>,
        at: Timestamp,
    ) -> CommunityComparison {
        let settings = |mapping: &CommunityMapping| crate::domain::rule::Rules {
            rules: Vec::new(),
            ..mapping.rules().clone()
        };
        let is_other_ground = before.who != after.who || settings(&before) != settings(&after);
        CommunityComparison { before, after, is_other_ground, at }
    }

    /// Adds one person.
    pub fn add(&self, record: &Record, to: &mut CommunityPreview) {
        to.people += 1;
        if !roles::admits(record) {
            // Whom the AMS does not admit is taken out, before and after.
            return;
        }
        let before = CommunityPlaces::of(&self.before, record, self.at);
        let after = CommunityPlaces::of(&self.after, record, self.at);
        to.members += usize::from(before.is_member == Some(true));
        let person = Arc::new(PersonName::of(record));
        let is_same = !self.is_other_ground;
        let mut affected = false;
        let (mut gains, mut loses) = (false, false);
        to.holders += usize::from(before.holds_something());
        for (moves, held) in [
            (&mut to.sent, (before.sent, after.sent)),
            (&mut to.membership, (before.is_member, after.is_member)),
        ] {
            affected |= moves.note(held.0, held.1, is_same, &person);
            gains |= held == (Some(false), Some(true));
            loses |= held == (Some(true), Some(false));
        }
        for (id, name) in ids(&before, &after) {
            let held = (before.holds(&id), after.holds(&id));
            let is_same = is_same && self.is_same_group(&id);
            let has_other_role = held == (Some(true), Some(true)) && before.roles(&id) != after.roles(&id);
            if !has_other_role && (held.0 == held.1 && (held.0.is_some() || is_same)) {
                continue;
            }
            if !to.groups.contains_key(&id) && to.groups.len() >= MOST_GROUPS {
                to.other_groups += 1;
                continue;
            }
            let moves = to.groups.entry(id).or_default();
            if !name.is_empty() {
                moves.name = name;
            }
            moves.other_role += usize::from(has_other_role);
            affected |= moves.note(held.0, held.1, is_same, &person) | has_other_role;
            gains |= held == (Some(false), Some(true));
            loses |= held == (Some(true), Some(false));
        }
        to.affected += usize::from(affected);
        to.gaining += usize::from(gains);
        to.losing += usize::from(loses);
    }

    /// Whether both mappings say the same of who is in this group.
    fn is_same_group(&self, id: &str) -> bool {
        fn of<'m>(mapping: &'m CommunityMapping, id: &str) -> Vec<&'m GroupMapping> {
            let may_be = |group: &&GroupMapping| group.can_have_id(id) || group.id == id;
            mapping.groups.iter().filter(may_be).collect()
        }
        of(&self.before, id) == of(&self.after, id)
    }
}

impl<'m> CommunityPlaces<'m> {
    fn of(mapping: &'m CommunityMapping, record: &Record, at: Timestamp) -> CommunityPlaces<'m> {
        let timeline = EvidenceTimeline::new(record, mapping.rules());
        let evidence = timeline.at(at);
        let groups = GroupsAt::of(mapping, &evidence, &[]);
        let sent = mapping.asks_for(record, groups.who);
        if sent == Some(false) {
            return CommunityPlaces { sent, is_member: Some(false), groups: None };
        }
        let by_group = groups.lines.iter().any(|line| line.member);
        let may_by_group = mapping.groups.iter().any(|group| group.member && groups.may_hold(group));
        let is_open = evidence.membership.is_open || may_by_group;
        let is_member = match evidence.membership.is_member || by_group {
            true => sent,
            false => (!is_open).then_some(false),
        };
        CommunityPlaces { sent, is_member, groups: Some(groups) }
    }

    fn holds_something(&self) -> bool {
        let has_group = self.groups.as_ref().is_some_and(|groups| !groups.lines.is_empty());
        self.sent == Some(true) && (has_group || self.is_member == Some(true))
    }

    fn holds(&self, id: &str) -> PlaceHeld {
        let Some(groups) = &self.groups else { return Some(false) };
        if groups.lines.iter().any(|line| line.id == id) {
            self.sent
        } else {
            (!groups.is_open(id)).then_some(false)
        }
    }

    fn roles(&self, id: &str) -> BTreeSet<Option<&str>> {
        let lines = self.groups.iter().flat_map(|groups| &groups.lines).filter(|line| line.id == id);
        lines.map(|line| line.role.as_deref()).collect()
    }
}

/// The groups that somebody is in or may be in, by id and name. Where not even the code is known, by the id of the mapping.
fn ids(before: &CommunityPlaces<'_>, after: &CommunityPlaces<'_>) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for groups in [before, after].into_iter().filter_map(|places| places.groups.as_ref()) {
        ids.extend(groups.open_ids().map(|id| (id.to_owned(), String::new())));
    }
    for groups in [before, after].into_iter().filter_map(|places| places.groups.as_ref()) {
        ids.extend(groups.lines.iter().map(|line| (line.id.clone(), line.name.clone())));
    }
    ids
}

impl GroupMoves {
    /// Notes a person. `is_same`: what is not known would be the same before and after. Whether it affects the person.
    fn note(&mut self, before: PlaceHeld, after: PlaceHeld, is_same: bool, person: &Arc<PersonName>) -> bool {
        match (before, after) {
            (Some(false), Some(true)) => self.gained.add(person),
            (Some(true), Some(false)) => self.lost.add(person),
            (Some(_), Some(_)) => return false,
            (None, None) if is_same => return false,
            _ => {
                self.undecided += 1;
                return false;
            }
        }
        true
    }

    fn merge(&mut self, other: GroupMoves) {
        if self.name.is_empty() {
            self.name = other.name;
        }
        self.gained.merge(other.gained);
        self.lost.merge(other.lost);
        self.other_role += other.other_role;
        self.undecided += other.undecided;
    }

    fn sort(&mut self) {
        self.gained.people.sort_unstable();
        self.lost.people.sort_unstable();
    }
}

impl NamedPeople {
    fn add(&mut self, person: &Arc<PersonName>) {
        self.count += 1;
        if self.people.len() < MOST_NAMED {
            self.people.push(Arc::clone(person));
        }
    }

    fn merge(&mut self, other: NamedPeople) {
        self.count += other.count;
        let room = MOST_NAMED.saturating_sub(self.people.len());
        self.people.extend(other.people.into_iter().take(room));
    }
}

impl CommunityPreview {
    /// Takes in what was found of other people.
    pub fn merge(&mut self, other: CommunityPreview) {
        let CommunityPreview { people, members, affected, gaining, losing, membership, sent, .. } = other;
        self.people += people;
        self.members += members;
        self.affected += affected;
        self.gaining += gaining;
        self.losing += losing;
        self.holders += other.holders;
        self.unreadable += other.unreadable;
        self.other_groups += other.other_groups;
        self.membership.merge(membership);
        self.sent.merge(sent);
        for (id, moves) in other.groups {
            if self.groups.contains_key(&id) || self.groups.len() < MOST_GROUPS {
                self.groups.entry(id).or_default().merge(moves);
            } else {
                self.other_groups += 1;
            }
        }
    }

    /// With people in the order of their names.
    #[must_use]
    pub fn sorted(mut self) -> CommunityPreview {
        self.groups.values_mut().chain([&mut self.membership, &mut self.sent]).for_each(GroupMoves::sort);
        self
    }

    /// Whether it changes nothing for anybody, as far as is known.
    pub fn is_nothing(&self) -> bool {
        let is_decided = |moves: &GroupMoves| moves.undecided == 0;
        self.affected == 0 && self.groups.values().chain([&self.membership, &self.sent]).all(is_decided)
    }
}
