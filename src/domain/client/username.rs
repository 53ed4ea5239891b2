//! `preferred_username`: what a client may call a person.
//!
//! Clients want different things of it: some take no digits alone (Synapse), some no `@`. Nothing here makes names unique; a client
//! tells people apart by `sub`.

use serde::{Deserialize, Serialize};

use crate::domain::record::Profile;

/// Longest name made of a person's name, in characters.
const LONGEST: usize = 64;

/// What `preferred_username` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum UserName {
    /// The AMS's number for people: stable, and no e-mail address.
    #[default]
    RecordNumber,
    /// The e-mail address.
    Email,
    /// The person's name in small ASCII letters, such as `jane.marlowe`. Two people may have the same.
    Name,
    /// It is left out.
    Nothing,
}

impl UserName {
    /// Every one, with its name in the configuration.
    pub const ALL: [(&str, UserName); 4] = [
        ("record_number", UserName::RecordNumber),
        ("email", UserName::Email),
        ("name", UserName::Name),
        ("none", UserName::Nothing),
    ];

    /// Its name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            UserName::RecordNumber => "record_number",
            UserName::Email => "email",
            UserName::Name => "name",
            UserName::Nothing => "none",
        }
    }

    /// The name of this person. `None`: the AMS has nothing to make it of.
    pub fn of(self, profile: &Profile) -> Option<String> {
        match self {
            UserName::RecordNumber => profile.record_number.clone(),
            UserName::Email => profile.email.clone(),
            UserName::Name => from_name(profile),
            UserName::Nothing => None,
        }
    }
}

/// First and last name, or else the whole name.
fn from_name(profile: &Profile) -> Option<String> {
    match (&profile.first_name, &profile.last_name) {
        (Some(first), Some(last)) => slug(&format!("{first} {last}")),
        _ => slug(&profile.name),
    }
}

/// Words of `a-z` and `0-9`, joined by dots; a hyphen or underscore within a word stays. `None`: no letter is left, and digits
/// alone are no name to many clients.
fn slug(name: &str) -> Option<String> {
    let mut slug = String::new();
    for character in any_ascii::any_ascii(name).chars() {
        let character = match character {
            'a'..='z' | '0'..='9' | '-' | '_' => character,
            'A'..='Z' => character.to_ascii_lowercase(),
            // An apostrophe is part of the word, as in O'Brien.
            '\'' | '`' | '"' => continue,
            _ => '.',
        };
        let is_joint = |character: char| matches!(character, '.' | '-' | '_');
        match slug.chars().last() {
            // Of several between two words the first counts, and none stands at the beginning.
            None if is_joint(character) => {}
            Some(last) if is_joint(last) && is_joint(character) => {}
            _ => slug.push(character),
        }
    }
    slug.truncate(LONGEST);
    let slug = slug.trim_end_matches(['.', '-', '_']);
    slug.contains(|character: char| character.is_ascii_lowercase()).then(|| slug.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_script_makes_a_user_name_that_every_client_takes() {
        let long = "a".repeat(100);
        for (name, expect) in [
            ("Jane Marlowe", Some("jane.marlowe")),
            ("  Jane   Marlowe ", Some("jane.marlowe")),
            ("JANE O\u{2019}Brien", Some("jane.obrien")),
            ("Jane O'Brien-Smith", Some("jane.obrien-smith")),
            ("Dr. Jane A. Marlowe, Jr.", Some("dr.jane.a.marlowe.jr")),
            ("J\u{f8}rgen M\u{fc}ller-L\u{fc}denscheidt", Some("jorgen.muller-ludenscheidt")),
            ("Jo\u{308}rg Gro\u{df}", Some("jorg.gross")),
            ("\u{141}ukasz \u{17b}\u{f3}\u{142}\u{107}", Some("lukasz.zolc")),
            ("_.jane._-.x_", Some("jane.x")),
            ("Henry 8", Some("henry.8")),
            ("20017", None),
            ("", None),
            (" ._-\' ", None),
            (long.as_str(), Some(&long[..64])),
        ] {
            assert_eq!(slug(name).as_deref(), expect, "{name}");
        }
        for name in [
            "\u{738b}\u{5c0f}\u{660e}",
            "\u{418}\u{432}\u{430}\u{43d}",
            "\u{39d}\u{3af}\u{3ba}\u{3bf}\u{3c2}",
        ] {
            let slug = slug(name).expect(name);
            let fits = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b'-')
            };
            assert!(slug.bytes().all(fits), "{slug}");
        }
    }

    #[test]
    fn each_client_gets_the_user_name_that_it_can_use() {
        let jane = Profile {
            written_id: None,
            record_number: Some("20017".to_owned()),
            name: "Dr. Jane Marlowe".to_owned(),
            first_name: Some("Jane".to_owned()),
            last_name: Some("Marlowe".to_owned()),
            email: Some("jane@people.example".to_owned()),
            renewal_url: None,
        };
        for (name, expect) in [
            ("record_number", Some("20017")),
            ("email", Some("jane@people.example")),
            ("name", Some("jane.marlowe")),
            ("none", None),
        ] {
            let (_, kind) = UserName::ALL.into_iter().find(|(known, _)| *known == name).unwrap();
            assert_eq!((kind.as_str(), kind.of(&jane).as_deref()), (name, expect));
        }
        let without_last = Profile { last_name: None, ..jane };
        assert_eq!(UserName::Name.of(&without_last).as_deref(), Some("dr.jane.marlowe"));
    }
}
