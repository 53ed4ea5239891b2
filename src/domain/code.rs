//! A code or name as a rule holds it: compared whole, or as a pattern with one `*`.

use icu_normalizer::DecomposingNormalizer;

use super::fold;

/// A code or name that a rule looks for. It is compared whole, folded (see `domain::fold`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code {
    written: Box<str>,
    folded: Box<str>,
}

impl Code {
    /// Takes a code as an administrator wrote it, trimmed. `None` when nothing is left.
    pub fn parse(text: &str) -> Option<Code> {
        let folded = fold::folded(text);
        (!folded.is_empty()).then(|| Code { written: text.trim().into(), folded: folded.into() })
    }

    /// Whether the AMS's `said` names the same thing.
    pub fn matches(&self, said: &str) -> bool {
        fold::is(said, &self.folded)
    }

    /// The code as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// As it is compared.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// How many `*` it has. Only a rule for many roles reads it as a pattern.
    pub fn stars(&self) -> usize {
        self.folded.matches('*').count()
    }

    /// What the `*` of this pattern stands for in `said`, folded. `None`: `said` does not fit.
    pub fn star_in(&self, said: &str) -> Option<String> {
        let (before, after) = self.folded.split_once('*')?;
        let said = fold::folded(said);
        said.strip_prefix(before)?.strip_suffix(after).map(str::to_owned)
    }

    /// The same as `said` writes it.
    pub fn star_as_written<'s>(&self, said: &'s str) -> Option<&'s str> {
        self.star_in(said)?;
        let said = said.trim();
        let (before, after) = self.folded.split_once('*')?;
        let (before, after) = (fold::folded(before), fold::folded(after));
        let mut ends = said.char_indices().map(|(at, _)| at).chain([said.len()]);
        let start =
            ends.by_ref().find(|at| said.get(..*at).is_some_and(|text| fold::folded(text) == before))?;
        let rest = said.get(start..)?;
        let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
        // From the front: the first place from which all that is left fits is the longest end, so that nothing is lost.
        let end = ends.find(|at| rest.get(*at..).is_some_and(|text| fold::folded(text) == after))?;
        Some(rest.get(..end)?.trim())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

/// A text as a part of a role: decomposed (NFKD), ASCII letters and digits in lower case, each run of anything else one `-`. `None`: there
/// is no letter and no digit, so that different texts would become the same.
pub fn slug(text: &str) -> Option<String> {
    let mut slug = String::with_capacity(text.len());
    for letter in DecomposingNormalizer::new_nfkd().normalize(text).chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.contains(|letter: char| letter != '-').then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_what_is_between() {
        let star = |pattern: &str, said: &str| Code::parse(pattern).unwrap().star_in(said);
        for (pattern, said, between) in [
            ("CH-*", "ch-Austin", Some("austin")),
            ("CH-*", " CH-St.\u{a0} Louis ", Some("st. louis")),
            ("*-CH", "TX-ch", Some("tx")),
            ("CH-*-US", "ch-tx-us", Some("tx")),
            ("CH-*", "CH-", Some("")),
            ("CH-*", "CHAIR", None),
            ("aba*aba", "ababa", None),
            ("CH-*-US", "ch-tx", None),
            ("CH", "CH", None),
        ] {
            assert_eq!(star(pattern, said).as_deref(), between, "{pattern} {said}");
            let written = Code::parse(pattern).unwrap();
            let written = written.star_as_written(said).map(crate::domain::fold::folded);
            assert_eq!(written.as_deref(), between, "{pattern} {said}");
        }
    }

    #[test]
    fn a_slug_has_letters_digits_and_one_dash_for_each_run_of_others() {
        for (text, expected) in [
            ("Austin", Some("austin")),
            ("St. Louis", Some("st-louis")),
            ("Montréal 2", Some("montre-al-2")),
            ("ﬁ ½", Some("fi-1-2")),
            ("a--b__c", Some("a-b-c")),
            ("-x-", Some("-x-")),
            ("東京", None),
            ("", None),
        ] {
            assert_eq!(slug(text).as_deref(), expected, "{text}");
        }
    }
}
