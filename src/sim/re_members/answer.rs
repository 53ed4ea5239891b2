//! A page of a list, in re:Members' envelope, and what has to be asked before an answer.

use http::StatusCode;
use serde_json::{Value, json};

use super::switches::{EndOfList, Switches};
use super::webhooks::EchoCheck;
use crate::sim::serving::Call;
pub(super) use crate::sim::serving::{Answer, Handled};
use crate::sim::switches::Fault;

/// Which page of a list is asked for, and how the answer goes wrong.
#[derive(Clone, Copy)]
pub(super) struct Page {
    /// From 1.
    pub(super) number: usize,
    pub(super) fault: Fault,
}

impl Call {
    /// The page number: the last segment if there is one, else 1.
    pub(super) fn page(&self) -> Result<Page, Answer> {
        let page = |number| Page { number, fault: self.fault };
        match self.argument("page") {
            "" => Ok(page(1)),
            number => match number.parse() {
                Ok(number) if number > 0 => Ok(page(number)),
                _ => Err(Answer::error(StatusCode::BAD_REQUEST, "The page number is not valid.")),
            },
        }
    }
}

impl Answer {
    /// This answer, if the callback says back what it was asked.
    pub(super) fn after(mut self, echo: EchoCheck) -> Answer {
        self.extensions.insert(echo);
        self
    }

    pub(super) fn take_echo(&mut self) -> Option<EchoCheck> {
        self.extensions.remove()
    }

    /// A page of a list; what no items look like is a switch.
    pub(super) fn page(switches: &Switches, page: Page, items: impl Iterator<Item = Value>) -> Answer {
        let size = switches.page_size as usize;
        let gone = usize::from(page.fault == Fault::ShiftedRows && page.number > 1);
        let before = size.saturating_mul(page.number - 1).saturating_add(gone);
        Answer::rows(switches, page, items.skip(before).take(size).collect())
    }

    /// A page of these items.
    pub(super) fn rows(switches: &Switches, page: Page, mut items: Vec<Value>) -> Answer {
        if page.fault == Fault::HalfRows {
            items = items.into_iter().step_by(2).collect();
        }
        let page = page.number;
        if !items.is_empty() {
            return Answer::json(json!({ "pageNumber": page, "dataList": items }));
        }
        match switches.end_of_list {
            EndOfList::EmptyList => Answer::json(json!({ "pageNumber": page, "dataList": [] })),
            EndOfList::NoContent => Answer::nothing(StatusCode::NO_CONTENT),
            EndOfList::NotFound => Answer::not_found(),
            EndOfList::BadRequest => Answer::error(StatusCode::BAD_REQUEST, "The page does not exist."),
        }
    }
}
