//! Which file under `src` imports from which.
//!
//! A `mod x;` and a `pub use` of a `mod.rs` are no imports: they say where names are to be found. Whoever takes such a name imports
//! from the file that defines it. But a `mod.rs` that uses a name itself, or defines one, is a file like every other. Unit tests are
//! left out. What cannot be seen: a method that one file calls and another defines, and names that a macro makes.

use std::collections::{BTreeMap, BTreeSet};

use crate::source_text::{Import, imports, mentions, module, tokens};

/// What each file imports from.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

struct File<'a> {
    path: &'a str,
    module: String,
    imports: Vec<Import>,
    /// The code without its imports.
    rest: String,
}

/// The graph of these files, by name and text.
pub(crate) fn graph(sources: &[(String, String)]) -> Graph {
    let modules: BTreeSet<String> = sources.iter().map(|(path, _)| module(path)).collect();
    let read = sources.iter().map(|(path, text)| {
        let (mut imports, rest) = imports(path, text);
        let module = module(path);
        for import in &mut imports {
            // A path may begin with a module that is declared in the file.
            let first = import.path.split("::").next().unwrap_or_default();
            if modules.contains(&format!("{module}::{first}")) {
                import.path = format!("{module}::{}", import.path);
            }
        }
        File { path, module, imports, rest }
    });
    let files: Vec<File<'_>> = read.collect();
    let by_module: BTreeMap<&str, &File<'_>> = files.iter().map(|file| (&*file.module, file)).collect();
    files.iter().map(|file| (file.path.to_owned(), edges(file, &by_module))).collect()
}

fn edges(file: &File<'_>, files: &BTreeMap<&str, &File<'_>>) -> BTreeSet<String> {
    // What is only declared here or belongs to a value is no use of an imported name.
    let mut last = "";
    let mut words = BTreeSet::new();
    for token in tokens(&file.rest) {
        if !matches!(last, "mod" | "fn" | ".") {
            words.insert(token);
        }
        last = token;
    }
    let imported = file.imports.iter().filter(|it| !it.is_public || words.contains(&*it.name));
    let mut paths: Vec<String> = imported.map(|it| it.path.clone()).collect();
    for mention in mentions(file.path, &file.rest) {
        let (first, rest) = mention.split_once("::").unwrap_or((&mention, ""));
        let child = format!("{}::{first}", file.module);
        if first == "crate" {
            paths.push(mention);
        } else if let Some(import) = file.imports.iter().find(|it| it.name == first) {
            paths.push(format!("{}::{rest}", import.path));
        } else if files.contains_key(&*child) {
            paths.push(format!("{child}::{rest}"));
        }
    }
    let defined_in = paths.iter().filter_map(|path| defining(path, files, 0));
    defined_in.filter(|found| *found != file.path && *found != "src/lib.rs").map(str::to_owned).collect()
}

/// The file that defines what a path names, through re-exports.
fn defining<'a>(path: &str, files: &BTreeMap<&str, &File<'a>>, depth: usize) -> Option<&'a str> {
    let mut module = path.strip_prefix("crate").map(|_| path)?;
    let file = loop {
        match files.get(module) {
            Some(file) => break file,
            None => module = module.rsplit_once("::")?.0,
        }
    };
    let rest = path[module.len()..].trim_start_matches("::");
    let (name, within) = rest.split_once("::").unwrap_or((rest, ""));
    match file.imports.iter().find(|it| it.is_public && it.name == name && depth < 8) {
        Some(found) => defining(&format!("{}::{within}", found.path), files, depth + 1).or(Some(file.path)),
        None => Some(file.path),
    }
}

/// Files that import from each other, by whatever way round: each such set once, in order.
pub(crate) fn circles(graph: &Graph) -> Vec<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|file| (file.as_str(), reached_from(file, graph))).collect();
    let mut found = Vec::new();
    for (file, there) in &reached {
        if there.contains(file) {
            let circle: BTreeSet<&str> =
                there.iter().copied().filter(|other| reached[other].contains(file)).collect();
            if circle.first() == Some(file) {
                found.push(circle);
            }
        }
    }
    found
}

fn reached_from<'a>(file: &str, graph: &'a Graph) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&'a str> = graph[file].iter().map(String::as_str).collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(graph.get(file).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sources: &[(&str, &str)], expected: &[(&str, &str)], circle: &[&str]) {
        let sources: Vec<_> =
            sources.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let graph = graph(&sources);
        let edges: Vec<(&str, &str)> =
            graph.iter().flat_map(|(from, to)| to.iter().map(|to| (from.as_str(), to.as_str()))).collect();
        assert_eq!(edges, expected);
        let found = circles(&graph);
        assert_eq!(found.iter().flatten().copied().collect::<Vec<_>>(), circle);
    }

    #[test]
    fn a_name_is_imported_from_the_file_that_defines_it() {
        check(
            &[
                ("src/a/mod.rs", "mod b; mod c; pub use b::{B, c}; fn c() {}"),
                ("src/a/b.rs", "pub struct B;"),
                ("src/a/c.rs", "use super::B; fn f() -> B {}"),
                ("src/d.rs", "use crate::a; fn f() -> a::B {}"),
                ("src/e.rs", "use crate::a::B as X; // crate::d\n#[cfg(test)] mod tests { use crate::d; }"),
            ],
            &[
                ("src/a/c.rs", "src/a/b.rs"),
                ("src/d.rs", "src/a/b.rs"),
                ("src/d.rs", "src/a/mod.rs"),
                ("src/e.rs", "src/a/b.rs"),
            ],
            &[],
        );
    }

    #[test]
    fn a_module_that_uses_its_children_is_no_place_for_what_they_use() {
        check(
            &[
                ("src/a/mod.rs", "mod b; pub use b::B; pub struct A(B);"),
                ("src/a/b.rs", "pub struct B(Option<Box<super::A>>);"),
            ],
            &[("src/a/b.rs", "src/a/mod.rs"), ("src/a/mod.rs", "src/a/b.rs")],
            &["src/a/b.rs", "src/a/mod.rs"],
        );
    }

    #[test]
    fn a_circle_of_several_files_is_found_whole() {
        check(
            &[
                ("src/a.rs", "use crate::b::B;"),
                ("src/b.rs", "fn f() { crate::c::g() }"),
                ("src/c.rs", "use super::a; fn g() { a::h() }"),
                ("src/d.rs", "use crate::a;"),
            ],
            &[
                ("src/a.rs", "src/b.rs"),
                ("src/b.rs", "src/c.rs"),
                ("src/c.rs", "src/a.rs"),
                ("src/d.rs", "src/a.rs"),
            ],
            &["src/a.rs", "src/b.rs", "src/c.rs"],
        );
    }
}
