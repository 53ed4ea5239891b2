//! The path of a request, and every way in which the server behind us may read it.
//!
//! Servers disagree about paths: one decodes `%2F`, another keeps it; one cuts `;…`, one takes `\` for `/`. We do not guess which
//! server is there. A path has **readings**, `docs/paths.md` lists them, and access is granted only if every reading is granted.
//! The bytes are forwarded as they came.

mod pattern;
mod readings;
mod spelling;
mod windows;

use std::borrow::Cow;

pub use pattern::{NotAPattern, PathPattern};
use spelling::Text;

/// Which servers may read a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// Any server on a system whose file names are bytes.
    #[default]
    Any,
    /// A server on Windows, which ignores parts of a name as well.
    Windows,
}

/// What a site says about the paths that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathPolicy {
    /// A path that can be read in more than one way is refused: `ambiguous_paths = "refuse"`.
    pub refuses_ambiguous: bool,
    /// Who reads the paths: `windows = true`.
    pub platform: Platform,
}

/// The path of a request with all its readings. A plain path has one, itself, and costs no allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath<'a> {
    raw: &'a str,
    literal: Cow<'a, str>,
    others: Vec<String>,
}

/// Why a path is refused. The texts are shown to visitors and written to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PathFault {
    /// It does not begin with `/`.
    #[error("it does not begin with `/`")]
    NotAbsolute,
    /// A raw byte that RFC 3986 does not allow in a path: not ASCII, a control character, a blank or `#`.
    #[error("it has a character that must be percent-encoded")]
    RawCharacter,
    /// A control character, NUL and line ends among them, in whatever depth of encoding.
    #[error("it has an encoded control character, such as a line break")]
    ControlCharacter,
    /// `%` without two hexadecimal digits.
    #[error("it has a `%` that is not followed by two hexadecimal digits")]
    BrokenEscape,
    /// A character in more bytes of UTF-8 than it needs (RFC 3629 §3).
    #[error("it has a character in an overlong UTF-8 encoding")]
    OverlongUtf8,
    /// More than 32 readings, or readings too long to look at.
    #[error("it can be read in too many ways")]
    TooManyReadings,
    /// The site takes only paths with one reading.
    #[error("servers read it in different ways, and this site refuses such addresses")]
    Ambiguous,
    /// Its readings are pages of different sites.
    #[error("it can be read as an address of two different sites")]
    SeveralSites,
    /// A reading that is not the literal one is an address of the gateway.
    #[error("it can be read as an address of the sign-in gateway")]
    Gateway,
    /// A short name (`MEMBER~1`) or a wildcard, which on Windows may stand for any file.
    #[error("it has a name that Windows may take for another one")]
    WindowsAlias,
}

impl PathFault {
    /// Its stable name in the log.
    pub fn name(self) -> &'static str {
        match self {
            PathFault::NotAbsolute => "path_not_absolute",
            PathFault::RawCharacter => "path_raw_character",
            PathFault::ControlCharacter => "path_control_character",
            PathFault::BrokenEscape => "path_broken_escape",
            PathFault::OverlongUtf8 => "path_overlong_utf8",
            PathFault::TooManyReadings => "path_too_many_readings",
            PathFault::Ambiguous => "path_ambiguous",
            PathFault::SeveralSites => "path_several_sites",
            PathFault::Gateway => "path_gateway",
            PathFault::WindowsAlias => "path_windows_alias",
        }
    }

    /// The setting with which an operator can allow it.
    pub fn setting(self) -> Option<&'static str> {
        match self {
            PathFault::Ambiguous => Some("ambiguous_paths"),
            PathFault::WindowsAlias => Some("windows"),
            _ => None,
        }
    }
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
        let Text { text, as_windows_1252 } = Text::of(&spelling::decode(self.raw.as_bytes(), |_| false));
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
