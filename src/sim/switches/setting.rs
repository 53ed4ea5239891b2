//! The kinds of value that a switch can have, and how each is read and shown.

use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

use crate::sim::re_members::endpoint::Endpoint;

/// A kind of value: read from text, shown as the same text, described for help.
pub(super) trait Setting: Sized {
    fn read(text: &str) -> Option<Self>;
    fn show(&self) -> String;
    fn values() -> String;
}

macro_rules! choice {
    ($( #[$about:meta] )* $name:ident { $( #[$what:meta] $variant:ident = $text:literal, )* }) => {
        $( #[$about] )*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( #[$what] $variant, )* }

        impl Setting for $name {
            fn read(text: &str) -> Option<$name> {
                match text { $( $text => Some($name::$variant), )* _ => None }
            }
            fn show(&self) -> String {
                match self { $( $name::$variant => $text, )* }.to_owned()
            }
            fn values() -> String {
                [$( $text ),*].join(" | ")
            }
        }
    };
}

choice! {
    /// What a page without items is.
    EndOfList {
        /// 200 with an empty `dataList`.
        EmptyList = "empty_list",
        /// 204 without a body.
        NoContent = "no_content",
        /// 404.
        NotFound = "not_found",
        /// 400.
        BadRequest = "bad_request",
    }
}

choice! {
    /// What the lookup of a bad `sso` token is.
    InvalidSso {
        /// 200 with an empty `dataList`.
        EmptyList = "empty_list",
        /// 200 with `dataList: null`.
        NullList = "null_list",
        /// 401.
        Unauthorized = "unauthorized",
        /// 404.
        NotFound = "not_found",
        /// 400.
        BadRequest = "bad_request",
        /// 204 without a body.
        NoContent = "no_content",
    }
}

choice! {
    /// How often an `sso` token can be looked up.
    SsoUse {
        /// As often as wanted while it lasts.
        Unlimited = "unlimited",
        /// Once.
        Once = "once",
        /// Once, and lookups with `updateTokenUsage=false` are not counted.
        Counted = "counted",
    }
}

choice! {
    /// The body of an error answer.
    ErrorBody {
        /// A JSON string.
        JsonString = "json_string",
        /// `{"message": "…"}`.
        Object = "object",
        /// Plain text.
        Text = "text",
        /// Nothing.
        Empty = "empty",
    }
}

choice! {
    /// How an answer goes wrong.
    Fault {
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
        /// 302 to the login page.
        Redirect = "redirect",
        /// 204 without a body.
        NoContent = "no_content",
        /// 401, as for an expired token.
        Unauthorized = "unauthorized",
        /// 429, with or without Retry-After.
        TooMany = "too_many",
        /// The right answer, with the second half of its text cut off.
        TruncatedJson = "truncated_json",
        /// The right answer, but the connection ends in the middle of the body.
        HalfClosed = "half_closed",
        /// The right answer, one byte every tenth of a second.
        Trickle = "trickle",
        /// JSON white space without end.
        Endless = "endless",
        /// The connection ends without an answer.
        Closed = "closed",
        /// No answer ever.
        Hang = "hang",
    }
}

/// Which answers a fault touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Everything,
    /// The API, not the pages for people.
    Api,
    /// The pages for people, not the API.
    Portal,
    /// One endpoint.
    Only(Endpoint),
}

impl Scope {
    /// Whether the fault touches this endpoint.
    pub fn covers(self, endpoint: Endpoint) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Api => !endpoint.is_portal(),
            Scope::Portal => endpoint.is_portal(),
            Scope::Only(one) => one == endpoint,
        }
    }
}

impl Setting for Scope {
    fn read(text: &str) -> Option<Scope> {
        match text {
            "everything" => Some(Scope::Everything),
            "api" => Some(Scope::Api),
            "portal" => Some(Scope::Portal),
            one => Endpoint::ALL.iter().find(|endpoint| endpoint.name() == one).map(|one| Scope::Only(*one)),
        }
    }

    fn show(&self) -> String {
        match self {
            Scope::Everything => "everything",
            Scope::Api => "api",
            Scope::Portal => "portal",
            Scope::Only(one) => one.name(),
        }
        .to_owned()
    }

    fn values() -> String {
        let endpoints = Endpoint::ALL.iter().map(|endpoint| endpoint.name()).collect::<Vec<_>>().join(" | ");
        format!("everything | api | portal | {endpoints}")
    }
}

/// A list of allowed origins; none at all means that anything goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Option<Vec<String>>);

impl Origins {
    /// Whether an address may be gone to.
    pub fn allow(&self, address: &Url) -> bool {
        let origin = address.origin().ascii_serialization();
        self.0.as_ref().is_none_or(|allowed| allowed.contains(&origin))
    }
}

impl Setting for Origins {
    fn read(text: &str) -> Option<Origins> {
        if text == "off" {
            return Some(Origins(None));
        }
        let origin = |part: &str| Url::parse(part.trim()).ok().filter(Url::has_host).map(|url| url.origin());
        let origins: Option<Vec<_>> = text.split(',').map(origin).collect();
        Some(Origins(Some(origins?.iter().map(url::Origin::ascii_serialization).collect())))
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(|| "off".to_owned(), |origins| origins.join(","))
    }

    fn values() -> String {
        "off, or origins such as https://www.acme.example, with commas between".to_owned()
    }
}

impl Setting for bool {
    fn read(text: &str) -> Option<bool> {
        match text {
            "on" | "true" => Some(true),
            "off" | "false" => Some(false),
            _ => None,
        }
    }

    fn show(&self) -> String {
        if *self { "on" } else { "off" }.to_owned()
    }

    fn values() -> String {
        "on | off".to_owned()
    }
}

impl Setting for u32 {
    fn read(text: &str) -> Option<u32> {
        text.parse().ok().filter(|number| *number > 0)
    }

    fn show(&self) -> String {
        self.to_string()
    }

    fn values() -> String {
        "a whole number from 1".to_owned()
    }
}

impl Setting for Option<String> {
    fn read(text: &str) -> Option<Option<String>> {
        Some((text != "off").then(|| text.to_owned()))
    }

    fn show(&self) -> String {
        self.clone().unwrap_or_else(|| "off".to_owned())
    }

    fn values() -> String {
        "off, or any text".to_owned()
    }
}

impl Setting for Duration {
    fn read(text: &str) -> Option<Duration> {
        let end = text.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, unit) = text.split_at(end);
        let number: u32 = number.parse().ok()?;
        let unit = match unit {
            "ms" => Duration::from_millis(1),
            "s" => Duration::from_secs(1),
            "m" => Duration::from_mins(1),
            "h" => Duration::from_hours(1),
            _ => return None,
        };
        unit.checked_mul(number)
    }

    fn show(&self) -> String {
        match self.as_secs() {
            _ if self.subsec_millis() > 0 || self.is_zero() => format!("{}ms", self.as_millis()),
            seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
            seconds => format!("{seconds}s"),
        }
    }

    fn values() -> String {
        "a time such as 250ms, 30s, 5m or 24h".to_owned()
    }
}

impl Setting for TimeZone {
    fn read(text: &str) -> Option<TimeZone> {
        TimeZone::get(text).ok()
    }

    fn show(&self) -> String {
        self.iana_name().unwrap_or("UTC").to_owned()
    }

    fn values() -> String {
        "an IANA name such as America/New_York".to_owned()
    }
}
