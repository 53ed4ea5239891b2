//! How large the assertion about a person is, so that a mapping can be judged before it is in force. Many web servers refuse a
//! header field of more than 8 KB, and some have no room for more than 4 KB.

use super::rule::{Role, Rules};

/// Bytes of an assertion for which every usual web server has room.
pub const COMFORTABLE: usize = 4 * 1024;
/// Bytes at which nginx, Apache and others refuse a header field as they are set up at first.
pub const LARGEST: usize = 8 * 1024;

/// Bytes of all claims but `roles`, for a person with long names, where the managed roles are named by their digest.
const OTHER_CLAIMS: usize = 800;
/// Header, signature and the two dots between.
const AROUND: usize = 202;

/// How many bytes these roles take as a JSON array. A slug has no character that JSON escapes.
pub fn bytes_as_json<'a>(roles: impl IntoIterator<Item = &'a Role>) -> usize {
    roles.into_iter().map(|role| role.as_str().len() + 3).sum::<usize>() + 2
}

/// How many bytes an assertion about a person with these roles takes at most, given ordinary names. The plain header
/// `Membergate-Roles` takes fewer.
pub fn bytes<'a>(roles: impl IntoIterator<Item = &'a Role>) -> usize {
    AROUND + (OTHER_CLAIMS + bytes_as_json(roles)).div_ceil(3) * 4
}

/// The same for somebody who holds all roles that a mapping names at once. What a rule for many roles gives is seen in the preview.
pub fn largest(rules: &Rules) -> usize {
    let managed = rules.managed_roles();
    // Nobody is both; the shorter of the two is not held, unless a rule grants it besides.
    let granted = |role: &Role| rules.rules.iter().any(|rule| rule.role.one() == Some(role));
    let pair = [&rules.member, &rules.non_member].map(Option::as_ref);
    let spare = match pair {
        [Some(member), Some(non_member)] => {
            Some(if member.as_str().len() < non_member.as_str().len() { member } else { non_member })
        }
        _ => None,
    };
    let spare = spare.filter(|role| !granted(role));
    bytes(managed.iter().filter(|role| Some(*role) != spare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_grows_with_the_roles_and_counts_every_byte() {
        let role = |n: usize| Role::parse(&format!("committee-{n:04}")).unwrap();
        let held = |count: usize| (0..count).map(role).collect::<Vec<_>>();
        assert_eq!(bytes_as_json(&held(2)), r#"["committee-0000","committee-0001"]"#.len() + 1);
        assert!(bytes(&held(100)) < COMFORTABLE && bytes(&held(200)) > COMFORTABLE);
        assert!(bytes(&held(300)) < LARGEST && bytes(&held(500)) > LARGEST);
    }
}
