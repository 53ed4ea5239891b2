//! A login attempt: what stays with the browser while its person is at the AMS.
//!
//! The state travels inside the return address; its twin, with the page to return to, lies sealed in a cookie of this browser
//! and host. Nothing is stored for it, so strangers who begin logins without end cost no space.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;

use super::long_addresses::{self, Destination};
use crate::adapters::ams::Keep;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::TOKEN_CHARS;
use crate::adapters::keys::seal::{self, Sealer};
use crate::domain::session::CLOCK_SKEW;
use crate::domain::time::Timestamp;

/// How long a visitor may take at the AMS's login page, a forgotten password included.
pub const ATTEMPT_LIVES: SignedDuration = SignedDuration::from_hours(1);

/// How many attempts a browser may have open at once: a restored browser opens all its tabs together.
const MOST: usize = 24;

/// How much the cookies of all attempts may hold together, in bytes. Proxies in front of us allow some 8 KiB of headers.
const MOST_BYTES: usize = 6 * 1024;

/// Characters of the state that name its cookie, so that each attempt has a cookie of its own.
const HANDLE_CHARS: usize = 12;

/// An attempt's cookie as the browser sent it: handle and sealed text.
pub type AttemptCookie<'a> = (&'a str, &'a str);

/// A login that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Random; the same text comes back in the address.
    pub state: String,
    /// Where the visitor wanted to go.
    pub to: Destination,
    /// When it was begun.
    pub begun: Timestamp,
    /// How often a page about a failure has begun it again by itself.
    pub tries: u8,
    /// What the AMS's login must be shown again.
    pub keep: Keep,
}

impl Attempt {
    /// Names the attempt's cookie.
    pub fn handle(&self) -> &str {
        handle_of(&self.state)
    }

    /// Whether it is too old, or from the future.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.begun);
        age >= ATTEMPT_LIVES || age < -CLOCK_SKEW
    }
}

/// The part of a state that names the cookie of its attempt.
pub fn handle_of(state: &str) -> &str {
    state.get(..HANDLE_CHARS).unwrap_or(state)
}

/// Seals and opens attempts.
pub struct Attempts(Sealer);

impl Attempts {
    /// Attempts sealed by `sealer`.
    pub fn new(sealer: Sealer) -> Attempts {
        Attempts(sealer)
    }

    /// The text of an attempt's cookie at `host`.
    pub fn seal(&self, host: &str, attempt: &Attempt) -> Result<String, CryptographyFailed> {
        // Twenty of these have to fit into one request, so they are kept as short as can be.
        let mut plain = attempt.begun.as_millisecond().to_be_bytes().to_vec();
        plain.push(attempt.tries);
        plain.extend_from_slice(attempt.state.as_bytes());
        let keep = attempt.keep.as_text();
        plain.extend_from_slice(&u16::try_from(keep.len()).map_err(|_| CryptographyFailed)?.to_be_bytes());
        plain.extend_from_slice(keep.as_bytes());
        long_addresses::write(&attempt.to, &mut plain);
        let sealed = self.0.seal(&plain, &bound_to(host, attempt.handle()))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The attempt in a cookie, if it is one of ours, for this host and under this name.
    pub fn open(&self, host: &str, (handle, sealed): AttemptCookie<'_>) -> Option<Attempt> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = self.0.open(&sealed, &bound_to(host, handle))?;
        let (begun, rest) = plain.split_first_chunk::<8>()?;
        let (tries, rest) = rest.split_first()?;
        let (state, rest) = rest.split_at_checked(TOKEN_CHARS)?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (keep, to) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(Attempt {
            state: std::str::from_utf8(state).ok()?.to_owned(),
            to: long_addresses::read(to)?,
            begun: Timestamp::from_millisecond(i64::from_be_bytes(*begun)).ok()?,
            tries: *tries,
            keep: Keep::from_text(std::str::from_utf8(keep).ok()?),
        })
    }

    /// Which cookies have to go to make room for a new one of `bytes`: those that are over or not ours, then the oldest.
    pub fn beyond_the_cap(
        &self,
        host: &str,
        open: &[AttemptCookie<'_>],
        bytes: usize,
        now: Timestamp,
    ) -> Vec<String> {
        let mut live = Vec::new();
        let mut dropped = Vec::new();
        for &(handle, sealed) in open {
            match self.open(host, (handle, sealed)).filter(|attempt| !attempt.is_expired(now)) {
                Some(attempt) => live.push((attempt.begun, handle, sealed.len())),
                None => dropped.push(handle.to_owned()),
            }
        }
        live.sort_by_key(|(begun, ..)| std::cmp::Reverse(*begun));
        let mut room = MOST_BYTES.saturating_sub(bytes);
        for (at, (_, handle, length)) in live.into_iter().enumerate() {
            match room.checked_sub(length).filter(|_| at + 1 < MOST) {
                Some(left) => room = left,
                None => dropped.push(handle.to_owned()),
            }
        }
        dropped
    }

    /// How many of these were begun within the last `span`.
    pub fn begun_within(
        &self,
        host: &str,
        open: &[AttemptCookie<'_>],
        span: SignedDuration,
        now: Timestamp,
    ) -> usize {
        let attempts = open.iter().filter_map(|cookie| self.open(host, *cookie));
        attempts.filter(|attempt| now.duration_since(attempt.begun) < span).count()
    }
}

fn bound_to(host: &str, handle: &str) -> Vec<u8> {
    seal::context(&[host.as_bytes(), handle.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::keys::data_keys::DataKeys;
    use crate::adapters::keys::random;
    use crate::domain::return_to::ReturnTo;

    fn attempts() -> Attempts {
        let key = DataKeys::generate().unwrap();
        Attempts::new(Sealer::new(&key, "test").unwrap())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn keeping(page: &str, seconds: i64, secrets: &str) -> Attempt {
        Attempt {
            state: random::token().unwrap(),
            to: Destination::whole(ReturnTo::parse(page).unwrap()),
            begun: at(seconds),
            tries: 3,
            keep: Keep::new("remembers", "production", secrets),
        }
    }

    fn begun(page: &str, seconds: i64) -> Attempt {
        keeping(page, seconds, "")
    }

    #[test]
    fn a_sealed_attempt_opens_at_its_host_and_under_its_name_only() {
        let (attempts, attempt) = (attempts(), begun("/members?a=1#x", 0));
        let sealed = attempts.seal("a.example", &attempt).unwrap();
        assert!(sealed.len() < 180, "{}", sealed.len());
        assert_eq!(attempts.open("a.example", (attempt.handle(), &sealed)), Some(attempt.clone()));
        assert_eq!(attempts.open("b.example", (attempt.handle(), &sealed)), None);
        assert_eq!(attempts.open("a.example", ("another", &sealed)), None);
        for cut in [0, 1, 20, sealed.len() - 1] {
            assert_eq!(
                attempts.open("a.example", (attempt.handle(), sealed.get(..cut).unwrap())),
                None,
                "{cut}"
            );
        }
        assert_eq!(attempts.open("a.example", (attempt.handle(), "not base64!")), None);
    }

    #[test]
    fn a_destination_is_read_as_it_was_written() {
        let key = crate::flows::long_addresses::Key::parse(&random::token().unwrap());
        for key in [None, key] {
            for is_cut in [true, false] {
                let page = ReturnTo::parse("/members?a=1#x").unwrap();
                let to = Destination { page, key: key.clone(), is_cut };
                let mut written = Vec::new();
                long_addresses::write(&to, &mut written);
                assert_eq!(long_addresses::read(&written), Some(to));
            }
        }
        for bad in ["", "!", "x", "!x", "//evil.example", "!//evil.example"] {
            assert_eq!(long_addresses::read(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn the_oldest_and_the_unreadable_make_room() {
        let attempts = attempts();
        let open: Vec<(String, String)> = (0..30)
            .map(|n| begun("/members", n))
            .map(|attempt| (attempt.handle().to_owned(), attempts.seal("a.example", &attempt).unwrap()))
            .collect();
        let mut cookies: Vec<AttemptCookie<'_>> =
            open.iter().map(|(handle, sealed)| (&**handle, &**sealed)).collect();
        cookies.push(("junk", "junk"));
        let dropped = attempts.beyond_the_cap("a.example", &cookies, 200, at(40));
        let oldest: Vec<&str> = cookies.iter().take(7).map(|(handle, _)| *handle).collect();
        assert_eq!(dropped.first().map(String::as_str), Some("junk"));
        let mut rest: Vec<&str> = dropped.iter().skip(1).map(String::as_str).collect();
        rest.reverse();
        assert_eq!(rest, oldest);
    }

    #[test]
    fn long_addresses_leave_less_room_and_so_does_what_the_login_needs_again() {
        let attempts = attempts();
        let long = "a".repeat(1500);
        for (page, secrets) in [(format!("/{long}"), ""), ("/members".to_owned(), &*long)] {
            let open: Vec<(String, String)> = (0..10)
                .map(|n| keeping(&page, n, secrets))
                .map(|attempt| (attempt.handle().to_owned(), attempts.seal("a.example", &attempt).unwrap()))
                .collect();
            let cookies: Vec<AttemptCookie<'_>> =
                open.iter().map(|(handle, sealed)| (&**handle, &**sealed)).collect();
            let kept = 10 - attempts.beyond_the_cap("a.example", &cookies, 2200, at(40)).len();
            assert_eq!(kept, 1);
        }
    }
}
