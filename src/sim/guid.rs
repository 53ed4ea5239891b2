//! Version 4 GUIDs in lower case with hyphens, the only shape in which re:Members shows ids and tokens.

/// Writes sixteen bytes as a version 4 GUID; six of the bits are overwritten by version and variant.
pub(super) fn from_bytes(mut bytes: [u8; 16]) -> String {
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for half in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    text
}

/// A GUID that nobody can guess.
pub(super) fn random() -> String {
    let mut bytes = [0; 16];
    // The generator of the operating system does not fail once it has been seeded; a simulator may live with zeros.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_variant_are_set_whatever_the_bytes() {
        assert_eq!(from_bytes([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(from_bytes([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_ne!(random(), random());
    }
}
