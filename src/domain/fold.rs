//! How codes, names and status words are compared: what looks the same to people is the same.
//!
//! Folded text is in Unicode's composed form (NFC) and fully case-folded, without zero-width blanks, and each run of white
//! space is one blank. Folding twice changes nothing.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;

/// Blanks without width, which people paste without seeing them: zero-width space and byte order mark.
const INVISIBLE: [char; 2] = ['\u{200B}', '\u{FEFF}'];

/// The folded form of a text. Empty when nothing is left of it.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return joined(&text.to_ascii_lowercase());
    }
    let nfc = ComposingNormalizer::new_nfc();
    let visible = text.replace(INVISIBLE, "");
    let composed = nfc.normalize(&visible);
    // Folding may take a composed letter apart.
    joined(&nfc.normalize(&CaseMapper::new().fold_string(&composed)))
}

/// Whether `text` folds to `folded`. Plain text is compared where it stands.
pub fn is(text: &str, folded: &str) -> bool {
    if text.eq_ignore_ascii_case(folded) {
        return true;
    }
    if text.is_ascii() {
        let mut words = text.split_whitespace();
        let mut wanted = folded.split_whitespace();
        return wanted.by_ref().all(|word| words.next().is_some_and(|said| said.eq_ignore_ascii_case(word)))
            && words.next().is_none();
    }
    self::folded(text) == folded
}

/// Whether nothing is left of a text.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || INVISIBLE.contains(&letter))
}

/// The words of a text with one blank between them.
fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (one, other) in [
            ("Press", "  PRESS\t"),
            ("Acme Labs", "acme\u{a0}\u{2009} LABS\u{3000}"),
            ("É", "e\u{301}"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("\u{feff}CORP\u{200b}GOLD", "corpgold"),
            ("ﬁnance", "FINANCE"),
            ("K", "\u{212a}"),
            ("A \u{200b} B", "a b"),
        ] {
            assert_eq!(folded(one), folded(other));
            assert!(is(one, &folded(other)) && is(other, &folded(one)), "{one:?} {other:?}");
        }
        for (one, other) in [
            ("Press", "Press Office"),
            ("a b", "ab"),
            ("e", "é"),
            ("i", "ı"),
            ("*", "press"),
            ("-", "_"),
            ("", "a"),
        ] {
            assert!(!is(one, &folded(other)) && !is(other, &folded(one)), "{one:?} {other:?}");
        }
    }

    #[test]
    fn nothing_is_left_of_blanks() {
        for text in ["", " ", "\u{a0}\u{200b}\u{feff}\t"] {
            assert!(is_blank(text) && folded(text).is_empty(), "{text:?}");
        }
        assert!(!is_blank("\u{200b}a"));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = folded(&text);
            prop_assert_eq!(&folded(&once), &once);
            prop_assert!(is(&text, &once));
        }

        #[test]
        fn plain_text_is_compared_as_any_other(one in "[aB \t]{0,4}", other in "[aB \t]{0,4}") {
            prop_assert_eq!(is(&one, &folded(&other)), folded(&one) == folded(&other));
        }
    }
}
