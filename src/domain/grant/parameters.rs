//! The parameters of a request, by RFC 6749 §3.1: each at most once, and an empty one is none.

/// The parameters of a request, in the order sent.
#[derive(Debug, Clone, Default)]
pub struct Parameters(pub(super) Vec<(String, String)>);

/// A parameter that must stand once stands more often: two readers could take different ones (CVE-2026-9689).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated(pub &'static str);

impl Parameters {
    /// Reads a query or the body of a form.
    pub fn parse(form: &[u8]) -> Parameters {
        let pairs = url::form_urlencoded::parse(form);
        Parameters(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The one value under a name. One without text is as if it were not there (RFC 6749 §3.1).
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            Err(Repeated(name))
        } else {
            Ok(first.filter(|value| !value.is_empty()))
        }
    }

    /// How long those are that the request is made of, in bytes, names and values as they are meant.
    pub fn length(&self) -> usize {
        let known = self.0.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
        known.map(|(name, value)| name.len() + value.len() + 2).sum()
    }

    /// Those that the request is made of, as a query: what has to be kept while a person signs in.
    pub fn kept(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.known()).finish()
    }

    /// The same with another `prompt`.
    pub fn kept_with_prompt(&self, prompt: &str) -> String {
        let others = self.known().filter(|(name, _)| name != "prompt");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(others).append_pair("prompt", prompt).finish()
    }

    fn known(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(name, value)| KEPT.contains(&name.as_str()) && !value.is_empty())
    }
}

/// All but `id_token_hint`, which is long; the person that it names is kept instead.
const KEPT: [&str; 11] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
];
