//! `[ams.production]` and `[ams.staging]` of GrowthZone: the host, its client for single sign-on and its API key. `[ams.status]`.

use secrecy::ExposeSecret as _;
use toml::Spanned;
use url::Url;

use crate::adapters::ams::growthzone::{GrowthZoneHost, PLACES, StatusWords, is_contact_id};
use crate::adapters::ams::kinds::Kind;
use crate::adapters::toml_reading::Said;
use crate::config::raw;
use crate::config::resolve::values::Resolving;

const HOST: &str =
    r#"Write the address of the association's database, such as "https://acme.growthzoneapp.com""#;

impl Resolving<'_, '_> {
    pub(super) fn growthzone(
        &mut self,
        said: Spanned<raw::Environment>,
        name: &str,
        statuses: StatusWords,
    ) -> Option<GrowthZoneHost> {
        let (span, said) = (said.span(), said.into_inner());
        let key = |key: &str| format!("ams.{name}.{key}");
        let example =
            |key: &str| format!("{key} = {{ env = \"MEMBERGATE_AMS_{}\" }}", key.to_ascii_uppercase());
        let found = |key: &str| PLACES.credentials.iter().find(|one| one.0 == key).map(|one| one.1);
        let host = r#"host = "https://acme.growthzoneapp.com""#;
        let host = self.required_from(said.host, &span, &key("host"), host, found("host"));
        let host =
            host.and_then(|text| self.only_host(&text, "the host is the address without a path", HOST));
        let mut required =
            |said, name: &str| self.required_from(said, &span, &key(name), &example(name), found(name));
        let (client_id, client_secret, api_key) = (
            required(said.client_id, "client_id"),
            required(said.client_secret, "client_secret"),
            required(said.api_key, "api_key"),
        );
        let client_id = client_id.and_then(|source| self.value(&source));
        let client_secret = client_secret.and_then(|source| self.secret(&source));
        let api_key = api_key.and_then(|source| self.secret(&source));
        let metadata = self
            .optional(said.metadata_url, |to, text| to.metadata_of(&text, host.as_ref().map(|(url, _)| url)));
        let nonce_required = said.nonce_required.or(|| Spanned::new(0..0, false)).map(Spanned::into_inner);
        let canary = self.optional(said.canary, |to, text| {
            to.canary_of(text, is_contact_id, r#"Write the ContactId of somebody, such as "1001001""#)
        });
        let (host, hosts) = host?;
        Some(GrowthZoneHost {
            name: name.to_owned(),
            host,
            hosts,
            client_id: client_id?.expose_secret().to_owned(),
            client_secret: client_secret?,
            api_key: api_key?,
            metadata: metadata?,
            nonce_required: nonce_required?,
            statuses,
            canary: canary?,
        })
    }

    /// The metadata lies at the one host.
    fn metadata_of(&mut self, text: &raw::Text, host: Option<&Url>) -> Option<Url> {
        let remedy = "Name an address at `host`";
        let url = self.secure_url(text, remedy)?;
        if host.is_some_and(|host| host.origin() != url.origin()) {
            return self.refuse(text.span(), "the metadata of the login is at another host", remedy);
        }
        Some(url)
    }

    /// What `[ams.status]` says. Only GrowthZone has such words.
    pub(super) fn statuses(&mut self, said: Said<raw::Statuses>, kind: Kind) -> Option<StatusWords> {
        let said = match said {
            Said::Nothing => return Some(StatusWords::default()),
            Said::Unreadable => return None,
            Said::Value(said) => said,
        };
        let raw::Statuses { active, grace, pending, ended, none } = said;
        let mut words = StatusWords::default();
        let mut is_sound = true;
        for (texts, (_, meaning)) in
            [active, grace, pending, ended, none].into_iter().zip(StatusWords::MEANINGS)
        {
            match texts {
                Said::Nothing => {}
                Said::Unreadable => is_sound = false,
                Said::Value(texts) => {
                    for text in texts {
                        if kind != Kind::GrowthZone {
                            self.is_of_another(kind, "status", "growthzone", text.span());
                            is_sound = false;
                        } else if !words.add(text.get_ref(), meaning) {
                            let what = format!("`{}` has two meanings", text.get_ref().escape_default());
                            self.reading.problem(text.span(), what, "Name each word once");
                            is_sound = false;
                        }
                    }
                }
            }
        }
        is_sound.then_some(words)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::adapters::ams::kinds::{AmsSettings, Kind};
    use crate::config::env::Given;
    use crate::config::sample::GROWTHZONE;
    use crate::config::{Settings, load};

    fn loaded(text: &str) -> Result<Settings, String> {
        let given = Given::default()
            .file("gate.toml", text)
            .file("rules.toml", "time_zone = \"UTC\"\nmember = \"member\"\n")
            .variable("SECRET", "a secret of the client")
            .variable("KEY", "a key of the interface")
            .variable("STORE", &"A".repeat(43));
        let told = |problems: Vec<crate::config::Problem>| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        load(Path::new("gate.toml"), &given).map_err(told)
    }

    #[test]
    fn the_host_its_client_and_its_key_are_all_it_takes() {
        let settings = loaded(GROWTHZONE).unwrap();
        let AmsSettings::GrowthZone(host) = &settings.ams.live else { panic!("another AMS") };
        assert_eq!((host.host.as_str(), host.nonce_required), ("https://acme.growthzoneapp.com/", false));
        let rate = &settings.ams.rate;
        assert_eq!((rate.per_second, rate.per_minute, rate.per_day), (2, 90, None));
        assert_eq!(settings.ams.live.kind(), Kind::GrowthZone);
        assert_eq!(settings.ams.live.environment(), "growthzone-production");
        let printed = format!("{settings:?}");
        assert!(!printed.contains("a secret of the client") && !printed.contains("a key of the interface"));
        let more =
            "nonce_required = true\ncanary = \"1001001\"\n[ams.status]\nactive = [\"Courtesy\"]\n[store]";
        let settings = loaded(&GROWTHZONE.replace("[store]", more)).unwrap();
        let AmsSettings::GrowthZone(host) = &settings.ams.live else { panic!("another AMS") };
        assert!(host.nonce_required && host.canary.is_some());
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_remedy() {
        for (from, to, part) in [
            ("host = \"https://acme.growthzoneapp.com\"", "", "`ams.production.host` is missing"),
            (".com\"", ".com/api\"", "without a path"),
            ("https://acme.gr", "http://acme.gr", "https"),
            ("[store]", "metadata_url = \"https://elsewhere.example/x\"\n[store]", "another host"),
            ("[store]", "site = \"https://www.acme.example\"\n[store]", "`site` is for `kind = \"novi\"`"),
            ("[store]", "nonce_required = 1\n[store]", "`true` or `false`"),
            ("kind = \"growthzone\"", "", "`host` is for `kind = \"growthzone\"`"),
            ("kind = \"growthzone\"", "kind = \"novi\"", "`host` is for `kind = \"growthzone\"`"),
            ("[store]", "canary = \"Dana\"\n[store]", "not the id"),
            ("[store]", "[ams.status]\nactive = [\"A\"]\nended = [\"a\"]\n[store]", "two meanings"),
        ] {
            let told = loaded(&GROWTHZONE.replacen(from, to, 1)).unwrap_err();
            assert!(told.contains(part), "{to}: {told}");
        }
    }
}
