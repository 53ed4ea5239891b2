//! What the texts of the repository point to is there: documents, links, the index of `docs/`, and what `./test` leaves out.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::source_text::{module, read, root, tests};

#[test]
fn no_file_cites_a_document_that_is_not_here() {
    let names = tracked();
    let others = names.iter().filter(|name| *name != "tests/it/citations.rs");
    report(others.flat_map(|name| citations(name, &read(name))).collect());
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let names = tracked();
    let pages = names.iter().filter(|name| name.ends_with(".md"));
    report(pages.flat_map(|name| broken_links(name, &read(name), &names)).collect());
}

#[test]
fn the_index_of_docs_lists_every_document() {
    let names = tracked();
    let documents =
        names.iter().filter_map(|name| name.strip_prefix("docs/")).filter(|name| name.ends_with(".md"));
    let index = read("docs/README.md");
    let missing = |name: &&str| *name != "README.md" && !index.contains(&format!("({name})"));
    report(documents.filter(missing).map(|name| format!("docs/README.md does not list {name}")).collect());
}

#[test]
fn without_root_every_test_that_starts_a_program_can_be_left_out() {
    let script = read("test");
    let needs = script.split("NEEDS='").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    let names: Vec<&str> =
        needs.lines().filter_map(|line| line.split('|').next()).flat_map(str::split_whitespace).collect();
    // Every Unix has `sh`, `kill` and `cp`; git has brought the repository here.
    const PROGRAMS: [&str; 11] = [
        "PostgresServer::start(",
        "on_server($module",
        "Browser::start",
        "\"nginx\"",
        "\"/usr/",
        "\"php\"",
        "\"setpriv\"",
        "\"caddy\"",
        "\"python3\"",
        "\"chromedriver\"",
        "installed()",
    ];
    let files = tests().into_iter().filter(|(path, text)| {
        !path.ends_with("citations.rs") && PROGRAMS.iter().any(|program| text.contains(program))
    });
    let modules = files.map(|(path, _)| {
        format!("{}::", module(&path.replace("tests/it/", "src/")).replacen("crate::", "", 1))
    });
    let modules: BTreeSet<String> = modules.collect();
    assert!(modules.len() > 10, "{modules:?}");
    for module in &modules {
        assert!(names.iter().any(|name| module.starts_with(name)), "NEEDS in ./test does not name {module}");
    }
    for name in names {
        assert!(
            modules.iter().any(|module| module.starts_with(name)),
            "NEEDS in ./test names {name}, which needs nothing"
        );
    }
}

/// The files that git knows, as far as they are there.
fn tracked() -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git runs");
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let names: Vec<_> =
        names.split('\0').filter(|name| root().join(name).is_file()).map(str::to_owned).collect();
    assert!(names.iter().any(|name| name == "Cargo.toml"), "git lists no files here");
    names
}

/// Sections of documents that are neither here nor public.
fn citations(name: &str, text: &str) -> Vec<String> {
    const ABSENT: [&str; 3] = ["fact sheet", "design §", "design.md"];
    const PUBLIC: [&str; 5] = ["RFC", "OpenID", "Core", "RP-Initiated", "WHATWG"];
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let small = line.to_lowercase();
        if let Some(document) = ABSENT.iter().find(|document| small.contains(*document)) {
            found.push(format!("{name}:{number}: cites `{document}`, which is not here"));
        } else if line.contains('§') && !PUBLIC.iter().any(|public| line.contains(public)) {
            found.push(format!("{name}:{number}: name the specification before §: {}", line.trim()));
        }
    }
    found
}

/// Links of a page to files and headings that are not there.
fn broken_links(name: &str, text: &str, names: &[String]) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let ours = links.filter(|link| !link.contains("://") && !link.starts_with("mailto:"));
    let is_broken = |link: &&str| {
        let (path, heading) = link.split_once('#').unwrap_or((*link, ""));
        let file = if path.is_empty() { PathBuf::from(name) } else { beside(name, path) };
        let shown = file.to_string_lossy();
        let is_folder =
            || names.iter().any(|name| name.starts_with(&format!("{}/", shown.trim_end_matches('/'))));
        let is_there = names.iter().any(|name| *name == shown) || is_folder();
        !is_there || (!heading.is_empty() && !headings(&read(&file)).contains(heading))
    };
    ours.filter(is_broken).map(|link| format!("{name}: {link} leads nowhere")).collect()
}

fn beside(name: &str, path: &str) -> PathBuf {
    let mut found = PathBuf::from(name);
    found.pop();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(found.pop()),
            Component::CurDir => {}
            part => found.push(part),
        }
    }
    found
}

/// The anchors that a forge makes of headings.
fn headings(page: &str) -> BTreeSet<String> {
    let headings =
        page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(anchor).collect()
}

fn report(violations: Vec<String>) {
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn what_leads_nowhere_is_found() {
    let names = ["README.md".to_owned(), "docs/roles.md".to_owned()];
    let links = |text| broken_links("docs/roles.md", text, &names).len();
    assert_eq!(links("[a](../README.md) [b](#dates) [c](https://a.example/x) [d](../docs)"), 0);
    assert_eq!(links("[a](../READ.md) [b](#no-such-heading) [c](gone.md#dates)"), 3);
    let says = |text: &str| citations("a.rs", text).len();
    assert_eq!(says("see RFC 6749 §4.1 and docs/roles.md"), 0);
    assert_eq!(says("see the Fact Sheet\n(§4.1)\nnot there: §4.1\ndesign §5"), 4);
}
