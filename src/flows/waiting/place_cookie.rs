//! What a browser keeps while it waits: the secret of its place, and sealed with it what it brought from the AMS.
//!
//! The sealed part is bound to host, environment and place, so it opens nowhere else. Nothing of it is in the store.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::adapters::ams::Arrival;
use crate::adapters::keys::CryptographyFailed;
use crate::adapters::keys::random;
use crate::adapters::keys::seal::{self, Sealer};
use crate::domain::base64url;
use crate::domain::record::IndividualId;
use crate::domain::session::LogoutHint;
use crate::domain::time::Timestamp;
use crate::domain::waiting::PlaceKey;
use crate::flows::long_addresses::{self, Destination};

/// Bytes of what is sealed, up to which the hint for the logout comes along.
const MOST_WITH_HINT: usize = 2_700;

/// What a browser brought from the AMS, and where it wants to go.
#[derive(Debug)]
pub struct Brought {
    /// From the AMS.
    pub arrival: Arrival,
    /// Where the visitor wants to go.
    pub to: Destination,
    /// When the sign-in was begun.
    pub begun: Timestamp,
    /// It was sent to the AMS once more already, because the AMS did not take what it had brought.
    pub is_second: bool,
}

/// The secret of a place. Only its browser has it.
#[derive(Clone)]
pub struct PlaceSecret(String);

impl PlaceSecret {
    /// Of a new place.
    pub fn new() -> Result<PlaceSecret, CryptographyFailed> {
        random::token().map(PlaceSecret)
    }

    /// What the place is kept and found by.
    pub fn key(&self) -> PlaceKey {
        PlaceKey(random::digest(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for PlaceSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlaceSecret")
    }
}

/// Seals and opens what waits with a browser, at one AMS environment.
pub struct PlaceCookies {
    sealer: Sealer,
    environment: String,
}

impl PlaceCookies {
    /// Sealed by `sealer`.
    pub fn new(sealer: Sealer, environment: &str) -> PlaceCookies {
        PlaceCookies { sealer, environment: environment.to_owned() }
    }

    /// The text of the cookie at `host`.
    pub fn seal(
        &self,
        host: &str,
        secret: &PlaceSecret,
        brought: &Brought,
    ) -> Result<String, CryptographyFailed> {
        self.write(host, secret, brought, brought.is_second)
    }

    /// As [`PlaceCookies::seal`], for a browser that is sent to the AMS once more.
    pub fn seal_again(
        &self,
        host: &str,
        secret: &PlaceSecret,
        brought: &Brought,
    ) -> Result<String, CryptographyFailed> {
        self.write(host, secret, brought, true)
    }

    fn write(
        &self,
        host: &str,
        secret: &PlaceSecret,
        brought: &Brought,
        is_second: bool,
    ) -> Result<String, CryptographyFailed> {
        let Brought { arrival, to, begun, .. } = brought;
        let mut plain = begun.as_millisecond().to_be_bytes().to_vec();
        plain.push(u8::from(is_second) | u8::from(arrival.is_verified) << 1);
        for text in [arrival.proof.expose_secret(), arrival.claimed.as_ref().map_or("", IndividualId::as_str)]
        {
            plain
                .extend_from_slice(&u16::try_from(text.len()).map_err(|_| CryptographyFailed)?.to_be_bytes());
            plain.extend_from_slice(text.as_bytes());
        }
        // A cookie takes 4096 characters. Without the hint the AMS asks the person at the logout.
        let hint = arrival.logout_hint.as_ref().map_or("", LogoutHint::as_str);
        let hint =
            if plain.len() + hint.len() + to.page.as_str().len() <= MOST_WITH_HINT { hint } else { "" };
        plain.extend_from_slice(&u16::try_from(hint.len()).map_err(|_| CryptographyFailed)?.to_be_bytes());
        plain.extend_from_slice(hint.as_bytes());
        long_addresses::write(to, &mut plain);
        let sealed = self.sealer.seal(&plain, &self.bound_to(host, secret))?;
        Ok(format!("{}.{}", secret.0, BASE64_URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The secret in a cookie, whether or not the rest of it opens here.
    pub fn secret(text: &str) -> Option<PlaceSecret> {
        let (secret, _) = text.split_once('.')?;
        base64url::is_256_bits(secret).then(|| PlaceSecret(secret.to_owned()))
    }

    /// What was sealed for this host and environment.
    pub fn open(&self, host: &str, text: &str) -> Option<(PlaceSecret, Brought)> {
        let secret = PlaceCookies::secret(text)?;
        let (_, sealed) = text.split_once('.')?;
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = self.sealer.open(&sealed, &self.bound_to(host, &secret))?;
        let (begun, rest) = plain.split_first_chunk::<8>()?;
        let (flags, rest) = rest.split_first()?;
        let (proof, rest) = text_of(rest)?;
        let (claimed, rest) = text_of(rest)?;
        let (hint, to) = text_of(rest)?;
        let arrival = Arrival {
            proof: SecretString::from(proof),
            kept: SecretString::default(),
            claimed: IndividualId::parse(claimed),
            logout_hint: LogoutHint::new(hint.to_owned()),
            is_verified: flags & 2 != 0,
        };
        let brought = Brought {
            arrival,
            to: long_addresses::read(to)?,
            begun: Timestamp::from_millisecond(i64::from_be_bytes(*begun)).ok()?,
            is_second: flags & 1 != 0,
        };
        Some((secret, brought))
    }

    fn bound_to(&self, host: &str, secret: &PlaceSecret) -> Vec<u8> {
        seal::context(&[host.as_bytes(), self.environment.as_bytes(), &secret.key().0])
    }
}

fn text_of(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::keys::data_keys::DataKeys;
    use crate::domain::return_to::ReturnTo;

    fn cookies(environment: &str) -> PlaceCookies {
        static KEY: std::sync::LazyLock<DataKeys> =
            std::sync::LazyLock::new(|| DataKeys::generate().unwrap());
        PlaceCookies::new(Sealer::new(&KEY, "test").unwrap(), environment)
    }

    #[test]
    fn what_waits_opens_at_its_host_environment_and_place_only() {
        let secret = PlaceSecret::new().unwrap();
        for (claimed, is_verified, is_second, hint, kept) in [
            (Some("jane"), false, false, 0, 0),
            (None, true, false, 1_200, 1_200),
            // Together with the rest it would not fit.
            (Some("x"), true, true, 2_900, 0),
        ] {
            let arrival = Arrival {
                proof: "token".into(),
                kept: SecretString::default(),
                claimed: claimed.and_then(IndividualId::parse),
                logout_hint: LogoutHint::new("h".repeat(hint)),
                is_verified,
            };
            let to = Destination::whole(ReturnTo::parse("/members?a=1#x").unwrap());
            let begun = Timestamp::from_millisecond(1_800_000_000_123).unwrap();
            let brought = Brought { arrival, to: to.clone(), begun, is_second };
            let text = cookies("production").seal("a.example", &secret, &brought).unwrap();
            assert!(!text.contains("token") && text.len() < 4_000);
            let (found, opened) = cookies("production").open("a.example", &text).unwrap();
            assert_eq!((found.key(), &opened.to, opened.begun), (secret.key(), &to, begun));
            assert_eq!(opened.arrival.proof.expose_secret(), "token");
            assert_eq!(opened.arrival.claimed.as_ref().map(IndividualId::as_str), claimed);
            assert_eq!((opened.arrival.is_verified, opened.is_second), (is_verified, is_second));
            assert_eq!(opened.arrival.logout_hint, LogoutHint::new("h".repeat(kept)));
            assert!(cookies("production").open("b.example", &text).is_none());
            assert!(cookies("staging").open("a.example", &text).is_none());
            let (_, sealed) = text.split_once('.').unwrap();
            let other = PlaceSecret::new().unwrap();
            assert!(cookies("production").open("a.example", &format!("{}.{sealed}", other.0)).is_none());
        }
        for text in ["", ".", "a.b", "no dot"] {
            assert!(cookies("production").open("a.example", text).is_none(), "{text}");
        }
    }
}
