//! The annotated samples that `membergate check --print-sample` prints.
//!
//! They are the files in `config/`, compiled in, so that print and file cannot differ.

/// A configuration with every key.
pub const CONFIGURATION: &str = include_str!("../../config/membergate.toml");

/// A role mapping with every kind of condition.
pub const RULES: &str = include_str!("../../config/rules.toml");

/// What a community is told, with every key.
pub const COMMUNITY: &str = include_str!("../../config/community.toml");

/// The JSON Schema of the configuration, for editors.
pub const SCHEMA: &str = include_str!("../../config/membergate.schema.json");

/// The JSON Schema of a rules file.
pub const RULES_SCHEMA: &str = include_str!("../../config/rules.schema.json");

/// The JSON Schema of a community file.
pub const COMMUNITY_SCHEMA: &str = include_str!("../../config/community.schema.json");

/// A whole configuration with GrowthZone. Its secrets are in `SECRET`, `KEY` and `STORE`.
#[cfg(test)]
pub(crate) const GROWTHZONE: &str = r#"
[association]
name = "Acme Society"
[ams]
kind = "growthzone"
[ams.production]
host = "https://acme.growthzoneapp.com"
client_id = "membergate"
client_secret = { env = "SECRET" }
api_key = { env = "KEY" }
[store]
path = "gate.sqlite"
secret_keys = [{ env = "STORE" }]
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
"#;

/// The tables that every configuration needs, all but a site. Its secrets are in `SECRET` and `SECRET_KEY`.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) const ESSENTIALS: &str = r#"
[association]
name = "Acme Society"
[ams.production]
portal = "https://members.acme.example"
app_name = "acmeGatewayLIVE"
app_key = { env = "SECRET" }
user_email = "gateway@acme.example"
user_password = { env = "SECRET" }
[store]
path = "membergate.sqlite"
secret_keys = [{ env = "SECRET_KEY" }]
"#;
