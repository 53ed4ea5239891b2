//! Ids as a site shows them, and ids of what has none of its own on file.

use aws_lc_rs::digest::{SHA256, digest};

use crate::sim::guid;
use crate::sim::people::Environment;

/// The id that a site shows for one on file, and back again: a staging site has ids of its own.
pub(super) fn at(environment: Environment, id: &str) -> String {
    let id = id.to_ascii_lowercase();
    if environment == Environment::Production {
        return id;
    }
    let other = |(place, letter): (usize, char)| match letter.to_digit(16) {
        Some(digit) if place < 8 => char::from_digit(15 - digit, 16).unwrap_or(letter),
        _ => letter,
    };
    id.chars().enumerate().map(other).collect()
}

/// An id that follows from what it stands for.
pub(super) fn derived(parts: &[&str]) -> String {
    let digest = digest(&SHA256, parts.join("\n").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    guid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staging_site_has_other_ids_and_they_lead_back() {
        let id = "6a6f5f2e-0001-4222-8333-444455550001";
        let shown = at(Environment::Staging, id);
        assert_eq!(shown, "9590a0d1-0001-4222-8333-444455550001");
        assert_eq!(at(Environment::Staging, &shown), id);
        assert_eq!(at(Environment::Production, &id.to_ascii_uppercase()), id);
        assert_eq!(derived(&["a", "b"]), derived(&["a", "b"]));
        assert_ne!(derived(&["a", "b"]), derived(&["ab", ""]));
    }
}
