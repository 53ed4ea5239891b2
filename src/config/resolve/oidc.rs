//! `[oidc]`: the OpenID Provider and its clients.

use std::ops::Range;
use std::sync::Arc;

use secrecy::ExposeSecret;
use toml::Spanned;
use url::Url;

use super::super::raw;
use super::super::settings::{Oidc, SiteSettings};
use super::values::{Resolving, meant};
use crate::adapters::keys::random;
use crate::adapters::toml_reading::Said;
use crate::domain::access::Require;
use crate::domain::client::{
    Algorithm, BadAddress, Client, ClientAddress, ClientId, PostLogoutAddress, Proof, RefusedAt, Scope,
    Scopes, UserName, is_unreserved,
};
use crate::domain::deliveries::subscriber::SubscriberName;
use crate::domain::rule::Rules;
use crate::flows::grant::ProviderSettings;

const ISSUER: &str = r#"Write the origin of one of the sites, such as "https://www.acme.example""#;
const SECRET: &str = "Use 32 to 256 characters A-Z a-z 0-9 - . _ ~; `membergate keys secret` makes one";
const SECRET_OR_PUBLIC: &str =
    r#"Write `secret = { env = "NAME" }`, or `public = true` for a script or an app that cannot keep one"#;

/// What clients speak of. Each is `None` if it could not be understood.
pub(super) struct AroundClients<'a> {
    /// The sites.
    pub(super) sites: Option<&'a [SiteSettings]>,
    /// The role mapping, where it cannot be published in the browser.
    pub(super) rules: Option<&'a Rules>,
    /// Who is told of people.
    pub(super) told: Option<&'a [SubscriberName]>,
}

impl Resolving<'_, '_> {
    /// The provider. `in_browser`: administrators may register clients, so none need be here.
    pub(super) fn oidc(
        &mut self,
        said: Spanned<raw::Oidc>,
        around: &AroundClients<'_>,
        in_browser: bool,
    ) -> Option<Oidc> {
        let (span, said, sites) = (said.span(), said.into_inner(), around.sites);
        let issuer = self.optional(said.issuer, |to, text| to.issuer(&text, sites));
        let clients = said.client.or(Vec::new);
        if clients.as_ref().is_some_and(Vec::is_empty) && !in_browser {
            let remedy = "Add an `[[oidc.client]]`, or `[admin]` to register clients in the browser, or take `[oidc]` out";
            self.reading.missing(span, "the OpenID Provider has no client", remedy);
            return None;
        }
        let mut ids: Vec<String> =
            sites.unwrap_or_default().iter().map(|site| site.site.name.to_string()).collect();
        let clients = self.each(clients?, |to, client| to.client(client, around, &mut ids));
        let first = sites?.first()?;
        let (issuer, host) =
            issuer?.unwrap_or_else(|| (first.site.origin.clone(), Arc::clone(&first.site.host)));
        let provider =
            ProviderSettings { issuer, host, ams_logout_returns: said.ams_logout_returns.or(|| true)? };
        let email_verified = said.email_verified.or(|| false)?;
        Some(Oidc { provider, email_verified, clients: clients? })
    }

    fn issuer(&mut self, text: &raw::Text, sites: Option<&[SiteSettings]>) -> Option<(String, Arc<str>)> {
        let url = Url::parse(text.get_ref()).ok().filter(|url| url.path() == "/" && url.query().is_none());
        let Some(origin) = url.map(|url| url.origin().ascii_serialization()) else {
            return self.refuse(text.span(), format!("`{}` is not an origin", text.get_ref()), ISSUER);
        };
        let site = sites?.iter().find(|site| site.site.origin == origin);
        match site {
            Some(site) => Some((origin, Arc::clone(&site.site.host))),
            None => self.refuse(text.span(), format!("no site is at `{origin}`"), ISSUER),
        }
    }

    fn client(
        &mut self,
        said: Spanned<raw::Client>,
        around: &AroundClients<'_>,
        ids: &mut Vec<String>,
    ) -> Option<Client> {
        let (span, said) = (said.span(), said.into_inner());
        let id = self.required(said.id, &span, "oidc.client.id", r#"id = "wiki""#);
        let id = id.and_then(|id| self.client_id(&id, ids));
        let name =
            self.optional(said.name, |to, name| to.not_empty(name, "Write the name that visitors see"));
        let proof = self.proof(said.secret, said.public, &span);
        let is_public = proof == Some(Proof::Public);
        let example = r#"redirect_uris = ["https://wiki.acme.example/callback"]"#;
        let preset = self.preset(said.preset, said.community, proof.as_ref());
        let own = if matches!(preset, Some(None)) {
            self.required(said.redirect_uris, &span, "oidc.client.redirect_uris", example).map(Some)
        } else {
            self.optional(said.redirect_uris, |_, uris| Some(uris))
        };
        let redirect_uris = own.and_then(|own| {
            let meant = own.map(|uris| self.each(uris, |to, uri| to.client_address(uri, is_public)));
            meant.map_or(Some(None), |meant| meant.map(Some))
        });
        if redirect_uris.iter().flatten().any(Vec::is_empty) {
            self.reading.problem(
                span.clone(),
                "a client without redirect addresses cannot sign anybody in",
                example,
            );
        }
        let after = self.optional(said.post_logout_redirect_uris, |to, uris| {
            to.each(uris, |to, uri| to.post_logout_address(uri, is_public))
        });
        let back_channel =
            self.optional(said.back_channel_logout_uri, |to, uri| to.client_address(uri, false));
        let scopes = self.optional(said.scopes, Resolving::scopes);
        let default_scopes = self.optional(said.default_scopes, Resolving::texts_of_scopes);
        let rotate_refresh_tokens = self.optional(said.rotate_refresh_tokens, |_, said| Some(said));
        let user_name = self.choice(said.preferred_username, UserName::default(), &UserName::ALL);
        let email_verified = self.optional(said.email_verified, |_, said| Some(said));
        let refusal = self.choice(said.refusal, RefusedAt::default(), &RefusedAt::ALL);
        let algorithms = Algorithm::ALL.map(|algorithm| (algorithm.as_str(), algorithm));
        let algorithm = self.choice(said.id_token_algorithm, Algorithm::Rs256, &algorithms);
        let any_of = self.optional(said.any_of, |to, roles| to.roles(roles, &span, around.rules));
        let told_first = self.optional(said.told_first, |to, name| to.told_first(&name, around.told));
        let client = Client::new(id?, proof?);
        let client = match preset? {
            Some(preset) => preset.fill_in(client, around.told.unwrap_or_default()),
            None => client,
        };
        let scopes = scopes?.unwrap_or_else(|| client.scopes.clone());
        Some(Client {
            name: name?.unwrap_or_else(|| client.name.clone()),
            redirect_uris: redirect_uris?.unwrap_or_else(|| client.redirect_uris.clone()),
            post_logout_redirect_uris: after?.unwrap_or_else(|| client.post_logout_redirect_uris.clone()),
            back_channel_logout_uri: back_channel?,
            default_scopes: match default_scopes? {
                Some(texts) => self.default_scopes(texts, &scopes)?,
                None => Client::usual_defaults(&scopes),
            },
            scopes,
            rotate_refresh_tokens: rotate_refresh_tokens?,
            user_name: user_name?,
            email_verified: email_verified?,
            refusal: refusal?,
            id_token_algorithm: algorithm?,
            require: any_of?.map_or(Require::SignedIn, Require::AnyOf),
            told_first: told_first?.or_else(|| client.told_first.clone()),
            ..client
        })
    }

    /// What a client gets that names no scope: some of what it may ask for.
    fn default_scopes(&mut self, said: Vec<(Range<usize>, Scope)>, scopes: &Scopes) -> Option<Scopes> {
        for (span, scope) in &said {
            if !scopes.contains(scope) {
                let name = scope.as_str();
                let what = format!("the client may not ask for `{name}`, so it cannot be a default");
                let remedy = format!("Add \"{name}\" to `scopes`, or take it out here");
                return self.refuse(span.clone(), what, remedy);
            }
        }
        Some(said.into_iter().map(|(_, scope)| scope).collect())
    }

    fn client_id(&mut self, id: &raw::Text, ids: &mut Vec<String>) -> Option<ClientId> {
        let said = id.get_ref();
        let Ok(parsed) = ClientId::parse(said) else {
            let what = format!("`{}` is not a client's id", said.escape_default());
            return self.refuse(id.span(), what, "Use 1 to 64 of A-Z, a-z, 0-9, `-`, `.`, `_` and `~`");
        };
        // A site's name is the audience of its assertions, which are signed with the same keys.
        if ids.contains(said) {
            let what = format!("another client or a site has the name `{said}`");
            return self.refuse(id.span(), what, "Give each client a name of its own");
        }
        ids.push(said.clone());
        Some(parsed)
    }

    /// `of_app`: it may be of an app's own scheme.
    fn client_address(&mut self, text: raw::Text, of_app: bool) -> Option<ClientAddress> {
        let remedy = r#"Write the exact address, such as "https://wiki.acme.example/callback""#;
        let parse = if of_app { ClientAddress::parse_of_app } else { ClientAddress::parse };
        self.address(&text, parse, remedy)
    }

    fn post_logout_address(&mut self, text: raw::Text, of_app: bool) -> Option<PostLogoutAddress> {
        let remedy = "Write the exact address; `*` may be the whole value of one query parameter, as in \
                      \"https://blog.acme.example/wp-login.php?loggedout=true&wp_lang=*\"";
        let parse = if of_app { PostLogoutAddress::parse_of_app } else { PostLogoutAddress::parse };
        self.address(&text, parse, remedy)
    }

    fn address<T>(
        &mut self,
        text: &raw::Text,
        parse: fn(&str) -> Result<T, BadAddress>,
        remedy: &str,
    ) -> Option<T> {
        match parse(text.get_ref()) {
            Ok(address) => Some(address),
            Err(error) => {
                let what = format!("`{}` cannot be used: {error}", text.get_ref().escape_default());
                self.refuse(text.span(), what, remedy)
            }
        }
    }

    fn proof(&mut self, secret: Said<raw::Source>, public: Said<bool>, span: &Range<usize>) -> Option<Proof> {
        let public = public.or(|| false);
        match (self.optional(secret, |_, source| Some(source))?, public?) {
            (None, true) => Some(Proof::Public),
            (Some(source), false) => {
                let secret = self.secret(&source)?;
                let text = secret.expose_secret();
                if !(32..=256).contains(&text.len()) || !text.bytes().all(is_unreserved) {
                    return self.refuse(
                        source.span(),
                        format!("{} holds no fit secret", source.name()),
                        SECRET,
                    );
                }
                Some(Proof::Secret(vec![random::digest(text.as_bytes())]))
            }
            (None, false) => self.refuse(span.clone(), "this client has no secret", SECRET_OR_PUBLIC),
            (Some(_), true) => self.refuse(span.clone(), "a public client has no secret", SECRET_OR_PUBLIC),
        }
    }

    /// Scopes, each with where it stands in the file.
    fn texts_of_scopes(&mut self, said: Vec<raw::Text>) -> Option<Vec<(Range<usize>, Scope)>> {
        self.each(said, |to, text| match Scope::parse(text.get_ref()) {
            Some(scope) => Some((text.span(), scope)),
            None => {
                let known = Scope::ALL.map(Scope::as_str);
                let what = format!("`{}` is not a scope", text.get_ref().escape_default());
                to.refuse(text.span(), what, meant(text.get_ref(), &known))
            }
        })
    }

    fn scopes(&mut self, said: Vec<raw::Text>) -> Option<Scopes> {
        let scopes = self.texts_of_scopes(said)?.into_iter().map(|(_, scope)| scope);
        // Without it nothing is OpenID Connect.
        Some(scopes.chain([Scope::OpenId]).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::env::Given;
    use crate::config::{Settings, load, sample};
    use crate::domain::client::{Client, Proof, RefusedAt, Scope, Scopes, UserName};

    const SITE: &str = r#"
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
"#;

    const CLIENT: &str = r#"
[oidc]
[[oidc.client]]
id = "wiki"
redirect_uris = ["https://wiki.acme.example/cb"]
secret = { env = "KEY" }
"#;

    fn loaded(oidc: &str) -> Result<Settings, String> {
        let machine = Given::default()
            .file("etc/rules.toml", sample::RULES)
            .file("etc/gate.toml", &format!("{}{SITE}{oidc}", sample::ESSENTIALS))
            .variable("SECRET", "secret")
            .variable("SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            .variable("KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            .variable("SHORT", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
            .variable("SPACED", "AAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAA%2B");
        load(Path::new("etc/gate.toml"), &machine)
            .map_err(|problems| problems.iter().map(|problem| format!("{problem}\n")).collect())
    }

    #[test]
    fn without_the_section_there_is_no_provider() {
        assert!(loaded("").unwrap().oidc.is_none());
    }

    #[test]
    fn the_smallest_client_has_its_defaults_and_only_the_digest_of_its_secret() {
        let settings = loaded(CLIENT).unwrap();
        let oidc = settings.oidc.unwrap();
        assert_eq!(
            (oidc.provider.issuer.as_str(), &*oidc.provider.host),
            ("https://www.acme.example", "www.acme.example")
        );
        assert!(!oidc.email_verified && oidc.provider.ams_logout_returns);
        let [client] = &oidc.clients[..] else { panic!() };
        assert_eq!((client.user_name, client.refusal), (UserName::RecordNumber, RefusedAt::OurPage));
        assert_eq!((client.email_verified, client.rotates_refresh_tokens()), (None, false));
        assert_eq!(client.default_scopes, Client::usual_defaults(&client.scopes));
        assert!(
            !client.default_scopes.contains(&Scope::OpenId) && client.default_scopes.contains(&Scope::Email)
        );
        assert_eq!(client.name, "wiki");
        assert!(matches!(&client.proof, Proof::Secret(digests) if digests.len() == 1));
        assert!(!format!("{client:?}").contains("AAAA"));
    }

    #[test]
    fn each_client_has_its_own_way() {
        let own = r#"
scopes = ["email", "profile", "offline_access"]
default_scopes = ["email"]
rotate_refresh_tokens = true
preferred_username = "name"
email_verified = true
refusal = "redirect""#;
        let settings = loaded(&format!("{}{own}", CLIENT.trim_end())).unwrap().oidc.unwrap();
        let [client] = &settings.clients[..] else { panic!() };
        assert_eq!((client.user_name, client.refusal), (UserName::Name, RefusedAt::Client));
        assert_eq!((client.email_verified, client.rotates_refresh_tokens()), (Some(true), true));
        assert_eq!(client.default_scopes, Scopes::from([Scope::Email]));
        let app = CLIENT
            .replace("secret = { env = \"KEY\" }", "public = true")
            .replace("https://wiki.acme.example/cb", "com.example.app:/cb");
        let settings = loaded(&app).unwrap().oidc.unwrap();
        assert!(settings.clients[0].rotates_refresh_tokens(), "an app cannot keep a secret");
        let settings = loaded(&format!("{app}rotate_refresh_tokens = false")).unwrap().oidc.unwrap();
        assert!(!settings.clients[0].rotates_refresh_tokens());
    }

    #[test]
    fn a_provider_that_cannot_work_is_told_to_the_operator() {
        for (from, to, told) in [
            (
                "[oidc]",
                "[oidc]\nissuer = \"https://login.acme.example\"",
                "no site is at `https://login.acme.example`",
            ),
            ("[oidc]", "[oidc]\nissuer = \"https://www.acme.example/login\"", "is not an origin"),
            ("id = \"wiki\"", "id = \"www\"", "another client or a site has the name `www`"),
            ("id = \"wiki\"", "id = \"wi ki\"", "is not a client's id"),
            ("id = \"wiki\"", "", "`oidc.client.id` is missing"),
            ("https://wiki", "http://wiki", "it must be https"),
            ("https://wiki.acme.example/cb", "com.example.wiki:/cb", "is for public clients only"),
            (
                "id = \"wiki\"",
                "id = \"wiki\"\nscopes = [\"email\"]\ndefault_scopes = [\"email\", \"profile\"]",
                "the client may not ask for `profile`",
            ),
            ("id = \"wiki\"", "id = \"wiki\"\ndefault_scopes = [\"mail\"]", "`mail` is not a scope"),
            ("id = \"wiki\"", "id = \"wiki\"\npreferred_username = \"number\"", "`number` is not known here"),
            ("id = \"wiki\"", "id = \"wiki\"\nrefusal = \"client\"", "`client` is not known here"),
            ("example/cb", "example/*", "must not have a `*`"),
            ("[\"https://wiki.acme.example/cb\"]", "[]", "without redirect addresses"),
            ("{ env = \"KEY\" }", "{ env = \"SHORT\" }", "holds no fit secret"),
            ("{ env = \"KEY\" }", "{ env = \"SPACED\" }", "holds no fit secret"),
            ("{ env = \"KEY\" }", "\"in-the-file-in-the-file-in-the-file\"", ""),
            ("secret = { env = \"KEY\" }", "", "this client has no secret"),
            ("id = \"wiki\"", "id = \"wiki\"\npublic = true", "a public client has no secret"),
            ("id = \"wiki\"", "id = \"wiki\"\nscopes = [\"rolls\"]", "`rolls` is not a scope"),
            (
                "id = \"wiki\"",
                "id = \"wiki\"\nany_of = [\"nobody\"]",
                "the role mapping never grants `nobody`",
            ),
            ("id = \"wiki\"", "id = \"wiki\"\nid_token_algorithm = \"HS256\"", "`HS256` is not known here"),
        ] {
            assert!(CLIENT.contains(from), "{from}");
            let problems = loaded(&CLIENT.replace(from, to)).unwrap_err();
            assert!(problems.contains(told), "{to}: {problems}");
            assert!(!problems.contains("AAAA") && !problems.contains("in-the-file"), "{problems}");
        }
        assert!(loaded("[oidc]").unwrap_err().contains("has no client"));
        let settings = loaded("[admin]\nroles = [\"staff\"]\n[oidc]").unwrap();
        assert!(settings.oidc.unwrap().clients.is_empty(), "administrators register them in the browser");
    }
}
