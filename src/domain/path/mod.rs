//! The path of a request, and every way in which the server behind us may read it.
//!
//! Servers disagree about paths: one decodes `%2F`, another keeps it; one cuts `;…`, one takes `\` for `/`. We do not guess which
//! server is there. A path has **readings**, `docs/paths.md` lists them, and access is granted only if every reading is granted.
//! The bytes are forwarded as they came.

mod pattern;
mod policy;
mod readings;
mod spelling;
mod windows;

use std::borrow::Cow;

pub use pattern::PathPattern;
pub use policy::{PathFault, PathPolicy, Platform};
use spelling::PathText;

/// The path of a request with all its readings. A plain path has one, itself, and costs no allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath<'a> {
    raw: &'a str,
    literal: Cow<'a, str>,
    others: Vec<String>,
}

impl<'a> RequestPath<'a> {
    /// Reads the raw path of a request (without query) as any server may.
    pub fn parse(raw: &'a str) -> Result<RequestPath<'a>, PathFault> {
        RequestPath::parse_for(raw, Platform::Any)
    }

    /// Reads the raw path of a request as the servers of `platform` may.
    pub fn parse_for(raw: &'a str, platform: Platform) -> Result<RequestPath<'a>, PathFault> {
        if is_plain(raw) && (platform == Platform::Any || windows::is_plain(raw)) {
            return Ok(RequestPath { raw, literal: Cow::Borrowed(raw), others: Vec::new() });
        }
        if !raw.starts_with('/') {
            return Err(PathFault::NotAbsolute);
        }
        if raw.bytes().any(|b| !b.is_ascii_graphic() || b == b'#' || b == b'?') {
            return Err(PathFault::RawCharacter);
        }
        let mut others = readings::of(raw, platform)?.into_iter();
        let literal = others.next().map_or(Cow::Borrowed(raw), Cow::Owned);
        Ok(RequestPath { raw, literal, others: others.collect() })
    }

    /// The bytes that were sent.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// The first reading: as it was written, without the encoding of what cannot be written otherwise.
    pub fn literal(&self) -> &str {
        &self.literal
    }

    /// Whether there is no reading but the literal one.
    pub fn has_one_reading(&self) -> bool {
        self.others.is_empty()
    }

    /// Every reading, the literal one first.
    pub fn readings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.literal).chain(self.others.iter().map(String::as_str))
    }

    /// Whether servers may disagree about it. Letters that are encoded without need are no reason to.
    pub fn is_ambiguous(&self) -> bool {
        let PathText { text, as_windows_1252 } =
            PathText::of(&spelling::decode(self.raw.as_bytes(), |_| false));
        let has_encoded_slash = self.raw.as_bytes().windows(3).any(|part| part.eq_ignore_ascii_case(b"%2f"));
        as_windows_1252.is_some() || has_encoded_slash || self.others.iter().any(|other| *other != text)
    }
}

/// Whether every server reads the path as it is written. The one pass over most paths.
fn is_plain(raw: &str) -> bool {
    let mut bytes = raw.bytes();
    if bytes.next() != Some(b'/') {
        return false;
    }
    // How many dots the segment consists of so far; `None` once it has anything else.
    let (mut dots, mut is_empty) = (Some(0), true);
    for byte in bytes {
        match byte {
            b'/' if is_empty || matches!(dots, Some(1 | 2)) => return false,
            b'/' => (dots, is_empty) = (Some(0), true),
            b'%' | b'\\' | b';' | b'#' | b'?' => return false,
            b'.' => (dots, is_empty) = (dots.map(|n: u8| n.saturating_add(1)), false),
            byte if byte.is_ascii_graphic() => (dots, is_empty) = (None, false),
            _ => return false,
        }
    }
    is_empty || !matches!(dots, Some(1 | 2))
}

#[cfg(test)]
mod tests;
