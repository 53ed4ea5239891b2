//! The values of a mapping: a time zone, a role, a code, which membership decides.

use toml::Spanned;
use toml::de::DeValue;

use super::super::toml_reading::{FromToml, Reading};
use crate::domain::code::Code;
use crate::domain::fold;
use crate::domain::rule::{NotARole, PrimaryMembership, Role, RuleRole};
use crate::domain::spelling::nearest;
use crate::domain::time::TimeZone;

impl FromToml for TimeZone {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<TimeZone> {
        let name = not_blank(value, reading)?;
        let zone = TimeZone::get(name.get_ref()).ok();
        let zone = zone.filter(|zone| zone.iana_name().is_some() && !zone.is_unknown());
        if zone.is_none() {
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let remedy = match nearest(name.get_ref(), known.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean `{near}`"),
                None => "Use an IANA name, such as `America/New_York`".into(),
            };
            reading.problem(name.span(), format!("`{}` is not a time zone", name.get_ref()), remedy);
        }
        zone
    }
}

impl FromToml for PrimaryMembership {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<PrimaryMembership> {
        let word: Spanned<String> = FromToml::from_toml(value, reading)?;
        match word.get_ref().as_str() {
            "longest" => Some(PrimaryMembership::Longest),
            "first" => Some(PrimaryMembership::First),
            other => {
                let what = format!("`primary_membership` cannot be `{other}`");
                reading.problem(word.span(), what, "Use `\"longest\"` or `\"first\"`");
                None
            }
        }
    }
}

impl FromToml for Role {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Role> {
        role(value, reading, Role::parse)
    }
}

impl FromToml for RuleRole {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<RuleRole> {
        role(value, reading, RuleRole::parse)
    }
}

fn role<'i, T>(
    value: Spanned<DeValue<'i>>,
    reading: &mut Reading<'i>,
    parse: impl FnOnce(&str) -> Result<T, NotARole>,
) -> Option<T> {
    let text = not_blank(value, reading)?;
    let role = parse(text.get_ref()).ok();
    if role.is_none() {
        let fit = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
        let slug: String = text.get_ref().trim().to_ascii_lowercase().chars().map(fit).take(64).collect();
        let what = format!("`{}` is not a role", text.get_ref());
        reading.problem(text.span(), what, format!("Use 1 to 64 of a-z, 0-9, `_` and `-`, such as `{slug}`"));
    }
    role
}

impl FromToml for Code {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Code> {
        Code::parse(not_blank(value, reading)?.get_ref())
    }
}

fn not_blank<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Spanned<String>> {
    let text: Spanned<String> = FromToml::from_toml(value, reading)?;
    if fold::is_blank(text.get_ref()) {
        reading.problem(text.span(), "this is empty", "Give it a value, or leave the key out");
        return None;
    }
    Some(text)
}
