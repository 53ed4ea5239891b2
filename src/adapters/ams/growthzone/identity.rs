//! Who it is that a token opens: the three ways to the ContactId, which must not disagree (docs/ams/growthzone.md, "Who it is").

use serde_json::Value;

use super::api::{ApiReply, GrowthZoneApi};
use super::wire::contact_id;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::json::{JsonEntry, text_of};
use crate::adapters::ams::openid::ShownByCode;
use crate::adapters::budget::Priority;
use crate::domain::record::IndividualId;

/// Calls that it takes as a rule: userinfo, and one of the two others.
pub(super) const CALLS: usize = 2;

/// The person whose token a code has brought. At least two ways are looked at where the association has two.
pub(super) async fn person(api: &GrowthZoneApi, shown: &ShownByCode) -> Result<IndividualId, AmsError> {
    let mut found = NamedContact::default();
    let info = match &shown.userinfo {
        Some(address) => {
            api.get_at(&shown.access_token, address.clone(), "userinfo", Priority::Token).await?
        }
        None => api.get_as(&shown.access_token, "/oauth/userinfo", Priority::Token).await?,
    };
    match info {
        ApiReply::Body(info) => {
            let entry = JsonEntry::of(&info).ok_or_else(|| unreadable("`userinfo` is no object"))?;
            // Userinfo of somebody else than the ID token's (OpenID Connect Core 1.0 §5.3.2).
            let subject = claim(&entry, "sub")?.ok_or_else(|| unreadable("`userinfo` has no subject"))?;
            if shown.subject.as_ref().is_some_and(|of_token| *of_token != subject) {
                return Err(AmsError::OtherPerson);
            }
            found.add(claim(&entry, "ContactId")?)?;
        }
        // Without an ID token nothing else shows who it is.
        _ if shown.subject.is_none() => {
            return Err(unreadable("the login shows neither ID token nor userinfo"));
        }
        _ => return Err(unreadable("`userinfo` does not open to the token of who signed in")),
    }
    let me = api.get_as(&shown.access_token, "/api/login/aboutme", Priority::Token).await?;
    if let ApiReply::Body(me) = me {
        let entry = JsonEntry::of(&me).ok_or_else(|| unreadable("`aboutme` is no object"))?;
        found.add(claim(&entry, "ContactId")?)?;
    }
    if found.ways < CALLS {
        let claims = api.get_as(&shown.access_token, "/api/contacts/root/claims", Priority::Token).await?;
        if let ApiReply::Body(claims) = claims {
            for id in in_claims(&claims)? {
                found.add(Some(id))?;
            }
        }
    }
    found.person.ok_or_else(|| unreadable("no call names the ContactId of who signed in"))
}

/// The one that all ways have named so far.
#[derive(Default)]
struct NamedContact {
    person: Option<IndividualId>,
    ways: usize,
}

impl NamedContact {
    fn add(&mut self, said: Option<String>) -> Result<(), AmsError> {
        let Some(said) = said else { return Ok(()) };
        let id = contact_id(&said).ok_or_else(|| unreadable("a ContactId that is no number"))?;
        self.ways += 1;
        match &self.person {
            Some(person) if *person != id => Err(AmsError::OtherPerson),
            _ => {
                self.person = Some(id);
                Ok(())
            }
        }
    }
}

/// A claim in whatever case its name is written; two of one name must say the same.
fn claim(entry: &JsonEntry<'_>, name: &str) -> Result<Option<String>, AmsError> {
    let mut said: Option<String> = None;
    for value in entry.all(name).filter(|value| !value.is_null()) {
        let text = text_of(value).map_err(|_| unreadable("a claim of another shape"))?.trim().to_owned();
        if text.is_empty() {
            continue;
        }
        if said.as_ref().is_some_and(|before| *before != text) {
            return Err(AmsError::OtherPerson);
        }
        said = Some(text);
    }
    Ok(said)
}

/// What `{"Claims": [{"Name", "Value"}]}` says of the ContactId.
fn in_claims(body: &Value) -> Result<Vec<String>, AmsError> {
    let entry = JsonEntry::of(body).ok_or_else(|| unreadable("`claims` is no object"))?;
    let Some(Value::Array(claims)) = entry.get("Claims") else { return Ok(Vec::new()) };
    let named = claims.iter().filter_map(JsonEntry::of).filter(|claim| {
        claim.text("Name").ok().flatten().is_some_and(|name| name.eq_ignore_ascii_case("ContactId"))
    });
    let said = named.map(|claim| claim.text("Value").map_err(|_| unreadable("a claim of another shape")));
    Ok(said.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn unreadable(what: &str) -> AmsError {
    AmsError::Unreadable(what.to_owned())
}
