//! Decisions as tables, and against a slow reader of rules that was written by other means.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

fn rule(path: &str, methods: &[&str], require: Require) -> AccessRule {
    AccessRule {
        path: PathPattern::parse(path).unwrap(),
        methods: methods.iter().map(|m| (*m).to_owned()).collect(),
        require,
    }
}

fn site(access: Vec<AccessRule>) -> Site {
    Site {
        name: "library".into(),
        title: "Library".into(),
        origin: "https://library.example".into(),
        host: "library.example".into(),
        prefix: PathPattern::parse("/").unwrap(),
        home: "/".into(),
        paths: PathPolicy::default(),
        access,
    }
}

fn holding(roles: &[&str]) -> Standing {
    Standing {
        unread: Default::default(),
        id: IndividualId::parse("b3a1").unwrap(),
        profile: Profile::default(),
        decision: Decision {
            admitted: true,
            member: true,
            roles: roles.iter().map(|r| Role::parse(r).unwrap()).collect::<BTreeSet<_>>(),
            membership_type: None,
            membership_code: None,
            membership_expires: None,
            holds_until: None,
            trace: Vec::new(),
            warnings: Vec::new(),
        },
    }
}

#[test]
fn a_site_knows_how_visitors_write_its_address() {
    for (origin, authority, port) in [
        ("https://library.example", "library.example", 443),
        ("http://localhost:8080", "localhost:8080", 8080),
        ("http://localhost", "localhost", 80),
        ("https://[2001:db8::1]", "[2001:db8::1]", 443),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443", 8443),
    ] {
        let site = Site { origin: origin.into(), ..site(vec![]) };
        assert_eq!((site.authority(), site.port()), (authority, port));
    }
    for (one, same) in [
        ("library.example", true),
        ("LIBRARY.example:8443", true),
        ("library.example.", false),
        ("library.example.:8443", false),
        ("www.library.example", false),
    ] {
        assert_eq!(is_same_host_name(one, "library.example:443"), same, "{one}");
    }
}

#[track_caller]
fn check(request: &str, who: Option<&[&str]>, expect: &str) {
    let role = |r: &str| Role::parse(r).unwrap();
    let rules = vec![
        rule("/", &["OPTIONS"], Require::Public),
        rule("/board/minutes", &[], Require::AllOf(vec![role("board"), role("member")])),
        rule("/board", &[], Require::AnyOf(vec![role("board"), role("staff")])),
        rule("/nobody", &[], Require::AllOf(vec![])),
        rule("/read", &["GET"], Require::SignedIn),
        rule("/read", &["POST"], Require::Public),
        rule("/public", &[], Require::Public),
        rule("/**/*.css", &["GET"], Require::Public),
    ];
    let (method, path) = request.split_once(' ').unwrap();
    let answer = verdict(rules, path, method, who);
    assert_eq!(answer, expect, "{request} {who:?}");
}

#[test]
fn the_first_rule_that_covers_a_request_decides() {
    check("GET /public/a", None, "granted");
    check("GET /Public/a", None, "sign in");
    check("GET /", None, "sign in");
    check("GET /", Some(&[]), "granted");
    check("GET /site.css", None, "granted");
    check("POST /site.css", None, "sign in");
    check("OPTIONS /board", None, "granted");
    check("GET /board", None, "sign in");
    check("GET /board", Some(&["member"]), "refused");
    check("GET /board", Some(&["staff"]), "granted");
    check("GET /BOARD/x.html", Some(&["member"]), "refused");
    check("GET /%62oard/x.html", Some(&["member"]), "refused");
    check("GET /board/x.css", None, "sign in");
    check("GET /board/minutes", Some(&["board"]), "refused");
    check("GET /board/minutes", Some(&["board", "member"]), "granted");
    check("HEAD /read", None, "sign in");
    check("FOO /read", None, "sign in");
    check("POST /read", None, "granted");
    check("HEAD /site.css", None, "granted");
    check("GET /nobody", Some(&["board", "member"]), "refused");
}

#[test]
fn a_person_whom_the_ams_does_not_admit_gets_only_public_pages() {
    let site = site(vec![rule("/public", &[], Require::Public)]);
    let mut standing = holding(&["member"]);
    standing.decision.admitted = false;
    let path = RequestPath::parse("/x").unwrap();
    assert!(matches!(decide(&site, &path, "GET", Visitor::SignedIn(&standing)), Access::Refused(_)));
}

#[test]
fn the_longest_prefix_finds_the_site() {
    let under = |name: &str, prefix: &str| Site {
        name: name.into(),
        prefix: PathPattern::parse(prefix).unwrap(),
        ..site(vec![])
    };
    let sites = Sites::new([under("all", "/"), under("shop", "/shop"), under("news", "/shop/news")]);
    for (path, name) in [("/", "all"), ("/shop/x", "shop"), ("/shop/news/1", "news"), ("/shopping", "all")] {
        let found = sites.locate("library.example", path).unwrap().site.unwrap();
        assert_eq!(&*found.name, name, "{path}");
    }
    assert!(sites.locate("other.example", "/").unwrap().site.is_none());
}

#[test]
fn the_round_of_hosts_comes_by_each_once() {
    let at = |host: &str| Site { name: host.into(), host: host.into(), ..site(vec![]) };
    let sites = Sites::new([at("b.example"), at("c.example"), at("a.example")]);
    let next = |host| &*sites.next_host(host).unwrap().host;
    assert_eq!(
        [next("a.example"), next("b.example"), next("c.example")],
        ["b.example", "c.example", "a.example"]
    );
    assert_eq!(&*Sites::new([at("a.example")]).next_host("a.example").unwrap().host, "a.example");
}

#[test]
fn a_host_is_compared_without_port_dot_or_case() {
    for (authority, host) in [
        ("ADMIN.Example.", Some("admin.example")),
        ("a.example:8443", Some("a.example")),
        ("localhost:8080", Some("localhost")),
        ("[::1]:80", Some("[::1]")),
        ("[::1]", Some("[::1]")),
        ("a.example:80:80", None),
        ("a.example:x", None),
        ("a@b.example", None),
        ("a b", None),
        ("[::1", None),
        ("[::1]x", None),
        ("", None),
        (".", None),
    ] {
        assert_eq!(normal_host(authority).as_deref(), host, "{authority}");
    }
}

/// Reads rules as their documentation has it, with no regard to speed: S-09 and S-10.
mod slowly {
    use super::*;

    pub(super) fn decide(
        rules: &[AccessRule],
        path: &str,
        method: &str,
        roles: Option<&[&str]>,
    ) -> &'static str {
        let Some(rule) = rules.iter().find(|rule| speaks(rule, method) && covers(rule, path)) else {
            return if roles.is_some() { "granted" } else { "sign in" };
        };
        let has = |role: &Role| roles.unwrap_or_default().contains(&role.as_str());
        let is_enough = match &rule.require {
            Require::Public => return "granted",
            _ if roles.is_none() => return "sign in",
            Require::SignedIn => true,
            Require::AnyOf(needed) => needed.iter().any(has),
            Require::AllOf(needed) => needed.iter().filter(|role| has(role)).count() == needed.len(),
        };
        if is_enough { "granted" } else { "refused" }
    }

    fn speaks(rule: &AccessRule, method: &str) -> bool {
        let is_named =
            rule.methods.iter().any(|named| named == method || (named == "GET" && method == "HEAD"));
        let restricts = rule.require != Require::Public;
        rule.methods.is_empty() || is_named || (restricts && method == "PURGE")
    }

    pub(super) fn covers(rule: &AccessRule, path: &str) -> bool {
        let (mut pattern, mut path) = (rule.path.as_str().to_owned(), path.to_owned());
        if rule.require != Require::Public {
            (pattern, path) = (pattern.to_ascii_lowercase(), path.to_ascii_lowercase());
        }
        let segments = |text: &str| -> Vec<String> {
            text.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
        };
        let (pattern, path) = (segments(&pattern), segments(&path));
        if pattern.iter().all(|segment| !segment.contains('*')) {
            return path.starts_with(&pattern);
        }
        all(&pattern, &path)
    }

    fn all(pattern: &[String], path: &[String]) -> bool {
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((first, rest)), _) if first == "**" => {
                (0..=path.len()).any(|skipped| all(rest, &path[skipped..]))
            }
            (Some((first, rest)), Some((segment, more))) => one(first, segment) && all(rest, more),
            _ => false,
        }
    }

    fn one(pattern: &str, segment: &str) -> bool {
        match pattern.split_once('*') {
            None => pattern == segment,
            Some((head, rest)) => segment.strip_prefix(head).is_some_and(|left| {
                (0..=left.len()).any(|skipped| left.is_char_boundary(skipped) && one(rest, &left[skipped..]))
            }),
        }
    }
}

fn a_rule() -> impl Strategy<Value = AccessRule> {
    let segment = select(vec!["a", "A", "b", "ab", "*", "**", "a*", "*b", "*A*", "b*a"]);
    let pattern = vec(segment, 0..4).prop_map(|segments| format!("/{}", segments.join("/")));
    let methods = subsequence(vec!["GET", "POST", "DELETE", "PURGE"], 0..3);
    let roles = subsequence(vec!["member", "board", "staff"], 1..3);
    let require = (0..4, roles).prop_map(|(kind, roles)| {
        let roles = roles.into_iter().map(|role| Role::parse(role).unwrap()).collect();
        match kind {
            0 => Require::Public,
            1 => Require::SignedIn,
            2 => Require::AnyOf(roles),
            _ => Require::AllOf(roles),
        }
    });
    (pattern, methods, require).prop_map(|(pattern, methods, require)| rule(&pattern, &methods, require))
}

fn a_path() -> impl Strategy<Value = String> {
    let segment = select(vec!["a", "A", "%61", "b", "B", "ab", "aB", "ba", "bba", "c"]);
    (vec(segment, 0..5), any::<bool>()).prop_map(|(segments, slash)| {
        let path = format!("/{}", segments.join("/"));
        if slash && path.len() > 1 { path + "/" } else { path }
    })
}

fn verdict(access: Vec<AccessRule>, path: &str, method: &str, roles: Option<&[&str]>) -> &'static str {
    let (site, standing) = (site(access), roles.map(holding));
    let visitor = standing.as_ref().map_or(Visitor::Stranger, Visitor::SignedIn);
    match decide(&site, &RequestPath::parse(path).unwrap(), method, visitor) {
        Access::Granted(_) => "granted",
        Access::SignIn => "sign in",
        Access::Refused(_) => "refused",
    }
}

#[test]
fn a_request_is_granted_only_if_every_reading_is() {
    check("GET /public/../board", Some(&["member"]), "refused");
    check("GET /public/../board", Some(&["board"]), "granted");
    check("GET /board/../public", None, "sign in");
    check("GET /public%2f..%2fboard", Some(&["member"]), "refused");
    check("GET /board;x/y", Some(&["member"]), "refused");
    check("GET /public;x/board", None, "sign in");
    check("GET /public/a;b", None, "granted");
    check("GET /public/a//b%2Fc", None, "granted");
    check("GET /%70ublic/a", None, "sign in");
    check("GET /public%2Fa", None, "sign in");
    check("GET //public", None, "sign in");
    check("GET /a%2Fb.css", None, "granted");
    check("GET /a/b.css;.js", None, "sign in");
    check("GET /a/b.js;.css", None, "sign in");
    check("GET /board/a%2F..%2Fb.css", Some(&["member"]), "refused");
}

#[test]
fn a_closed_reading_is_told_by_its_rule() {
    let site = site(vec![rule("/board", &[], Require::SignedIn), rule("/", &[], Require::Public)]);
    let told = |path| {
        let path = RequestPath::parse(path).unwrap();
        closed_by_reading(&site, &path, "GET", Visitor::Stranger).map(str::to_owned)
    };
    assert_eq!(told("/a/../board").as_deref(), Some("/board"));
    assert_eq!(told("/board/../a"), None, "it is closed as it is written");
    assert_eq!(told("/a//b"), None);
    assert_eq!(told("/board"), None);
}

#[test]
fn readings_of_different_sites_are_refused() {
    let under = |name: &str, prefix: &str, paths: PathPolicy| Site {
        name: name.into(),
        prefix: PathPattern::parse(prefix).unwrap(),
        paths,
        ..site(vec![])
    };
    let strict = PathPolicy { refuses_ambiguous: true, ..PathPolicy::default() };
    let sites = Sites::new([under("all", "/", PathPolicy::default()), under("shop", "/shop", strict)]);
    let at = |raw| sites.locate("library.example", raw).map(|at| at.site.unwrap().name.to_string());
    for (raw, expect) in [
        ("/a//b", Ok("all")),
        ("/shopping;x", Ok("all")),
        ("/shop/a", Ok("shop")),
        ("/shop/caf%C3%A9", Ok("shop")),
        ("/shop/a//b", Err(PathFault::Ambiguous)),
        ("/shop/a;b", Err(PathFault::Ambiguous)),
        ("/shop;x/a", Err(PathFault::SeveralSites)),
        ("/%73hop/a", Err(PathFault::SeveralSites)),
        ("//shop/a", Err(PathFault::SeveralSites)),
        ("/shop/../a", Err(PathFault::SeveralSites)),
        ("/shop%2Fa", Err(PathFault::SeveralSites)),
        ("/a%zz", Err(PathFault::BrokenEscape)),
    ] {
        assert_eq!(at(raw), expect.map(str::to_owned), "{raw}");
    }
    let windows = PathPolicy { platform: crate::domain::path::Platform::Windows, ..PathPolicy::default() };
    let sites = Sites::new([under("all", "/", windows), under("shop", "/shop", PathPolicy::default())]);
    let at = |raw| sites.locate("library.example", raw).map(|at| at.site.unwrap().name.to_string());
    assert_eq!(at("/shop./a"), Err(PathFault::SeveralSites));
    assert_eq!(at("/a./b"), Ok("all".to_owned()));
    assert!(sites.locate("other.example", "/shop./a").unwrap().path.has_one_reading());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_slow_reader_of_the_rules_decides_the_same(
        rules in vec(a_rule(), 0..6),
        path in a_path(),
        method in select(vec!["GET", "HEAD", "POST", "DELETE", "PURGE"]),
        roles in option::of(subsequence(vec!["member", "board", "staff"], 0..4)),
    ) {
        let roles = roles.as_deref();
        let readings = [path.clone(), path.replace("%61", "a")];
        let answers = readings.map(|reading| slowly::decide(&rules, &reading, method, roles));
        let expect = answers.into_iter().find(|answer| *answer != "granted").unwrap_or("granted");
        prop_assert_eq!(verdict(rules, &path, method, roles), expect);
    }

    /// Neither what comes after the rule that decides, nor rules about other paths before it.
    #[test]
    fn only_the_first_rule_that_covers_a_request_counts(
        rules in vec(a_rule(), 1..6),
        path in a_path().prop_map(|path| path.replace("%61", "a")),
        roles in option::of(subsequence(vec!["member", "board", "staff"], 0..4)),
    ) {
        let rules: Vec<AccessRule> = rules.into_iter().map(|rule| AccessRule { methods: Vec::new(), ..rule }).collect();
        let roles = roles.as_deref();
        let first = rules.iter().find(|rule| slowly::covers(rule, &path)).cloned();
        let others = rules.iter().filter(|rule| !slowly::covers(rule, &path)).rev().cloned();
        let alone = verdict(others.chain(first).collect(), &path, "GET", roles);
        prop_assert_eq!(verdict(rules, &path, "GET", roles), alone);
    }
}
