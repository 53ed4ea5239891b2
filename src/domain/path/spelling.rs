//! The steps that servers take on the bytes of a path. Each gives what it changes, or nothing.

use super::policy::PathFault;

/// Whether a byte can be written as it is in a request line. Its escape is then a second spelling, which a site that does not
/// decode takes for another name; any other byte has only its escape.
pub(super) fn may_stand_raw(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#%<>?^`{|}".contains(&byte)
}

/// Whether each `%` is followed by two hexadecimal digits.
pub(super) fn escapes_are_whole(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| *byte != b'%' || escape(bytes, at).is_some())
}

/// The byte that is encoded at `at`.
pub(super) fn escape(bytes: &[u8], at: usize) -> Option<u8> {
    let [b'%', high, low] = bytes.get(at..at + 3)? else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Decodes once, all but what is to be kept. A `%` that begins no escape stays; so do lenient servers, and strict ones refuse.
pub(super) fn decode(bytes: &[u8], keeps: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match escape(bytes, at) {
            Some(decoded) if !keeps(decoded) => {
                out.push(decoded);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Cuts `;…`: of each segment (servlet containers), to the end of the path (servers that know the parameters of RFC 2396 only
/// there), and of the last segment alone (`urllib`).
pub(super) fn cut_parameters(bytes: &[u8]) -> [Vec<u8>; 3] {
    let before = |part: &[u8]| part.split(|byte| *byte == b';').next().unwrap_or_default().to_vec();
    let each: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'/').map(before).collect();
    let last = bytes.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let (head, tail) = bytes.split_at(last);
    [each.join(&b'/'), before(bytes), [head, &before(tail)].concat()]
}

/// `//` becomes `/`.
pub(super) fn merge_slashes(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.windows(2).any(|pair| pair == b"//") {
        return None;
    }
    let mut out = bytes.to_vec();
    out.dedup_by(|next, before| *next == b'/' && *before == b'/');
    Some(out)
}

/// `//` at the beginning becomes `/`, and stays elsewhere: Apache with `MergeSlashes Off`.
pub(super) fn merge_leading_slashes(bytes: &[u8]) -> Option<Vec<u8>> {
    let slashes = bytes.iter().take_while(|byte| **byte == b'/').count();
    (slashes > 1).then(|| bytes.get(slashes - 1..).unwrap_or_default().to_vec())
}

/// Without a name that `//` introduces. Programs that resolve the target as a reference take it for a host (RFC 3986 §4.2): PHP's
/// `parse_url`, and `new URL(target, base)`, which skips more slashes.
pub(super) fn drop_authority(bytes: &[u8]) -> Option<Vec<u8>> {
    let after = bytes.strip_prefix(b"//")?;
    let name = after.iter().position(|byte| *byte != b'/').unwrap_or(after.len());
    let path = after.iter().skip(name).position(|byte| *byte == b'/').and_then(|at| after.get(name + at..));
    Some(path.unwrap_or(b"/").to_vec())
}

/// RFC 3986 §5.2.4. What would lead above the root stays there.
pub(super) fn remove_dot_segments(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_dots = |segment: &[u8]| matches!(segment, b"." | b"..");
    if !bytes.split(|byte| *byte == b'/').any(is_dots) {
        return None;
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut segments = bytes.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if !is_dots(segment) {
            kept.push(segment);
            continue;
        }
        if segment == b".." {
            kept.pop();
        }
        if segments.peek().is_none() {
            kept.push(b"");
        }
    }
    Some([b"/", kept.join(&b'/').as_slice()].concat())
}

/// Refuses what no reading can have: control characters, and UTF-8 that is longer than needed.
pub(super) fn check(bytes: &[u8]) -> Result<(), PathFault> {
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(PathFault::ControlCharacter);
    }
    if (0..bytes.len()).any(|at| bytes.get(at..).is_some_and(is_overlong)) {
        return Err(PathFault::OverlongUtf8);
    }
    Ok(())
}

/// Whether the bytes begin with a character in more bytes than it needs, also in the forms of up to six bytes of RFC 2279.
fn is_overlong(bytes: &[u8]) -> bool {
    let (lead, second) = match bytes {
        [lead @ 0xc0..=0xfd, second @ 0x80..=0xbf, ..] => (*lead, *second),
        _ => return false,
    };
    let (is_longer, length) = match lead {
        0xc0 | 0xc1 => (true, 2),
        0xe0 => (second < 0xa0, 3),
        0xf0 => (second < 0x90, 4),
        0xf8 => (second < 0x88, 5),
        0xfc => (second < 0x84, 6),
        _ => (false, 0),
    };
    is_longer && bytes.get(1..length).is_some_and(|rest| rest.iter().all(|b| matches!(b, 0x80..=0xbf)))
}

/// The characters of a path.
pub(super) struct PathText {
    /// As UTF-8; bytes that are none as Windows-1252.
    pub(super) text: String,
    /// All of it as Windows-1252, where it is no UTF-8.
    pub(super) as_windows_1252: Option<String>,
}

impl PathText {
    pub(super) fn of(bytes: &[u8]) -> PathText {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return PathText { text: text.to_owned(), as_windows_1252: None };
        }
        let mut text = String::new();
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|&byte| windows_1252(byte)));
        }
        let whole = bytes.iter().map(|&byte| windows_1252(byte)).collect();
        PathText { text, as_windows_1252: Some(whole) }
    }
}

/// The WHATWG Encoding Standard's table: Latin-1, but for these.
fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let at = usize::from(byte).checked_sub(0x80);
    at.and_then(|at| FROM_80.get(at)).copied().unwrap_or(char::from(byte))
}
