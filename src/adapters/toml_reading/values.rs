//! What can stand as a value in a document: texts, truth, numbers, lists.

use std::num::ParseIntError;

use toml::Spanned;
use toml::de::DeValue;

use super::Reading;

/// What can be read from a value.
pub trait FromToml: Sized {
    /// Reads a value, or notes why it cannot.
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Self>;
}

impl FromToml for String {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.clone().into_owned());
        }
        reading.wrong_kind(&value, "a text in quotes", "Put the value in quotes");
        None
    }
}

impl FromToml for bool {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<bool> {
        if let DeValue::Boolean(said) = value.get_ref() {
            return Some(*said);
        }
        reading.wrong_kind(&value, "`true` or `false`", "Write `true` or `false`, without quotes");
        None
    }
}

impl FromToml for usize {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<usize> {
        whole(&value, reading, usize::from_str_radix, "a whole number from 0")
    }
}

impl FromToml for u32 {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<u32> {
        whole(&value, reading, u32::from_str_radix, "a whole number from 0 to 4294967295")
    }
}

fn whole<N>(
    value: &Spanned<DeValue<'_>>,
    reading: &mut Reading<'_>,
    read: impl FnOnce(&str, u32) -> Result<N, ParseIntError>,
    expected: &str,
) -> Option<N> {
    let number = value.get_ref().as_integer().and_then(|it| read(it.as_str(), it.radix()).ok());
    if number.is_none() {
        reading.wrong_kind(value, expected, format!("Write {expected}, without quotes"));
    }
    number
}

impl<T: FromToml> FromToml for Spanned<T> {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Spanned<T>> {
        let span = value.span();
        T::from_toml(value, reading).map(|inner| Spanned::new(span, inner))
    }
}

/// `None` for what cannot be read, where its place among others counts.
impl<T: FromToml> FromToml for Option<T> {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Option<T>> {
        Some(T::from_toml(value, reading))
    }
}

/// Entries that cannot be read are left out; they have been noted.
impl<T: FromToml> FromToml for Vec<T> {
    fn from_toml<'i>(value: Spanned<DeValue<'i>>, reading: &mut Reading<'i>) -> Option<Vec<T>> {
        if let DeValue::Array(items) = value.get_ref() {
            return Some(items.iter().filter_map(|item| T::from_toml(item.clone(), reading)).collect());
        }
        let remedy = match value.get_ref() {
            DeValue::Table(_) => "Put it in `[` and `]`, or the name of a section in `[[` and `]]`",
            _ => "Put it in `[` and `]`",
        };
        reading.wrong_kind(&value, "a list", remedy);
        None
    }
}
