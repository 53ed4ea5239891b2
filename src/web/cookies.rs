//! Our kinds of cookie: the session's, one for each login attempt, and emergency access. The site behind us never sees either.

use http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::flows::long_addresses::{self, Key};

/// The session's cookie. On plain `http://localhost` browsers refuse the prefix, and it is dropped.
const SESSION: &str = "membergate";
/// The cookie of a look through somebody else's eyes; the session's stays as it is beside it.
const VIEW: &str = "membergate-view";
/// An attempt's cookie, followed by its handle.
const ATTEMPT: &str = "membergate-login-";
/// The cookie of emergency access to the administration.
const ADMIN: &str = "membergate-admin";
/// Where the browser goes on after the AMS's logout.
const ONWARD: &str = "membergate-onward";
/// The key of a long address that waits for a sign-in, followed by its handle.
const LONG: &str = "membergate-return-";
/// At which site a logout began that is at the AMS now.
const LEFT: &str = "membergate-left";
/// Binds a cookie to one host, https and all paths (RFC 6265bis §4.1.3.2).
const HOST_PREFIX: &str = "__Host-";

/// Most keys of long addresses that a browser is left with.
const MOST_KEYS: usize = 24;

/// Most sessions that one browser is believed to name; a doubled cookie names more than one.
pub const MOST_SESSIONS: usize = 32;

/// What the browser says about its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionCookie<'a> {
    /// Nothing.
    Absent,
    /// One value, not yet believed.
    Present(&'a str),
    /// More than one: somebody planted a cookie. Nobody is believed.
    Doubled,
}

/// The session cookie of a request.
pub fn session(headers: &HeaderMap, is_secure: bool) -> SessionCookie<'_> {
    one_of(session_values(headers, is_secure))
}

/// The view cookie of a request.
pub fn view(headers: &HeaderMap, is_secure: bool) -> SessionCookie<'_> {
    one_of(view_values(headers, is_secure))
}

/// The emergency session of a request. One that is there twice is believed in neither.
pub fn admin(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    match one_of(admin_values(headers, is_secure)) {
        SessionCookie::Present(value) => Some(value),
        SessionCookie::Absent | SessionCookie::Doubled => None,
    }
}

fn one_of<'a>(mut values: impl Iterator<Item = &'a str>) -> SessionCookie<'a> {
    match (values.next(), values.next()) {
        (None, _) => SessionCookie::Absent,
        (Some(value), None) => SessionCookie::Present(value),
        (Some(_), Some(_)) => SessionCookie::Doubled,
    }
}

/// Every value under the session cookie's name. A logout ends them all, believed or not.
pub fn session_values(headers: &HeaderMap, is_secure: bool) -> impl Iterator<Item = &str> {
    values_of(SESSION, headers, is_secure)
}

/// Every value under the view cookie's name.
pub fn view_values(headers: &HeaderMap, is_secure: bool) -> impl Iterator<Item = &str> {
    values_of(VIEW, headers, is_secure)
}

/// Every value under the name of the emergency session's cookie.
pub fn admin_values(headers: &HeaderMap, is_secure: bool) -> impl Iterator<Item = &str> {
    values_of(ADMIN, headers, is_secure)
}

fn values_of<'a>(
    wanted: &'static str,
    headers: &'a HeaderMap,
    is_secure: bool,
) -> impl Iterator<Item = &'a str> {
    let value = move |(name, value)| (own_name(name, is_secure) == Some(wanted)).then_some(value);
    pairs(headers).filter_map(value)
}

/// The login attempts of a request: handle and sealed text.
pub fn attempts(headers: &HeaderMap, is_secure: bool) -> Vec<(&str, &str)> {
    let attempt =
        |(name, value)| own_name(name, is_secure)?.strip_prefix(ATTEMPT).map(|handle| (handle, value));
    pairs(headers).filter_map(attempt).collect()
}

/// Whether a cookie is one of ours, with or without the prefix, in any case.
pub fn is_ours(name: &str) -> bool {
    let without = |name: &str, prefix: &str| -> Option<usize> {
        let head = name.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(prefix.len())
    };
    let name = without(name, HOST_PREFIX).and_then(|at| name.get(at..)).unwrap_or(name);
    let own = [SESSION, ADMIN, VIEW, ONWARD, LEFT];
    let begins = [ATTEMPT, LONG].iter().any(|prefix| without(name, prefix).is_some());
    begins || own.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Every cookie of a request: name and value, in the order of the headers. A cookie that is not text hides no other.
pub fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    pairs.filter_map(|pair| std::str::from_utf8(pair.trim_ascii()).ok()?.split_once('='))
}

fn own_name(name: &str, is_secure: bool) -> Option<&str> {
    if is_secure { name.strip_prefix(HOST_PREFIX) } else { Some(name) }
}

/// Gives the browser its session.
pub fn set_session(value: &str, is_secure: bool) -> Option<HeaderValue> {
    set(SESSION, value, None, is_secure)
}

/// Takes the session from the browser.
pub fn clear_session(is_secure: bool) -> Option<HeaderValue> {
    set(SESSION, "", Some(0), is_secure)
}

/// Gives the browser somebody else's eyes. It keeps the cookie when the look is over, so that nothing is sent by mistake in its
/// own name from a page that was made for somebody else.
pub fn set_view(value: &str, is_secure: bool) -> Option<HeaderValue> {
    set(VIEW, value, None, is_secure)
}

/// Takes them back.
pub fn clear_view(is_secure: bool) -> Option<HeaderValue> {
    set(VIEW, "", Some(0), is_secure)
}

/// Gives the browser the twin of a state. `seconds`: how long the attempt lives.
pub fn set_attempt(handle: &str, sealed: &str, seconds: i64, is_secure: bool) -> Option<HeaderValue> {
    set(&format!("{ATTEMPT}{handle}"), sealed, Some(seconds), is_secure)
}

/// Gives the browser the place where it goes on. `seconds`: how long that is worth something.
pub fn set_onward(sealed: &str, seconds: i64, is_secure: bool) -> Option<HeaderValue> {
    set(ONWARD, sealed, Some(seconds), is_secure)
}

/// Takes it from the browser.
pub fn clear_onward(is_secure: bool) -> Option<HeaderValue> {
    set(ONWARD, "", Some(0), is_secure)
}

/// Where the browser goes on, still sealed.
pub fn onward(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    pairs(headers).find_map(|(name, value)| (own_name(name, is_secure) == Some(ONWARD)).then_some(value))
}

/// Gives the browser the key of a long address, and takes old ones from it where there are too many.
pub fn set_key(key: &Key, headers: &HeaderMap, is_secure: bool) -> Vec<Option<HeaderValue>> {
    let own = |(name, _)| own_name(name, is_secure)?.strip_prefix(LONG);
    let there: Vec<&str> = pairs(headers).filter_map(own).collect();
    // Browsers send the oldest first (RFC 6265 §5.4).
    let old = there.iter().take((there.len() + 1).saturating_sub(MOST_KEYS));
    let cleared = old.map(|handle| set(&format!("{LONG}{handle}"), "", Some(0), is_secure));
    let seconds = long_addresses::LIVES.as_secs();
    let kept = set(&format!("{LONG}{}", key.handle()), key.as_str(), Some(seconds), is_secure);
    cleared.chain([kept]).collect()
}

/// The key that this browser has under a handle.
pub fn key(headers: &HeaderMap, handle: &str, is_secure: bool) -> Option<Key> {
    let own = |(name, value)| Some((own_name(name, is_secure)?.strip_prefix(LONG)?, value));
    let (_, value) = pairs(headers).filter_map(own).find(|(name, _)| *name == handle)?;
    Key::parse(value).filter(|key| key.handle() == handle)
}

/// Remembers for `seconds` at which site of this host a logout began.
pub fn set_left(site: &str, seconds: i64, is_secure: bool) -> Option<HeaderValue> {
    set(LEFT, site, Some(seconds), is_secure)
}

/// Forgets it.
pub fn clear_left(is_secure: bool) -> Option<HeaderValue> {
    set(LEFT, "", Some(0), is_secure)
}

/// The name of the site at which a logout began; not yet believed.
pub fn left(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    pairs(headers).find_map(|(name, value)| (own_name(name, is_secure) == Some(LEFT)).then_some(value))
}

/// Takes an attempt from the browser.
pub fn clear_attempt(handle: &str, is_secure: bool) -> Option<HeaderValue> {
    set(&format!("{ATTEMPT}{handle}"), "", Some(0), is_secure)
}

/// Gives the browser emergency access, for `seconds`.
pub fn set_admin(value: &str, seconds: i64, is_secure: bool) -> Option<HeaderValue> {
    set(ADMIN, value, Some(seconds), is_secure)
}

/// Takes emergency access from the browser.
pub fn clear_admin(is_secure: bool) -> Option<HeaderValue> {
    set(ADMIN, "", Some(0), is_secure)
}

/// Lax, not Strict: the browser comes back from the AMS by a link of another site.
fn set(name: &str, value: &str, seconds: Option<i64>, is_secure: bool) -> Option<HeaderValue> {
    let (prefix, secure) = if is_secure { (HOST_PREFIX, "; Secure") } else { ("", "") };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie_headers(texts: &[&str]) -> HeaderMap {
        texts.iter().map(|text| (COOKIE, HeaderValue::from_bytes(text.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn a_session_cookie_counts_only_alone_and_with_its_prefix() {
        use SessionCookie::*;
        for (texts, is_secure, found) in [
            (&["a=b"][..], true, Absent),
            (&["a=b; __Host-membergate=x; c=d"], true, Present("x")),
            (&["a=b", "__Host-membergate=x"], true, Present("x")),
            (&["membergate=x"], true, Absent),
            (&["membergate=x"], false, Present("x")),
            (&["__Host-membergate=x; __Host-membergate=y"], true, Doubled),
            (&["__Host-membergate=x", "__Host-membergate=x"], true, Doubled),
            (&["__host-membergate=x"], true, Absent),
            (&["__Host-membergate"], true, Absent),
            (&["x=é; __Host-membergate=x"], true, Present("x")),
            (&["\u{2000}__Host-membergate=x"], true, Absent),
            (&[], true, Absent),
        ] {
            assert_eq!(session(&cookie_headers(texts), is_secure), found, "{texts:?}");
        }
    }

    #[test]
    fn attempts_are_found_by_handle() {
        let headers = cookie_headers(&["__Host-membergate-login-abc=1; x=y; __Host-membergate-login-d-e=2"]);
        assert_eq!(attempts(&headers, true), [("abc", "1"), ("d-e", "2")]);
        assert!(attempts(&headers, false).is_empty());
    }

    #[test]
    fn our_names_are_ours_in_every_spelling() {
        for (name, ours) in [
            ("membergate", true),
            ("__Host-membergate", true),
            ("__HOST-MemberGate", true),
            ("membergate-login-abc", true),
            ("__Host-membergate-login-abc", true),
            ("__Host-membergate-admin", true),
            ("__Host-membergate-onward", true),
            ("__Host-membergate-left", true),
            ("__Host-membergate-return-abc", true),
            ("membergate2", false),
            ("wordpress_logged_in", false),
            ("é", false),
        ] {
            assert_eq!(is_ours(name), ours, "{name}");
        }
    }

    #[test]
    fn cookies_carry_every_protection_that_the_address_allows() {
        let text = |value: Option<HeaderValue>| value.unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            text(set_session("v", true)),
            "__Host-membergate=v; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(text(clear_session(false)), "membergate=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        assert_eq!(
            text(set_attempt("h", "s", 60, true)),
            "__Host-membergate-login-h=s; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
    }
}
