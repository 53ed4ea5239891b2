//! The kinds of value that a switch can have, and how each is read and shown.

use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

/// A kind of value: read from text, shown as the same text, described for help.
pub trait Setting: Sized {
    /// The value that a text stands for.
    fn read(text: &str) -> Option<Self>;
    /// The text that stands for a value.
    fn show(&self) -> String;
    /// What can be written.
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
pub(in crate::sim) use choice;

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

impl Setting for Option<u32> {
    fn read(text: &str) -> Option<Option<u32>> {
        if text == "off" { Some(None) } else { u32::read(text).map(Some) }
    }

    fn show(&self) -> String {
        self.map_or_else(|| "off".to_owned(), |number| number.to_string())
    }

    fn values() -> String {
        "off, or a whole number from 1".to_owned()
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

/// Whether a list with commas between names a thing, without regard to case.
pub fn lists(list: &str, name: &str) -> bool {
    list.split(',').any(|it| it.trim().eq_ignore_ascii_case(name))
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
