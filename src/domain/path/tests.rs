//! Readings as tables, and their properties.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::readings::MOST_READINGS;
use super::*;

#[track_caller]
fn readings(raw: &str, platform: Platform) -> BTreeSet<String> {
    let path = RequestPath::parse_for(raw, platform).unwrap_or_else(|fault| panic!("{raw}: {fault}"));
    path.readings().map(str::to_owned).collect()
}

#[track_caller]
fn reads(raw: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(readings(raw, Platform::Any), expected, "{raw}");
}

#[test]
fn a_plain_path_has_one_reading_and_it_is_not_copied() {
    for raw in
        ["/", "/members/", "/a.b/..c/.well-known/...", "/~x/a:b@c,d=e&f+g!$'()*", "/index.php/Talk:Main_Page"]
    {
        let path = RequestPath::parse(raw).unwrap();
        assert_eq!(
            (path.literal(), path.has_one_reading(), path.is_ambiguous()),
            (raw, true, false),
            "{raw}"
        );
        assert!(matches!(path.literal, Cow::Borrowed(_)) && path.others.capacity() == 0, "{raw}");
    }
}

/// What has no spelling but its escape has one reading, and no setting refuses it.
#[test]
fn an_escape_that_is_needed_is_undone() {
    for (raw, reading) in [
        ("/caf%C3%A9", "/café"),
        ("/a%20b/100%25", "/a b/100%"),
        ("/100%25%20done", "/100% done"),
        ("/members%23/x%3Fy", "/members#/x?y"),
        ("/%E6%97%A5%E6%9C%AC", "/日本"),
    ] {
        reads(raw, &[reading]);
        assert!(!RequestPath::parse(raw).unwrap().is_ambiguous(), "{raw}");
    }
}

#[test]
fn addresses_of_real_applications_have_these_readings() {
    reads("/index.php/Steins;Gate", &["/index.php/Steins;Gate", "/index.php/Steins"]);
    reads("/wiki/A//B", &["/wiki/A//B", "/wiki/A/B"]);
    reads("/wiki/AC%2FDC", &["/wiki/AC%2FDC", "/wiki/AC/DC"]);
    reads("/@scope%2fpkg", &["/@scope%2fpkg", "/@scope/pkg"]);
    reads("/%40scope%2Fpkg", &["/%40scope%2Fpkg", "/@scope%2Fpkg", "/@scope/pkg"]);
    reads("/caf%E9", &["/café"]);
    reads("/back%5Cslash", &["/back%5Cslash", "/back\\slash", "/back/slash"]);
    reads("/%6dembers", &["/%6dembers", "/members"]);
    reads("/a%2520b", &["/a%20b", "/a b"]);
    reads("/a/./b/../c", &["/a/./b/../c", "/a/c"]);
}

/// Each way around a rule for `/members` that servers have opened.
#[test]
fn every_way_to_a_restricted_page_has_it_among_its_readings() {
    for raw in [
        "//members/x",
        "//public/members/x",
        "///public/members/x",
        "/%2fpublic/members/x",
        "/%5cpublic/members/x",
        "/.//public/members/x",
        "/%6dembers/x",
        "/%256dembers/x",
        "/public/../members/x",
        "/public/%2e%2e/members/x",
        "/public/%252e%252e/members/x",
        "/public/..%2fmembers/x",
        "/public%2f..%2fmembers%2fx",
        "/public/..%252fmembers/x",
        "/public/..;/members/x",
        "/public/..;a=b/members/x",
        "/public/..%3b/members/x",
        "/public/%2e%2e;x/members/x",
        "/members;a=b/x",
        "/members;/x",
        "/members%3ba=b/x",
        "/;a/members/x",
        "/./members/x",
        "/.;/members/x",
        "/public\\..\\members\\x",
        "/public/..%5cmembers/x",
        "/public/..%255cmembers/x",
        "/%5cmembers/x",
        "/public//../../members/x",
        "/a/..//members/x",
        "/..%2f..%2fmembers/x",
        "/../members/x",
        "/members//x",
        "/members/%2e/x",
    ] {
        assert!(
            readings(raw, Platform::Any).contains("/members/x"),
            "{raw}: {:?}",
            readings(raw, Platform::Any)
        );
    }
    // Cut to the end of the path, as the last segment, and of each.
    reads("/a;x/b;y", &["/a;x/b;y", "/a/b", "/a", "/a;x/b"]);
    // A server that keeps encoded slashes and decodes the rest; one that then decodes again.
    assert!(readings("/%6dembers/a%2Fb", Platform::Any).contains("/members/a%2Fb"));
}

/// Bytes that are no UTF-8 do not hide those around them that are.
#[test]
fn bytes_that_are_no_utf_8_are_read_by_both_tables() {
    reads("/%C3%BCber/%FF", &["/über/ÿ", "/Ã¼ber/ÿ"]);
    reads("/%80%93", &["/€“"]);
    reads("/%C0gua", &["/Àgua"]);
    assert!(RequestPath::parse("/caf%E9").unwrap().is_ambiguous());
}

#[test]
fn what_no_server_should_get_is_refused() {
    use PathFault::*;
    for (raw, fault) in [
        ("members", NotAbsolute),
        ("", NotAbsolute),
        ("\\members", NotAbsolute),
        ("/a b", RawCharacter),
        ("/a#b", RawCharacter),
        ("/é", RawCharacter),
        ("/a%00", ControlCharacter),
        ("/a%2500", ControlCharacter),
        ("/a%0d%0a", ControlCharacter),
        ("/a%0A", ControlCharacter),
        ("/a%250dx", ControlCharacter),
        ("/a%7f", ControlCharacter),
        ("/a%09", ControlCharacter),
        ("/a%zz", BrokenEscape),
        ("/a%4", BrokenEscape),
        ("/a%", BrokenEscape),
        ("/%u002f", BrokenEscape),
        ("/%%32%66", BrokenEscape),
        ("/a;x%/b", BrokenEscape),
        ("/%c0%af", OverlongUtf8),
        ("/%25c0%25af", OverlongUtf8),
        ("/%C1%9C", OverlongUtf8),
        ("/%e0%80%af", OverlongUtf8),
        ("/%f0%80%80%af", OverlongUtf8),
        ("/%f8%80%80%80%af", OverlongUtf8),
        ("/%fc%80%80%80%80%af", OverlongUtf8),
        ("/%c0%80", OverlongUtf8),
        ("/a;b/..//%2e%2e/c%5cd%252fe;f", TooManyReadings),
    ] {
        assert_eq!(RequestPath::parse(raw), Err(fault), "{raw}");
    }
    // Decoded once it is legal; a second decoding does not apply to it.
    reads("/%25zz", &["/%zz"]);
    reads("/100%25", &["/100%"]);
    // A third decoding is done by nobody.
    assert!(!readings("/a%25252fb", Platform::Any).contains("/a/b"));
}

#[test]
fn a_long_path_costs_no_more_than_its_limit() {
    let long = format!("/{}", "%C3%A9/".repeat(8000));
    assert!(RequestPath::parse(&long).unwrap().has_one_reading());
    let long = format!("/a;b//{}", "%2f/x".repeat(8000));
    assert_eq!(RequestPath::parse(&long), Err(PathFault::TooManyReadings));
}

#[test]
fn a_site_that_refuses_ambiguity_refuses_these() {
    for raw in [
        "/a//b",
        "/a/./b",
        "/a/../b",
        "/a%2fb",
        "/a%5cb",
        "/a\\b",
        "/a;b",
        "/a%3bb",
        "/a%252e",
        "/%256d",
        "/caf%E9",
        "/a/%2e%2e/b",
        "//a",
    ] {
        assert!(RequestPath::parse(raw).unwrap().is_ambiguous(), "{raw}");
    }
    for raw in ["/%6dembers", "/a%2Eb", "/caf%C3%A9", "/a%20b/100%25", "/%7Eteam/%28x%29"] {
        assert!(!RequestPath::parse(raw).unwrap().is_ambiguous(), "{raw}");
    }
}

#[test]
fn windows_reads_more_into_a_path() {
    for raw in [
        "/members./x",
        "/members.../x",
        "/members%20/x",
        "/members%20.%20/x.",
        "/members/x::$DATA",
        "/members::$INDEX_ALLOCATION/x",
        "/members:$i30:$INDEX_ALLOCATION/x:stream",
        "/members\\x",
        "/public/..%20/members/x",
        "/public/..%5cmembers%5cx.",
        "/%25u006dembers/x",
        "/public/..%25u002fmembers/x",
        "/public/..%EF%BC%8Fmembers/x",
        "/%EF%BD%8Dembers/x",
        "/public%E2%88%95..%E2%88%95members/x",
    ] {
        assert!(readings(raw, Platform::Windows).contains("/members/x"), "{raw}");
        assert!(RequestPath::parse_for(raw, Platform::Windows).unwrap().is_ambiguous(), "{raw}");
    }
    for raw in [
        "/MEMBER~1/x",
        "/a/MEMBE~12.HTM",
        "/ME3F2A~1",
        "/m%3C%3C",
        "/a%22",
        "/MEMBER~1./x",
        "/MEMBER~1:s",
        "/%7E/x~1",
    ] {
        assert_eq!(RequestPath::parse_for(raw, Platform::Windows), Err(PathFault::WindowsAlias), "{raw}");
        assert!(RequestPath::parse(raw).is_ok(), "{raw}");
    }
    for raw in ["/members", "/a.b/c.html", "/~team", "/article-about~2026", "/x~y", "/a.b~1.c"] {
        assert!(RequestPath::parse_for(raw, Platform::Windows).unwrap().has_one_reading(), "{raw}");
    }
    assert!(RequestPath::parse("/members./x").unwrap().has_one_reading(), "only where a site says so");
}

fn a_raw_path() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "/", "/", "/", "a", "b", "members", ".", "..", ";", "\\", "%2f", "%5c", "%3b", "%2e", "%25", "%61",
        "%20", "%C3%A9", "%E9", "%252f", "%255c", "x=y", ":", "~1", "%u0061",
    ]);
    prop::collection::vec(piece, 0..7).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// A reading that can be sent as it is leads to no reading that was not there, but by decoding a third time.
    #[test]
    fn the_closure_is_closed(raw in a_raw_path()) {
        let Ok(path) = RequestPath::parse(&raw) else { return Ok(()) };
        for reading in path.readings() {
            let is_raw = reading.is_ascii() && !reading.contains(['%', ' ', '#', '?']);
            if let (true, Ok(again)) = (is_raw, RequestPath::parse(reading)) {
                for next in again.readings() {
                    prop_assert!(path.readings().any(|known| known == next), "{} {} {}", raw, reading, next);
                }
            }
        }
    }

    #[test]
    fn there_are_at_most_32_readings_each_once_and_each_absolute(raw in a_raw_path()) {
        for platform in [Platform::Any, Platform::Windows] {
            let Ok(path) = RequestPath::parse_for(&raw, platform) else { continue };
            let all: Vec<&str> = path.readings().collect();
            prop_assert!(all.len() <= MOST_READINGS);
            prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
            prop_assert!(all.iter().all(|reading| reading.starts_with('/')), "{} {:?}", raw, all);
        }
    }

    /// Windows only adds, and whoever refuses ambiguity accepts nothing that was refused.
    #[test]
    fn windows_only_adds_readings(raw in a_raw_path()) {
        let any = RequestPath::parse(&raw);
        let windows = RequestPath::parse_for(&raw, Platform::Windows);
        if let (Ok(any), Ok(windows)) = (&any, &windows) {
            prop_assert_eq!(any.literal(), windows.literal());
            for reading in any.readings() {
                prop_assert!(windows.readings().any(|other| other == reading), "{} {}", raw, reading);
            }
            prop_assert!(windows.is_ambiguous() || !any.is_ambiguous());
        }
        prop_assert!(any.is_ok() || windows.is_err());
    }
}
