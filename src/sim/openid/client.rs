//! The one client of a provider, and how it proves itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::json;
use url::Url;

use crate::sim::serving::{Answer, Call};
use crate::sim::switches::{Setting, choice};

choice! {
    /// Where a client's secret is looked for.
    TokenAuth {
        /// In the header or in the form.
        Any = "any",
        /// In the header `Authorization`: `client_secret_basic`.
        Basic = "basic",
        /// In the form: `client_secret_post`.
        Post = "post",
    }
}

/// The client as it was registered.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// The id of a second client, which can send people to the login and nothing else. `None`: there is none.
    pub other_id: Option<String>,
    /// Its secret.
    pub secret: String,
    /// Its redirect addresses, with commas between; none: any http or https address.
    pub redirect_uris: Option<String>,
    /// Only https addresses.
    pub only_https: bool,
}

impl Client {
    /// A redirect address that is one of its own, to the character.
    pub fn redirect(&self, text: &str) -> Option<Url> {
        let listed = self.redirect_uris.as_ref().is_none_or(|list| list.split(',').any(|it| it == text));
        let url = Url::parse(text).ok().filter(|_| listed)?;
        let scheme_fits = url.scheme() == "https" || (url.scheme() == "http" && !self.only_https);
        (scheme_fits && url.fragment().is_none()).then_some(url)
    }

    /// Whether a call proves that it is this client (RFC 6749, section 2.3.1).
    pub fn prove(&self, call: &Call, form: &[(String, String)], place: TokenAuth) -> Result<(), Answer> {
        let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let in_form = field("client_id").zip(field("client_secret"));
        let given = match place {
            TokenAuth::Any => in_header(call).or(in_form),
            TokenAuth::Basic => in_header(call),
            TokenAuth::Post => in_form,
        };
        if given.is_some_and(|(id, secret)| id == self.id && secret == self.secret) {
            return Ok(());
        }
        let answer = refused(StatusCode::UNAUTHORIZED, "invalid_client");
        Err(answer.with(header::WWW_AUTHENTICATE, "Basic realm=\"oauth\"".to_owned()))
    }
}

/// An error of the token endpoint (RFC 6749, section 5.2).
pub fn refused(status: StatusCode, error: &str) -> Answer {
    Answer::json_with(status, json!({ "error": error })).with(header::PRAGMA, "no-cache".to_owned())
}

fn in_header(call: &Call) -> Option<(String, String)> {
    let text = STANDARD.decode(call.header("authorization").strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    Some((plain(id), plain(secret)))
}
