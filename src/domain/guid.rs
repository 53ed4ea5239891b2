//! The shape of ids in most AMSs.

/// Whether the text is written like a GUID: 36 characters, hyphens in their places. What is, is safe inside a path.
pub fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_has_its_hyphens_in_their_places_and_nothing_else() {
        for (text, fits) in [
            ("b3a1c0de-1111-4222-8333-444455556666", true),
            ("B3A1C0DE-1111-4222-8333-444455556666", true),
            ("b3a1c0de1111-4222-8333-4444555566666", false),
            ("b3a1c0de-1111-4222-8333-44445555666", false),
            ("../a1c0de-1111-4222-8333-444455556666", false),
            ("", false),
        ] {
            assert_eq!(is_guid(text), fits, "{text}");
        }
    }
}
