//! What stands for a person at websites, and whose ID token one is.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use super::people::Contact;
use super::state::State;
use crate::sim::openid::signed_claims;

/// What stands for a person at websites; it is another one after a new invitation.
pub(super) fn subject(state: &State, person: &Contact) -> String {
    let text = format!("{} {}", person.contact_id, state.switches.subject_version);
    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a text is an ID token of this person for our client. It may be old (OpenID Connect RP-Initiated Logout 1.0 §2).
pub(super) fn is_token_of(state: &mut State, person: &Contact, token: &str) -> bool {
    let Some(claims) = signed_claims(&mut state.keys, state.switches.signing_key, token) else {
        return false;
    };
    let says = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    says("sub", &subject(state, person)) && says("aud", &state.credentials.client_id)
}
