//! Our own cookies: reading them once for each request, setting and clearing them. The site behind us sees none of them.
//!
//! They are parsed here and not by the `cookie` crate: it trims Unicode white space around names, and browsers do not. A page of a
//! sibling host could plant `\u{2000}__Host-membergate` without the protection of the prefix, and it would be read as our session.
//! Its jar also keeps one of two cookies of a name, and for us two are a sign of such a plant.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::{COOKIE, HeaderMap, HeaderValue};
use http::request::Parts;

use super::arrived::Arrived;
use crate::flows::long_addresses::{self, Key};

/// A cookie of ours that has one name. A login attempt and the key of a long address each have a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The session.
    Session,
    /// The session in which an administrator views a site as another person; the own session stays beside it.
    View,
    /// Emergency access to the administration.
    Admin,
    /// Where the browser goes on after the AMS's logout, sealed.
    Onward,
    /// The site at which a logout began that is at the AMS now; not to be believed.
    Left,
    /// A place in line, with what the browser brought from the AMS, sealed.
    Waiting,
    /// Somebody has signed in with this browser before. It does not say who.
    Device,
}

impl Cookie {
    const ALL: [Cookie; 7] = [
        Cookie::Session,
        Cookie::View,
        Cookie::Admin,
        Cookie::Onward,
        Cookie::Left,
        Cookie::Waiting,
        Cookie::Device,
    ];

    const fn name(self) -> &'static str {
        match self {
            Cookie::Session => "membergate",
            Cookie::View => "membergate-view",
            Cookie::Admin => "membergate-admin",
            Cookie::Onward => "membergate-onward",
            Cookie::Left => "membergate-left",
            Cookie::Waiting => "membergate-waiting",
            Cookie::Device => "membergate-device",
        }
    }
}

/// An attempt's cookie, followed by its handle.
const ATTEMPT: &str = "membergate-login-";
/// The key of a long address that waits for a sign-in, followed by its handle.
const LONG: &str = "membergate-return-";
/// Binds a cookie to one host, https and all paths (RFC 6265bis §4.1.3.2). On plain `http://localhost` browsers refuse the prefix, and
/// it is dropped.
const HOST_PREFIX: &str = "__Host-";

/// Most keys of long addresses that a browser is left with.
const MOST_KEYS: usize = 24;

/// Most sessions that one browser is believed to name; a doubled cookie names more than one.
pub const MOST_SESSIONS: usize = 32;

/// What the browser says about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionCookie<'a> {
    /// Nothing.
    Absent,
    /// One value, not yet believed.
    Present(&'a str),
    /// More than one: somebody planted a cookie. Nobody is believed.
    Doubled,
}

impl<'a> SessionCookie<'a> {
    fn and(self, value: &'a str) -> SessionCookie<'a> {
        match self {
            SessionCookie::Absent => SessionCookie::Present(value),
            SessionCookie::Present(_) | SessionCookie::Doubled => SessionCookie::Doubled,
        }
    }
}

/// Session and view of a proxied request. Every such request comes by here, so it is one pass that copies nothing.
pub fn of_visitor(headers: &HeaderMap, is_secure: bool) -> [SessionCookie<'_>; 2] {
    let mut found = [SessionCookie::Absent; 2];
    for (name, value) in pairs(headers) {
        let name = own_name(name, is_secure);
        for (kind, found) in [Cookie::Session, Cookie::View].into_iter().zip(&mut found) {
            if name == Some(kind.name()) {
                *found = found.and(value);
            }
        }
    }
    found
}

/// Our cookies in a request for a page of ours, and the means to set others. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub struct Cookies {
    is_secure: bool,
    /// Names without the prefix, in the order of the headers.
    own: Arc<[(String, String)]>,
}

impl<S: Sync> FromRequestParts<S> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Cookies, Infallible> {
        if let Some(read) = parts.extensions.get::<Cookies>() {
            return Ok(read.clone());
        }
        let is_secure = parts.extensions.get::<Arrived>().is_none_or(Arrived::is_secure);
        let cookies = Cookies::read(&parts.headers, is_secure);
        parts.extensions.insert(cookies.clone());
        Ok(cookies)
    }
}

impl Cookies {
    /// Reads them. `is_secure`: the site's address is https.
    pub fn read(headers: &HeaderMap, is_secure: bool) -> Cookies {
        let own = pairs(headers).filter_map(|(name, value)| Some((own_name(name, is_secure)?, value)));
        let own =
            own.filter(|(name, _)| is_ours(name)).map(|(name, value)| (name.to_owned(), value.to_owned()));
        Cookies { is_secure, own: own.collect() }
    }

    /// Every value of a cookie, believed or not.
    pub fn values(&self, cookie: Cookie) -> impl Iterator<Item = &str> {
        self.own.iter().filter(move |(name, _)| name == cookie.name()).map(|(_, value)| &**value)
    }

    /// The value of a cookie that is there once.
    pub fn only(&self, cookie: Cookie) -> Option<&str> {
        let mut values = self.values(cookie);
        values.next().filter(|_| values.next().is_none())
    }

    /// What the browser says about a session.
    pub fn session(&self, cookie: Cookie) -> SessionCookie<'_> {
        self.values(cookie).fold(SessionCookie::Absent, SessionCookie::and)
    }

    /// The login attempts: handle and sealed text.
    pub fn attempts(&self) -> Vec<(&str, &str)> {
        self.named(ATTEMPT).collect()
    }

    /// The key of a long address that this browser has under a handle.
    pub fn key(&self, handle: &str) -> Option<Key> {
        let (_, value) = self.named(LONG).find(|(name, _)| *name == handle)?;
        Key::parse(value).filter(|key| key.handle() == handle)
    }

    fn named<'a>(&'a self, prefix: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.own.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, &**value)))
    }

    /// Gives the browser a cookie for `seconds`, or until it closes.
    pub fn set(&self, cookie: Cookie, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
        self.write(cookie.name(), value, seconds)
    }

    /// Takes a cookie from the browser.
    pub fn clear(&self, cookie: Cookie) -> Option<HeaderValue> {
        self.write(cookie.name(), "", Some(0))
    }

    /// Gives the browser the twin of a state. `seconds`: how long the attempt lives.
    pub fn set_attempt(&self, handle: &str, sealed: &str, seconds: i64) -> Option<HeaderValue> {
        self.write(&format!("{ATTEMPT}{handle}"), sealed, Some(seconds))
    }

    /// Takes an attempt from the browser.
    pub fn clear_attempt(&self, handle: &str) -> Option<HeaderValue> {
        self.write(&format!("{ATTEMPT}{handle}"), "", Some(0))
    }

    /// Gives the browser the key of a long address, and takes old ones from it where there are too many.
    pub fn set_key(&self, key: &Key) -> Vec<Option<HeaderValue>> {
        let there: Vec<&str> = self.named(LONG).map(|(handle, _)| handle).collect();
        // Browsers send the oldest first (RFC 6265 §5.4).
        let old = there.iter().take((there.len() + 1).saturating_sub(MOST_KEYS));
        let cleared = old.map(|handle| self.write(&format!("{LONG}{handle}"), "", Some(0)));
        let seconds = long_addresses::LIVES.as_secs();
        let kept = self.write(&format!("{LONG}{}", key.handle()), key.as_str(), Some(seconds));
        cleared.chain([kept]).collect()
    }

    /// Takes the key of a long address from the browser.
    pub fn clear_key(&self, key: &Key) -> Option<HeaderValue> {
        self.write(&format!("{LONG}{}", key.handle()), "", Some(0))
    }

    /// Lax, not Strict: the browser comes back from the AMS by a link of another site.
    fn write(&self, name: &str, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
        let (prefix, secure) = if self.is_secure { (HOST_PREFIX, "; Secure") } else { ("", "") };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        HeaderValue::from_str(&text).ok()
    }
}

/// Whether a cookie is one of ours, with or without the prefix, in any case.
pub fn is_ours(name: &str) -> bool {
    let without = |name: &str, prefix: &str| -> Option<usize> {
        let head = name.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(prefix.len())
    };
    let name = without(name, HOST_PREFIX).and_then(|at| name.get(at..)).unwrap_or(name);
    let begins = [ATTEMPT, LONG].iter().any(|prefix| without(name, prefix).is_some());
    begins || Cookie::ALL.iter().any(|own| name.eq_ignore_ascii_case(own.name()))
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
            let headers = cookie_headers(texts);
            assert_eq!(Cookies::read(&headers, is_secure).session(Cookie::Session), found, "{texts:?}");
            assert_eq!(of_visitor(&headers, is_secure), [found, Absent], "{texts:?}");
        }
    }

    #[test]
    fn attempts_are_found_by_handle() {
        let headers = cookie_headers(&["__Host-membergate-login-abc=1; x=y; __Host-membergate-login-d-e=2"]);
        assert_eq!(Cookies::read(&headers, true).attempts(), [("abc", "1"), ("d-e", "2")]);
        assert!(Cookies::read(&headers, false).attempts().is_empty());
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
            ("__Host-membergate-waiting", true),
            ("__Host-membergate-device", true),
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
        let [secure, plain] = [true, false].map(|is_secure| Cookies::read(&HeaderMap::new(), is_secure));
        assert_eq!(
            text(secure.set(Cookie::Session, "v", None)),
            "__Host-membergate=v; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            text(plain.clear(Cookie::Session)),
            "membergate=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        assert_eq!(
            text(secure.set_attempt("h", "s", 60)),
            "__Host-membergate-login-h=s; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60"
        );
    }
}
