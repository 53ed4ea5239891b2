//! Who is asking, as the site behind is told: plain headers and a signed assertion.
//!
//! Whatever a client sent under one of these names is removed before, on every request; what is stamped comes from a `Permit`.
//! Plain values are ASCII: other characters, `%` and controls are percent-encoded UTF-8. The assertion carries the exact text.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::SignedDuration;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use crate::adapters::keys::assertion::Signer;
use crate::adapters::keys::{CryptographyFailed, random, seal};
use crate::domain::access::{Permit, Site, Standing, Visitor};
use crate::domain::assertion_size;
use crate::domain::claims::SitePerson;
use crate::domain::record::IndividualId;
use crate::domain::rule::Role;
use crate::domain::session::{Session, SessionKey};
use crate::domain::time::Timestamp;
use crate::flows::person::{Held, Published};

const ASSERTION: HeaderName = HeaderName::from_static("membergate-assertion");
const ID: HeaderName = HeaderName::from_static("membergate-id");
const NAME: HeaderName = HeaderName::from_static("membergate-name");
const EMAIL: HeaderName = HeaderName::from_static("membergate-email");
const ROLES: HeaderName = HeaderName::from_static("membergate-roles");
const MEMBER: HeaderName = HeaderName::from_static("membergate-member");
/// Who views the site as this person. To the site, and to the browser.
pub const VIEW_AS: HeaderName = HeaderName::from_static("membergate-view-as");

/// How long an assertion is valid.
const LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How long one is used again for the same session and site.
const REUSE: SignedDuration = SignedDuration::from_secs(30);
/// Bytes of claims with which an assertion stays under 4 KB: base64 makes four of three, and header and signature come to 202.
const MOST_CLAIMS: usize = 2_900;
/// How often an assertion that is too large is logged.
const WARN_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Assertions remembered by one core.
const REMEMBERED: usize = 4096;

/// What cannot stand in a header value, and `%`, so that decoding gives back the text.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Whether a header name, in lower case, reads as one of ours to a site that folds names as CGI and PHP do.
pub fn is_identity(name: &str) -> bool {
    const FOLDED: [&str; 7] = ["assertion", "id", "name", "email", "roles", "member", "view_as"];
    let fold = |byte: u8| if byte.is_ascii_alphanumeric() { byte } else { b'_' };
    let Some((ours, rest)) = name.as_bytes().split_at_checked("membergate_".len()) else { return false };
    ours.iter().map(|byte| fold(*byte)).eq("membergate_".bytes())
        && FOLDED
            .iter()
            .any(|known| rest.iter().map(|byte| fold(*byte).to_ascii_lowercase()).eq(known.bytes()))
}

/// The claims of an assertion.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    #[serde(flatten)]
    person: SitePerson<'a>,
    /// Every role that the mapping could give: a site takes away those of them that are not in `roles`, and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_roles: Option<&'a [Role]>,
    /// In place of a long list: its digest. The list is at `/_gate/oidc/roles/DIGEST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_roles_digest: Option<&'a str>,
    iat: i64,
    exp: i64,
    jti: &'a str,
    /// Names the session to this site, and to no other.
    sid: &'a str,
    /// Who views the site as this person (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Act<'a>>,
}

#[derive(Serialize)]
struct Act<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    name: &'a str,
}

/// Whose identity is stamped, and by which mapping.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// The session.
    pub session: &'a Session,
    /// What its person holds; the permit's standing comes from it.
    pub held: &'a Arc<Held>,
    /// The mapping in force.
    pub mapping: &'a Published,
}

/// The identity headers of one session at one site.
type Fields = Vec<(HeaderName, HeaderValue)>;

struct Made {
    held: Arc<Held>,
    at: Timestamp,
    fields: Fields,
}

/// Identity headers of one core, made once in a while and used for many requests.
#[derive(Default)]
pub struct Stamps {
    made: HashMap<(SessionKey, Arc<str>), Made>,
    /// When an assertion was last called too large.
    warned: Option<Timestamp>,
}

impl Stamps {
    /// Adds the identity that `permit` proves. Once its standing is another, by time, a new record or a new mapping, the
    /// assertion is made again.
    pub fn stamp(
        &mut self,
        headers: &mut HeaderMap,
        permit: &Permit<'_>,
        whose: &Whose<'_>,
        now: Timestamp,
        signer: &Signer,
    ) -> Result<(), CryptographyFailed> {
        let Visitor::SignedIn(standing) = permit.visitor() else { return Ok(()) };
        let key = (whose.session.key, Arc::clone(&permit.site().name));
        let fresh = |made: &&Made| {
            Arc::ptr_eq(&made.held, whose.held) && made.at <= now && now.duration_since(made.at) < REUSE
        };
        if let Some(made) = self.made.get(&key).filter(fresh) {
            put(headers, &made.fields);
            return Ok(());
        }
        let fields = fields(permit.site(), standing, whose, now, signer)?;
        self.warn_of_size(&fields, permit.site(), standing, now);
        put(headers, &fields);
        if self.made.len() >= REMEMBERED {
            self.made.retain(|_, made| now.duration_since(made.at) < REUSE);
        }
        if self.made.len() < REMEMBERED {
            self.made.insert(key, Made { held: Arc::clone(whose.held), at: now, fields });
        }
        Ok(())
    }
}

impl Stamps {
    /// Tells the operator, once an hour at most, why a site's web server may refuse the requests of this person.
    fn warn_of_size(&mut self, fields: &Fields, site: &Site, standing: &Standing, now: Timestamp) {
        let bytes = fields.last().map_or(0, |(_, assertion)| assertion.len());
        let lately = self.warned.is_some_and(|at| at <= now && now.duration_since(at) < WARN_EVERY);
        if bytes > assertion_size::LARGEST && !lately {
            self.warned = Some(now);
            let roles = standing.decision.roles.len();
            tracing::warn!(
                site = &*site.name,
                roles,
                bytes,
                "An assertion is larger than 8 KB; many web servers refuse such a header"
            );
        }
    }
}

/// Says of every field that there is nothing in it. A server that copies the fields of our answer then overwrites what the
/// visitor sent, also where nobody is signed in.
pub fn blank(headers: &mut HeaderMap) {
    for name in [ASSERTION, ID, NAME, EMAIL, ROLES, MEMBER] {
        headers.insert(name, HeaderValue::from_static(""));
    }
}

fn put(headers: &mut HeaderMap, fields: &Fields) {
    for (name, value) in fields {
        headers.insert(name.clone(), value.clone());
    }
}

fn fields(
    site: &Site,
    standing: &Standing,
    whose: &Whose<'_>,
    now: Timestamp,
    signer: &Signer,
) -> Result<Fields, CryptographyFailed> {
    let (decision, profile) = (&standing.decision, &standing.profile);
    let person = SitePerson::of(standing);
    let mut fields = vec![
        (ID, plain(standing.id.as_str())),
        (NAME, plain(&profile.name)),
        (ROLES, plain(&person.roles.join(","))),
        (MEMBER, HeaderValue::from_static(if decision.member { "true" } else { "false" })),
    ];
    if let Some(email) = &profile.email {
        fields.push((EMAIL, plain(email)));
    }
    let viewer = whose.session.viewer.as_ref();
    if let Some(viewer) = viewer {
        fields.push((VIEW_AS, plain(&viewer.by.name)));
    }
    let expires = now.saturating_add(LIFE).unwrap_or(now);
    let expires = decision.holds_until.map_or(expires, |until| until.min(expires));
    let managed = &whose.mapping.managed;
    let mut claims = Claims {
        iss: &site.origin,
        aud: &site.name,
        person,
        managed_roles: managed.is_short().then(|| managed.roles()),
        managed_roles_digest: (!managed.is_short()).then(|| managed.digest()),
        iat: now.as_second(),
        exp: expires.as_second(),
        jti: &random::token()?,
        sid: &session_name(whose.session.key, site),
        act: viewer.map(|viewer| Act {
            sub: viewer.by.id.as_ref().map(IndividualId::as_str),
            name: &viewer.by.name,
        }),
    };
    let mut text = serde_json::to_vec(&claims).map_err(|_| CryptographyFailed)?;
    if text.len() > MOST_CLAIMS && claims.managed_roles.is_some() {
        // A long name, or many roles of one person: the list makes room.
        (claims.managed_roles, claims.managed_roles_digest) = (None, Some(managed.digest()));
        text = serde_json::to_vec(&claims).map_err(|_| CryptographyFailed)?;
    }
    let assertion = HeaderValue::from_str(&signer.sign(&text)?).map_err(|_| CryptographyFailed)?;
    fields.push((ASSERTION, assertion));
    Ok(fields)
}

/// A name for a session that tells a site nothing by which it could take the session over, or find it at another site.
fn session_name(session: SessionKey, site: &Site) -> String {
    let digest = random::digest(&seal::context(&[b"sid", &session.0, site.name.as_bytes()]));
    BASE64_URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
}

/// A value that a header can hold.
pub fn plain(text: &str) -> HeaderValue {
    let escaped = utf8_percent_encode(text, ESCAPED).to_string();
    HeaderValue::from_str(&escaped).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_folds_to_ours_is_ours() {
        for name in [
            "membergate-id",
            "membergate-view-as",
            "membergate_View.As",
            "membergate_id",
            "membergate.id",
            "membergate-Roles",
            "membergate_assertion",
            "membergate~member",
            "membergate!name",
            "membergate|email",
        ] {
            assert!(is_identity(name), "{name}");
        }
        for name in ["membergate", "membergate-", "membergate-idx", "x-membergate-id", "membergateid", "id"] {
            assert!(!is_identity(name), "{name}");
        }
    }

    #[test]
    fn a_plain_value_is_ascii_and_can_be_read_back() {
        for text in
            ["Ada Lovelace", "Zoë Ångström", "100% \"sure\"", "a\r\nMembergate-Roles: board", "", "名"]
        {
            let value = plain(text);
            let ascii = value.to_str().unwrap();
            assert_eq!(percent_encoding::percent_decode_str(ascii).decode_utf8().unwrap(), text);
        }
        assert_eq!(plain("Ada Lovelace, née"), "Ada Lovelace, n%C3%A9e");
    }
}
