//! The kinds of values that the sections share: durations, addresses, files, secrets, choices.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::SecretString;
use toml::Spanned;
use url::Url;

use super::super::env::Env;
use super::super::raw::{Source, Text};
use crate::adapters::toml_reading::{Reading, Said, list};
use crate::domain::network::{Network, NotANetwork, is_loopback};
use crate::domain::spelling::nearest;

/// The file under inspection and the machine around it.
pub(super) struct Resolving<'r, 'i> {
    pub(super) reading: &'r mut Reading<'i>,
    pub(super) env: &'r dyn Env,
}

impl Resolving<'_, '_> {
    /// A key that must be there. `span` is that of its section.
    pub(super) fn required<T>(
        &mut self,
        said: Said<T>,
        span: &Range<usize>,
        key: &str,
        example: &str,
    ) -> Option<T> {
        self.required_from(said, span, key, example, None)
    }

    /// The same with where its value is found, in a sentence.
    pub(super) fn required_from<T>(
        &mut self,
        said: Said<T>,
        span: &Range<usize>,
        key: &str,
        example: &str,
        found: Option<&str>,
    ) -> Option<T> {
        match said {
            Said::Value(value) => Some(value),
            Said::Unreadable => None,
            Said::Nothing => {
                let place = match key.rsplit_once('.') {
                    Some(("site" | "site.access" | "oidc.client", _)) => String::new(),
                    Some((section, _)) => format!(" below `[{section}]`"),
                    None => String::new(),
                };
                self.reading.missing(
                    span.clone(),
                    format!("`{key}` is missing"),
                    match found {
                        None => format!("Write `{example}`{place}"),
                        Some(found) => format!("Write `{example}`{place}. {}", found.trim_end_matches('.')),
                    },
                );
                None
            }
        }
    }

    /// A key that may be left out. Outer `None`: a problem.
    pub(super) fn optional<T, U>(
        &mut self,
        said: Said<T>,
        meaning: impl FnOnce(&mut Self, T) -> Option<U>,
    ) -> Option<Option<U>> {
        match said {
            Said::Nothing => Some(None),
            Said::Unreadable => None,
            Said::Value(value) => meaning(self, value).map(Some),
        }
    }

    /// Every item, or `None` when one is a problem; all are looked at.
    pub(super) fn each<T, U>(
        &mut self,
        items: Vec<T>,
        mut meaning: impl FnMut(&mut Self, T) -> Option<U>,
    ) -> Option<Vec<U>> {
        let meant: Vec<Option<U>> = items.into_iter().map(|item| meaning(self, item)).collect();
        meant.into_iter().collect()
    }

    pub(super) fn not_empty(&mut self, text: Text, remedy: &str) -> Option<String> {
        if text.get_ref().trim().is_empty() {
            return self.refuse(text.span(), "this is empty", remedy);
        }
        Some(text.get_ref().trim().to_owned())
    }

    /// A length of time greater than zero. A default has an empty span.
    pub(super) fn duration(&mut self, said: Said<Text>, default: &str) -> Option<Spanned<SignedDuration>> {
        let text = said.or(|| Spanned::new(0..0, default.to_owned()))?;
        match text.get_ref().parse::<SignedDuration>() {
            Ok(duration) if duration.is_positive() => Some(Spanned::new(text.span(), duration)),
            Ok(_) => self.refuse(text.span(), format!("`{}` is not a time", text.get_ref()), DURATION),
            Err(_) => self.refuse(text.span(), format!("`{}` is not a duration", text.get_ref()), DURATION),
        }
    }

    pub(super) fn positive(&mut self, number: Spanned<usize>) -> Option<usize> {
        match number.get_ref() {
            0 => self.refuse(number.span(), "this must be at least 1", "Write a whole number from 1"),
            some => Some(*some),
        }
    }

    pub(super) fn count(&mut self, said: Said<Spanned<usize>>, default: usize) -> Option<usize> {
        let number = said.or(|| Spanned::new(0..0, default))?;
        self.positive(number)
    }

    /// An address to listen at.
    pub(super) fn listening(&mut self, said: Said<Text>, default: &str) -> Option<Spanned<SocketAddr>> {
        let text = said.or(|| Spanned::new(0..0, default.to_owned()))?;
        match text.get_ref().parse() {
            Ok(address) => Some(Spanned::new(text.span(), address)),
            Err(_) => self.refuse(
                text.span(),
                format!("`{}` is not an address and port to listen at", text.get_ref()),
                r#"Write an IP address and a port, such as "0.0.0.0:443" or "[::]:443""#,
            ),
        }
    }

    pub(super) fn network(&mut self, text: Text) -> Option<Network> {
        let remedy = match text.get_ref().parse() {
            Ok(network) => return Some(network),
            Err(NotANetwork::Malformed) => {
                r#"Write a network such as "10.0.0.0/8", or one address"#.to_owned()
            }
            Err(error @ NotANetwork::HostBits(_)) => format!("Correct it: {error}"),
        };
        self.refuse(text.span(), format!("`{}` is not a network", text.get_ref()), remedy)
    }

    /// A whole address with one of these schemes, a host and no user name.
    pub(super) fn url(&mut self, text: &Text, schemes: &[&str], remedy: &str) -> Option<Url> {
        let said = text.get_ref();
        match Url::parse(said) {
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                self.refuse(text.span(), "an address with a user name in it", "Take the part before `@` out")
            }
            Ok(url) if schemes.contains(&url.scheme()) && url.has_host() => Some(url),
            _ => {
                self.refuse(text.span(), format!("`{said}` is not an address that can be used here"), remedy)
            }
        }
    }

    /// A whole address over https; plain http only where nothing leaves this machine.
    pub(super) fn secure_url(&mut self, text: &Text, remedy: &str) -> Option<Url> {
        let url = self.url(text, &["https", "http"], remedy)?;
        if url.scheme() == "https" || url.host().is_some_and(|host| is_loopback(&host)) {
            return Some(url);
        }
        let what = format!("`{}` is not protected: `http` is for this machine only", text.get_ref());
        self.refuse(text.span(), what, "Write `https://` instead of `http://`")
    }

    /// A path; a relative one starts at the folder of the configuration file.
    pub(super) fn path(&mut self, text: &Text) -> Option<PathBuf> {
        if text.get_ref().is_empty() {
            return self.refuse(text.span(), "this is not a path: it is empty", "Write the path of a file");
        }
        Some(self.reading.folder().join(text.get_ref()))
    }

    /// A file that can be read now, with its text.
    pub(super) fn readable(&mut self, text: &Text) -> Option<(PathBuf, String)> {
        let path = self.path(text)?;
        match self.env.file(&path) {
            Ok(content) => Some((path, content)),
            Err(error) => self.refuse(
                text.span(),
                format!("the file {} cannot be read: {}", path.display(), because(&error)),
                "Create it, correct the path, or let the gateway's user read it",
            ),
        }
    }

    /// A secret, from outside the file only.
    pub(super) fn secret(&mut self, source: &Source) -> Option<SecretString> {
        match source {
            Source::Literal(text) => self.refuse(
                text.span(),
                "a secret is written in the configuration file",
                "Move it out, and write { env = \"NAME\" } or { file = \"/path\" } in its place",
            ),
            Source::Variable(_) | Source::File(_) => self.value(source),
        }
    }

    /// A value that may be a secret and may stand in the file if it is none.
    pub(super) fn value(&mut self, source: &Source) -> Option<SecretString> {
        let value = match source {
            Source::Literal(text) => text.get_ref().clone(),
            Source::File(path) => self.readable(path)?.1,
            Source::Variable(name) => match self.env.variable(name.get_ref()) {
                Some(value) => value,
                None => {
                    let remedy = format!("Set `{}` for the gateway, or name another source", name.get_ref());
                    return self.refuse(name.span(), format!("{} is not set", source.name()), remedy);
                }
            },
        };
        // A secret that is kept in a file usually ends with a line break.
        match value.trim() {
            "" => self.refuse(source.span(), format!("{} is empty", source.name()), "Put the value there"),
            value => Some(SecretString::from(value)),
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        said: Said<Text>,
        default: T,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = match said {
            Said::Nothing => return Some(default),
            Said::Unreadable => return None,
            Said::Value(text) => text,
        };
        if let Some((_, meaning)) = choices.iter().find(|(word, _)| word == text.get_ref()) {
            return Some(*meaning);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let remedy = meant(text.get_ref(), &words);
        self.refuse(text.span(), format!("`{}` is not known here", text.get_ref()), remedy)
    }
}

/// Why a file cannot be read, for people.
pub(in super::super) fn because(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "this user may not read it".into(),
        io::ErrorKind::InvalidData => "it is not text in UTF-8".into(),
        kind => kind.to_string(),
    }
}

const DURATION: &str = r#"Write a duration such as "30s", "15m", "24h" or "1h 30m""#;

/// What to write instead of a word that is not known.
pub(super) fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("Did you mean `{meant}`"),
        None if known.is_empty() => "There is none yet".into(),
        None => format!("Known are {}", list(known)),
    }
}
