//! The reference of every key: docs/configuration.md and the JSON Schema for editors, both made of the comments in `raw`.

mod checks;

use std::path::Path;

pub(crate) use crate::adapters::toml_reading::tests::reference::assert_current;
use crate::adapters::toml_reading::tests::reference::{Described, Key, Kind, Section, tables, value};
use crate::adapters::toml_reading::tests::schema::schema;
use crate::config::raw::{self, Source};

impl Described for Source {
    fn kind() -> Kind {
        Kind::Source
    }
}

/// The whole file.
pub(crate) fn document() -> Section {
    let Kind::Section(document) = raw::Document::kind() else { unreachable!("the document is a section") };
    document
}

/// Every key with the line above its section.
pub(crate) fn keys() -> Vec<(String, Key)> {
    fn add(found: &mut Vec<(String, Key)>, path: &str, header: &str, section: &Section) {
        for key in &section.keys {
            let path = format!("{path}{}", key.name);
            match (&key.kind, key.kind.inside()) {
                // The other environment has the same keys.
                (_, Some(_)) if key.name == "staging" => {}
                (Kind::List(_), Some(inside)) => {
                    add(found, &format!("{path}."), &format!("[[{path}]]"), inside)
                }
                (_, Some(inside)) => add(found, &format!("{path}."), &format!("[{path}]"), inside),
                (_, None) => found.push((header.to_owned(), key.clone())),
            }
        }
    }
    let mut found = Vec::new();
    add(&mut found, "", "", &document());
    found
}

const BEGINNING: &str = "\
# Configuration

Every key of the configuration file. [`config/membergate.toml`](../config/membergate.toml) is an annotated sample of all of them, which
`membergate check --print-sample` prints; `membergate check` says what is wrong with yours. This page and the
[JSON Schema](../config/membergate.schema.json) for editors are generated ([CONTRIBUTING.md](../CONTRIBUTING.md)).

- A **duration** is a text such as `\"30s\"`, `\"15m\"`, `\"24h\"` or `\"1h 30m\"`.
- A **path** of a file is relative to the folder of the configuration file, unless it begins with `/`.
- A **source** is `{ env = \"NAME\" }`, an environment variable, or `{ file = \"/path\" }`, a file. What is no secret may also be a text.
- **restart**: SIGHUP cannot change the key; a reload that would is refused, and the log names the key. All other keys are taken over by a
  reload ([operating.md](operating.md)).
- An unknown key is an error.
";
