//! What Windows makes of a path besides: names lose trailing dots and blanks, `:` begins a stream, look-alikes become ASCII.
//!
//! Letters of either case need nothing here: rules that restrict are compared without regard to case on every platform.

use super::policy::PathFault;
use super::spelling::{self, PathText};

/// Whether Windows has nothing to change in a plain path. It may be wrong only by saying no.
pub(super) fn is_plain(raw: &str) -> bool {
    !raw.contains([':', '~', '"']) && !raw.contains("./") && !raw.ends_with('.')
}

/// Every form that is one step away on Windows.
pub(super) fn steps(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![
        each_segment(bytes, without_tail),
        // `.. ` is `..` to those who trim blanks before they look for it.
        each_segment(bytes, |segment| segment.trim_ascii_end()),
        each_segment(bytes, |segment| segment.split(|byte| *byte == b':').next().unwrap_or_default()),
    ];
    forms.extend(best_fit(bytes));
    forms.retain(|form| form != bytes);
    forms
}

fn each_segment(bytes: &[u8], change: impl Fn(&[u8]) -> &[u8]) -> Vec<u8> {
    let segments: Vec<&[u8]> = bytes.split(|byte| *byte == b'/').map(change).collect();
    segments.join(&b'/')
}

/// Without dots and blanks at the end; `.` and `..` are not names.
fn without_tail(segment: &[u8]) -> &[u8] {
    if matches!(segment, b"." | b"..") {
        return segment;
    }
    let end = segment.iter().rposition(|byte| !matches!(byte, b'.' | b' ')).map_or(0, |at| at + 1);
    segment.get(..end).unwrap_or_default()
}

/// The characters that code pages of Windows replace by ASCII ones with a meaning in paths.
fn best_fit(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.is_ascii() {
        return None;
    }
    let text = PathText::of(bytes).text;
    let fit = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(letter).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(letter)
        }
        '\u{2044}' | '\u{2215}' => '/',
        '\u{2216}' | '\u{20e5}' => '\\',
        '\u{2024}' => '.',
        '\u{2236}' | '\u{589}' => ':',
        '\u{3000}' | '\u{a0}' => ' ',
        letter => letter,
    };
    Some(text.chars().map(fit).collect::<String>().into_bytes())
}

/// Decodes once, `%uXXXX` too, as IIS does. In a raw path it is a broken escape.
pub(super) fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if let Some(decoded) = spelling::escape(bytes, at) {
            out.push(decoded);
            at += 3;
        } else if let Some(letter) = wide_escape(bytes, at) {
            out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            at += 6;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    out
}

fn wide_escape(bytes: &[u8], at: usize) -> Option<char> {
    let [b'%', b'u' | b'U', digits @ ..] = bytes.get(at..at + 6)? else { return None };
    let digits =
        std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

/// Refuses names whose file cannot be told from the name: short names (`MEMBER~1.HTM`) and the wildcards `<`, `>` and `"`.
pub(super) fn check(bytes: &[u8]) -> Result<(), PathFault> {
    let is_wild = bytes.iter().any(|byte| b"<>\"".contains(byte));
    let is_short = bytes.split(|byte| matches!(byte, b'/' | b'\\' | b':')).any(is_short_name);
    if is_wild || is_short { Err(PathFault::WindowsAlias) } else { Ok(()) }
}

/// Up to eight characters that end with `~` and digits, and an extension of up to three.
fn is_short_name(segment: &[u8]) -> bool {
    let segment = without_tail(segment);
    let mut parts = segment.split(|byte| *byte == b'.');
    let (base, extension, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let tilde = base.iter().rposition(|byte| *byte == b'~');
    let has_number = tilde.is_some_and(|at| {
        let number = base.get(at + 1..).unwrap_or_default();
        at > 0 && !number.is_empty() && number.iter().all(u8::is_ascii_digit)
    });
    let length = |part: &[u8]| String::from_utf8_lossy(part).chars().count();
    has_number
        && more.is_none()
        && length(base) <= 8
        && extension.is_none_or(|extension| length(extension) <= 3)
}
