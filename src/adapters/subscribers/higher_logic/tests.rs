//! What Higher Logic is sent, in both versions, and what its answers mean.

mod oracle;

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::answer::{BatchAnswer, RecordAnswer, of_v1, of_v2};
use super::formats::{country, instant, kind, last_instant, phone};
use super::*;
use crate::adapters::community_file::parse;
use crate::adapters::http::HttpAnswer;
use crate::domain::community::{CommunityText, ToldDemographic, ToldLine, ToldOrganization, ToldProfile};
use crate::domain::contact::{ContactAddress, ContactEmail, ContactLink, ContactPhone, LinkKind};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ada() -> ToldContact {
    let link = |kind, url: &str| ContactLink { kind, url: url.to_owned() };
    ToldContact {
        id: "10432-A".to_owned(),
        record_number: Some("77".to_owned()),
        first_name: "Ada".to_owned(),
        last_name: "Okafor".to_owned(),
        email: Some("ada@people.example".to_owned()),
        profile: ToldProfile {
            prefix: Some("Dr.".to_owned()),
            title: Some("Director".to_owned()),
            show_in_directory: Some(false),
            organization: Some(ToldOrganization {
                id: "ORG".to_owned(),
                name: "Clinics".to_owned(),
                has_record: true,
            }),
            bio: Some("Writes.".to_owned()),
            photo: Some("https://photos.example/a.png".to_owned()),
            links: vec![
                link(LinkKind::LinkedIn, "https://in.example/a"),
                link(LinkKind::Website, "https://a.example"),
            ],
            emails: vec![ContactEmail {
                address: "a@work.example".to_owned(),
                kind: Some("Work email".to_owned()),
                primary: false,
                show_in_directory: Some(true),
            }],
            phones: vec![
                ContactPhone {
                    number: "(202) 555 0142".to_owned(),
                    kind: Some("Work Phone".to_owned()),
                    primary: true,
                    show_in_directory: Some(true),
                },
                ContactPhone {
                    number: "+44 20 7946 0018".to_owned(),
                    kind: None,
                    primary: false,
                    show_in_directory: None,
                },
            ],
            addresses: vec![ContactAddress {
                lines: vec!["1 Main St".to_owned(), "Floor 2".to_owned(), "Door 3".to_owned()],
                city: Some("Boston".to_owned()),
                state: Some("MA".to_owned()),
                postal_code: Some("02101".to_owned()),
                country: Some("United States".to_owned()),
                kind: Some("Home".to_owned()),
                primary: true,
                show_in_directory: Some(true),
            }],
            ..ToldProfile::default()
        },
        is_member: true,
        member_since: Some(at("2019-03-01T05:00:00Z")),
        member_until: Some(at("2027-02-01T05:00:00Z")),
        groups: vec![
            ToldLine {
                id: "MBR".to_owned(),
                role: None,
                name: "Regular".to_owned(),
                community_type: None,
                member: true,
                joined: Some(at("2019-03-01T05:00:00Z")),
                since: Some(at("2026-01-01T05:00:00Z")),
                until: Some(at("2027-02-01T05:00:00Z")),
            },
            ToldLine {
                id: "committee-77".to_owned(),
                role: Some("Chair".to_owned()),
                name: "Education".to_owned(),
                community_type: Some("Committee".to_owned()),
                member: false,
                joined: None,
                since: None,
                until: None,
            },
        ],
        demographics: vec![
            ToldDemographic {
                key: "INT".to_owned(),
                name: "Interests".to_owned(),
                value: "Ocean".to_owned(),
                free_form: false,
            },
            ToldDemographic {
                key: "MOTTO".to_owned(),
                name: "Motto".to_owned(),
                value: "Go".to_owned(),
                free_form: true,
            },
        ],
    }
}

#[test]
fn a_person_in_the_words_of_version_2() {
    let expected = json!({
        "ContactDetails": {
            "ContactId": "10432-A", "AlternativeContactId": "77", "Prefix": "Dr.", "FirstName": "Ada", "LastName": "Okafor",
            "OrganizationName": "Clinics", "ParentContactId": "ORG", "Title": "Director",
            "PrimaryEmailAddress": "ada@people.example", "Bio": "Writes.", "ProfileImageURL": "https://photos.example/a.png",
            "WebsiteURL": "https://a.example", "LinkedinURL": "https://in.example/a",
            "MemberSince": "2019-03-01T05:00:00.000Z", "MemberExpiresOn": "2027-02-01T04:59:59.999Z",
            "IsMember": true, "IsOrganization": false, "IsDeleted": false, "ExcludeFromDirectory": true,
        },
        "Groups": [
            { "GroupId": "MBR", "GroupName": "Regular", "GroupType": "Membership", "Role": "",
              "InitialJoinDate": "2019-03-01T05:00:00.000Z", "BeginDate": "2026-01-01T05:00:00.000Z",
              "EndDate": "2027-02-01T04:59:59.999Z" },
            { "GroupId": "committee-77", "GroupName": "Education", "GroupType": "Committee", "Role": "Chair" },
        ],
        "Addresses": [{
            "AddressLine1": "1 Main St", "AddressLine2": "Floor 2, Door 3", "City": "Boston", "StateProvince": "MA",
            "PostalCode": "02101", "CountryCode": "US", "AddressType": "Home", "IsPrimary": true, "DoNotPublish": false,
        }],
        "PhoneNumbers": [
            { "FormattedNumber": "202-555-0142", "PhoneType": "Work", "IsPreferred": true, "DoNotPublish": false },
            { "FormattedNumber": "+44 20 7946 0018", "IsPreferred": false, "DoNotPublish": true },
        ],
        "EmailAddresses": [
            { "EmailAddress": "a@work.example", "EmailType": "Work", "IsPreferred": false, "DoNotPublish": false },
        ],
        "Demographics": [
            { "DemographicTypeKey": "INT", "DemographicTypeValue": "Interests", "DemographicKey": "Ocean",
              "DemographicValue": "Ocean", "IsFreeForm": false },
            { "DemographicTypeKey": "MOTTO", "DemographicTypeValue": "Motto", "DemographicValue": "Go", "IsFreeForm": true },
        ],
    });
    assert_eq!(v2::person(&ada()), expected);
    let bare = ToldContact { id: "1".to_owned(), ..ToldContact::default() };
    let expected = json!({
        "ContactDetails": { "ContactId": "1", "IsMember": false, "IsOrganization": false, "IsDeleted": false }, "Groups": [],
    });
    assert_eq!(v2::person(&bare), expected, "without groups all groups are over");
    let labs = ToldContact {
        last_name: "Labs".to_owned(),
        profile: ToldProfile { is_organization: true, ..ToldProfile::default() },
        ..bare
    };
    let details = v2::person(&labs)["ContactDetails"].clone();
    assert_eq!((&details["OrganizationName"], &details["IsOrganization"]), (&json!("Labs"), &json!(true)));
    assert!(details.get("LastName").is_none());
}

#[test]
fn a_person_in_the_words_of_version_1() {
    let person = v1::person(&ada());
    let expected = json!({
        "LegacyContactKey": "10432-A", "MemberID": "77", "PrefixCode": "Dr.", "FirstName": "Ada", "LastName": "Okafor",
        "CompanyName": "Clinics", "ParentMemberKey": "ORG", "Title": "Director", "EmailAddress": "ada@people.example",
        "Bio": "Writes.", "ProfileImageURL": "https://photos.example/a.png", "WebsiteURL": "https://a.example",
        "LinkedInURL": "https://in.example/a", "Phone1": "202-555-0142", "Phone1Type": "Work",
        "Address1": "1 Main St", "Address2": "Floor 2", "Address3": "Door 3", "City": "Boston", "State": "MA",
        "PostalCode": "02101", "Country": "US",
        "MemberSince": "2019-03-01T05:00:00.000Z", "MemberExpiresOn": "2027-02-01T04:59:59.999Z",
        "IsActive": true, "IsMember": true, "IsOrganization": false, "ExcludeFromDirectory": true,
    });
    assert_eq!(person["MemberDetails"], expected);
    let security = json!([{
        "GroupKey": "MBR", "GroupName": "Regular", "GroupType": "Security", "SinceDate": "2019-03-01T05:00:00.000Z",
        "BeginDate": "2026-01-01T05:00:00.000Z", "EndDate": "2027-02-01T04:59:59.999Z",
    }]);
    let communities = json!([{
        "GroupKey": "committee-77", "GroupName": "Education", "GroupType": "Committee", "RoleDescription": "Chair",
    }]);
    assert_eq!((&person["SecurityGroups"], &person["CommunityGroups"]), (&security, &communities));
    assert_eq!(person["Demographics"].as_array().unwrap().len(), 2);
    assert_eq!(v1::envelope(Some("ACME"), vec![json!(1)]), json!({ "TenantCode": "ACME", "Items": [1] }));
}

#[test]
fn a_removal_names_the_key_that_was_told() {
    let removed = RemovedContact::of(&ada());
    assert_eq!(
        v2::removed(&removed),
        json!({ "ContactDetails": { "ContactId": "10432-A", "IsDeleted": true } })
    );
    let expected = json!({
        "LegacyContactKey": "10432-A", "FirstName": "Ada", "LastName": "Okafor", "IsActive": false, "IsMember": false,
    });
    assert_eq!(v1::removed(&removed)["MemberDetails"], expected);
    let community = higher_logic(PushApi::V2, "http://127.0.0.1:1");
    let said = serde_json::to_string(&ada()).unwrap();
    let state = State::Present { said, holds: Default::default() };
    let gone = community.removed(Some(&state));
    let State::RemovedAs { said } = &gone else { panic!("{gone:?}") };
    assert_eq!(serde_json::from_str::<RemovedContact>(said).unwrap(), removed);
    assert_eq!(community.removed(Some(&gone)), gone, "also when it is looked at again");
    assert_eq!(community.removed(None), State::Removed);
}

#[test]
fn dates_numbers_and_countries_are_written_as_the_api_wants_them() {
    assert_eq!(instant(at("2026-01-02T03:04:05.6789Z")), "2026-01-02T03:04:05.678Z");
    assert_eq!(last_instant(at("2027-01-01T00:00:00Z")), "2026-12-31T23:59:59.999Z");
    for (written, told) in [
        ("2025550142", "202-555-0142"),
        ("+1 (202) 555-0142", "202-555-0142"),
        ("1.202.555.0142", "202-555-0142"),
        ("(202) 555-0142 ext. 12", "202-555-0142 x12"),
        ("202-555-0142x7", "202-555-0142 x7"),
        ("+44 20  7946 0018", "+44 20 7946 0018"),
        ("+49 30 901820", "+49 30 901820"),
        ("555-0142", "555-0142"),
        ("call Éve", "call Éve"),
        ("", ""),
    ] {
        assert_eq!(phone(written), told, "{written}");
    }
    for (said, told) in [
        ("Work Phone", Some("Work")),
        ("Mobile phone", Some("Mobile")),
        ("Cell", Some("Mobile")),
        ("Business Address", Some("Work")),
        ("Home", Some("Home")),
        ("Assistant", Some("Assistant")),
        (" ", None),
    ] {
        assert_eq!(kind(Some(said)).as_deref(), told, "{said}");
    }
    for (said, told) in [
        ("us", Some("US")),
        ("U.S.A.", Some("US")),
        ("United Kingdom", Some("GB")),
        ("México", Some("MX")),
        ("DEU", Some("DE")),
        ("Atlantis", None),
    ] {
        assert_eq!(country(said).as_deref(), told, "{said}");
    }
}

fn answer(status: u16, body: &str) -> HttpAnswer {
    let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, "30".parse().unwrap())]);
    HttpAnswer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.to_owned().into() }
}

/// An answer about the people `A` and `b` in a word or two.
fn said(found: Result<BatchAnswer, SendFailure>) -> String {
    match found {
        Ok(BatchAnswer::NotAsWhole(word)) => format!("batch {word}"),
        Ok(BatchAnswer::Each(answers)) => {
            let word = |answer: RecordAnswer| match answer {
                RecordAnswer::Taken => "taken".to_owned(),
                RecordAnswer::NotNow(word) => format!("later {word}"),
                RecordAnswer::Refused(word) => word.to_owned(),
            };
            answers.into_iter().map(word).collect::<Vec<_>>().join(", ")
        }
        Err(SendFailure::TooLarge) => "too large".to_owned(),
        Err(SendFailure::Failed { said, retry_after }) => {
            format!("failed {said} {}", retry_after.map_or(0, |time| time.as_secs()))
        }
    }
}

#[test]
fn each_answer_of_version_2_means_what_it_may_mean() {
    for (status, body, means) in [
        (200, "", "taken, taken"),
        (200, " \r\n", "taken, taken"),
        (200, "OK", "taken, taken"),
        (200, "{}", "taken, taken"),
        (200, "[]", "taken, taken"),
        (200, r#"{"count":2}"#, "taken, taken"),
        (200, r#"{"success":"true"}"#, "taken, taken"),
        (
            200,
            r#"{"success":false,"errorMessage":"bad GroupType of x@y.example"}"#,
            "batch refused_group_type",
        ),
        (200, "An error occurred", "failed an answer that cannot be read 0"),
        (200, "<html>Sign in</html>", "failed a page in place of an answer 0"),
        (
            200,
            r#"[{"ContactId":"A","Success":true},{"ContactId":"b","Success":false,"Error":"Email is invalid"}]"#,
            "taken, refused_email_address",
        ),
        (
            200,
            r#"{"Results":[{"id":"b","errors":[]},{"id":"A","errors":["FirstName missing"]}]}"#,
            "refused_name, taken",
        ),
        (
            200,
            r#"{"items":[{"status":"queued"},{"status":"failed","message":"timeout, try again"}]}"#,
            "taken, later busy",
        ),
        (200, r#"{"results":[{"contactId":"a","success":false}]}"#, "taken, taken"),
        (200, r#"{"errors":[{"key":"b","message":"no"}]}"#, "taken, refused"),
        // What is refused without a name may be any of them; a company of theirs has a name that is not theirs.
        (200, r#"{"errors":[{"message":"Email is invalid"}]}"#, "batch refused_email_address"),
        (200, r#"{"results":[{"id":"A","success":true},{"success":false}]}"#, "batch refused"),
        (
            200,
            r#"[{"success":true},{"success":true},{"success":false,"error":"Phone"}]"#,
            "batch refused_phone_number",
        ),
        (200, r#"{"success":false,"results":[{"id":"A","success":true}]}"#, "batch refused"),
        (200, r#"{"errors":["FirstName is missing"]}"#, "batch refused_name"),
        (200, r#"{"errorMessage":"Bad date"}"#, "batch refused_date"),
        (200, r#"{"error":true}"#, "batch refused"),
        (200, r#"{"errors":[],"errorMessage":"","error":false,"message":"2 contacts"}"#, "taken, taken"),
        (200, r#"["Invalid contact"]"#, "failed an answer that cannot be read 0"),
        (200, r#"["A","b"]"#, "taken, taken"),
        (200, "null", "taken, taken"),
        (201, "", "failed status 201 30"),
        (204, "", "failed status 204 30"),
        (400, "", "batch refused"),
        (400, r#"{"Message":"The CountryCode of ada@people.example"}"#, "batch refused_address"),
        (422, "x", "batch refused"),
        (413, "", "batch too_large"),
        (401, "", "failed status 401 30"),
        (403, "", "failed status 403 30"),
        (404, "", "failed status 404 30"),
        (429, "", "failed status 429 30"),
        (500, "{}", "failed status 500 30"),
        (503, "<html>", "failed status 503 30"),
    ] {
        assert_eq!(said(of_v2(&answer(status, body), &["A", "b"])), means, "{status} {body}");
    }
}

#[test]
fn version_1_has_one_verdict_for_the_batch() {
    for (status, body, means) in [
        (200, r#"{"success":true,"count":2,"errorMessage":null}"#, "taken, taken"),
        (200, r#"{"Success":"True","count":2}"#, "taken, taken"),
        (200, r#"{"success":false,"count":0,"errorMessage":"Tenant unknown"}"#, "batch refused_tenant"),
        (200, r#"{"count":2}"#, "failed an answer that cannot be read 0"),
        (200, "", "failed an answer that cannot be read 0"),
        (200, "<html>", "failed a page in place of an answer 0"),
        (400, "", "batch refused"),
        (429, "", "failed status 429 30"),
        (500, "", "failed status 500 30"),
    ] {
        assert_eq!(said(of_v1(&answer(status, body), &["A", "b"])), means, "{status} {body}");
    }
}

fn higher_logic(api: PushApi, base: &str) -> HigherLogic {
    let settings = PushSettings {
        api,
        url: Url::parse(&format!("{base}/push")).unwrap(),
        api_key: SecretString::from("the key"),
        key_header: "ApiKey".parse().unwrap(),
        tenant_code: Some("ACME".to_owned()),
        batch: 8,
    };
    let text = CommunityText { text: "time_zone = \"UTC\"".to_owned() };
    let mapping = Arc::new(parse(&text.text).unwrap());
    let mapping = Arc::new(ArcSwap::from_pointee(CommunityInForce { version: 1, text, mapping }));
    let limits = HttpLimits { total: Duration::from_millis(400), ..LIMITS };
    HigherLogic::within(limits, settings, mapping).unwrap()
}

#[test]
fn nothing_of_it_shows_the_key() {
    let settings = higher_logic(PushApi::V2, "http://127.0.0.1:1").sender.settings;
    assert!(!format!("{settings:?}").contains("the key"));
}
