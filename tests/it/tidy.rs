//! The rules that a compiler cannot hold: who may import from whom, how long a file may be, what must not be said.
//!
//! Sources are read as text. Each rule is a function from one text to its violations, so that every rule is also
//! tried on a snippet that breaks it. What `ARCHITECTURE.md` says about the layers is enforced here.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::import_graph::{Graph, circles, graph};
use crate::source_text::{mentions, module, production, read, root, sources};

/// A layer, and the layers from which its files may import.
type Layer = (&'static str, &'static [&'static str]);

#[rustfmt::skip]
const LAYERS: &[Layer] = &[
    ("domain", &[]),
    ("adapters", &["domain"]),
    ("telemetry", &["domain", "adapters"]),
    ("flows", &["domain", "adapters"]),
    ("web", &["domain", "adapters", "flows"]),
    ("config", &["domain", "adapters", "telemetry", "flows"]),
    ("serve", &["domain", "adapters", "web"]),
    ("app", &["domain", "adapters", "telemetry", "flows", "web", "config", "serve"]),
    ("cli", &["domain", "adapters", "telemetry", "flows", "web", "config", "serve", "app", "sim"]),
    // What fuzz targets call; nothing else does.
    ("fuzzing", &["domain", "adapters", "flows", "web", "config"]),
    // Imports nothing of ours, so that a misspelt field cannot agree with itself.
    ("sim", &[]),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Crates and modules of the standard library that a layer may not mention, and the exceptions from that.
type Foreign = (&'static str, &'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const FOREIGN: &[Foreign] = &[
    ("domain", &["tokio", "hyper", "http", "axum", "reqwest", "rusqlite",
        "std::fs", "std::net", "std::env", "std::time::SystemTime"],
        // An address is a plain value.
        &["std::net::IpAddr", "std::net::Ipv4Addr", "std::net::Ipv6Addr"]),
    ("flows", &["http", "hyper", "axum", "askama"], &[]),
];

/// The modules of `web` that its features share. Every other one is a feature, from which no other feature imports.
#[rustfmt::skip]
const SHARED_BY_WEB: &[&str] = &[
    "arrived", "client_kind", "cookies", "identity", "log", "missing_roles", "pages", "paths", "present", "refusal_log", "round",
    "state",
];

/// The module of `web` in which its features are joined, besides `web` itself.
const JOINS_WEB: &str = "routes";

const MOST_LINES: usize = 400;

#[test]
fn every_file_imports_from_lower_layers_only() {
    let names: Vec<String> = sources().into_iter().map(|(path, _)| path).collect();
    report(names.iter().flat_map(|path| unlisted(path)).chain(layers(&graph(&sources()))).collect());
}

#[test]
fn no_layer_mentions_what_it_keeps_out() {
    all_sources(foreign);
}

#[test]
fn files_do_not_import_in_a_circle() {
    report(in_circles(&graph(&sources())));
}

#[test]
fn features_of_web_do_not_import_from_each_other() {
    report(features(&graph(&sources())));
    let names: Vec<String> = sources().iter().filter_map(|(path, _)| web_module(path)).collect();
    let missing = SHARED_BY_WEB.iter().chain([&JOINS_WEB]).filter(|name| !names.iter().any(|it| it == *name));
    report(missing.map(|name| format!("`web::{name}` is listed here and does not exist")).collect());
}

#[test]
fn no_two_types_have_one_name() {
    report(types_of_one_name(&sources()));
}

#[test]
fn every_file_says_what_is_inside_and_stays_short() {
    all_sources(shape);
}

#[test]
fn nothing_outside_tests_unwraps() {
    all_sources(unwraps);
}

#[test]
fn every_public_item_says_what_it_is() {
    all_sources(undocumented);
}

#[test]
fn every_dependency_gives_its_reason() {
    report(unreasoned(&read("Cargo.toml")));
}

#[test]
fn no_file_names_a_place_that_only_we_have() {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git runs");
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    assert!(names.contains("Cargo.toml"), "git lists no files here");
    let present = names.split('\0').filter(|name| root().join(name).is_file());
    report(present.flat_map(|name| places(name, &read(name))).collect());
}

/// Structs, enums, traits and aliases of production code at the outermost level. A simulator names its types as its system does, and
/// the shapes of the configuration file in `config/raw.rs` are named after the keys, inside a macro.
fn types_of_one_name(sources: &[(String, String)]) -> Vec<String> {
    let mut by_name: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (path, text) in sources.iter().filter(|(path, _)| !path.starts_with("src/sim/")) {
        for line in production(path, text).lines().filter(|line| !line.starts_with(char::is_whitespace)) {
            let words: Vec<&str> = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
            let named = words.windows(2).find(|pair| matches!(pair[0], "struct" | "enum" | "trait" | "type"));
            if let Some(pair) = named {
                by_name.entry(pair[1].to_owned()).or_default().insert(path);
            }
        }
    }
    let twice = by_name.into_iter().filter(|(_, files)| files.len() > 1);
    twice.map(|(name, files)| format!("`{name}` is a type in each of {files:?}")).collect()
}

fn layer(path: &str) -> &str {
    path.trim_start_matches("src/").split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

fn unlisted(path: &str) -> Option<String> {
    let is_listed = LAYERS.iter().any(|(name, _)| *name == layer(path));
    (!is_listed).then(|| format!("{path}: the layer `{}` is not in LAYERS", layer(path)))
}

fn layers(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (from, imported) in graph {
        let Some((own, lower)) = LAYERS.iter().find(|(name, _)| *name == layer(from)) else { continue };
        let wrong = imported.iter().filter(|to| layer(to) != *own && !lower.contains(&layer(to)));
        found.extend(wrong.map(|to| format!("{from}: `{own}` may not import from {to}")));
    }
    found
}

fn foreign(path: &str, text: &str) -> Vec<String> {
    let Some((own, forbidden, excepted)) = FOREIGN.iter().find(|(name, ..)| *name == layer(path)) else {
        return Vec::new();
    };
    let is_any = |list: &[&str], name: &str| list.iter().any(|prefix| within(name, prefix));
    mentions(path, text)
        .into_iter()
        .filter(|name| is_any(forbidden, name) && !is_any(excepted, name))
        .map(|name| format!("{path}: `{own}` may not mention `{name}`"))
        .collect()
}

fn in_circles(graph: &Graph) -> Vec<String> {
    circles(graph).iter().map(|circle| format!("these files import in a circle: {circle:?}")).collect()
}

fn features(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (from, imported) in graph {
        let Some(own) = web_module(from).filter(|own| own != JOINS_WEB) else { continue };
        for to in imported {
            if let Some(other) = web_module(to)
                && other != own
                && !SHARED_BY_WEB.contains(&&*other)
            {
                found.push(format!("{from}: `web::{own}` may not import from {to}, a feature of its own"));
            }
        }
    }
    found
}

fn shape(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let header = text.lines().next().unwrap_or_default();
    if !header.starts_with("//! ") || header.contains("to be written") {
        found
            .push(format!("{path}: begin with a `//!` header that says what is inside and what is kept out"));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        found.push(format!(
            "{path}: {lines} lines; above {MOST_LINES} a file has more than one reason to change"
        ));
    }
    found
}

fn unwraps(path: &str, text: &str) -> Vec<String> {
    let code = production(path, text);
    let lines =
        (1..).zip(code.lines()).filter(|(_, line)| line.contains(".unwrap()") || line.contains(".expect("));
    lines.map(|(number, _)| format!("{path}:{number}: unwraps outside tests; return an error")).collect()
}

/// `missing_docs` looks only at what other crates can reach, and nearly everything is closed to them.
fn undocumented(path: &str, text: &str) -> Vec<String> {
    let code = production(path, text);
    let mut is_told = false;
    let mut found = Vec::new();
    for ((number, line), code) in (1..).zip(text.lines().map(str::trim)).zip(code.lines().map(str::trim)) {
        let is_item = code.strip_prefix("pub ").is_some_and(|rest| {
            let rest = ["async ", "const "].iter().fold(rest, |rest, word| rest.trim_start_matches(word));
            let is_field = rest.split_once(": ").is_some_and(|(name, _)| is_name(name));
            is_field
                || ["fn ", "struct ", "enum ", "trait ", "type "].iter().any(|word| rest.starts_with(word))
        });
        if is_item && !is_told {
            found.push(format!("{path}:{number}: say in a `///` comment what this is: {line}"));
        }
        is_told = line.starts_with("///") || is_told && line.starts_with("#[");
    }
    found
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn unreasoned(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(manifest.lines().map(str::trim)) {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
            if line.contains("dependencies.") {
                found.push(format!("Cargo.toml:{number}: write the dependency on one line, with its reason"));
            }
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            // Versions and features stand in quotes; a `#` within those is no comment.
            let bare: String = line.split('"').step_by(2).collect();
            if bare.split_once('#').is_none_or(|(_, reason)| reason.trim().len() < 8) {
                found.push(format!("Cargo.toml:{number}: end the line with `# the reason`: {line}"));
            }
        }
    }
    found
}

/// Addresses of package registries and mirrors, and folders of one person's machine.
fn places(name: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not break its own rule.
    let folders = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    let hosts = ["registry", "mirror", "mirrors", "index", "artifactory", "nexus", "pypi", "npmjs"];
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for folder in &folders {
            // Preceded by a name it is the middle of an address, such as a page of a sample site.
            let absolute =
                |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "-_.}>*".contains(c));
            if line.match_indices(folder.as_str()).any(|(at, _)| absolute(at)) {
                found.push(format!("{name}:{number}: names the folder {folder} of one machine"));
            }
        }
        for address in line.split("://").skip(1) {
            let host =
                address.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '.')).next().unwrap_or("");
            if host.split('.').any(|label| hosts.contains(&label)) {
                found.push(format!("{name}:{number}: names the package registry {host}"));
            }
        }
    }
    found
}

/// The module of `web` that a file belongs to; `web` itself belongs to none.
fn web_module(path: &str) -> Option<String> {
    module(path).strip_prefix("crate::web::").and_then(|inside| Some(inside.split("::").next()?.to_owned()))
}

fn within(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn all_sources(rule: impl Fn(&str, &str) -> Vec<String>) {
    report(sources().iter().flat_map(|(path, text)| rule(path, text)).collect());
}

fn report(violations: Vec<String>) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

/// Each rule on texts that keep it and texts that break it: a rule that cannot fail holds nothing.
mod each_rule_can_fail {
    use super::*;

    #[track_caller]
    fn check(violations: Vec<String>, expected: &[&str]) {
        assert_eq!(violations.len(), expected.len(), "{violations:#?}");
        for (violation, part) in violations.iter().zip(expected) {
            assert!(violation.contains(part), "{violation} should tell of {part}");
        }
    }

    fn edges(pairs: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in pairs {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    #[test]
    fn types() {
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let two = [file("src/a.rs", "pub struct Gate {}"), file("src/b.rs", "enum Gate {}\nstruct Other;")];
        assert_eq!(types_of_one_name(&two).len(), 1);
        assert!(types_of_one_name(&[two[0].clone(), file("src/sim/b.rs", "enum Gate {}")]).is_empty());
        assert!(
            types_of_one_name(&[two[0].clone(), file("src/b.rs", "impl X {\n    type Gate = u8;\n}")])
                .is_empty()
        );
    }

    #[test]
    fn layers_are_held() {
        for (from, to, allowed) in [
            ("src/domain/a.rs", "src/domain/b.rs", true),
            ("src/domain/a.rs", "src/adapters/b.rs", false),
            ("src/adapters/a/b.rs", "src/domain/c.rs", true),
            ("src/adapters/a.rs", "src/config/mod.rs", false),
            ("src/flows/a/mod.rs", "src/web/b.rs", false),
            ("src/web/a.rs", "src/app/mod.rs", false),
            ("src/web/a.rs", "src/flows/b.rs", true),
            ("src/app.rs", "src/config/mod.rs", true),
            ("src/app.rs", "src/sim/mod.rs", false),
            ("src/sim/a.rs", "src/domain/time.rs", false),
            ("src/sim/a/b.rs", "src/sim/c.rs", true),
            ("src/main.rs", "src/cli/mod.rs", true),
            ("src/main.rs", "src/sim/mod.rs", false),
        ] {
            check(layers(&edges(&[(from, to)])), if allowed { &[] } else { &["may not import"] });
        }
        check(unlisted("src/attic.rs").into_iter().collect(), &["`attic` is not in LAYERS"]);
    }

    #[test]
    fn items_without_a_comment() {
        let told = "/// A.\n#[derive(Debug)]\npub struct A {\n    /// B.\n    pub b: u8,\n}\npub(crate) fn c() {}\npub use d::E;\n";
        check(undocumented("src/a.rs", told), &[]);
        check(undocumented("src/a.rs", &told.replace("/// A.\n", "")), &["src/a.rs:2"]);
        check(undocumented("src/a.rs", &told.replace("    /// B.\n", "")), &["src/a.rs:4"]);
        check(undocumented("src/a.rs", "pub async fn f() {}\npub const G: u8 = 0;"), &["f()", "G: u8"]);
        check(undocumented("src/a/tests.rs", "pub fn f() {}"), &[]);
    }

    #[test]
    fn foreign_code_is_kept_out() {
        let cases: &[(&str, &str, &[&str])] = &[
            ("src/domain/a.rs", "use crate::domain::b; use jiff::Zoned;", &[]),
            ("src/domain/a/tests.rs", "use tokio::net;", &[]),
            ("src/domain/a.rs", "use std::net::{IpAddr, TcpStream};", &["TcpStream"]),
            ("src/domain/a.rs", "use std::{fmt, time::{Duration, SystemTime}};", &["SystemTime"]),
            (
                "src/domain/a.rs",
                "#[tokio::main] fn f(_: http::Method, http: u8, https: https::X) {}",
                &["http::", "tokio::main"],
            ),
            ("src/domain/a.rs", "use axum; use hyper::*;", &["axum", "hyper"]),
            ("src/domain/a.rs", "// http::Uri\nconst A: &str = \"http::Uri\";", &[]),
            ("src/flows/a/mod.rs", "use http::Uri; use tokio::time;", &["http::Uri"]),
            ("src/web/a.rs", "use http::Uri;", &[]),
        ];
        for (path, text, expected) in cases {
            check(foreign(path, text), expected);
        }
    }

    #[test]
    fn circles_are_refused() {
        let pairs = [("src/a/b.rs", "src/a/c.rs"), ("src/a/c.rs", "src/a/b.rs")];
        check(in_circles(&edges(&pairs)), &["import in a circle"]);
        let line = [("src/a/b.rs", "src/a/c.rs"), ("src/a/c.rs", "src/a/d.rs"), ("src/a/d.rs", "src/e.rs")];
        let mut graph = edges(&line);
        graph.entry("src/e.rs".to_owned()).or_default();
        check(in_circles(&graph), &[]);
    }

    #[test]
    fn features_are_kept_apart() {
        for (from, to, allowed) in [
            ("src/web/proxy/mod.rs", "src/web/pages/mod.rs", true),
            ("src/web/proxy/mod.rs", "src/web/proxy/headers.rs", true),
            ("src/web/proxy/mod.rs", "src/web/admin/a.rs", false),
            ("src/web/proxy/headers.rs", "src/web/login/form.rs", false),
            ("src/web/pages/mod.rs", "src/web/login/mod.rs", false),
            ("src/web/mod.rs", "src/web/login/mod.rs", true),
            ("src/web/routes.rs", "src/web/admin/mod.rs", true),
        ] {
            check(features(&edges(&[(from, to)])), if allowed { &[] } else { &["may not import"] });
        }
    }

    #[test]
    fn headers_and_lengths_are_asked_for() {
        check(shape("a.rs", &("//! What is inside.\n".repeat(MOST_LINES))), &[]);
        check(shape("a.rs", &("//! What is inside.\n".repeat(MOST_LINES + 1))), &["401 lines"]);
        check(shape("a.rs", "use std::fmt;\n//! Late."), &["header"]);
        check(shape("a.rs", "//! (to be written)"), &["header"]);
    }

    #[test]
    fn unwrapping_is_found_outside_tests_only() {
        check(unwraps("a.rs", "// a.unwrap()\nfn f() { a.unwrap_or(\".unwrap()\") }"), &[]);
        check(
            unwraps("a.rs", "#[cfg(test)]\nmod tests { fn f() { a.unwrap() } }\nfn g() { b.expect(x) }"),
            &["a.rs:3"],
        );
        check(unwraps("a.rs", "fn f() {\n a.unwrap() }"), &["a.rs:2"]);
    }

    #[test]
    fn dependencies_without_a_reason_are_found() {
        check(unreasoned("[package]\nname = \"a\"\n[dependencies]\n# Group\na = \"1\" # speaks to b\n"), &[]);
        check(
            unreasoned("[dev-dependencies]\na = \"1\"\nb = { git = \"u#branch-name\" } #\n"),
            &["a =", "b ="],
        );
        check(unreasoned("[dependencies.a]\nversion = \"1\" # speaks to b\n"), &["one line"]);
    }

    #[test]
    fn places_of_our_own_are_found() {
        let folder = ["", "work", "shared"].join("/");
        check(places("a", &format!("see {folder}/b\nand https://a.example{folder}/")), &["a:1"]);
        check(places("a", &["a\nurl = https:/", "registry.corp.example:80/x"].join("/")), &["a:2"]);
        check(places("a", "source = registry+https://github.com/rust-lang/crates.io-index"), &[]);
    }
}
