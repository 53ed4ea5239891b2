//! Which paths an access rule is about.

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

    /// Whether the pattern covers one reading of a path. `fold`: without regard to case.
    pub fn covers(&self, reading: &str, fold: bool) -> bool {
        if self.reach == Reach::Exact {
            return same(&self.text, reading, fold);
        }
        let path = reading.strip_prefix('/').unwrap_or_default();
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
    match fold {
        false => want == have,
        true if want.is_ascii() && have.is_ascii() => want.eq_ignore_ascii_case(have),
        true => folded(want) == folded(have),
    }
}

/// Both of `to_uppercase` and `to_lowercase`, since file systems differ in which one they use.
fn folded(text: &str) -> String {
    text.to_uppercase().to_lowercase()
}

/// `*` within one segment.
fn wildcard(want: &str, have: &str, fold: bool) -> bool {
    if fold && !(want.is_ascii() && have.is_ascii()) {
        return wildcard(&folded(want), &folded(have), false);
    }
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
            assert_eq!(parsed.covers(path, false), covered, "{pattern} {path}");
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
            assert_eq!(login.covers(path, false), covered, "{path}");
        }
        let home = PathPattern::parse("/").unwrap().exact().unwrap();
        assert!(home.covers("/", false) && !home.covers("/a", false));
        for text in ["/*.css", "/a/"] {
            assert!(PathPattern::parse(text).unwrap().exact().is_none(), "{text}");
        }
    }

    #[test]
    fn case_counts_only_when_asked() {
        let pattern = PathPattern::parse("/Members").unwrap();
        assert!(pattern.covers("/mEMBERS/x", true));
        assert!(!pattern.covers("/mEMBERS/x", false));
        for (pattern, path) in [("/café", "/CAFÉ/x"), ("/k/*é", "/\u{212a}/xÉ"), ("/É*", "/éa")] {
            let pattern = PathPattern::parse(pattern).unwrap();
            assert!(pattern.covers(path, true) && !pattern.covers(path, false), "{path}");
        }
    }

    #[test]
    fn a_pattern_that_could_never_match_is_refused() {
        for text in ["members", "", "/a//b", "/a/../b", "/a**b", "/a?b", "/%61"] {
            assert!(PathPattern::parse(text).is_err(), "{text}");
        }
    }
}
