//! What nobody outside the vendor knows about re:Members, each unknown as a switch with a documented default.
//!
//! One line per switch in the list below is all it takes: type, default, help text, parsing and printing follow.

mod setting;

use std::time::Duration;

use jiff::tz::TimeZone;

use setting::Setting;
pub use setting::{EndOfList, ErrorBody, Fault, InvalidSso, Origins, Scope, SsoUse};

/// One switch, for listing and for setting it by name.
struct Switch {
    name: &'static str,
    what: &'static str,
    values: fn() -> String,
    show: fn(&Switches) -> String,
    set: fn(&mut Switches, &str) -> bool,
}

macro_rules! switches {
    ($( $name:ident: $kind:ty = $default:expr, $what:literal; )*) => {
        /// The position of every switch.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Switches { $( #[doc = $what] pub $name: $kind, )* }

        impl Default for Switches {
            fn default() -> Switches {
                Switches { $( $name: $default, )* }
            }
        }

        static TABLE: &[Switch] = &[ $( Switch {
            name: stringify!($name),
            what: $what,
            values: <$kind as Setting>::values,
            show: |switches| switches.$name.show(),
            set: |switches, text| <$kind as Setting>::read(text).map(|value| switches.$name = value).is_some(),
        }, )* ];
    };
}

switches! {
    end_of_list: EndOfList = EndOfList::EmptyList, "What a page without items is answered with.";
    invalid_sso: InvalidSso = InvalidSso::EmptyList, "What FindBySsoToken answers to a token that is unknown, expired or used up.";
    error_body: ErrorBody = ErrorBody::JsonString, "The body of an error answer.";
    app_token_ttl: Duration = Duration::from_hours(24), "How long AppToken and UserToken of a handshake last.";
    rotation_revokes: bool = false, "A new handshake ends the tokens of the one before.";
    sso_ttl: Duration = Duration::from_hours(24), "How long an sso token lasts.";
    sso_use: SsoUse = SsoUse::Unlimited, "How often an sso token can be looked up; `counted` spares lookups with updateTokenUsage=false.";
    session_ttl: Duration = Duration::from_hours(12), "How long the portal remembers a browser that signed in.";
    login_checks_approval: bool = false, "The login form refuses people who are not approved or are deceased; off: only the record tells.";
    redirect_allow_list: Origins = Origins::default(), "The origins to which login.aspx sends people back; off: anywhere.";
    logout_action: bool = false, "The logout redirect carries Action=Logout.";
    reload_timezone: bool = true, "The login page adds reload=timezone to its own address.";
    show_people: bool = false, "The login page lists who can sign in. Never true of the real one; for demonstrations.";
    rate_limit: bool = true, "More calls than the two numbers below are answered with 429.";
    rate_limit_per_second: u32 = 3, "Calls to the API in any second, per environment.";
    rate_limit_per_minute: u32 = 60, "Calls to the API in any minute, per environment.";
    retry_after: bool = true, "A 429 says in Retry-After how many seconds to wait.";
    time_zone: TimeZone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC), "Where the association's days begin; dates are printed without a zone.";
    page_size: u32 = 25, "Items on a page of a list.";
    custom_fields_need_details: bool = true, "A profile has customFields only with includeDetails=true.";
    only_active_memberships: bool = false, "Memberships inside a profile are only those that are active.";
    members_read_others: bool = true, "A member's own token reads other people's records; off: 403.";
    changed_since_repeats: bool = true, "A page of ChangedSince begins with the last id of the page before.";
    base_uri_port: bool = true, "The uri of step 2 names its port even where it is the default.";
    base_uri_slash: bool = false, "The uri of step 2 ends in a slash.";
    uri_of_step_1: Option<String> = None, "Answered as uri of step 1 in place of the right one, for clients that must refuse it.";
    uri_of_step_2: Option<String> = None, "Answered as uri of step 2 in place of the right one.";
    latency: Duration = Duration::ZERO, "How long every answer waits first.";
    fault: Fault = Fault::None, "How answers go wrong.";
    fault_on: Scope = Scope::Everything, "Which answers go wrong.";
    fault_every: u32 = 1, "Every n-th of those answers goes wrong.";
}

/// A switch that could not be set. Nothing was changed.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SwitchError {
    /// No `=` in it.
    #[error("a switch is written name=value, not {0:?}")]
    Shape(String),
    /// No switch of that name.
    #[error("there is no switch {name:?}; the switches are {known}")]
    Name {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A value that the switch does not have.
    #[error("{value:?} is no value of the switch {name}; write {values}")]
    Value {
        /// Which switch.
        name: &'static str,
        /// What was asked for.
        value: String,
        /// What it takes.
        values: String,
    },
}

impl Switches {
    /// Sets one switch, written `name=value`. On an error nothing changes.
    pub fn set(&mut self, assignment: &str) -> Result<(), SwitchError> {
        let Some((name, value)) = assignment.split_once('=') else {
            return Err(SwitchError::Shape(assignment.to_owned()));
        };
        let (name, value) = (name.trim().replace('-', "_").to_ascii_lowercase(), value.trim());
        let Some(switch) = TABLE.iter().find(|switch| switch.name == name) else {
            let known = TABLE.iter().map(|switch| switch.name).collect::<Vec<_>>().join(", ");
            return Err(SwitchError::Name { name, known });
        };
        if (switch.set)(self, value) {
            return Ok(());
        }
        Err(SwitchError::Value { name: switch.name, value: value.to_owned(), values: (switch.values)() })
    }
}

/// The defaults with these `name=value` applied in their order.
pub fn parse<'a>(assignments: impl IntoIterator<Item = &'a str>) -> Result<Switches, SwitchError> {
    let mut switches = Switches::default();
    for assignment in assignments {
        switches.set(assignment)?;
    }
    Ok(switches)
}

/// All switches with default, values and meaning, for `--help`.
pub fn table() -> String {
    let defaults = Switches::default();
    let line = |switch: &Switch| {
        let (name, show) = (switch.name, (switch.show)(&defaults));
        format!("  {name}={show}\n      {}\n      Values: {}\n", switch.what, (switch.values)())
    };
    TABLE.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_that_the_documentation_names_exists() {
        let rows =
            include_str!("../../../docs/ams/remembers.md").lines().filter(|line| line.starts_with("| "));
        let of_rows: String = rows.filter_map(|row| row.trim_end_matches(" |").rsplit('|').next()).collect();
        let named: Vec<&str> = of_rows.split('`').skip(1).step_by(2).collect();
        assert!(named.len() > 25, "{named:?}");
        for switch in named {
            let name = switch.split('=').next();
            assert!(TABLE.iter().any(|known| Some(known.name) == name), "{switch}");
            if switch.contains('=') {
                assert_eq!(Switches::default().set(switch), Ok(()));
            }
        }
    }

    #[test]
    fn every_switch_takes_back_what_it_shows() {
        let mut switches = Switches::default();
        for switch in TABLE {
            let shown = (switch.show)(&switches);
            assert_eq!(switches.set(&format!("{}={shown}", switch.name)), Ok(()), "{shown}");
        }
        assert_eq!(switches, Switches::default());
    }

    #[test]
    fn a_switch_is_set_by_name_and_a_mistake_names_what_would_do() {
        let set =
            parse(["end-of-list=not_found", "fault_on=committees", "latency=250ms", "page_size=2"]).unwrap();
        assert_eq!(set.end_of_list, EndOfList::NotFound);
        assert_eq!(set.latency, Duration::from_millis(250));
        assert_eq!(set.page_size, 2);

        let check = |text: &str, part: &str| {
            let error = parse([text]).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("page_size", "name=value");
        check("pagesize=2", "end_of_list, invalid_sso");
        check("page_size=0", "a whole number from 1");
        check("end_of_list=void", "empty_list | no_content | not_found | bad_request");
        check("time_zone=Mars/Olympus", "IANA");
        check("redirect_allow_list=gateway.example", "origins");
        check("latency=soon", "250ms");
    }
}
