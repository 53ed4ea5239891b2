//! The generated files are current, and what the comments say of defaults, words and secrets is so.

use serde_json::Value;

use super::*;
use crate::config::env::Given;
use crate::config::{load, sample};

/// Every section, with what is required.
const BASE: &str = r#"
[association]
name = "Acme Society"
[listen]
[ams]
[ams.production]
portal = "https://members.acme.example"
app_name = { env = "VALUE" }
app_key = { env = "VALUE" }
user_email = { env = "VALUE" }
user_password = { env = "VALUE" }
[directory]
[session]
[store]
path = "membergate.sqlite"
secret_keys = [{ env = "MEMBERGATE_SECRET_KEY" }]
[log]
[admin]
roles = ["staff"]
[[site]]
name = "www"
url = "https://www.acme.example"
upstream = "http://127.0.0.1:3000"
[[site.access]]
path = "/"
require = "signed_in"
[oidc]
[[oidc.client]]
id = "wiki"
secret = { env = "SECRET" }
redirect_uris = ["https://wiki.acme.example/callback"]
[higher_logic]
api_key = { env = "VALUE" }
tenant_code = "ACME"
"#;

fn machine(text: &str) -> Given {
    Given::default()
        .variable("VALUE", "value")
        .variable("SECRET", &"s".repeat(32))
        .variable("MEMBERGATE_SECRET_KEY", &"A".repeat(43))
        .file("gate.toml", text)
        .file("rules.toml", sample::RULES)
        .file("community.toml", sample::COMMUNITY)
}

/// The settings, or the problems, as text.
fn outcome(text: &str) -> Result<String, String> {
    let settings = load(Path::new("gate.toml"), &machine(text));
    let problems =
        |all: Vec<crate::config::Problem>| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    settings.map(|settings| format!("{settings:?}")).map_err(problems)
}

/// The keys of an environment that re:Members does not have.
const OF_NOVI: [&str; 5] = ["site", "client_id", "client_secret", "api_key", "algorithm"];
const OF_GROWTHZONE: [&str; 3] = ["host", "metadata_url", "nonce_required"];

/// `BASE` with Novi as its AMS.
fn with_novi() -> String {
    with_other("novi", r#"site = "https://www.acme.example""#)
}

/// `BASE` with GrowthZone as its AMS.
fn with_growthzone() -> String {
    with_other("growthzone", r#"host = "https://acme.growthzoneapp.com""#)
}

fn with_other(kind: &str, own: &str) -> String {
    let (start, rest) = BASE.split_once("[ams]").unwrap();
    let (_, rest) = rest.split_once("[directory]").unwrap();
    format!(
        r#"{start}[ams]
kind = "{kind}"
[ams.status]
[ams.production]
{own}
client_id = {{ env = "VALUE" }}
client_secret = {{ env = "VALUE" }}
api_key = {{ env = "VALUE" }}
[directory]{rest}"#
    )
}

/// `BASE`, or with Novi if it is about a key of that, with a key in place of what it says there.
fn with(header: &str, key: &Key, value: &str) -> String {
    let is_environment = header == "[ams.production]";
    let base = if is_environment && OF_NOVI.contains(&key.name) {
        with_novi()
    } else if header == "[ams.status]" || is_environment && OF_GROWTHZONE.contains(&key.name) {
        with_growthzone()
    } else {
        BASE.to_owned()
    };
    let (before, after) = match header {
        "" => ("", base.as_str()),
        header => base.split_at(base.find(header).unwrap_or_else(|| panic!("{header}")) + header.len() + 1),
    };
    let (section, others) = after.split_at(after.find("\n[").map_or(after.len(), |at| at + 1));
    let same = |line: &&str| !line.starts_with(&format!("{} =", key.name));
    let section: Vec<&str> = section.lines().filter(same).collect();
    format!("{before}{} = {value}\n{}\n{others}", key.name, section.join("\n"))
}

#[test]
fn the_reference_is_current() {
    assert_current("docs/configuration.md", &format!("{BEGINNING}{}", tables(&document())));
    let schema = schema(&document(), "The configuration of membergate");
    let schema = serde_json::to_string_pretty(&schema).unwrap();
    assert_current("config/membergate.schema.json", &format!("{schema}\n"));
}

#[test]
fn every_key_says_what_comes_of_leaving_it_out() {
    let exceptions = ["require", "any_of", "all_of", "secret"];
    for (header, key) in keys() {
        let says = key.is_required || key.default.is_some() || exceptions.contains(&key.name);
        assert!(says && key.meaning.ends_with('.'), "{header} {key:#?}");
        let examples = key.example.iter().chain(&key.one_of);
        assert!(examples.into_iter().all(|example| value(example).is_some()), "{header} {key:#?}");
    }
}

#[test]
fn the_defaults_are_those_that_it_says() {
    let (as_it_is, of_novi) = (outcome(BASE).unwrap(), outcome(&with_novi()).unwrap());
    let of_growthzone = outcome(&with_growthzone()).unwrap();
    let mut count = 0;
    for (header, key) in keys() {
        let Some(default) = key.default.as_deref().filter(|_| key.default_value().is_some()) else {
            continue;
        };
        let as_it_is = match key.name {
            "algorithm" => &of_novi,
            "nonce_required" => &of_growthzone,
            _ if header == "[ams.status]" => &of_growthzone,
            _ => &as_it_is,
        };
        assert_eq!(outcome(&with(&header, &key, default)).as_ref(), Ok(as_it_is), "{header} {}", key.name);
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_words_are_those_that_it_says() {
    for (header, key) in keys().into_iter().filter(|(_, key)| !key.one_of.is_empty()) {
        let said = |word: &str| match key.kind {
            Kind::List(_) => outcome(&with(&header, &key, &format!("[{word}]"))),
            _ => outcome(&with(&header, &key, word)),
        };
        for word in &key.one_of {
            let told = said(word).err().unwrap_or_default();
            assert!(
                !told.contains(&format!("`{}` is not", word.trim_matches('"'))),
                "{header} {}: {told}",
                key.name
            );
        }
        let told = said("\"nonsense\"").err().unwrap_or_default();
        assert!(told.contains("nonsense"), "{header} {}: {told}", key.name);
    }
}

#[test]
fn only_secrets_are_kept_out_of_the_file() {
    for (header, key) in keys().into_iter().filter(|(_, key)| matches!(key.kind, Kind::Source)) {
        let told = outcome(&with(&header, &key, "\"literal\"")).err().unwrap_or_default();
        assert_eq!(
            told.contains("a secret is written in the configuration"),
            key.is_secret(),
            "{header} {}: {told}",
            key.name
        );
    }
}

#[test]
fn an_editor_accepts_the_samples_and_finds_mistakes() {
    let schema = schema(&document(), "");
    let sample: Value =
        serde_json::to_value(toml::from_str::<toml::Table>(sample::CONFIGURATION).unwrap()).unwrap();
    assert_eq!(mistakes(&schema, &sample, ""), Vec::<String>::new());
    for (from, to, place) in [
        ("name = \"www\"", "nmae = \"www\"", "/site/0/nmae"),
        ("live = \"production\"", "live = \"prod\"", "/ams/live"),
        ("preserve_host = false", "preserve_host = \"no\"", "/site/1/preserve_host"),
        ("app_key = { env = \"MEMBERGATE_AMS_APP_KEY\" }", "app_key = \"secret\"", "/ams/production/app_key"),
        ("name = \"Acme Society\"", "", "/association"),
    ] {
        assert!(sample::CONFIGURATION.contains(from), "{from}");
        let text = sample::CONFIGURATION.replacen(from, to, 1);
        let changed = serde_json::to_value(toml::from_str::<toml::Table>(&text).unwrap()).unwrap();
        let found = mistakes(&schema, &changed, "");
        assert!(found.iter().any(|found| found == place), "{place}: {found:?}");
    }
}

/// The places in `value` that `schema` does not allow; only as much of JSON Schema as ours uses.
fn mistakes(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices.iter().any(|choice| mistakes(choice, value, place).is_empty());
        return if fits { vec![] } else { vec![place.to_owned()] };
    }
    let is_of_kind = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("boolean") => value.is_boolean(),
        _ => schema["enum"].as_array().is_some_and(|words| words.contains(value)),
    };
    if !is_of_kind {
        return vec![place.to_owned()];
    }
    let mut found = Vec::new();
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(mistakes(&schema["items"], item, &format!("{place}/{index}")));
    }
    let Some(object) = value.as_object() else { return found };
    for (name, inside) in object {
        let place = format!("{place}/{name}");
        match schema["properties"].get(name) {
            Some(schema) => found.extend(mistakes(schema, inside, &place)),
            None => found.push(place),
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(required.filter(|name| !object.contains_key(*name)).map(|_| place.to_owned()));
    found
}
