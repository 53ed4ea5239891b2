//! The community at Higher Logic: how it is reached, and the file that says what it is told.

use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use toml::Spanned;
use url::Url;

use super::super::raw;
use super::super::settings::Community;
use super::super::source::Source;
use super::values::Resolving;
use crate::adapters::community_file;
use crate::adapters::subscribers::higher_logic::{BATCH, KEY_HEADERS, LARGEST_BATCH, PushApi, PushSettings};
use crate::adapters::toml_reading::Said;
use crate::domain::community::{CommunityMapping, CommunityText};
use crate::domain::directory::settings::{DirectorySettings, PeopleOnFile};

const URL: &str =
    r#"Write the base address of the Push API, such as "https://datapushapi.higherlogic.com/v2""#;
/// Where each version is; the second is in Canada.
const OF_V2: [&str; 2] =
    ["https://datapushapi.higherlogic.com/v2", "https://datapushapi.onlinecommunity.ca/v2"];
const OF_V1: &str = "https://data.higherlogic.com/push/v1";

impl Resolving<'_, '_> {
    /// `[higher_logic]`. `None`: a problem.
    pub(super) fn higher_logic(
        &mut self,
        said: Spanned<raw::HigherLogic>,
        directory: Option<&DirectorySettings>,
    ) -> Option<Community> {
        let (span, said) = (said.span(), said.into_inner());
        let is_kept = directory.is_none_or(|it| it.in_step && it.people == PeopleOnFile::Members);
        if !is_kept {
            let what =
                "people are not all kept in step with the AMS, so the community cannot be told of them";
            let remedy = "Take out `directory.in_step = false` or `directory.people = \"signed_in\"`, or `[higher_logic]`";
            self.reading.problem(span.clone(), what, remedy);
        }
        let api = self.choice(said.api, PushApi::V2, &[("v2", PushApi::V2), ("v1", PushApi::V1)]);
        let region = self.choice(said.region, 0, &[("us", 0), ("canada", 1)]);
        let url = self.optional(said.url, |to, text| to.push_url(&text));
        let example = r#"api_key = { env = "MEMBERGATE_HIGHER_LOGIC_KEY" }"#;
        let found = Some("Higher Logic gives it to you");
        let api_key = self.required_from(said.api_key, &span, "higher_logic.api_key", example, found);
        let api_key = api_key.and_then(|source| self.header_secret(&source));
        let key_header = self.optional(said.api_key_header, |to, text| to.header_name(&text));
        let tenant_code = self.optional(said.tenant_code, |to, text| {
            let is_plain = text.get_ref().bytes().all(|byte| byte.is_ascii_graphic());
            match is_plain && !text.get_ref().is_empty() {
                true => Some(text.get_ref().clone()),
                false => to.refuse(
                    text.span(),
                    "this is not a tenant code",
                    "Write the code as Higher Logic gave it",
                ),
            }
        });
        if api == Some(PushApi::V1) && tenant_code.as_ref().is_some_and(Option::is_none) {
            let remedy = "Write `tenant_code = \"…\"` below `[higher_logic]`. Higher Logic gives it to you";
            self.reading.missing(span.clone(), "`higher_logic.tenant_code` is missing", remedy);
        }
        let batch = said.batch.or(|| Spanned::new(0..0, usize::from(BATCH))).and_then(|number| {
            let fits =
                u16::try_from(*number.get_ref()).ok().filter(|count| (1..=LARGEST_BATCH).contains(count));
            let what = format!("`{}` people cannot be in one request", number.get_ref());
            fits.or_else(|| {
                self.refuse(number.span(), what, format!("Write a number from 1 to {LARGEST_BATCH}"))
            })
        });
        let mapping = self.community_mapping(said.community);
        let (api, region, url) = (api?, region?, url?);
        let usual = match api {
            PushApi::V1 => OF_V1,
            PushApi::V2 => OF_V2.get(region).copied().unwrap_or_default(),
        };
        let usual_header = KEY_HEADERS.into_iter().find(|(of, _)| *of == api).map(|(_, name)| name);
        let key_header = key_header?.or_else(|| HeaderName::try_from(usual_header?).ok())?;
        let url = match url {
            Some(url) => url,
            None => Url::parse(usual).ok()?,
        };
        let (file, text, mapping) = mapping?;
        let (api_key, tenant_code, batch) = (api_key?, tenant_code?, batch?);
        let push = PushSettings { api, url, api_key, key_header, tenant_code, batch };
        Some(Community { push, file, text, mapping: Arc::new(mapping) })
    }

    /// A secret that goes into a header.
    fn header_secret(&mut self, source: &Source) -> Option<SecretString> {
        let secret = self.secret(source)?;
        if HeaderValue::from_str(secret.expose_secret()).is_ok() {
            return Some(secret);
        }
        let what = format!("the key in {} cannot be sent in a header", source.name());
        self.refuse(
            source.span(),
            what,
            "Take out what is no letter, digit or sign, such as an end of a line",
        )
    }

    fn push_url(&mut self, text: &raw::Text) -> Option<Url> {
        let url = self.secure_url(text, URL)?;
        if url.query().is_some() || url.fragment().is_some() {
            return self.refuse(text.span(), "this address has a `?` or a `#`", URL);
        }
        Some(url)
    }

    fn header_name(&mut self, text: &raw::Text) -> Option<HeaderName> {
        let remedy = "Write a name such as \"ApiKey\"";
        let name = HeaderName::try_from(text.get_ref().as_str()).ok();
        name.or_else(|| {
            self.refuse(text.span(), format!("`{}` is not a header's name", text.get_ref()), remedy)
        })
    }

    fn community_mapping(
        &mut self,
        said: Said<raw::Text>,
    ) -> Option<(PathBuf, CommunityText, CommunityMapping)> {
        let said = said.or(|| Spanned::new(0..0, "community.toml".to_owned()))?;
        let (path, text) = self.readable(&said)?;
        match community_file::parse(&text) {
            Ok(mapping) => Some((path, CommunityText { text }, mapping)),
            Err(problems) => {
                let file = path.display().to_string();
                problems.into_iter().for_each(|problem| self.reading.add(problem.in_file(&*file)));
                None
            }
        }
    }
}
