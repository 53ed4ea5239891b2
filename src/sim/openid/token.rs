//! The token endpoint (RFC 6749, sections 3.2 and 5).

use http::{StatusCode, header};
use jiff::Timestamp;

use super::client::{Client, TokenAuth, refused};
use super::grants::{Grant, Grants, Kind, Lifetimes};
use crate::sim::serving::{Answer, Call};

/// What came of a token request.
#[derive(Debug)]
pub struct Redeemed {
    /// The code or refresh token, which is used up.
    pub grant: Grant,
    /// Whether it was a refresh token.
    pub is_refresh: bool,
}

/// Takes a code or a refresh token from the client.
///
/// A code is good for the client that asked for it (RFC 6749, section 4.1.3), if anybody looks at that.
pub fn redeem(
    call: &Call,
    (client, place, looks_at_client): (&Client, TokenAuth, bool),
    grants: &mut Grants,
    now: Timestamp,
    lifetimes: Lifetimes,
) -> Result<Redeemed, Answer> {
    let bad = |error: &str| refused(StatusCode::BAD_REQUEST, error);
    let form = call.members().map_err(|_| bad("invalid_request"))?;
    let field =
        |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    client.prove(call, &form, place)?;
    match field("grant_type") {
        "authorization_code" => {
            let grant = grants.take(Kind::Code, field("code"), now, lifetimes);
            let grant = grant.ok_or_else(|| bad("invalid_grant"))?;
            let purpose = &grant.purpose;
            let proven = purpose.challenge.as_ref().is_none_or(|it| it.fits(field("code_verifier")));
            let is_own = !looks_at_client || purpose.client == client.id;
            if purpose.redirect_uri != field("redirect_uri") || !proven || !is_own {
                return Err(bad("invalid_grant"));
            }
            Ok(Redeemed { grant, is_refresh: false })
        }
        "refresh_token" => {
            let grant = grants.take(Kind::Refresh, field("refresh_token"), now, lifetimes);
            Ok(Redeemed { grant: grant.ok_or_else(|| bad("invalid_grant"))?, is_refresh: true })
        }
        _ => Err(bad("unsupported_grant_type")),
    }
}

/// The holder of the access token in the header `Authorization` (RFC 6750, section 2.1).
pub fn bearer<'a>(
    call: &Call,
    grants: &'a Grants,
    now: Timestamp,
    lifetimes: Lifetimes,
) -> Result<&'a Grant, Answer> {
    let header = call.header("authorization");
    let token = header.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
    let grant = token.and_then(|(_, token)| grants.find(Kind::Access, token.trim(), now, lifetimes));
    grant.ok_or_else(|| {
        let answer = refused(StatusCode::UNAUTHORIZED, "invalid_token");
        answer.with(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"".to_owned())
    })
}
