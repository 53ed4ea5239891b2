//! The parts of a form that every page draws alike: a field with its hint and what to mend, a switch with its example, and
//! the lists that fields offer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;

/// What to mend, by the name of the field.
pub type FieldErrors = BTreeMap<String, String>;

/// One line to fill in.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "admin/field.html")]
pub struct Field {
    /// In the form.
    pub name: String,
    /// What it asks.
    pub label: Cow<'static, str>,
    /// What stands in it.
    pub value: String,
    /// One sentence about it; may be empty.
    pub hint: &'static str,
    /// What to mend, in a sentence.
    pub mend: Option<String>,
    /// What may be a mistake, in a sentence. It can be saved as it is.
    pub doubt: Option<String>,
    /// The list that it offers, by id; may be empty.
    pub list: Cow<'static, str>,
    /// `text`, `number`, `date`…
    pub kind: &'static str,
    /// The form cannot be sent without it.
    pub required: bool,
    /// Apart from others of the same name on the page.
    pub scope: String,
}

impl Field {
    /// A line of text.
    pub fn text(
        name: impl Into<String>,
        label: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Field {
        let (name, label, value) = (name.into(), label.into(), value.into());
        Field { name, label, value, kind: "text", ..Field::default() }
    }

    /// With a sentence about it.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Field {
        Field { hint, ..self }
    }

    /// With a list to choose from; what is not on it can be typed all the same.
    #[must_use]
    pub fn list(self, list: impl Into<Cow<'static, str>>) -> Field {
        Field { list: list.into(), ..self }
    }

    /// Of another kind.
    #[must_use]
    pub fn kind(self, kind: &'static str) -> Field {
        Field { kind, ..self }
    }

    /// That has to be filled in.
    #[must_use]
    pub fn required(self) -> Field {
        Field { required: true, ..self }
    }

    /// With what to mend.
    #[must_use]
    pub fn mend(self, mend: Option<String>) -> Field {
        Field { mend, ..self }
    }

    /// With what may be a mistake.
    #[must_use]
    pub fn doubt(self, doubt: Option<String>) -> Field {
        Field { doubt, ..self }
    }

    /// Apart from fields of the same name in other forms of the page.
    #[must_use]
    pub fn scope(self, scope: impl Into<String>) -> Field {
        Field { scope: scope.into(), ..self }
    }

    fn id(&self) -> String {
        format!("{}{}", self.scope, self.name.replace('.', "-"))
    }

    /// The elements that say more about it, by id.
    fn described_by(&self) -> String {
        let parts =
            [("hint", !self.hint.is_empty()), ("mend", self.mend.is_some()), ("doubt", self.doubt.is_some())];
        let present = parts.into_iter().filter(|(_, present)| *present);
        present.map(|(part, _)| format!("{}-{part}", self.id())).collect::<Vec<_>>().join(" ")
    }
}

impl HtmlSafe for Field {}

/// Lines to fill in, one thing on each.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "admin/lines.html")]
pub struct Lines {
    /// In the form.
    pub name: &'static str,
    /// What they ask.
    pub label: &'static str,
    /// What stands in them.
    pub value: String,
    /// One sentence about them.
    pub hint: &'static str,
    /// What to mend, in a sentence.
    pub mend: Option<String>,
    /// The form cannot be sent without any.
    pub required: bool,
}

impl Lines {
    /// Lines of text.
    pub fn new(name: &'static str, label: &'static str, value: impl Into<String>) -> Lines {
        Lines { name, label, value: value.into(), ..Lines::default() }
    }

    /// With a sentence about them.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Lines {
        Lines { hint, ..self }
    }

    /// That have to be filled in.
    #[must_use]
    pub fn required(self) -> Lines {
        Lines { required: true, ..self }
    }

    /// With what to mend.
    #[must_use]
    pub fn mend(self, mend: Option<String>) -> Lines {
        Lines { mend, ..self }
    }
}

impl HtmlSafe for Lines {}

/// A switch, with what it does and an example of it.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/switch.html")]
pub struct Toggle {
    /// In the form.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// On.
    pub on: bool,
    /// What it does, in a sentence.
    pub says: &'static str,
    /// A worked example.
    pub example: &'static str,
}

impl HtmlSafe for Toggle {}

/// Values that fields offer: what the AMS lists, and what was seen on records.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/list.html")]
pub struct List {
    /// Named by [`Field::list`].
    pub id: Cow<'static, str>,
    /// Value, and what people call it.
    pub items: Vec<(String, String)>,
}

impl HtmlSafe for List {}

/// The way through a long table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "admin/pager.html")]
pub struct Pager {
    /// "1–50 of 100,000".
    pub says: String,
    /// Address of the page before.
    pub before: Option<String>,
    /// Address of the page after.
    pub after: Option<String>,
}

impl HtmlSafe for Pager {}

impl Pager {
    /// Page `page` (from 0) of `total` rows, `per` on each; `address` names the page in its query.
    pub fn new(page: usize, per: usize, total: usize, address: impl Fn(usize) -> String) -> Pager {
        if total == 0 {
            return Pager::default();
        }
        let first = (page * per).min(total.saturating_sub(1));
        let last = (first + per).min(total);
        Pager {
            says: format!("{}–{} of {}", grouped(first + 1), grouped(last), grouped(total)),
            before: (page > 0).then(|| address(page - 1)),
            after: (last < total).then(|| address(page + 1)),
        }
    }
}

/// A value to copy.
#[derive(Clone, Debug)]
pub struct CopyValue {
    /// On the page.
    pub id: &'static str,
    /// What it is.
    pub name: &'static str,
    /// What it is for; may be empty.
    pub says: &'static str,
    /// The value.
    pub address: String,
}

/// A number with what it counts.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What it counts.
    pub name: &'static str,
    /// The number, or a word.
    pub big: String,
    /// One sentence about it.
    pub says: String,
    /// Where more is.
    pub href: &'static str,
}

/// `100000` as people read it: `100,000`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 person", "2 people".
pub fn people(number: usize) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{} people", grouped(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (100_000, "100,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_pager_knows_its_neighbours() {
        let at = |page, total| Pager::new(page, 50, total, |page| format!("?page={page}"));
        assert_eq!(at(0, 0), Pager::default());
        let (first, middle, last) = (at(0, 120), at(1, 120), at(2, 120));
        assert_eq!((&*first.says, first.before, first.after), ("1–50 of 120", None, Some("?page=1".into())));
        assert_eq!(
            (&*middle.says, middle.before.is_some(), middle.after.is_some()),
            ("51–100 of 120", true, true)
        );
        assert_eq!((&*last.says, last.after), ("101–120 of 120", None));
    }
}
