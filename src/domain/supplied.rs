//! What an AMS supplies, so that a mapping asks for nothing that never comes.

use super::condition::{ChoiceList, Condition, ConditionField, ConditionKind, SELF_SUBSCRIBED};
use super::faults::{FaultPlace, MappingFault};
use super::parts::Part;
use super::rule::Rules;

/// What an AMS supplies of people, and what it lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supplied {
    /// What people call the AMS.
    pub ams: &'static str,
    /// The parts of a record that it knows of.
    pub parts: &'static [Part],
    /// The lists that it has.
    pub lists: &'static [ChoiceList],
    /// It says how a membership stands, so that a mapping may ask whether its dates agree.
    pub has_standing: bool,
    /// It has lists on which people put themselves.
    pub has_self_subscribed: bool,
    /// It lists its events, and says which of them are public.
    pub has_public_events: bool,
}

impl Default for Supplied {
    /// Of no AMS: all about people, and no list.
    fn default() -> Supplied {
        Supplied {
            ams: "The AMS",
            parts: &Part::ALL,
            lists: &[],
            has_standing: true,
            has_self_subscribed: true,
            has_public_events: false,
        }
    }
}

/// Where an administrator of the AMS enters our addresses, and finds what our configuration asks for, in the words of its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmsPlaces {
    /// Where people come back to after login.
    pub callback: &'static str,
    /// Where people go to after a logout there.
    pub logout: &'static str,
    /// Where changes are told. `None`: this AMS has no webhooks.
    pub hook: Option<&'static str>,
    /// Keys of an environment's section, and where their values are found.
    pub credentials: &'static [(&'static str, &'static str)],
}

impl Default for AmsPlaces {
    /// Of an AMS whose pages nobody has described.
    fn default() -> AmsPlaces {
        AmsPlaces {
            callback: "Where your AMS sends people back to after login. Some systems want it on a list of allowed addresses.",
            logout: "Enter it in your AMS as the page after logout. Whoever logs out there is then signed out here too.",
            hook: Some(
                "Your AMS calls it when somebody’s record changes. The command `membergate hooks register` enters it there.",
            ),
            credentials: &[],
        }
    }
}

impl Supplied {
    /// What this AMS does not know of people, in a sentence; empty: it knows all.
    pub fn lacks(&self) -> String {
        let lacking: Vec<&str> =
            Part::ALL.into_iter().filter(|part| !self.parts.contains(part)).map(Part::name).collect();
        match lacking.as_slice() {
            [] => String::new(),
            several => format!("{} has no {}.", self.ams, several.join(" and no ")),
        }
    }

    /// Whether a kind of condition can ever hold.
    pub fn has(&self, kind: &ConditionKind) -> bool {
        kind.part.is_none_or(|part| self.parts.contains(&part))
    }

    /// Whether a field of a condition means anything.
    pub fn has_field(&self, field: &ConditionField) -> bool {
        field.key != SELF_SUBSCRIBED.key || self.has_self_subscribed
    }

    /// The conditions of a mapping that can never hold, nor can their negation, and the fields that mean nothing with this AMS.
    pub fn faults(&self, rules: &Rules) -> Vec<MappingFault> {
        let conditions = rules.rules.iter().enumerate().flat_map(|(number, rule)| {
            rule.when.iter().enumerate().map(move |(at, condition)| (number, at, condition))
        });
        let fault = |(number, at, condition): (usize, usize, &Condition)| {
            let kind = condition.kind();
            let values = condition.values();
            let meaningless =
                kind.fields.iter().find(|it| values.get(it.key).is_some() && !self.has_field(it));
            if let Some(field) = meaningless.filter(|_| self.has(kind)) {
                return Some(MappingFault {
                    place: FaultPlace::Field(number, at, field.key),
                    what: format!(
                        "`{}` asks for lists on which people put themselves, and {} has none",
                        field.key, self.ams
                    ),
                    remedy: "Leave it out".to_owned(),
                });
            }
            let part = kind.part.filter(|_| !self.has(kind))?;
            Some(MappingFault {
                place: FaultPlace::Field(number, at, kind.key),
                what: format!("`{}` asks for {}, and {} has none", kind.key, part.name(), self.ams),
                remedy: "Take the condition out, or ask for something that the AMS knows".to_owned(),
            })
        };
        conditions.filter_map(fault).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::{Code, Condition, Role, Rule};
    use crate::domain::time::TimeZone;

    #[test]
    fn a_condition_on_what_never_comes_is_a_fault_whether_or_not_it_is_turned_round() {
        let supplied = Supplied {
            ams: "Novi",
            parts: &[Part::Groups],
            has_self_subscribed: false,
            ..Supplied::default()
        };
        let code = |text: &str| Code::parse(text).unwrap();
        let mut rules = Rules::new(TimeZone::UTC);
        let role = Condition::SecurityRole(code("Press")).negated(true);
        let when =
            vec![Condition::Member, Condition::Group { group: code("Board"), self_subscribed: false }, role];
        rules.add(Rule::new(Role::parse("press").unwrap(), None, when));
        let faults: Vec<_> = supplied.faults(&rules).into_iter().map(|it| (it.place, it.what)).collect();
        let what = "`security_role` asks for security roles, and Novi has none".to_owned();
        assert_eq!(faults, [(FaultPlace::Field(0, 2, "security_role"), what)]);
        let mut rules = Rules::new(TimeZone::UTC);
        let news = || Condition::Group { group: code("News"), self_subscribed: true };
        rules.add(Rule::new(Role::parse("news").unwrap(), None, vec![news().negated(true)]));
        let place = FaultPlace::Field(0, 0, "self_subscribed");
        assert_eq!(supplied.faults(&rules).into_iter().map(|it| it.place).collect::<Vec<_>>(), [place]);
        assert_eq!(Supplied::default().faults(&rules), []);
    }
}
