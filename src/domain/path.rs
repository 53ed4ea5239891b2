//! The path of a request: what is matched, and which forms are refused because two programs could read them differently.
//!
//! Invariant: the decision is made on what the site will see. The bytes are forwarded as they came; a path that a site
//! might normalise to something else never gets that far.

use std::borrow::Cow;

/// A request path with percent-encoding undone, for matching only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath<'a>(Cow<'a, str>);

/// Why a path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// The path does not begin with `/`.
    #[error("a path begins with `/`")]
    NotAbsolute,
    /// A `.` or `..` segment, plain or encoded.
    #[error("the path has a `.` or `..` segment")]
    DotSegment,
    /// `//`: some servers fold it, some do not.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// An encoded `/`, a backslash, a `;` parameter, or something encoded twice: servers disagree on what they mean.
    #[error("the path has a part that servers read in different ways")]
    Ambiguous,
    /// A control character, a raw non-ASCII byte, `#`, or percent-encoding that does not decode to UTF-8.
    #[error("the path has characters that a path cannot have")]
    BadCharacter,
}

impl<'a> RequestPath<'a> {
    /// Reads the raw path of a request (without query).
    pub fn parse(raw: &'a str) -> Result<RequestPath<'a>, PathFault> {
        if !raw.starts_with('/') {
            return Err(PathFault::NotAbsolute);
        }
        if raw.bytes().any(|b| !b.is_ascii_graphic() || b == b'#' || b == b'?') {
            return Err(PathFault::BadCharacter);
        }
        let decoded = decode(raw)?;
        if decoded.contains(['\\', ';']) {
            return Err(PathFault::Ambiguous);
        }
        // Once decoded, what still looks encoded would be decoded again by a careless site.
        if is_still_encoded(&decoded) {
            return Err(PathFault::Ambiguous);
        }
        let mut segments = decoded.split('/').skip(1).peekable();
        while let Some(segment) = segments.next() {
            match segment {
                "." | ".." => return Err(PathFault::DotSegment),
                "" if segments.peek().is_some() => return Err(PathFault::EmptySegment),
                _ => {}
            }
        }
        Ok(RequestPath(decoded))
    }

    /// The decoded path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn decode(raw: &str) -> Result<Cow<'_, str>, PathFault> {
    if !raw.contains('%') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(PathFault::BadCharacter);
        };
        match u8::try_from(high * 16 + low) {
            Ok(b'/' | b'\\') => return Err(PathFault::Ambiguous),
            Ok(0..=0x1f | 0x7f) | Err(_) => return Err(PathFault::BadCharacter),
            Ok(byte) => out.push(byte),
        }
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| PathFault::BadCharacter)
}

fn is_still_encoded(decoded: &str) -> bool {
    decoded.as_bytes().windows(3).any(|window| match window {
        [b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    })
}

/// Which paths an access rule speaks of.
///
/// Without `*` it is a path and all below it: `/members` covers `/members` and `/members/a`, not `/membership`.
/// With `*` it covers the whole path: `*` is any text within one segment, `**` any number of segments. An exact one covers the
/// very path and nothing else, not even with a `/` at its end: a program may be asked for another page behind its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    segments: Vec<String>,
    reach: Reach,
}

/// How far a pattern reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The path and all below it.
    Below,
    /// What the `*` leave open.
    Stars,
    /// The very path.
    Exact,
}

/// The text is not a path pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a path pattern: write `/members` for a path and all below it, or use `*` and `**`")]
pub struct NotAPattern(pub String);

impl PathPattern {
    /// Parses a pattern as written in the configuration.
    pub fn parse(text: &str) -> Result<PathPattern, NotAPattern> {
        let bad = || NotAPattern(text.to_owned());
        let body = text.strip_prefix('/').ok_or_else(bad)?;
        let body = body.strip_suffix('/').unwrap_or(body);
        let segments: Vec<String> =
            if body.is_empty() { Vec::new() } else { body.split('/').map(str::to_owned).collect() };
        let well_formed = |s: &String| {
            !s.is_empty()
                && s != "."
                && s != ".."
                && (s == "**" || !s.contains("**"))
                && !s.contains(['\\', ';', '?', '#', '%'])
        };
        if !segments.iter().all(well_formed) {
            return Err(bad());
        }
        let reach = if text.contains('*') { Reach::Stars } else { Reach::Below };
        Ok(PathPattern { text: text.to_owned(), reach, segments })
    }

    /// The same path and nothing below it. `None`: it has `*`, or ends with `/` and is not the root.
    pub fn exact(self) -> Option<PathPattern> {
        let is_one_path = self.reach == Reach::Below && (self.text == "/" || !self.text.ends_with('/'));
        is_one_path.then_some(PathPattern { reach: Reach::Exact, ..self })
    }

    /// Whether it covers what is below its path.
    pub fn covers_below(&self) -> bool {
        self.reach == Reach::Below
    }

    /// Whether the pattern covers `path`. `fold`: without regard to ASCII case.
    pub fn covers(&self, path: &RequestPath<'_>, fold: bool) -> bool {
        if self.reach == Reach::Exact {
            return same(&self.text, path.as_str(), fold);
        }
        let path = path.as_str().strip_prefix('/').unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut segments = Segments(if path.is_empty() { None } else { Some(path) });
        match self.reach {
            Reach::Below => {
                self.segments.iter().all(|want| segments.next().is_some_and(|have| same(want, have, fold)))
            }
            Reach::Stars | Reach::Exact => covers_segments(&self.segments, segments, fold),
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The segments of a path, cheap to copy so that `**` can try again.
#[derive(Clone, Copy)]
struct Segments<'a>(Option<&'a str>);

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0?;
        let (head, tail) = match rest.split_once('/') {
            Some((head, tail)) => (head, Some(tail)),
            None => (rest, None),
        };
        self.0 = tail;
        Some(head)
    }
}

/// Greedy match that remembers only the latest `**`, so its cost stays proportional to pattern times path.
fn covers_segments(pattern: &[String], mut path: Segments<'_>, fold: bool) -> bool {
    let mut at = 0;
    let mut retry: Option<(usize, Segments<'_>)> = None;
    loop {
        if pattern.get(at).is_some_and(|p| p == "**") {
            retry = Some((at + 1, path));
            at += 1;
            continue;
        }
        let before = path;
        match (pattern.get(at), path.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if wildcard(want, have, fold) => at += 1,
            (None | Some(_), _) => {
                let Some((after, mut from)) = retry else { return false };
                if before.0.is_none() || from.next().is_none() {
                    return false;
                }
                retry = Some((after, from));
                at = after;
                path = from;
            }
        }
    }
}

fn same(want: &str, have: &str, fold: bool) -> bool {
    if fold { want.eq_ignore_ascii_case(have) } else { want == have }
}

/// `*` within one segment.
fn wildcard(want: &str, have: &str, fold: bool) -> bool {
    let Some((head, rest)) = want.split_once('*') else { return same(want, have, fold) };
    let Some(mut left) =
        have.get(..head.len()).filter(|h| same(head, h, fold)).and_then(|_| have.get(head.len()..))
    else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            let Some(start) = left.len().checked_sub(part.len()) else { return false };
            return left.get(start..).is_some_and(|tail| same(part, tail, fold));
        }
        let found = left
            .char_indices()
            .map(|(i, _)| i)
            .chain([left.len()])
            .find(|&i| left.get(i..i + part.len()).is_some_and(|middle| same(part, middle, fold)));
        let Some(i) = found else { return false };
        left = left.get(i + part.len()..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_two_servers_could_read_differently_is_refused() {
        use PathFault::*;
        for (raw, fault) in [
            ("members", NotAbsolute),
            ("/a/../b", DotSegment),
            ("/a/./b", DotSegment),
            ("/a/%2e%2e/b", DotSegment),
            ("/a/.%2E/b", DotSegment),
            ("/..", DotSegment),
            ("//admin", EmptySegment),
            ("/a//b", EmptySegment),
            ("/a%2fb", Ambiguous),
            ("/a%5cb", Ambiguous),
            ("/a\\b", Ambiguous),
            ("/a;x=1/b", Ambiguous),
            ("/a%3bx", Ambiguous),
            ("/a%252e%252e/b", Ambiguous),
            ("/a%252Fb", Ambiguous),
            ("/%256dembers", Ambiguous),
            ("/a%00", BadCharacter),
            ("/a%0d%0a", BadCharacter),
            ("/a%zz", BadCharacter),
            ("/a%2", BadCharacter),
            ("/a%ff", BadCharacter),
            ("/a#b", BadCharacter),
            ("/a b", BadCharacter),
        ] {
            assert_eq!(RequestPath::parse(raw), Err(fault), "{raw}");
        }
    }

    #[test]
    fn harmless_encoding_is_undone_for_matching() {
        for (raw, decoded) in [
            ("/", "/"),
            ("/members/", "/members/"),
            ("/%6dembers", "/members"),
            ("/caf%C3%A9", "/café"),
            ("/a%20b", "/a b"),
            ("/100%25", "/100%"),
            ("/a%23b", "/a#b"),
            ("/...", "/..."),
        ] {
            assert_eq!(RequestPath::parse(raw).map(|p| p.as_str().to_owned()), Ok(decoded.to_owned()));
        }
    }

    #[test]
    fn patterns_cover_whole_segments() {
        for (pattern, path, covered) in [
            ("/", "/", true),
            ("/", "/a/b", true),
            ("/members", "/members", true),
            ("/members", "/members/", true),
            ("/members/", "/members", true),
            ("/members", "/members/a/b", true),
            ("/members", "/membership", false),
            ("/members", "/", false),
            ("/*.css", "/site.css", true),
            ("/*.css", "/a/site.css", false),
            ("/**/*.css", "/a/b/site.css", true),
            ("/**/*.css", "/site.css", true),
            ("/**/*.css", "/site.css/x", false),
            ("/a/**", "/a", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/ab", false),
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "/a/b/b/c", false),
            ("/**/x/**/y", "/x/q/x/y", true),
            ("/**/x/**/y", "/x/q/x/z", false),
            ("/f*b*r", "/foobar", true),
            ("/f*b*r", "/foobaz", false),
            ("/*a*", "/bab", true),
            ("/é*", "/éa", true),
        ] {
            let parsed = PathPattern::parse(pattern).unwrap();
            assert_eq!(parsed.covers(&RequestPath(path.into()), false), covered, "{pattern} {path}");
        }
    }

    #[test]
    fn an_exact_pattern_covers_one_path() {
        let login = PathPattern::parse("/wp-login.php").unwrap().exact().unwrap();
        for (path, covered) in [
            ("/wp-login.php", true),
            ("/wp-login.php/", false),
            ("/wp-login.php/x", false),
            ("/WP-login.php", false),
            ("/wp-login.phpx", false),
            ("/", false),
        ] {
            assert_eq!(login.covers(&RequestPath(path.into()), false), covered, "{path}");
        }
        let home = PathPattern::parse("/").unwrap().exact().unwrap();
        assert!(
            home.covers(&RequestPath("/".into()), false) && !home.covers(&RequestPath("/a".into()), false)
        );
        for text in ["/*.css", "/a/"] {
            assert!(PathPattern::parse(text).unwrap().exact().is_none(), "{text}");
        }
    }

    #[test]
    fn case_counts_only_when_asked() {
        let pattern = PathPattern::parse("/Members").unwrap();
        let path = RequestPath::parse("/mEMBERS/x").unwrap();
        assert!(pattern.covers(&path, true));
        assert!(!pattern.covers(&path, false));
    }

    #[test]
    fn a_pattern_that_could_never_match_is_refused() {
        for text in ["members", "", "/a//b", "/a/../b", "/a**b", "/a?b", "/%61"] {
            assert!(PathPattern::parse(text).is_err(), "{text}");
        }
    }
}
