//! What a profile says beyond name and e-mail address, of texts as an AMS wrote them: bounded, since it is kept and handed on.
//!
//! Lenient as all reading: what cannot be understood is left out, and no warning is worth it, because no decision rests on it.

use serde_json::Value;

use super::json::{JsonEntry, text_of};
use crate::domain::contact::{ContactEmail, ContactLink, LinkKind};

/// Longest text of one line; what is longer is cut. Characters.
const LONGEST_LINE: usize = 200;
/// Longest text about a person; what is longer is cut. Characters.
const LONGEST_BIO: usize = 4_000;
/// Longest web address; a longer one is left out. Bytes.
const LONGEST_URL: usize = 2_000;
/// Longest e-mail address that can be one (RFC 5321 §4.5.3.1.3, RFC 3696 erratum 1690). Bytes.
const LONGEST_EMAIL: usize = 254;
/// Entries of one list; what goes beyond is left out.
const MOST_ENTRIES: usize = 20;
/// So many rows are looked at to find them.
const MOST_ROWS: usize = 200;

/// A text on one line, without control characters. `None`: nothing is left.
pub(in crate::adapters::ams) fn line(text: &str) -> Option<String> {
    // Reading ends with what is kept, however long the text is.
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut kept = String::new();
    let mut left = LONGEST_LINE;
    for word in words {
        if !kept.is_empty() {
            kept.push(' ');
            left -= 1;
        }
        let part: String = word.chars().take(left).collect();
        left -= part.chars().count();
        kept.push_str(&part);
        if left < 2 {
            break;
        }
    }
    let kept = kept.trim_end();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// A text of several lines, without other control characters than the ends of lines and tabs. It may hold markup, as the AMS wrote it.
pub(in crate::adapters::ams) fn bio(text: &str) -> Option<String> {
    let text = text.trim_start();
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LONGEST_BIO);
    let kept: String = kept.collect();
    let kept = kept.trim_end();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// A web address; one that people write without its scheme, such as `www.acme.example`, gets it.
pub(in crate::adapters::ams) fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let starts = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let address = match () {
        () if starts("https://") || starts("http://") => text.to_owned(),
        () if starts("www.") => format!("https://{text}"),
        () => return None,
    };
    let is_plain = !address.chars().any(|c| c.is_control() || c.is_whitespace());
    let fits = is_plain && address.len() <= LONGEST_URL;
    (fits && url::Url::parse(&address).is_ok_and(|url| url.has_host())).then_some(address)
}

/// An e-mail address that can be one.
pub(in crate::adapters::ams) fn email_address(text: &str) -> Option<String> {
    let text = text.trim();
    let is_plain = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let has_parts = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    (is_plain && has_parts && text.len() <= LONGEST_EMAIL).then(|| text.to_owned())
}

/// The page of somebody at a service, by its address or by the name that they have there, such as `@acme`.
pub(in crate::adapters::ams) fn page_at(kind: LinkKind, text: &str) -> Option<ContactLink> {
    if let Some(url) = web_address(text) {
        return Some(ContactLink { kind, url });
    }
    let service = match kind {
        LinkKind::Twitter => "https://x.com/",
        LinkKind::Instagram => "https://www.instagram.com/",
        _ => return None,
    };
    let name = text.trim().trim_start_matches('@');
    let is_name = (1..=50).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    is_name.then(|| ContactLink { kind, url: format!("{service}{name}") })
}

/// What kind of page a word means.
pub(in crate::adapters::ams) fn link_kind(word: &str) -> Option<LinkKind> {
    let word: String = word.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    Some(match word.to_ascii_lowercase().as_str() {
        "website" | "web" | "webpage" | "domain" | "homepage" => LinkKind::Website,
        "blog" => LinkKind::Blog,
        "facebook" => LinkKind::Facebook,
        "linkedin" => LinkKind::LinkedIn,
        "twitter" | "x" | "xtwitter" => LinkKind::Twitter,
        "youtube" => LinkKind::YouTube,
        "instagram" => LinkKind::Instagram,
        _ => return None,
    })
}

/// Of a list what fits into the bounds, each entry once.
pub(in crate::adapters::ams) fn bounded<T: PartialEq>(entries: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for entry in entries {
        if !kept.contains(&entry) {
            kept.push(entry);
        }
        if kept.len() == MOST_ENTRIES {
            break;
        }
    }
    kept
}

/// E-mail addresses, as [`bounded`]; the first of each counts.
pub(in crate::adapters::ams) fn bounded_emails(
    entries: impl IntoIterator<Item = ContactEmail>,
) -> Vec<ContactEmail> {
    let mut kept: Vec<ContactEmail> = Vec::new();
    for entry in entries {
        if kept.len() < MOST_ENTRIES && !kept.iter().any(|it| it.address.eq_ignore_ascii_case(&entry.address))
        {
            kept.push(entry);
        }
    }
    kept
}

impl<'a> JsonEntry<'a> {
    /// [`line()`] of a member.
    pub(in crate::adapters::ams) fn line(&self, name: &str) -> Option<String> {
        line(&text_of(self.get(name)?).ok()?)
    }

    /// [`bio()`] of a member.
    pub(in crate::adapters::ams) fn bio(&self, name: &str) -> Option<String> {
        bio(&text_of(self.get(name)?).ok()?)
    }

    /// [`web_address()`] of a member.
    pub(in crate::adapters::ams) fn web_address(&self, name: &str) -> Option<String> {
        web_address(self.get(name)?.as_str()?)
    }

    /// [`email_address()`] of a member.
    pub(in crate::adapters::ams) fn email_address(&self, name: &str) -> Option<String> {
        email_address(self.get(name)?.as_str()?)
    }

    /// [`page_at()`] of a member.
    pub(in crate::adapters::ams) fn page_at(&self, kind: LinkKind, name: &str) -> Option<ContactLink> {
        page_at(kind, self.get(name)?.as_str()?)
    }

    /// A flag. `None`: it says nothing, or nothing that can be understood.
    pub(in crate::adapters::ams) fn says(&self, name: &str) -> Option<bool> {
        self.flag(name).ok().flatten()
    }

    /// The rows of a list that a person has: an array, one alone, or none.
    pub(in crate::adapters::ams) fn rows(&self, name: &str) -> impl Iterator<Item = JsonEntry<'a>> {
        let rows = match self.get(name) {
            Some(Value::Array(rows)) => rows.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => &[],
        };
        rows.iter().take(MOST_ROWS).filter_map(JsonEntry::of)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_no_control_characters_and_an_end() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(line(text).as_deref(), expect, "{text:?}");
        check("Director", Some("Director"));
        check(" Director\r\n\tof  Research\u{0}\u{85} ", Some("Director of Research"));
        check("\u{0}\u{7}", None);
        check("", None);
        let long = line(&"ü".repeat(500)).unwrap();
        assert_eq!(long.chars().count(), LONGEST_LINE);
        for length in 197..=203 {
            let two = line(&format!("{} {}", "a".repeat(length), "b".repeat(9))).unwrap();
            assert!(two.chars().count() <= LONGEST_LINE && !two.ends_with(' '), "{length}: {two}");
        }
        let many = line(&"ab ".repeat(5_000)).unwrap();
        assert!(many.chars().count() <= LONGEST_LINE && !many.ends_with(' '), "{many}");
    }

    #[test]
    fn a_bio_keeps_its_lines_and_is_cut() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(bio(text).as_deref(), expect, "{text:?}");
        check("One.\r\nTwo.\u{0}\n\n\tThree. ", Some("One.\nTwo.\n\n\tThree."));
        check("<p>Hello</p>", Some("<p>Hello</p>"));
        check(" \n \u{1}", None);
        assert_eq!(bio(&"é".repeat(9_000)).unwrap().chars().count(), LONGEST_BIO);
    }

    #[test]
    fn a_web_address_is_of_the_web_and_no_longer_than_it_may_be() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(web_address(text).as_deref(), expect, "{text:?}");
        };
        check(" https://acme.example/a?b=c#d ", Some("https://acme.example/a?b=c#d"));
        check("HTTP://acme.example", Some("HTTP://acme.example"));
        check("www.acme.example/me", Some("https://www.acme.example/me"));
        for text in [
            "",
            "acme.example",
            "ftp://acme.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "http://a b.example",
            "https://acme.example/\u{0}",
            "https://acme.example/\n",
            "//acme.example",
            "ht",
            "ü",
        ] {
            let expect = (text == "https://acme.example/\n").then_some("https://acme.example/");
            check(text, expect);
        }
        let long = |length: usize| format!("https://acme.example/{}", "a".repeat(length - 21));
        check(&long(2_000), Some(&long(2_000)));
        check(&long(2_001), None);
    }

    #[test]
    fn a_name_at_a_service_is_a_page_there() {
        let check = |kind, text: &str, expect: Option<&str>| {
            assert_eq!(page_at(kind, text).map(|link| link.url).as_deref(), expect, "{text:?}");
        };
        check(LinkKind::Twitter, "@acme_9", Some("https://x.com/acme_9"));
        check(LinkKind::Twitter, "https://twitter.com/acme", Some("https://twitter.com/acme"));
        check(LinkKind::Instagram, "a.cme", Some("https://www.instagram.com/a.cme"));
        check(LinkKind::Instagram, "@", None);
        check(LinkKind::Twitter, "a/../b", None);
        check(LinkKind::Facebook, "acme", None);
        check(LinkKind::LinkedIn, "www.linkedin.com/in/acme", Some("https://www.linkedin.com/in/acme"));
        assert_eq!(link_kind(" X (Twitter)"), Some(LinkKind::Twitter));
        assert_eq!((link_kind("YouTube"), link_kind("Other")), (Some(LinkKind::YouTube), None));
    }

    #[test]
    fn a_list_has_an_end_and_each_entry_once() {
        assert_eq!(bounded((0..100).map(|it| it / 2)), (0..20).collect::<Vec<_>>());
        let email = |address: &str| ContactEmail { address: address.to_owned(), ..ContactEmail::default() };
        let kept = bounded_emails([email("a@b.example"), email("A@b.example"), email("c@b.example")]);
        assert_eq!(kept.iter().map(|it| &*it.address).collect::<Vec<_>>(), ["a@b.example", "c@b.example"]);
        for wrong in ["", "@b", "a@", "a", "a b@c.example", "a@b\u{0}"] {
            assert_eq!(email_address(wrong), None, "{wrong:?}");
        }
        let value = json!({ "one": { "a": 1 }, "many": [{ "a": 1 }, null, "x", {}], "none": "" });
        let entry = JsonEntry::of(&value).unwrap();
        let count = |name: &str| entry.rows(name).count();
        assert_eq!([count("one"), count("many"), count("none"), count("absent")], [1, 2, 0, 0]);
    }
}
