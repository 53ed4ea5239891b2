//! Who a person is, of texts as an AMS wrote them: bounded, since they travel in headers and tokens.

use crate::domain::record::{IndividualId, Profile};

/// Longest name that is handed on; what is longer is cut. Bytes.
const LONGEST_NAME: usize = 1024;
/// Longest e-mail address that can be one (RFC 5321 §4.5.3.1.3, RFC 3696 erratum 1690). Bytes.
const LONGEST_EMAIL: usize = 254;
/// Longest renewal address that is linked to. Bytes.
const LONGEST_ADDRESS: usize = 4096;

/// The texts of a profile.
#[derive(Debug, Default)]
pub(in crate::adapters::ams) struct ProfileTexts {
    /// As [`written_id`] has it.
    pub(in crate::adapters::ams) written_id: Option<String>,
    pub(in crate::adapters::ams) record_number: Option<String>,
    pub(in crate::adapters::ams) name: Option<String>,
    pub(in crate::adapters::ams) first_name: Option<String>,
    pub(in crate::adapters::ams) last_name: Option<String>,
    pub(in crate::adapters::ams) email: Option<String>,
    /// The first that is a web address counts.
    pub(in crate::adapters::ams) renewal_urls: Vec<String>,
}

impl ProfileTexts {
    /// A name that is too long is cut; an address is left out, because a part of it is somebody else's.
    pub(in crate::adapters::ams) fn profile(self, warnings: &mut Vec<String>) -> Profile {
        let mut named = |text: String| {
            if text.len() > LONGEST_NAME {
                warnings.push(format!("A name is longer than {LONGEST_NAME} bytes; it is cut."));
            }
            cut(text)
        };
        let (first_name, last_name) = (self.first_name.map(&mut named), self.last_name.map(&mut named));
        let full = || {
            [first_name.as_deref(), last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        let name = named(self.name.unwrap_or_else(full));
        let email = self.email.filter(|email| {
            let fits = email.len() <= LONGEST_EMAIL;
            if !fits {
                warnings.push(format!(
                    "The e-mail address is longer than {LONGEST_EMAIL} bytes; it is left out."
                ));
            }
            fits
        });
        let is_web = |url: &String| {
            url.len() <= LONGEST_ADDRESS && (url.starts_with("https://") || url.starts_with("http://"))
        };
        Profile {
            written_id: self.written_id,
            record_number: self.record_number.map(cut),
            name,
            email,
            renewal_url: self.renewal_urls.into_iter().find(is_web),
            first_name,
            last_name,
        }
    }
}

/// The text from which an id was read, trimmed, where the id is not as it is written there. It has the bounds of an id.
pub(in crate::adapters::ams) fn written_id(id: &IndividualId, text: Option<String>) -> Option<String> {
    text.filter(|text| text != id.as_str())
}

/// Cuts a text to [`LONGEST_NAME`], at the end of a character.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST_NAME));
    text
}
