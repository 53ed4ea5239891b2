//! Scopes: what a client asks to know or to do (RFC 6749 §3.3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a client may ask to know or to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To sign a person in. Without it nothing is OpenID Connect.
    #[serde(rename = "openid")]
    OpenId,
    /// The person's names.
    Profile,
    /// The e-mail address.
    Email,
    /// The roles, and until when they hold.
    Roles,
    /// Whether the person is a member, of which type and to which day.
    Membership,
    /// To renew its tokens. Here too they end with the session.
    OfflineAccess,
}

impl Scope {
    /// Every one.
    pub const ALL: [Scope; 6] =
        [Scope::OpenId, Scope::Profile, Scope::Email, Scope::Roles, Scope::Membership, Scope::OfflineAccess];

    /// As it is asked for.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::OpenId => "openid",
            Scope::Profile => "profile",
            Scope::Email => "email",
            Scope::Roles => "roles",
            Scope::Membership => "membership",
            Scope::OfflineAccess => "offline_access",
        }
    }

    /// Finds one by its name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// A set of scopes.
pub type Scopes = BTreeSet<Scope>;

/// Scopes as one text, in our order.
pub fn scope_text(scopes: &Scopes) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

/// Reads scopes from such a text. What we do not know is left out.
pub fn scopes_in(text: &str) -> Scopes {
    text.split(' ').filter_map(Scope::parse).collect()
}
