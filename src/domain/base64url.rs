//! The shape of what is random or a digest with us: 256 bits in base64url (RFC 4648 section 5), without padding.

/// How long that is.
pub const LENGTH: usize = 43;

/// Whether a text has that shape.
pub fn is_256_bits(text: &str) -> bool {
    text.len() == LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_length_and_alphabet_fit() {
        let good = "0123456789abcdefghijklmnopqrstuvwxyzABCDE-_";
        assert!(is_256_bits(good));
        for bad in ["", &good[1..], &format!("{good}A"), &good.replace('-', "+"), &good.replace('_', "=")] {
            assert!(!is_256_bits(bad), "{bad}");
        }
    }
}
