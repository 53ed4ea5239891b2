//! How a community stands: for each group, for members and for people how many should be there, how many are, and how many are on their way.

use std::collections::BTreeMap;

use super::person::{ToldContact, ToldLine};
use super::{CODE, CommunityMapping, GroupKind, NAME};

/// So many groups are told apart at most, the first that are met.
const MOST_GROUPS: usize = 5_000;

/// How far the telling of a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPhase {
    /// The community knows what it should.
    Settled,
    /// It is still to be told, or being told.
    Waits,
    /// It does not accept it.
    Refused,
}

/// How many should be there, and how many are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncCount {
    /// So many should be there.
    pub here: u64,
    /// So many are there, as the community has confirmed.
    pub there: u64,
    /// On their way in.
    pub joining: u64,
    /// On their way out.
    pub leaving: u64,
    /// There, and to be told again with something else.
    pub changing: u64,
    /// Those who should come, go or change, and are refused for good.
    pub refused: u64,
}

/// A group with its figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFigures {
    /// What it is called.
    pub name: String,
    /// The type of a community; `None`: it is a security group.
    pub community_type: Option<String>,
    /// How many.
    pub count: SyncCount,
}

/// Why nothing was ever told of somebody who is on file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untold {
    /// The AMS does not admit the person.
    NotAdmitted,
    /// The mapping does not ask for the person.
    NotAskedFor,
    /// Something at which the mapping looks is not known yet.
    NotKnown,
    /// Nothing stands against it: it is planned next.
    Next,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommunityFigures {
    /// The groups, by key.
    pub groups: BTreeMap<String, GroupFigures>,
    /// There are more groups than are told apart.
    pub has_more_groups: bool,
    /// Who counts as a member.
    pub members: SyncCount,
    /// People, whatever they are in.
    pub people: SyncCount,
    /// People on file who were not told of yet because something is not known.
    pub not_known: u64,
    /// People on file who are not told of because the mapping does not ask for them.
    pub not_asked_for: u64,
    /// People on file who are not told of because the AMS does not admit them.
    pub not_admitted: u64,
    /// People on file who are planned next.
    pub next: u64,
}

impl SyncCount {
    /// So many are on their way.
    pub fn pending(&self) -> u64 {
        self.joining + self.leaving + self.changing
    }

    fn note<T: PartialEq>(&mut self, here: Option<T>, there: Option<T>, phase: SyncPhase) {
        self.here += u64::from(here.is_some());
        self.there += u64::from(there.is_some());
        if here == there {
            return;
        }
        let differs = match (phase, here.is_some(), there.is_some()) {
            (SyncPhase::Refused, ..) => &mut self.refused,
            (_, true, false) => &mut self.joining,
            (_, false, _) => &mut self.leaving,
            (_, true, true) => &mut self.changing,
        };
        *differs += 1;
    }

    fn add(&mut self, more: &SyncCount) {
        self.here += more.here;
        self.there += more.there;
        self.joining += more.joining;
        self.leaving += more.leaving;
        self.changing += more.changing;
        self.refused += more.refused;
    }
}

impl CommunityFigures {
    /// Nobody yet; the groups that the mapping names by a key of their own are there.
    pub fn of(mapping: &CommunityMapping) -> CommunityFigures {
        let mut figures = CommunityFigures::default();
        for group in mapping.groups.iter().filter(|group| !group.is_for_each_code()) {
            let community_type = match &group.kind {
                GroupKind::SecurityGroup => None,
                GroupKind::Community(of_type) => Some(of_type.clone()),
            };
            // What stands for a name in the AMS says nothing before anybody is in it.
            let is_fixed = !group.name.contains(NAME) && !group.name.contains(CODE);
            let name = if is_fixed { group.name.clone() } else { group.id.clone() };
            figures.put(&group.id, name, community_type);
        }
        figures
    }

    /// Notes one person: what should be told, what was confirmed, and how far the telling is. `None`: nothing, or that the person is gone.
    pub fn note(&mut self, here: Option<&ToldContact>, there: Option<&ToldContact>, phase: SyncPhase) {
        // Somebody who is sent once more although nothing has changed is under way, too.
        let is_again = phase != SyncPhase::Settled && here == there;
        self.people.note(here.map(|told| (told, is_again)), there.map(|told| (told, false)), phase);
        let member = |told: Option<&ToldContact>| told.filter(|told| told.is_member).map(|_| ());
        self.members.note(member(here), member(there), phase);
        let (mut now, before) = (lines(here), lines(there));
        for (id, there) in before {
            let here = now.remove(id);
            self.note_group(id, here, Some(there), phase);
        }
        for (id, here) in now {
            self.note_group(id, Some(here), None, phase);
        }
    }

    /// Notes somebody on file who was never told of.
    pub fn note_untold(&mut self, why: Untold) {
        let count = match why {
            Untold::NotAdmitted => &mut self.not_admitted,
            Untold::NotAskedFor => &mut self.not_asked_for,
            Untold::NotKnown => &mut self.not_known,
            Untold::Next => &mut self.next,
        };
        *count += 1;
    }

    /// Together with others.
    pub fn add(&mut self, more: &CommunityFigures) {
        for (id, group) in &more.groups {
            self.put(id, group.name.clone(), group.community_type.clone());
            if let Some(known) = self.groups.get_mut(id) {
                known.count.add(&group.count);
            }
        }
        self.has_more_groups |= more.has_more_groups;
        self.members.add(&more.members);
        self.people.add(&more.people);
        self.not_known += more.not_known;
        self.not_asked_for += more.not_asked_for;
        self.not_admitted += more.not_admitted;
        self.next += more.next;
    }

    fn note_group(
        &mut self,
        id: &str,
        here: Option<Vec<&ToldLine>>,
        there: Option<Vec<&ToldLine>>,
        phase: SyncPhase,
    ) {
        if let Some(line) = here.iter().chain(&there).flatten().next() {
            self.put(id, line.name.clone(), line.community_type.clone());
        }
        if let Some(group) = self.groups.get_mut(id) {
            group.count.note(here, there, phase);
        }
    }

    /// A group is called as a line calls it; a key alone is no name.
    fn put(&mut self, id: &str, name: String, community_type: Option<String>) {
        let is_full = self.groups.len() >= MOST_GROUPS;
        match self.groups.get_mut(id) {
            Some(known) if known.name == id => known.name = name,
            Some(_) => {}
            None if is_full => self.has_more_groups = true,
            None => {
                let group = GroupFigures { name, community_type, count: SyncCount::default() };
                self.groups.insert(id.to_owned(), group);
            }
        }
    }
}

/// The lines of each group; somebody may be in one in several roles.
fn lines(told: Option<&ToldContact>) -> BTreeMap<&str, Vec<&ToldLine>> {
    let mut lines: BTreeMap<&str, Vec<&ToldLine>> = BTreeMap::new();
    for line in told.iter().flat_map(|told| &told.groups) {
        lines.entry(&line.id).or_default().push(line);
    }
    lines
}
