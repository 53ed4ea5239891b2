//! What a client is told about a person, and in which envelope.
//!
//! Every claim is a field with a name of its own, so no role mapping and no record can set or replace one (CVE-2024-29892).
//! What the AMS did not say is left out. Kept out: signing.

use jiff::civil::Date;
use serde::Serialize;

use super::access::{Admission, Standing};
use super::client::{Client, Scope, Scopes, SubjectForm};
use super::rule::Role;
use super::time::Timestamp;

/// The event that a logout token tells of (OpenID Connect Back-Channel Logout §2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What is told about a person: in the ID token and at the userinfo endpoint alike, because clients look in either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimedPerson<'a> {
    /// The AMS's stable key, as the client knows it.
    sub: &'a str,
    #[serde(flatten)]
    community: Option<CommunityClaims<'a>>,
    #[serde(flatten)]
    profile: Option<NameClaims<'a>>,
    #[serde(flatten)]
    email: Option<Email<'a>>,
    #[serde(flatten)]
    roles: Option<Roles<'a>>,
    #[serde(flatten)]
    membership: Option<MembershipClaims<'a>>,
}

/// What a Higher Logic community may be told to look at instead of `sub` and of the user name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct CommunityClaims<'a> {
    legacy_contact_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_id: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct NameClaims<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Email<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Roles<'a> {
    roles: Vec<&'a Role>,
    /// First second at which they may be others. Absent: only the AMS can change them.
    #[serde(skip_serializing_if = "Option::is_none")]
    holds_until: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct MembershipClaims<'a> {
    member: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership_expires: Option<Date>,
}

/// What this client is told about a person who may sign in, for these scopes. `email_verified`: whether the association vouches for the
/// addresses in its AMS.
pub fn person<'a>(
    admission: Admission<'a>,
    client: &Client,
    scopes: &Scopes,
    email_verified: bool,
) -> ClaimedPerson<'a> {
    let standing = admission.standing();
    let (profile, decision) = (&standing.profile, &standing.decision);
    let asked = |scope| scopes.contains(&scope);
    let sub = client.subject.of(&standing.id, profile);
    let is_community = client.subject == SubjectForm::CommunityKey;
    // A community reads texts. It finds people by their key, so it needs no word about addresses unless somebody asks for it.
    let email_verified = (!is_community || client.email_verified.is_some()).then_some(email_verified);
    ClaimedPerson {
        sub,
        community: is_community.then(|| CommunityClaims {
            legacy_contact_key: sub,
            member_id: profile.record_number.as_deref().filter(|_| asked(Scope::Profile)),
        }),
        profile: asked(Scope::Profile).then(|| NameClaims {
            name: &profile.name,
            given_name: profile.first_name.as_deref(),
            family_name: profile.last_name.as_deref(),
            preferred_username: client.user_name.of(profile),
        }),
        email: profile
            .email
            .as_deref()
            .filter(|_| asked(Scope::Email))
            .map(|email| Email { email, email_verified }),
        roles: asked(Scope::Roles).then(|| Roles {
            roles: decision.roles.iter().collect(),
            holds_until: decision.holds_until.map(Timestamp::as_second),
        }),
        membership: asked(Scope::Membership).then_some(MembershipClaims {
            member: decision.member,
            membership_type: decision.membership_type.as_deref(),
            membership_code: decision.membership_code.as_deref(),
            membership_expires: decision.membership_expires,
        }),
    }
}

/// What a site is told of a person, in an assertion and in a statement alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SitePerson<'a> {
    /// The AMS's stable key.
    pub sub: &'a str,
    /// Display name.
    pub name: &'a str,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<&'a str>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<&'a str>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    /// The roles, sorted.
    pub roles: Vec<&'a str>,
    /// Whether any membership is active.
    pub member: bool,
    /// Name of the membership's type.
    pub membership_type: Option<&'a str>,
    /// Its code.
    pub membership_code: Option<&'a str>,
    /// The last day of that membership.
    pub membership_expires: Option<Date>,
}

impl<'a> SitePerson<'a> {
    /// What there is to tell.
    pub fn of(standing: &'a Standing) -> SitePerson<'a> {
        let (decision, profile) = (&standing.decision, &standing.profile);
        SitePerson {
            sub: standing.id.as_str(),
            name: &profile.name,
            given_name: profile.first_name.as_deref(),
            family_name: profile.last_name.as_deref(),
            email: profile.email.as_deref(),
            roles: decision.roles.iter().map(Role::as_str).collect(),
            member: decision.member,
            membership_type: decision.membership_type.as_deref(),
            membership_code: decision.membership_code.as_deref(),
            membership_expires: decision.membership_expires,
        }
    }
}

/// The claims of an ID token (OpenID Connect Core §2). Instants are seconds since 1970.
#[derive(Debug, Serialize)]
pub struct IdToken<'a> {
    /// Us.
    pub iss: &'a str,
    /// The client.
    pub aud: &'a str,
    /// Not to be believed from then on.
    pub exp: i64,
    /// Made at.
    pub iat: i64,
    /// When the AMS vouched for the person.
    pub auth_time: i64,
    /// What the client sent along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    /// Names the session; a logout token names the same.
    pub sid: &'a str,
    /// The person.
    #[serde(flatten)]
    pub person: ClaimedPerson<'a>,
}

/// The claims of a logout token (OpenID Connect Back-Channel Logout §2.4). It has no nonce.
#[derive(Debug, Serialize)]
pub struct LogoutToken<'a> {
    /// Us.
    pub iss: &'a str,
    /// The client.
    pub aud: &'a str,
    /// Made at.
    pub iat: i64,
    /// Not to be believed from then on.
    pub exp: i64,
    /// Names this token.
    pub jti: &'a str,
    /// Who signed in.
    pub sub: &'a str,
    /// The session that is over.
    pub sid: &'a str,
    /// That it is a logout.
    pub events: LoggedOut,
}

/// The one event of a logout token: an empty object under its name.
#[derive(Debug)]
pub struct LoggedOut;

impl Serialize for LoggedOut {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut events = serializer.serialize_map(Some(1))?;
        events.serialize_entry(LOGOUT_EVENT, &std::collections::BTreeMap::<&str, &str>::new())?;
        events.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::domain::access::{Require, Standing, admit};
    use crate::domain::client::{ClientId, Proof};
    use crate::domain::record::{IndividualId, Profile};
    use crate::domain::roles::Decision;

    fn standing() -> Standing {
        Standing {
            unread: Default::default(),
            id: IndividualId::parse("b3a1").unwrap(),
            profile: Profile {
                written_id: None,
                record_number: Some("20017".to_owned()),
                name: "Jane Marlowe".to_owned(),
                first_name: Some("Jane".to_owned()),
                last_name: None,
                email: Some("jane@people.example".to_owned()),
                renewal_url: None,
            },
            decision: Decision {
                admitted: true,
                member: true,
                roles: ["exp", "member"]
                    .iter()
                    .map(|role| Role::parse(role).unwrap())
                    .collect::<BTreeSet<_>>(),
                membership_type: Some("Gold".to_owned()),
                membership_code: Some("GOLD".to_owned()),
                membership_expires: Some(jiff::civil::date(2026, 12, 31)),
                holds_until: Some(Timestamp::from_second(1_800_000_000).unwrap()),
                trace: Vec::new(),
                warnings: Vec::new(),
            },
        }
    }

    fn client(require: Require) -> Client {
        Client { require, ..Client::new(ClientId::parse("a").unwrap(), Proof::Public) }
    }

    fn told(scopes: &[Scope]) -> Value {
        told_by(&client(Require::SignedIn), scopes)
    }

    fn told_by(client: &Client, scopes: &[Scope]) -> Value {
        let mut standing = standing();
        standing.profile.written_id = Some("B3A1".to_owned());
        let admission = admit(client, &standing).unwrap();
        let scopes = scopes.iter().copied().collect();
        serde_json::to_value(person(admission, client, &scopes, true)).unwrap()
    }

    #[test]
    fn a_community_is_told_its_key_exactly_and_texts_alone() {
        let community = Client { subject: SubjectForm::CommunityKey, ..client(Require::SignedIn) };
        assert_eq!(
            told_by(&community, &[Scope::OpenId]),
            json!({ "sub": "B3A1", "legacy_contact_key": "B3A1" })
        );
        let told = told_by(&community, &[Scope::OpenId, Scope::Profile, Scope::Email]);
        assert_eq!(
            told,
            json!({
                "sub": "B3A1", "legacy_contact_key": "B3A1", "member_id": "20017", "name": "Jane Marlowe",
                "given_name": "Jane", "preferred_username": "20017", "email": "jane@people.example",
            })
        );
        assert!(told.as_object().unwrap().values().all(Value::is_string), "{told}");
        let vouched = Client { email_verified: Some(true), ..community };
        assert_eq!(
            told_by(&vouched, &[Scope::Email])["email_verified"],
            true,
            "it is told if somebody asks for it"
        );
    }

    #[test]
    fn each_scope_tells_its_claims_and_no_others() {
        assert_eq!(told(&[Scope::OpenId, Scope::OfflineAccess]), json!({ "sub": "b3a1" }));
        assert_eq!(
            told(&[Scope::Profile]),
            json!({ "sub": "b3a1", "name": "Jane Marlowe", "given_name": "Jane", "preferred_username": "20017" })
        );
        assert_eq!(
            told(&[Scope::Email]),
            json!({ "sub": "b3a1", "email": "jane@people.example", "email_verified": true })
        );
        assert_eq!(
            told(&[Scope::Membership]),
            json!({ "sub": "b3a1", "member": true, "membership_type": "Gold", "membership_code": "GOLD", "membership_expires": "2026-12-31" })
        );
        // S-73: a role that is called like a reserved claim is a role and nothing else.
        assert_eq!(
            told(&[Scope::Roles]),
            json!({ "sub": "b3a1", "roles": ["exp", "member"], "holds_until": 1_800_000_000 })
        );
    }

    #[test]
    fn whoever_lacks_the_clients_roles_is_not_admitted() {
        let role = |name: &str| Role::parse(name).unwrap();
        for (require, admitted, enough) in [
            (Require::SignedIn, true, true),
            (Require::SignedIn, false, false),
            (Require::AnyOf(vec![role("member"), role("staff")]), true, true),
            (Require::AnyOf(vec![role("staff")]), true, false),
            (Require::AllOf(vec![role("member"), role("staff")]), true, false),
            (Require::AllOf(vec![]), true, false),
        ] {
            let mut standing = standing();
            standing.decision.admitted = admitted;
            assert_eq!(
                admit(&client(require.clone()), &standing).is_some(),
                enough,
                "{require:?} {admitted}"
            );
        }
    }

    #[test]
    fn a_logout_token_names_its_event_and_has_no_nonce() {
        let token = LogoutToken {
            iss: "https://login.acme.example",
            aud: "a",
            iat: 1,
            exp: 2,
            jti: "j",
            sub: "b3a1",
            sid: "s",
            events: LoggedOut,
        };
        let expected = json!({
            "iss": "https://login.acme.example", "aud": "a", "iat": 1, "exp": 2, "jti": "j", "sub": "b3a1", "sid": "s",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        assert_eq!(serde_json::to_value(token).unwrap(), expected);
    }
}
