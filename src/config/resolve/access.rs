//! `[[site.access]]`: who may make which requests.

use std::ops::Range;

use toml::Spanned;

use super::super::raw;
use super::values::{Resolving, meant};
use crate::adapters::toml_reading::Said;
use crate::domain::access::{AccessRule, Require};
use crate::domain::path::PathPattern;
use crate::domain::return_to::is_ours;
use crate::domain::rule::{Role, Rules};

/// The gateway's own paths, on every site.
pub(super) const RESERVED: &str = "/_gate";

impl Resolving<'_, '_> {
    /// The rules of one site, whose pages are all below `prefix`.
    pub(super) fn access(
        &mut self,
        said: Vec<Spanned<raw::Access>>,
        prefix: Option<&str>,
        granting: Option<&Rules>,
    ) -> Option<Vec<AccessRule>> {
        let mut rules: Vec<AccessRule> = Vec::new();
        let meant = self.each(said, |to, said| {
            let (rule, span) = to.rule(said, prefix, granting)?;
            if let Some(earlier) = rules.iter().find(|earlier| leaves_nothing_for(earlier, &rule)) {
                let what = format!(
                    "this rule never decides: `{}` above it is for all of `{}`",
                    earlier.path.as_str(),
                    rule.path.as_str()
                );
                to.reading.problem(
                    span,
                    what,
                    "The first rule that fits decides; put the narrower one first",
                );
            }
            rules.push(rule);
            Some(())
        });
        meant.map(|_| rules)
    }

    fn rule(
        &mut self,
        said: Spanned<raw::Access>,
        prefix: Option<&str>,
        granting: Option<&Rules>,
    ) -> Option<(AccessRule, Range<usize>)> {
        let (whole, said) = (said.span(), said.into_inner());
        let path = self.required(said.path, &whole, "site.access.path", r#"path = "/members""#);
        let span = path.as_ref().map_or(whole.clone(), |path| path.span());
        let path = path.and_then(|path| self.pattern(&path, prefix));
        let methods = said.methods.or(Vec::new).and_then(|texts| self.each(texts, Resolving::method));
        let require = self.require(said.require, said.any_of, said.all_of, &whole, granting);
        let exact = said.exact.or(|| false);
        let (mut path, require) = (path?, require?);
        if exact? {
            path = self.exact(path, &require, span.clone())?;
        }
        Some((AccessRule { path, methods: methods?, require }, span))
    }

    fn exact(&mut self, path: PathPattern, require: &Require, span: Range<usize>) -> Option<PathPattern> {
        if *require != Require::Public {
            let what = "`exact` would leave open what is below this path";
            return self.refuse(span, what, "Take `exact` out; it is for rules with `require = \"public\"`");
        }
        let text = path.as_str().to_owned();
        match path.exact() {
            Some(path) => Some(path),
            None => {
                let what = format!("`{text}` is not one path");
                self.refuse(span, what, "With `exact`, write a path without `*` and without `/` at its end")
            }
        }
    }

    fn pattern(&mut self, text: &raw::Text, prefix: Option<&str>) -> Option<PathPattern> {
        let pattern = match PathPattern::parse(text.get_ref()) {
            Ok(pattern) => pattern,
            Err(_) => {
                let what = format!("`{}` is not a path pattern", text.get_ref().escape_default());
                let remedy =
                    "Write `/members` for a path and all below it, or use `*` and `**` as in `/**/*.css`";
                return self.refuse(text.span(), what, remedy);
            }
        };
        if is_ours(text.get_ref()) {
            let what = format!("`{RESERVED}` is the gateway's own; no rule can change who may use it");
            return self.refuse(text.span(), what, "Take this rule out");
        }
        if let Some(prefix) = prefix.filter(|prefix| *prefix != "/")
            && !within(prefix, text.get_ref())
            && !text.get_ref().starts_with("/*")
        {
            let what = format!(
                "no page of this site is at `{}`: its address begins with `{prefix}`",
                text.get_ref()
            );
            return self.refuse(
                text.span(),
                what,
                format!("Write `{prefix}{}`", text.get_ref().trim_end_matches('/')),
            );
        }
        Some(pattern)
    }

    fn method(&mut self, text: raw::Text) -> Option<String> {
        let said = text.get_ref();
        let upper = said.to_ascii_uppercase();
        let token = !said.is_empty() && said.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
        match () {
            () if token && *said == upper => Some(upper),
            () if token => {
                let remedy = format!("Methods are in capital letters: write \"{upper}\"");
                self.refuse(text.span(), format!("`{said}` is not a method"), remedy)
            }
            () => {
                let what = format!("`{}` is not a method", said.escape_default());
                self.refuse(text.span(), what, r#"Write methods such as "GET" or "POST""#)
            }
        }
    }

    fn require(
        &mut self,
        require: Said<raw::Text>,
        any_of: Said<Vec<raw::Text>>,
        all_of: Said<Vec<raw::Text>>,
        span: &Range<usize>,
        granting: Option<&Rules>,
    ) -> Option<Require> {
        match (require, any_of, all_of) {
            (Said::Unreadable, ..) | (_, Said::Unreadable, _) | (.., Said::Unreadable) => None,
            (require @ Said::Value(_), Said::Nothing, Said::Nothing) => self
                .choice(
                    require,
                    OneWord::SignedIn,
                    &[("public", OneWord::Public), ("signed_in", OneWord::SignedIn)],
                )
                .map(|word| match word {
                    OneWord::Public => Require::Public,
                    OneWord::SignedIn => Require::SignedIn,
                }),
            (Said::Nothing, Said::Value(roles), Said::Nothing) => {
                self.roles(roles, span, granting).map(Require::AnyOf)
            }
            (Said::Nothing, Said::Nothing, Said::Value(roles)) => {
                self.roles(roles, span, granting).map(Require::AllOf)
            }
            (Said::Nothing, Said::Nothing, Said::Nothing) => {
                self.refuse(span.clone(), "this rule does not say who may come", ONE_OF_THREE)
            }
            _ => self.refuse(span.clone(), "this rule says twice who may come", ONE_OF_THREE),
        }
    }

    /// Roles that the mapping can grant, at least one.
    pub(super) fn roles(
        &mut self,
        said: Vec<raw::Text>,
        span: &Range<usize>,
        granting: Option<&Rules>,
    ) -> Option<Vec<Role>> {
        if said.is_empty() {
            let what = "a list of no roles lets nobody in";
            return self.refuse(span.clone(), what, r#"Name a role, or write `require = "signed_in"`"#);
        }
        self.each(said, |to, text| {
            let role = match Role::parse(text.get_ref()) {
                Ok(role) => role,
                Err(_) => {
                    let what = format!("`{}` is not a role", text.get_ref().escape_default());
                    return to.refuse(text.span(), what, "Use 1 to 64 of a-z, 0-9, `_` and `-`");
                }
            };
            if let Some(rules) = granting
                && !rules.can_give(&role)
            {
                let managed = rules.managed_roles();
                let known: Vec<&str> = managed.iter().map(Role::as_str).collect();
                let what = format!("the role mapping never grants `{role}`");
                return to.refuse(text.span(), what, meant(role.as_str(), &known));
            }
            Some(role)
        })
    }
}

const ONE_OF_THREE: &str = r#"Write one of `require = "public"`, `require = "signed_in"`, `any_of = ["member"]` and `all_of = ["member"]`"#;

/// What `require` can say.
#[derive(Clone, Copy)]
enum OneWord {
    Public,
    SignedIn,
}

/// Whether every request of `later` is already decided by `earlier`. Patterns with `*` are not compared.
fn leaves_nothing_for(earlier: &AccessRule, later: &AccessRule) -> bool {
    let methods = earlier.methods.is_empty()
        || !later.methods.is_empty() && later.methods.iter().all(|method| earlier.methods.contains(method));
    methods && earlier.path.covers_below() && within(earlier.path.as_str(), later.path.as_str())
}

/// Whether `path` is `prefix` or below it.
fn within(prefix: &str, path: &str) -> bool {
    let (prefix, path) = (prefix.trim_end_matches('/'), path.trim_end_matches('/'));
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
