//! Who is affected by a change of the mapping: decisions before and after, person by person, added up.
//!
//! Pure. Reading the people and showing progress is the business of `flows::administer::preview`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::access::{Require, Site};
use super::assertion_size;
use super::record::{IndividualId, Parts, Record};
use super::roles;
use super::rule::{Role, Rules};
use super::time::Timestamp;

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName {
    /// Display name.
    pub name: String,
    /// The AMS's human-readable number.
    pub record_number: Option<String>,
    /// The AMS's key.
    pub id: IndividualId,
}

/// People of a list, sorted by name once the preview is whole.
pub type AffectedPeople = Vec<Arc<PersonName>>;

/// Who would gain and lose what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many people were looked at.
    pub people: usize,
    /// How many of them are members, by the mapping in force.
    pub members: usize,
    /// How many of them the change affects.
    pub affected: usize,
    /// How many of these gain a role.
    pub gaining: usize,
    /// How many of these lose a role; some gain another.
    pub losing: usize,
    /// Who gains which role.
    pub gained: BTreeMap<Role, AffectedPeople>,
    /// Who loses which role.
    pub lost: BTreeMap<Role, AffectedPeople>,
    /// Who may no longer see some page that he or she may see now.
    pub lose_access: AffectedPeople,
    /// Who may see some page that he or she may not see now.
    pub gain_access: AffectedPeople,
    /// How many hold a role that lets into administration, after the change.
    pub administrators: usize,
    /// How many have records in which parts that the mapping looks at were never fetched, or not whole. They may gain more, once these are read.
    pub incomplete: usize,
    /// How many would have an assertion of more than 4 KB, after the change: [`assertion_size::COMFORTABLE`].
    pub large: usize,
    /// How many of these would have one of more than 8 KB: [`assertion_size::LARGEST`].
    pub too_large: usize,
    /// How many stored records could not be opened; nothing is said about them.
    pub unreadable: usize,
}

/// What a preview compares.
#[derive(Debug, Clone)]
pub struct Comparison {
    before: Rules,
    after: Rules,
    parts: Parts,
    at: Timestamp,
    requirements: Arc<[Require]>,
    admin_roles: Arc<[Role]>,
}

impl Comparison {
    /// Compares the mapping in force with one that might be published, at one instant for all. `requirements` is what pages
    /// and OpenID clients ask for, each once; `admin_roles` let into administration.
    pub fn new(
        before: Rules,
        after: Rules,
        at: Timestamp,
        requirements: Arc<[Require]>,
        admin_roles: Arc<[Role]>,
    ) -> Comparison {
        Comparison { parts: after.parts(), before, after, at, requirements, admin_roles }
    }

    /// Adds one person.
    pub fn add(&self, record: &Record, to: &mut Preview) {
        let before = roles::granted_with_membership(record, &self.before, self.at);
        to.members += usize::from(before.as_ref().is_some_and(|(_, is_member)| *is_member));
        let before = before.map(|(roles, _)| roles);
        let after = roles::granted(record, &self.after, self.at);
        to.people += 1;
        to.incomplete += usize::from(!record.has_all(&self.parts));
        let administers = |roles: &BTreeSet<Role>| self.admin_roles.iter().any(|role| roles.contains(role));
        to.administrators += usize::from(after.as_ref().is_some_and(administers));
        let size = after.as_ref().map_or(0, assertion_size::bytes);
        to.large += usize::from(size > assertion_size::COMFORTABLE);
        to.too_large += usize::from(size > assertion_size::LARGEST);
        // Whom the AMS does not admit has no roles, before and after.
        let (Some(before), Some(after)) = (before, after) else { return };
        if before == after {
            return;
        }
        to.affected += 1;
        to.gaining += usize::from(!after.is_subset(&before));
        to.losing += usize::from(!before.is_subset(&after));
        let person = Arc::new(PersonName::of(record));
        list(&mut to.gained, &after, &before, &person);
        list(&mut to.lost, &before, &after, &person);
        let opens = |require: &Require, roles| require.is_met_by(Some(roles));
        if self.requirements.iter().any(|it| opens(it, &before) && !opens(it, &after)) {
            to.lose_access.push(Arc::clone(&person));
        }
        if self.requirements.iter().any(|it| !opens(it, &before) && opens(it, &after)) {
            to.gain_access.push(person);
        }
    }
}

/// What the pages of these sites ask for, each once.
pub fn requirements<'a>(sites: impl IntoIterator<Item = &'a Site>) -> Vec<Require> {
    each_once(sites.into_iter().flat_map(|site| &site.access).map(|rule| &rule.require))
}

/// These requirements, each once.
pub fn each_once<'a>(requirements: impl IntoIterator<Item = &'a Require>) -> Vec<Require> {
    let mut asked: Vec<Require> = Vec::new();
    for require in requirements {
        if !asked.contains(require) {
            asked.push(require.clone());
        }
    }
    asked
}

fn list(
    lists: &mut BTreeMap<Role, AffectedPeople>,
    has: &BTreeSet<Role>,
    has_not: &BTreeSet<Role>,
    who: &Arc<PersonName>,
) {
    for role in has.difference(has_not) {
        lists.entry(role.clone()).or_default().push(Arc::clone(who));
    }
}

impl PersonName {
    /// The name of a record's person.
    pub fn of(record: &Record) -> PersonName {
        let profile = &record.profile;
        PersonName {
            name: profile.name.clone(),
            record_number: profile.record_number.clone(),
            id: record.id.clone(),
        }
    }
}

impl Preview {
    /// Adds what was found about other people.
    pub fn merge(&mut self, other: Preview) {
        self.people += other.people;
        self.members += other.members;
        self.affected += other.affected;
        self.gaining += other.gaining;
        self.losing += other.losing;
        for (mine, theirs) in [(&mut self.gained, other.gained), (&mut self.lost, other.lost)] {
            for (role, mut people) in theirs {
                mine.entry(role).or_default().append(&mut people);
            }
        }
        self.lose_access.extend(other.lose_access);
        self.gain_access.extend(other.gain_access);
        self.administrators += other.administrators;
        self.incomplete += other.incomplete;
        self.large += other.large;
        self.too_large += other.too_large;
        self.unreadable += other.unreadable;
    }

    /// Sorts every list by name.
    #[must_use]
    pub fn sorted(mut self) -> Preview {
        let lists = self.gained.values_mut().chain(self.lost.values_mut());
        lists.chain([&mut self.lose_access, &mut self.gain_access]).for_each(|list| list.sort_unstable());
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::roles::tests::properties::{a_record, an_instant, some_rules};

    fn role(text: &str) -> Role {
        Role::parse(text).unwrap()
    }

    fn comparison(before: Rules, after: Rules, at: Timestamp) -> Comparison {
        let requirements = [Require::Public, Require::SignedIn, Require::AnyOf(vec![role("r1")])];
        Comparison::new(before, after, at, requirements.into(), [role("r2")].into())
    }

    /// Different people of the same kind as the generated one.
    fn numbered(records: Vec<Record>) -> Vec<Record> {
        let id = |number: usize| IndividualId::parse(&format!("person-{number}")).unwrap();
        records.into_iter().enumerate().map(|(number, record)| Record { id: id(number), ..record }).collect()
    }

    proptest! {
        #[test]
        fn what_the_preview_says_is_what_the_rules_then_give(
            records in proptest::collection::vec(a_record(), 1..12),
            (before, after) in (some_rules(), some_rules()),
            at in an_instant(),
            cut in 0_usize..12,
        ) {
            let records = numbered(records);
            let comparison = comparison(before, after, at);
            // In two parts, as two threads would have it.
            let (mut preview, mut other) = (Preview::default(), Preview::default());
            for (number, record) in records.iter().enumerate() {
                comparison.add(record, if number < cut { &mut preview } else { &mut other });
            }
            preview.merge(other);
            let preview = preview.sorted();
            prop_assert_eq!(preview.people, records.len());
            let has = |lists: &BTreeMap<Role, AffectedPeople>, role: &Role, record: &Record| {
                lists.get(role).is_some_and(|people| people.iter().any(|person| person.id == record.id))
            };
            let (mut affected, mut administrators, mut members) = (0, 0, 0);
            let (mut gaining, mut losing) = (0, 0);
            for record in &records {
                let was = roles::decide(record, &comparison.before, at);
                let is = roles::decide(record, &comparison.after, at);
                affected += usize::from(was.roles != is.roles);
                members += usize::from(was.member);
                gaining += usize::from(is.roles.difference(&was.roles).next().is_some());
                losing += usize::from(was.roles.difference(&is.roles).next().is_some());
                administrators += usize::from(is.roles.contains(&role("r2")));
                for role in was.roles.union(&is.roles) {
                    let (had, holds) = (was.roles.contains(role), is.roles.contains(role));
                    prop_assert_eq!(has(&preview.gained, role, record), holds && !had);
                    prop_assert_eq!(has(&preview.lost, role, record), had && !holds);
                }
                let (had, holds) = (was.roles.contains(&role("r1")), is.roles.contains(&role("r1")));
                prop_assert_eq!(preview.lose_access.iter().any(|it| it.id == record.id), had && !holds);
                prop_assert_eq!(preview.gain_access.iter().any(|it| it.id == record.id), holds && !had);
            }
            prop_assert_eq!((preview.affected, preview.administrators), (affected, administrators));
            prop_assert_eq!((preview.members, preview.gaining, preview.losing), (members, gaining, losing));
            let listed: usize = preview.gained.values().chain(preview.lost.values()).map(Vec::len).sum();
            prop_assert!(listed >= affected, "whoever is affected is in some list");
        }
    }

    #[test]
    fn whoever_would_hold_too_many_roles_is_counted() {
        use crate::domain::rule::{Condition, Rule};
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let record = a_record().new_tree(&mut runner).unwrap().current();
        let record =
            Record { is_approved: Some(true), is_deceased: false, memberships: Vec::new(), ..record };
        for (roles, large, too_large) in [(100, 0, 0), (200, 1, 0), (500, 1, 1)] {
            let before = Rules::new(jiff::tz::TimeZone::UTC);
            let rule = |n: usize| {
                let when = vec![Condition::Not(Box::new(Condition::Member))];
                Rule::new(role(&format!("committee-{n:04}")), None, when)
            };
            let after = Rules { rules: (0..roles).map(rule).collect(), ..before.clone() };
            let mut preview = Preview::default();
            comparison(before, after, Timestamp::UNIX_EPOCH).add(&record, &mut preview);
            assert_eq!((preview.large, preview.too_large), (large, too_large), "{roles} roles");
        }
    }

    #[test]
    fn what_pages_ask_for_is_told_once() {
        use crate::domain::access::AccessRule;
        use crate::domain::path::PathPattern;
        let rule = |path: &str, require: Require| AccessRule {
            path: PathPattern::parse(path).unwrap(),
            methods: Vec::new(),
            require,
        };
        let site = |access: Vec<AccessRule>| Site {
            name: "www".into(),
            title: String::new(),
            origin: String::new(),
            host: "www.acme.example".into(),
            prefix: PathPattern::parse("/").unwrap(),
            home: String::new(),
            paths: crate::domain::path::PathPolicy::default(),
            access,
        };
        let member = || Require::AnyOf(vec![role("member")]);
        let sites =
            [site(vec![rule("/a", member()), rule("/b", Require::Public)]), site(vec![rule("/c", member())])];
        assert_eq!(requirements(&sites), [member(), Require::Public]);
    }
}
