//! A condition in the words of the table.

use super::{Condition, ConditionField};

impl Condition {
    /// A text of the table with what stands in the fields, each as `show` gives it.
    pub fn phrase(&self, text: &str, show: impl Fn(&ConditionField, &str) -> String) -> String {
        let values = self.values();
        self.kind().fields.iter().fold(text.to_owned(), |text, field| {
            let shown = match values.get(field.key).map(|value| value.in_words(|text| show(field, text))) {
                Some(value) if field.optional => format!(" {}", field.detail.replace("{}", &value)),
                Some(value) => value,
                None => String::new(),
            };
            text.replace(&format!("{{{}}}", field.key), &shown)
        })
    }
}
