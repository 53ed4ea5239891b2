//! The community at Higher Logic.

use super::*;
use crate::adapters::subscribers::higher_logic::PushApi;

const KEY: &str = "[higher_logic]\napi_key = { env = \"APP_KEY\" }\n";

fn community(more: &str) -> crate::config::settings::Community {
    let settings = load_text(&format!("{SMALL}{KEY}{more}"));
    settings.unwrap_or_else(|problems| panic!("{problems:#?}")).higher_logic.unwrap()
}

#[test]
fn each_api_has_an_address_and_a_header_of_its_own() {
    for (more, api, url, header) in [
        ("", PushApi::V2, "https://datapushapi.higherlogic.com/v2", "apikey"),
        ("region = \"canada\"", PushApi::V2, "https://datapushapi.onlinecommunity.ca/v2", "apikey"),
        (
            "api = \"v1\"\ntenant_code = \"T\"",
            PushApi::V1,
            "https://data.higherlogic.com/push/v1",
            "x-api-key",
        ),
        (
            "url = \"http://127.0.0.1:9/v2\"\napi_key_header = \"Key\"",
            PushApi::V2,
            "http://127.0.0.1:9/v2",
            "key",
        ),
    ] {
        let push = community(more).push;
        assert_eq!((push.api, push.url.as_str(), push.key_header.as_str()), (api, url, header));
        assert_eq!(push.batch, 50);
    }
    assert!(load_text(SMALL).unwrap().higher_logic.is_none());
    assert!(!format!("{:?}", community("")).contains("k3yK3yK3yK3yK3yK"));
}

#[test]
fn a_key_that_no_header_takes_is_a_problem_of_the_start() {
    let machine = machine().variable("BAD", "line\nline").file("etc/community.toml", sample::COMMUNITY);
    let text = format!("{SMALL}{}", KEY.replace("APP_KEY", "BAD"));
    let problems = load(Path::new("etc/gate.toml"), &machine.file("etc/gate.toml", &text)).unwrap_err();
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(
        problems.len() == 1
            && problems[0].contains("the environment variable `BAD` cannot be sent in a header")
            && !problems[0].contains("line\nline"),
        "{problems:?}"
    );
}

#[test]
fn the_contact_of_people_is_read_where_somebody_is_told_of_it() {
    assert!(!load_text(SMALL).unwrap().reads_contact);
    assert!(load_text(&format!("{SMALL}{KEY}")).unwrap().reads_contact);
}

#[test]
fn every_problem_is_told_at_once_also_those_of_the_other_file() {
    let machine = machine().file("etc/bad.toml", "time_zone = \"Mars\"\nhonor = 1\n[[group]]\nid = \"a\"\n");
    let text = format!(
        "{SMALL}[higher_logic]\napi = \"v1\"\nurl = \"http://push.example/v1\"\nbatch = 501\napi_key_header = \"a b\"\nkey = 1\ncommunity = \"bad.toml\"\n[directory]\npeople = \"signed_in\"\n"
    );
    let problems = load(Path::new("etc/gate.toml"), &machine.file("etc/gate.toml", &text)).unwrap_err();
    insta::assert_snapshot!(problems.iter().map(|problem| format!("{problem}\n")).collect::<String>());
}
