//! The ways in which an answer can go wrong, in every simulator.

use std::time::Duration;

use super::kinds::Setting;

macro_rules! faults {
    ($( #[$what:meta] $variant:ident = $text:literal, )*) => {
        /// How an answer goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Fault {
            $( #[$what] $variant, )*
            /// The right answer, after so long: `slow_2s`.
            Slow(Duration),
            /// An error answer with this status from 400 on: `status_502`.
            Status(u16),
        }

        const NAMED: &[(&str, Fault)] = &[ $( ($text, Fault::$variant), )* ];
    };
}

faults! {
    /// It does not.
    None = "none",
    /// 500 with an error body.
    ServerError = "server_error",
    /// 503 with an HTML page of the web server.
    Unavailable = "unavailable",
    /// 200 with an HTML page of a firewall.
    HtmlOk = "html_ok",
    /// 200 with JSON of another shape.
    WrongShape = "wrong_shape",
    /// 200 with a list that has nothing in it.
    EmptyList = "empty_list",
    /// 302 to the login page.
    Redirect = "redirect",
    /// 204 without a body.
    NoContent = "no_content",
    /// 200 without a body.
    EmptyOk = "empty_ok",
    /// 401, as for an expired token.
    Unauthorized = "unauthorized",
    /// 429, with or without Retry-After.
    TooMany = "too_many",
    /// The right answer, with the second half of its text cut off.
    TruncatedJson = "truncated_json",
    /// The right answer, but the connection ends in the middle of the body.
    HalfClosed = "half_closed",
    /// The right answer, but only every other entry of its list.
    HalfRows = "half_rows",
    /// The right answer, but from its second page on a list has moved up by one entry since its first page was read.
    ShiftedRows = "shifted_rows",
    /// The right answer, one byte every tenth of a second.
    Trickle = "trickle",
    /// JSON white space without end.
    Endless = "endless",
    /// The connection ends without an answer.
    Closed = "closed",
    /// No answer ever, but the call was done.
    Hang = "hang",
    /// No answer ever, and nothing was done.
    HangBefore = "hang_before",
    /// 500, although the call was done; of a batch only the first half.
    HalfDone = "half_done",
}

impl Setting for Fault {
    fn read(text: &str) -> Option<Fault> {
        if let Some(wait) = text.strip_prefix("slow_") {
            return Duration::read(wait).map(Fault::Slow);
        }
        if let Some(status) = text.strip_prefix("status_") {
            return status.parse().ok().filter(|status| (400..600).contains(status)).map(Fault::Status);
        }
        NAMED.iter().find(|(name, _)| *name == text).map(|(_, fault)| *fault)
    }

    fn show(&self) -> String {
        match self {
            Fault::Slow(wait) => format!("slow_{}", wait.show()),
            Fault::Status(status) => format!("status_{status}"),
            named => NAMED.iter().find(|(_, fault)| fault == named).map_or("", |(name, _)| name).to_owned(),
        }
    }

    fn values() -> String {
        let named: Vec<&str> = NAMED.iter().map(|(name, _)| *name).collect();
        format!("{} | slow_TIME such as slow_2s | status_CODE such as status_502", named.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_as_it_is_shown() {
        for text in ["none", "hang", "empty_ok", "slow_250ms", "slow_2s", "status_404", "status_502"] {
            assert_eq!(Fault::read(text).map(|fault| fault.show()).as_deref(), Some(text));
        }
        for text in ["", "slow", "slow_", "slow_soon", "status_200", "status_600", "status_"] {
            assert_eq!(Fault::read(text), None, "{text}");
        }
    }
}
