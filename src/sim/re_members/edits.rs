//! Changes to the people on file. Each one marks the record as changed and is told to the webhooks.

use jiff::ToSpan;
use jiff::civil::Date;

use super::dates;
use super::directory::Edit;
use super::state::State;
use super::webhooks;
use crate::sim::control::Refusal;
use crate::sim::people::{Membership, Person};

pub(super) fn lapse(membership: &mut Membership, today: Date) {
    let yesterday = midnight(today.saturating_sub(1.day()));
    membership.expire_date = Some(yesterday.clone());
    if membership.grace_expire_date.is_some() {
        membership.grace_expire_date = Some(yesterday);
    }
}

pub(super) fn renew(membership: &mut Membership, today: Date) {
    let end = today.saturating_add(1.year());
    membership.expire_date = Some(midnight(end));
    if membership.grace_expire_date.is_some() {
        membership.grace_expire_date = Some(midnight(end.saturating_add(30.days())));
    }
    membership.terminate_date = None;
    let begins = [&mut membership.effective_date, &mut membership.join_date];
    for date in begins.into_iter().filter(|date| dates::day(date).is_some_and(|day| day > today)) {
        *date = Some(midnight(today));
    }
}

fn midnight(day: Date) -> String {
    format!("{day}T00:00:00")
}

impl State {
    pub(super) fn edit_memberships(
        &mut self,
        person: &Person,
        code: Option<&str>,
        change: impl Fn(&mut Membership),
    ) -> Result<(), Refusal> {
        let is_it = |it: &&mut Membership| code.is_none_or(|code| it.code.eq_ignore_ascii_case(code));
        let mut changed = 0;
        self.edit_person(&person.id, |person| {
            for membership in person.memberships.iter_mut().filter(is_it) {
                change(membership);
                changed += 1;
            }
        });
        if changed == 0 {
            Err(Refusal::Wrong(format!("{} has no such membership", person.full_name())))
        } else {
            Ok(())
        }
    }

    pub(super) fn set_approved(&mut self, person: &Person, is_approved: bool) -> Result<(), Refusal> {
        if person.user.is_none() {
            return Err(Refusal::Wrong(format!("{} has no login", person.full_name())));
        }
        self.edit_person(&person.id, |person| {
            if let Some(user) = &mut person.user {
                user.is_approved = is_approved;
            }
        });
        Ok(())
    }

    /// Puts a person on file, in place of the one with this key if there is one. True: it is a new one.
    pub(super) fn put_person(&mut self, key: &str, person: Person) -> Result<bool, Refusal> {
        if person.id.is_empty() || person.record_number.is_empty() {
            return Err(Refusal::Wrong("a person needs id and recordNumber".to_owned()));
        }
        match self.directory.replaced_by(key, &person)? {
            Some(id) => {
                self.edit_person(&id, |known| *known = person);
                Ok(false)
            }
            None => {
                self.add_person(person);
                Ok(true)
            }
        }
    }

    /// Puts a new person on file.
    pub(super) fn add_person(&mut self, person: Person) {
        let now = self.now();
        let notices = webhooks::created(&person);
        self.announce(&person, notices);
        self.directory.add(person, now);
    }

    /// Changes the person with this key, in whichever environment. False: there is none.
    pub(super) fn edit_person(&mut self, key: &str, change: impl FnOnce(&mut Person)) -> bool {
        let now = self.now();
        let Some(Edit { before, after }) = self.directory.edit(key, now, change) else { return false };
        let notices = webhooks::edited(&before, &after, self.book());
        self.announce(&after, notices);
        true
    }

    /// Takes a person off the file, and their tokens with them.
    pub(super) fn remove_person(&mut self, id: &str) {
        if let Some(gone) = self.take_off(id) {
            let notices = webhooks::removed(&gone);
            self.announce(&gone, notices);
        }
    }

    /// The old id is gone, and the other record counts as changed. False: nobody has the other id.
    pub(super) fn merge_people(&mut self, old: &str, new: &str) -> bool {
        let gone = self.take_off(old);
        let now = self.now();
        let Some(Edit { after, .. }) = self.directory.edit(new, now, |_| {}) else { return false };
        if let Some(gone) = gone {
            let notices = webhooks::merged(&gone, &after);
            self.announce(&after, notices);
        }
        true
    }

    fn take_off(&mut self, id: &str) -> Option<Person> {
        let gone = self.directory.remove(id)?;
        self.tokens.revoke_where(|grant| grant.holder.eq_ignore_ascii_case(id));
        Some(gone)
    }
}
