//! The repository's files read as text, just well enough for `tidy`: what is code, what is production code, which
//! paths it mentions. It is no parser: macros are read like any other code, and what it cannot tell it leaves in.

use std::{
    collections::BTreeSet,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the repository.
pub(crate) fn read(name: impl AsRef<Path>) -> String {
    let bytes =
        fs::read(root().join(&name)).unwrap_or_else(|error| panic!("{}: {error}", name.as_ref().display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Name and text of every file under `src`, in order.
pub(crate) fn sources() -> Vec<(String, String)> {
    under("src")
}

/// Name and text of every file of the integration tests, in order.
pub(crate) fn tests() -> Vec<(String, String)> {
    under("tests/it")
}

fn under(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("a folder of sources can be listed") {
            let path = folder.join(entry.expect("an entry can be read").file_name());
            if root().join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.to_string_lossy().into_owned(), read(&path)));
            }
        }
    }
    found.sort();
    found
}

/// The module that a file under `src` holds: `src/web/proxy/mod.rs` is `crate::web::proxy`.
pub(crate) fn module(path: &str) -> String {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    if inside == "lib" { "crate".into() } else { format!("crate::{}", inside.replace('/', "::")) }
}

/// The code without its comments, the insides of its strings, and its items under `#[cfg(test)]`. Lines keep their numbers.
/// Files of a module `tests` or `contract` have none.
pub(crate) fn production(path: &str, text: &str) -> String {
    if module(path).split("::").any(|name| matches!(name, "tests" | "contract")) {
        return String::new();
    }
    const MARK: &str = "#[cfg(test)]";
    let mut code = code_only(text);
    while let Some(at) = code.find(MARK) {
        let mut depth = 0;
        let end = code[at + MARK.len()..].char_indices().find(|(_, c)| {
            match c {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(c, '}' | ';')
        });
        let end = end.map_or(code.len(), |(offset, _)| at + MARK.len() + offset + 1);
        blank(&mut code, at..end);
    }
    code
}

/// Every path that the production code of a file mentions: `use` trees spelled out, `super` and `self` resolved.
pub(crate) fn mentions(file: &str, text: &str) -> BTreeSet<String> {
    let module = module(file);
    let code = production(file, text);
    let mut tokens = tokens(&code).into_iter().peekable();
    let mut found = BTreeSet::new();
    let (mut path, mut trees, mut last) = (Vec::<&str>::new(), Vec::<Vec<&str>>::new(), "");
    while let Some(token) = tokens.next() {
        match token {
            // Only after `::` does a brace open a tree of paths.
            "{" if last == "::" => trees.push(path.clone()),
            "," => path = trees.last().cloned().unwrap_or_default(),
            "}" => path = trees.pop().unwrap_or_default(),
            "*" | "<" if last == "::" => drop(found.insert(path.join("::"))),
            name if is_name(name) && last != "." => {
                let continues = last == "::" || (matches!(last, "{" | ",") && !trees.is_empty());
                if !continues {
                    path.clear();
                }
                match name {
                    "crate" | "membergate" if path.is_empty() => path.push("crate"),
                    "self" if path.is_empty() => path.extend(module.split("::")),
                    "super" if path.is_empty() => path
                        .extend(module.rsplit_once("::").map_or(module.as_str(), |(up, _)| up).split("::")),
                    "super" => drop(path.pop()),
                    "self" => {}
                    _ => path.push(name),
                }
                // A word alone is a variable, unless it is imported.
                if tokens.peek() != Some(&"::") && (path.len() > 1 || last == "use") {
                    found.insert(path.join("::"));
                }
            }
            _ => {}
        }
        last = token;
    }
    found
}

/// A path that a `use` brings into a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Whether it is a `pub use`.
    pub(crate) is_public: bool,
    /// Spelled out from `crate`, where it is a path of ours.
    pub(crate) path: String,
    /// What it is called in the file.
    pub(crate) name: String,
}

/// What the production code of a file imports, and the rest of that code.
pub(crate) fn imports(file: &str, text: &str) -> (Vec<Import>, String) {
    let module = module(file);
    let mut rest = production(file, text);
    // Who may see something is no import.
    while let Some(at) = rest.find("pub(") {
        let end = rest[at..].find(')').map_or(rest.len(), |length| at + length + 1);
        blank(&mut rest, at + 3..end);
    }
    let mut found = Vec::new();
    for (range, is_public) in uses(&rest) {
        let statement = rest[range.clone()].to_owned();
        blank(&mut rest, range);
        let all: Vec<_> =
            tokens(&statement).into_iter().skip_while(|token| *token != "use").skip(1).collect();
        let mut tree = all.into_iter().peekable();
        for (path, name) in leaves(&mut tree, "") {
            found.push(Import { is_public, path: absolute(&module, &path), name });
        }
    }
    (found, rest)
}

/// Where each `use` stands, with its `pub` and its semicolon, and whether it is public.
fn uses(code: &str) -> Vec<(Range<usize>, bool)> {
    let tokens = tokens(code);
    let place = |token: &str| token.as_ptr() as usize - code.as_ptr() as usize;
    let statement = |at: usize| {
        let end = tokens[at..].iter().find(|token| **token == ";")?;
        let is_public = at > 0 && tokens[at - 1] == "pub";
        let begin = if is_public { at - 1 } else { at };
        Some((place(tokens[begin])..place(end) + 1, is_public))
    };
    tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| **token == "use")
        .filter_map(|(at, _)| statement(at))
        .collect()
}

/// The paths of a `use` tree and the names that they get.
fn leaves<'a>(
    tokens: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    before: &str,
) -> Vec<(String, String)> {
    let (mut found, mut path, mut name) = (Vec::new(), before.to_owned(), None);
    while let Some(token) = tokens.next() {
        match token {
            "{" => {
                found.extend(leaves(tokens, &path));
                path.clear();
            }
            "," | "}" | ";" => {
                if path.len() > before.len() {
                    let path = path.trim_end_matches("::").trim_end_matches("::self").to_owned();
                    let last = path.rsplit("::").next().unwrap_or_default().to_owned();
                    found.push((path, name.take().unwrap_or(last)));
                }
                if token != "," {
                    break;
                }
                path = before.to_owned();
            }
            "as" => name = tokens.next().map(str::to_owned),
            token => path.push_str(token),
        }
    }
    found
}

/// A path from `crate`, if it begins with a word for a module of ours.
fn absolute(module: &str, path: &str) -> String {
    let (mut from, mut rest) = (module, path);
    if let Some(inside) = rest.strip_prefix("membergate::") {
        return format!("crate::{inside}");
    }
    rest = rest.strip_prefix("self::").map_or(rest, |inside| inside);
    let is_relative = rest.len() < path.len() || rest.starts_with("super");
    while let Some(up) = rest.strip_prefix("super") {
        from = from.rsplit_once("::").map_or(from, |(up, _)| up);
        rest = up.strip_prefix("::").unwrap_or(up);
    }
    match (is_relative, rest) {
        (false, _) => rest.to_owned(),
        (true, "") => from.to_owned(),
        (true, rest) => format!("{from}::{rest}"),
    }
}

/// Comments, and what stands between quotes, become blanks.
fn code_only(text: &str) -> String {
    let mut code = text.to_owned();
    let mut at = 0;
    while let Some(head) = text[at..].chars().next() {
        let rest = &text[at..];
        let hashes = rest.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len());
        let after_name =
            text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') && !text[..at].ends_with('b');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment_length(rest)
        } else if let Some(hashes) =
            hashes.filter(|hashes| !after_name && rest[1 + hashes..].starts_with('"'))
        {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = hashes + 2;
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if head == '"' {
            quoted_length(rest, '"')
        } else if head == '\'' && is_character(rest) {
            quoted_length(rest, '\'')
        } else {
            at += head.len_utf8();
            continue;
        };
        blank(&mut code, at..at + length);
        at += length;
    }
    code
}

/// A lifetime has no closing quote after its first letter.
fn is_character(rest: &str) -> bool {
    let mut letters = rest.chars().skip(1);
    letters.next() == Some('\\') || letters.next() == Some('\'')
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    end.map_or(rest.len(), |(offset, _)| offset + 1)
}

/// Comments of this kind nest.
fn comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(rest.len())
}

/// Blanks as long in bytes as what they replace, so that places in the text stay the same.
fn blank(code: &mut String, range: Range<usize>) {
    let blanks: String =
        code[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    code.replace_range(range, &blanks);
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::`, and every other visible character alone.
pub(crate) fn tokens(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while let Some(head) = rest.chars().next() {
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let length = if word > 0 {
            word
        } else if rest.starts_with("::") {
            2
        } else {
            head.len_utf8()
        };
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

#[test]
fn imports_are_spelled_out() {
    let text = "use super::{a, b::{self, C as D}};\npub(super) use self::e::F;\nuse std::fmt; use crate::g::*;\nfn f() {}";
    let (found, rest) = imports("src/web/h/mod.rs", text);
    let found: Vec<_> = found.iter().map(|it| (&*it.path, &*it.name, it.is_public)).collect();
    let expected = [
        ("crate::web::a", "a", false),
        ("crate::web::b", "b", false),
        ("crate::web::b::C", "D", false),
        ("crate::web::h::e::F", "F", true),
        ("std::fmt", "fmt", false),
        ("crate::g::*", "*", false),
    ];
    assert_eq!(found, expected);
    assert_eq!(rest.split_whitespace().collect::<Vec<_>>(), ["fn", "f()", "{}"]);
}

#[test]
fn strings_and_comments_are_no_code() {
    let check = |text: &str, expected: &str| {
        let code = code_only(text);
        assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
        assert_eq!(code.len(), text.len());
    };
    check("a // b\nc", "a c");
    check("a /* b /* c */ d */ e", "a e");
    check(r#"a("b \" // c", d)"#, "a( , d)");
    check("a(r#\"b \" c\"#, br\"\\\", d)", "a( , b , d)");
    check(r"a('\'', 'é', b'\\', '{')", "a( , , b , )");
    check("fn f<'a>(b: &'a str) { 'c: loop {} }", "fn f<'a>(b: &'a str) { 'c: loop {} }");
    check("fever\"x\"", "fever");
}
