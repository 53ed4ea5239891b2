//! `preset` of an `[[oidc.client]]`: what a well-known client needs is filled in, and a key of the client's own goes before it.

use super::super::raw;
use super::values::{Resolving, meant};
use crate::adapters::toml_reading::Said;
use crate::domain::client::{Client, ClientAddress, PostLogoutAddress, Proof, Scope, Scopes, SubjectForm};
use crate::domain::deliveries::subscriber::SubscriberName;

/// Where a Higher Logic community takes the code: its sign-in by OAuth 2.0 first, then the other address that its partners use.
const CALLBACKS: [&str; 2] =
    ["/HigherLogic/Security/OAuth/Authentication.aspx", "/higherlogic/security/membersso/callback"];

/// Where it may have browsers sent after a logout.
const AFTER_LOGOUT: [&str; 2] = ["/", "/HigherLogic/Security/LoggedOut.aspx"];

const COMMUNITY: &str =
    r#"Write the community's own address, such as `community = "https://community.acme.example"`"#;
const HIGHER_LOGIC: &str = "higher_logic";

/// A client of which only its id, its secret and where it is are its own.
#[derive(Debug)]
pub(super) struct CommunityPreset {
    redirect_uris: Vec<ClientAddress>,
    post_logout_redirect_uris: Vec<PostLogoutAddress>,
}

impl CommunityPreset {
    /// The client, with all that the preset says. `told`: who is told of people. The community lets in only people that it knows.
    pub(super) fn fill_in(self, client: Client, told: &[SubscriberName]) -> Client {
        let scopes = Scopes::from([Scope::OpenId, Scope::Profile, Scope::Email]);
        let community = SubscriberName::higher_logic();
        Client {
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            default_scopes: Client::usual_defaults(&scopes),
            scopes,
            subject: SubjectForm::CommunityKey,
            told_first: told.contains(&community).then_some(community),
            ..client
        }
    }
}

impl Resolving<'_, '_> {
    /// Outer `None`: a problem. Inner `None`: no preset. `proof`: if it could be understood.
    pub(super) fn preset(
        &mut self,
        preset: Said<raw::Text>,
        community: Said<raw::Text>,
        proof: Option<&Proof>,
    ) -> Option<Option<CommunityPreset>> {
        let (preset, community) = match (preset, community) {
            (Said::Nothing, Said::Nothing) => return Some(None),
            (Said::Unreadable, _) | (_, Said::Unreadable) => return None,
            (Said::Nothing, Said::Value(community)) => {
                let remedy = r#"Write `preset = "higher_logic"` beside it, or take it out"#;
                return self.refuse(community.span(), "`community` says nothing without a preset", remedy);
            }
            (Said::Value(preset), community) => (preset, community),
        };
        if preset.get_ref() != HIGHER_LOGIC {
            let what = format!("`{}` is not a preset", preset.get_ref().escape_default());
            return self.refuse(preset.span(), what, meant(preset.get_ref(), &[HIGHER_LOGIC]));
        }
        if proof == Some(&Proof::Public) {
            let remedy = "Take out `public = true`, and write `secret = { env = \"NAME\" }`";
            return self.refuse(preset.span(), "a community keeps a secret", remedy);
        }
        match community {
            Said::Value(community) => self.community(&community).map(Some),
            _ => self.refuse(preset.span(), "this preset needs `community`", COMMUNITY),
        }
    }

    /// One of those who are told of people.
    pub(super) fn told_first(
        &mut self,
        text: &raw::Text,
        told: Option<&[SubscriberName]>,
    ) -> Option<SubscriberName> {
        let (said, told) = (text.get_ref().as_str(), told?);
        if let Some(subscriber) = told.iter().find(|subscriber| subscriber.as_str() == said) {
            return Some(subscriber.clone());
        }
        let known: Vec<&str> = told.iter().map(SubscriberName::as_str).collect();
        let remedy = match known.as_slice() {
            [] => "Write a site's `people_endpoint` or `[higher_logic]` first, or take this out".to_owned(),
            known => meant(said, known),
        };
        self.refuse(text.span(), format!("nobody is told of people as `{}`", said.escape_default()), remedy)
    }

    fn community(&mut self, text: &raw::Text) -> Option<CommunityPreset> {
        let said = text.get_ref().as_str();
        let address = match ClientAddress::parse(said) {
            Ok(address) => address,
            Err(error) => {
                let what = format!("`{}` cannot be used: {error}", said.escape_default());
                return self.refuse(text.span(), what, COMMUNITY);
            }
        };
        let url = address.url();
        if url.path() != "/" || url.query().is_some() {
            let what = format!("`{}` is not the address of a whole host", said.escape_default());
            return self.refuse(text.span(), what, COMMUNITY);
        }
        let origin = url.origin().ascii_serialization();
        // An origin that was accepted makes addresses that are accepted.
        Some(CommunityPreset {
            redirect_uris: at(&origin, CALLBACKS, ClientAddress::parse),
            post_logout_redirect_uris: at(&origin, AFTER_LOGOUT, PostLogoutAddress::parse),
        })
    }
}

fn at<T, E>(origin: &str, paths: [&str; 2], parse: fn(&str) -> Result<T, E>) -> Vec<T> {
    paths.iter().filter_map(|path| parse(&format!("{origin}{path}")).ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::env::Given;
    use crate::config::{load, sample};
    use crate::domain::client::{Client, Proof, Scope, Scopes, SubjectForm};
    use crate::domain::deliveries::subscriber::SubscriberName;

    const COMMUNITY: &str = r#"
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
[oidc]
[[oidc.client]]
id = "community"
preset = "higher_logic"
community = "https://community.acme.example"
secret = { env = "SECRET_KEY" }
"#;

    fn client(text: &str) -> Result<Client, String> {
        let machine = Given::default()
            .file("etc/rules.toml", sample::RULES)
            .file("etc/community.toml", sample::COMMUNITY)
            .file("etc/gate.toml", &format!("{}{text}", sample::ESSENTIALS))
            .variable("SECRET", "secret")
            .variable("SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let settings = load(Path::new("etc/gate.toml"), &machine);
        let told =
            |problems: Vec<_>| problems.iter().map(|problem| format!("{problem}\n")).collect::<String>();
        settings.map(|settings| settings.oidc.unwrap().clients.remove(0)).map_err(told)
    }

    fn addresses(client: &Client) -> (Vec<&str>, Vec<&str>) {
        let redirect = client.redirect_uris.iter().map(|address| address.as_str()).collect();
        (redirect, client.post_logout_redirect_uris.iter().map(|address| address.as_str()).collect())
    }

    #[test]
    fn a_community_needs_its_address_and_a_secret_alone() {
        let bare = client(COMMUNITY).unwrap();
        let redirect = [
            "https://community.acme.example/HigherLogic/Security/OAuth/Authentication.aspx",
            "https://community.acme.example/higherlogic/security/membersso/callback",
        ];
        let after = [
            "https://community.acme.example/",
            "https://community.acme.example/HigherLogic/Security/LoggedOut.aspx",
        ];
        assert_eq!(addresses(&bare), (redirect.to_vec(), after.to_vec()));
        assert_eq!(bare.subject, SubjectForm::CommunityKey);
        assert!(matches!(bare.proof, Proof::Secret(_)));
        assert_eq!(bare.scopes, Scopes::from([Scope::OpenId, Scope::Profile, Scope::Email]));
        assert_eq!(bare.default_scopes, Scopes::from([Scope::Profile, Scope::Email]));
        let slash = COMMUNITY.replace("acme.example\"\nsecret", "acme.example/\"\nsecret");
        assert_eq!(client(&slash).unwrap(), bare);
    }

    #[test]
    fn a_key_of_its_own_goes_before_the_preset() {
        let own = r#"
name = "Harbour Square"
redirect_uris = ["https://hub.acme.example/cb"]
post_logout_redirect_uris = []
scopes = ["profile"]
email_verified = true
"#;
        let own = client(&format!("{COMMUNITY}{own}")).unwrap();
        assert_eq!(addresses(&own), (vec!["https://hub.acme.example/cb"], vec![]));
        assert_eq!((own.name.as_str(), own.email_verified), ("Harbour Square", Some(true)));
        assert_eq!(own.scopes, Scopes::from([Scope::OpenId, Scope::Profile]));
        assert_eq!(own.subject, SubjectForm::CommunityKey);
    }

    #[test]
    fn a_community_that_is_told_of_people_is_told_first() {
        assert_eq!(client(COMMUNITY).unwrap().told_first, None);
        let told = format!("{COMMUNITY}[higher_logic]\napi_key = {{ env = \"SECRET_KEY\" }}\n");
        let first = client(&told).unwrap().told_first;
        assert_eq!(first, Some(SubscriberName::higher_logic()));
        let sites = told.replace("[oidc]", "people_endpoint = \"https://www.acme.example/people\"\n[oidc]");
        let own = sites.replace("preset =", "told_first = \"wordpress:www\"\npreset =");
        assert_eq!(client(&own).unwrap().told_first, Some(SubscriberName::wordpress("www")));
    }

    #[test]
    fn only_who_is_told_of_people_can_be_told_first() {
        let told =
            COMMUNITY.replace("[oidc]", "people_endpoint = \"https://www.acme.example/people\"\n[oidc]");
        let first = |name: &str| client(&format!("{told}told_first = \"{name}\"\n"));
        assert_eq!(first("wordpress:www").unwrap().told_first.unwrap().as_str(), "wordpress:www");
        let problems = first("wordpress:ww").unwrap_err();
        assert!(problems.contains("nobody is told of people as `wordpress:ww`"), "{problems}");
        assert!(problems.contains("Did you mean `wordpress:www`"), "{problems}");
        let problems = client(&format!("{COMMUNITY}told_first = \"wordpress:www\"\n")).unwrap_err();
        assert!(
            problems.contains("Write a site's `people_endpoint` or `[higher_logic]` first"),
            "{problems}"
        );
    }

    #[test]
    fn what_contradicts_a_preset_is_told_to_the_operator() {
        for (from, to, told) in [
            ("\"higher_logic\"", "\"higherlogic\"", "Did you mean `higher_logic`"),
            ("\"higher_logic\"", "\"okta\"", "`okta` is not a preset"),
            ("community = \"https://community.acme.example\"", "", "this preset needs `community`"),
            ("preset = \"higher_logic\"", "", "`community` says nothing without a preset"),
            ("https://community", "http://community", "it must be https"),
            ("acme.example\"\nsecret", "acme.example/home\"\nsecret", "is not the address of a whole host"),
            ("acme.example\"\nsecret", "acme.example?x=1\"\nsecret", "is not the address of a whole host"),
            ("secret = { env = \"SECRET_KEY\" }", "public = true", "a community keeps a secret"),
            ("secret = { env = \"SECRET_KEY\" }", "", "this client has no secret"),
            ("id = \"community\"", "id = \"community\"\nredirect_uris = []", "without redirect addresses"),
            ("id = \"community\"", "id = \"community\"\nsub = \"email\"", "sub"),
        ] {
            assert!(COMMUNITY.contains(from), "{from}");
            let problems = client(&COMMUNITY.replacen(from, to, 1)).unwrap_err();
            assert!(problems.contains(told), "{to}: {problems}");
        }
    }
}
