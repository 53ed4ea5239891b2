//! `[ams.production]` and `[ams.staging]` of re:Members: addresses and what the vendor issued.

use toml::Spanned;
use url::Url;

use crate::adapters::ams::allowed_hosts::AllowedHosts;
use crate::adapters::ams::is_guid;
use crate::adapters::ams::re_members::{Credentials, Environment, Portal};
use crate::adapters::toml_reading::Said;
use crate::config::raw;
use crate::config::resolve::values::Resolving;
use crate::domain::network::is_loopback;
use crate::domain::record::IndividualId;

/// Where the vendor tells an application which server is its association's (docs/ams/remembers.md, "Handshake").
const DISCOVERY: &str = "https://public.remembers-ams.com/Api/v1/WebApiUrl";

const ADDRESS: &str = r#"Write a whole address, such as "https://members.acme.example""#;

impl Resolving<'_, '_> {
    pub(super) fn re_members(&mut self, said: Spanned<raw::Environment>, name: &str) -> Option<Environment> {
        let (span, said) = (said.span(), said.into_inner());
        let key = |key: &str| format!("ams.{name}.{key}");
        let discovery = said.discovery_url.or(|| Spanned::new(0..0, DISCOVERY.to_owned()));
        let discovery_url = discovery.and_then(|text| self.secure_url(&text, ADDRESS));
        let portal =
            self.required(said.portal, &span, &key("portal"), r#"portal = "https://members.acme.example""#);
        let portal = portal.and_then(|text| self.portal(&text));
        let allowed_hosts = self.allowed_hosts(said.allowed_hosts, portal.as_ref());
        let example =
            |key: &str| format!("{key} = {{ env = \"MEMBERGATE_AMS_{}\" }}", key.to_ascii_uppercase());
        let app_name = self.required(said.app_name, &span, &key("app_name"), &example("app_name"));
        let app_name = app_name.and_then(|source| self.value(&source));
        let app_key = self.required(said.app_key, &span, &key("app_key"), &example("app_key"));
        let app_key = app_key.and_then(|source| self.secret(&source));
        let app_id = self.optional(said.app_id, |to, source| to.value(&source));
        let app_password = self.optional(said.app_password, |to, source| to.secret(&source));
        let user_email = self.required(said.user_email, &span, &key("user_email"), &example("user_email"));
        let user_email = user_email.and_then(|source| self.value(&source));
        let user_password =
            self.required(said.user_password, &span, &key("user_password"), &example("user_password"));
        let user_password = user_password.and_then(|source| self.secret(&source));
        let canary = self.optional(said.canary, Resolving::canary);
        Some(Environment {
            name: name.to_owned(),
            discovery_url: discovery_url?,
            allowed_hosts: allowed_hosts?,
            portal: Portal::at(portal?),
            credentials: Credentials {
                app_name: app_name?,
                app_key: app_key?,
                app_id: app_id?,
                app_password: app_password?,
                user_email: user_email?,
                user_password: user_password?,
            },
            canary: canary?,
        })
    }

    pub(super) fn canary(&mut self, text: raw::Text) -> Option<IndividualId> {
        let remedy =
            r#"Write the GUID that stands in the record, such as "b3a1c0de-0001-4222-8333-444455550001""#;
        self.canary_of(text, is_guid, remedy)
    }

    pub(super) fn canary_of(
        &mut self,
        text: raw::Text,
        is_id: fn(&str) -> bool,
        remedy: &str,
    ) -> Option<IndividualId> {
        let id = Some(text.get_ref().trim()).filter(|id| is_id(id)).and_then(IndividualId::parse);
        if id.is_none() {
            let what = format!("`{}` is not the id of an individual", text.get_ref().escape_default());
            return self.refuse(text.span(), what, remedy);
        }
        id
    }

    fn portal(&mut self, text: &raw::Text) -> Option<Url> {
        let url = self.secure_url(text, ADDRESS)?;
        if url.query().is_some() || url.fragment().is_some() {
            return self.refuse(text.span(), "a portal's address has no `?` and no `#`", ADDRESS);
        }
        Some(url)
    }

    /// The hosts that the handshake may name. `None` also when they default to those of a portal that is a problem.
    fn allowed_hosts(&mut self, said: Said<Vec<raw::Text>>, portal: Option<&Url>) -> Option<AllowedHosts> {
        // Plain http is only ever for a simulator on this machine, and the portal's address says whether there is one.
        let plain_loopback = portal.and_then(Url::host).is_some_and(|host| is_loopback(&host));
        let portals = || {
            let portal = portal?;
            let host = portal.host_str()?;
            Some(portal.port().map_or(host.to_owned(), |port| format!("{host}:{port}")))
        };
        match said {
            Said::Unreadable => None,
            Said::Nothing => AllowedHosts::parse(&[portals()?], plain_loopback).ok(),
            Said::Value(texts) => {
                let hosts =
                    self.each(texts, |to, text| match AllowedHosts::parse(&[text.get_ref()], false) {
                        Ok(_) => Some(text.into_inner()),
                        Err(_) => {
                            let remedy = r#"Write "members.acme.example" or "members.acme.example:8443""#;
                            to.refuse(
                                text.span(),
                                format!("`{}` is not a host", text.get_ref().escape_default()),
                                remedy,
                            )
                        }
                    })?;
                AllowedHosts::parse(&hosts, plain_loopback).ok()
            }
        }
    }
}
