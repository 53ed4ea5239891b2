//! What people call the things that rules name, where the AMS lists them.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::condition::ChoiceList;
use super::fold;
use super::guid::is_guid;

/// Names, by the list that has them and the code that a rule holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedNames(BTreeMap<ChoiceList, BTreeMap<String, String>>);

impl ListedNames {
    /// What people call it. `None`: nobody knows, or by the code itself.
    pub fn of(&self, list: ChoiceList, code: &str) -> Option<&str> {
        self.0.get(&list)?.get(&fold::folded(code)).map(String::as_str)
    }

    /// As it reads in a sentence: its name, with its code behind it unless that is an id which nobody reads.
    pub fn shown(&self, list: Option<ChoiceList>, code: &str) -> String {
        match list.and_then(|list| self.of(list, code)) {
            Some(name) if is_guid(code.trim()) => name.to_owned(),
            Some(name) => format!("{name} ({})", code.trim()),
            None => code.to_owned(),
        }
    }

    fn put<'a>(&mut self, list: ChoiceList, choices: impl Iterator<Item = (&'a str, &'a str)>) {
        let known = self.0.entry(list).or_default();
        for (code, label) in choices {
            let folded = fold::folded(code);
            // What is listed first has the code.
            if !folded.is_empty() && !fold::is_blank(label) && fold::folded(label) != folded {
                known.entry(folded).or_insert_with(|| label.trim().to_owned());
            }
        }
    }
}

impl From<&Catalogue> for ListedNames {
    fn from(listed: &Catalogue) -> ListedNames {
        let mut names = ListedNames::default();
        let lists = [
            (ChoiceList::Committees, &listed.committees),
            (ChoiceList::Relationships, &listed.relationships),
            (ChoiceList::Groups, &listed.groups),
            (ChoiceList::MembershipTypes, &listed.membership_types),
            (ChoiceList::Products, &listed.products),
        ];
        for (list, choices) in lists {
            names.put(list, choices.iter().map(|one| (&*one.code, &*one.label)));
        }
        names.put(ChoiceList::Events, listed.events.iter().map(|one| (&*one.code, &*one.label)));
        names.put(ChoiceList::CustomFields, listed.custom_fields.iter().map(|one| (&*one.name, &*one.label)));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::{Choice, EventChoice};

    #[test]
    fn a_name_stands_for_an_id_and_before_a_code_and_nothing_is_made_up() {
        let event = |code: &str, label: &str| EventChoice {
            code: code.to_owned(),
            label: label.to_owned(),
            first_day: None,
        };
        let listed = Catalogue {
            events: vec![
                event("4f000000-0001-4aaa-8bbb-000000000001", "Annual Meeting"),
                event("SUMMIT26", " Harbour Summit "),
                event("SUMMIT26", "Another of that code"),
                event("plain", "Plain"),
                event("blank", " "),
            ],
            committees: vec![Choice { code: "EDU".to_owned(), label: "Education".to_owned() }],
            ..Catalogue::default()
        };
        let names = ListedNames::from(&listed);
        let check =
            |list, code: &str, shown: &str| assert_eq!(names.shown(Some(list), code), shown, "{code}");
        check(ChoiceList::Events, "4F000000-0001-4aaa-8bbb-000000000001", "Annual Meeting");
        check(ChoiceList::Events, "summit26", "Harbour Summit (summit26)");
        check(ChoiceList::Committees, "EDU", "Education (EDU)");
        for code in ["plain", "blank", "EDU", "4f000000-0001-4aaa-8bbb-000000000002"] {
            check(ChoiceList::Events, code, code);
        }
        assert_eq!(names.shown(None, "SUMMIT26"), "SUMMIT26");
    }
}
