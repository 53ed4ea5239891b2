//! Browsers that have signed in before show it by a sealed cookie. It gives no rights; it only says that somebody signed in there once,
//! not who.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::SignedDuration;

use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random::{self, TOKEN_CHARS};
use crate::adapters::keys::seal::{self, Sealer};
use crate::domain::waiting::KnownVisitor;

/// How long a browser is known.
pub const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// Makes and recognizes the cookies.
pub struct KnownBrowsers(Sealer);

impl KnownBrowsers {
    /// Sealed by `sealer`.
    pub fn new(sealer: Sealer) -> KnownBrowsers {
        KnownBrowsers(sealer)
    }

    /// The text of a new cookie at `host`.
    pub fn make(&self, host: &str) -> Result<String, CryptographyFailed> {
        let name = random::token()?;
        let sealed = self.0.seal(name.as_bytes(), &bound_to(host))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The device that shows this text at `host`, if we made it there.
    pub fn recognize(&self, host: &str, text: &str) -> Option<KnownVisitor> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let name = self.0.open(&sealed, &bound_to(host))?;
        (name.len() == TOKEN_CHARS).then(|| KnownVisitor(random::digest(&name)))
    }
}

fn bound_to(host: &str) -> Vec<u8> {
    seal::context(&[host.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::keys::data_keys::DataKeys;

    #[test]
    fn a_browser_is_known_at_the_host_where_it_signed_in_and_only_by_what_we_made() {
        let key = DataKeys::generate().unwrap();
        let browsers = KnownBrowsers::new(Sealer::new(&key, "test").unwrap());
        let text = browsers.make("a.example").unwrap();
        let device = browsers.recognize("a.example", &text);
        assert!(device.is_some());
        assert_ne!(browsers.recognize("a.example", &browsers.make("a.example").unwrap()), device);
        assert_eq!(browsers.recognize("b.example", &text), None);
        for forged in ["", "x", &text[1..], &random::token().unwrap()] {
            assert_eq!(browsers.recognize("a.example", forged), None);
        }
    }
}
