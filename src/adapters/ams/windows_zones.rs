//! Time zones by the names that Windows gives them, as the Unicode CLDR maps them (`windowsZones`, territory 001), and by those of IANA.

use crate::domain::fold;
use crate::domain::time::TimeZone;

/// A zone by either name. `None`: no such zone is known.
pub(in crate::adapters::ams) fn zone(said: &str) -> Option<TimeZone> {
    let folded = fold::folded(said);
    let named = WINDOWS.iter().find(|(name, _)| fold::is(name, &folded)).map(|(_, iana)| *iana);
    let zone = TimeZone::get(named.unwrap_or(said.trim())).ok()?;
    zone.iana_name().is_some().then_some(zone)
}

#[rustfmt::skip]
const WINDOWS: [(&str, &str); 75] = [
    ("Eastern Standard Time", "America/New_York"), ("US Eastern Standard Time", "America/Indiana/Indianapolis"),
    ("Central Standard Time", "America/Chicago"), ("Mountain Standard Time", "America/Denver"),
    ("US Mountain Standard Time", "America/Phoenix"), ("Pacific Standard Time", "America/Los_Angeles"),
    ("Alaskan Standard Time", "America/Anchorage"), ("Aleutian Standard Time", "America/Adak"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"), ("Atlantic Standard Time", "America/Halifax"),
    ("Newfoundland Standard Time", "America/St_Johns"), ("Canada Central Standard Time", "America/Regina"),
    ("Yukon Standard Time", "America/Whitehorse"), ("Pacific Standard Time (Mexico)", "America/Tijuana"),
    ("Mountain Standard Time (Mexico)", "America/Mazatlan"), ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ("Eastern Standard Time (Mexico)", "America/Cancun"), ("Central America Standard Time", "America/Guatemala"),
    ("SA Pacific Standard Time", "America/Bogota"), ("SA Western Standard Time", "America/La_Paz"),
    ("SA Eastern Standard Time", "America/Cayenne"), ("Venezuela Standard Time", "America/Caracas"),
    ("Pacific SA Standard Time", "America/Santiago"), ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Argentina Standard Time", "America/Argentina/Buenos_Aires"), ("Montevideo Standard Time", "America/Montevideo"),
    ("Paraguay Standard Time", "America/Asuncion"), ("Haiti Standard Time", "America/Port-au-Prince"),
    ("Cuba Standard Time", "America/Havana"), ("Greenland Standard Time", "America/Nuuk"),
    ("UTC", "Etc/UTC"), ("Coordinated Universal Time", "Etc/UTC"), ("GMT Standard Time", "Europe/London"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"), ("Azores Standard Time", "Atlantic/Azores"),
    ("W. Europe Standard Time", "Europe/Berlin"), ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"), ("Romance Standard Time", "Europe/Paris"),
    ("E. Europe Standard Time", "Europe/Chisinau"), ("FLE Standard Time", "Europe/Kiev"),
    ("GTB Standard Time", "Europe/Bucharest"), ("Turkey Standard Time", "Europe/Istanbul"),
    ("Belarus Standard Time", "Europe/Minsk"), ("Russian Standard Time", "Europe/Moscow"),
    ("Israel Standard Time", "Asia/Jerusalem"), ("Jordan Standard Time", "Asia/Amman"),
    ("Egypt Standard Time", "Africa/Cairo"), ("Morocco Standard Time", "Africa/Casablanca"),
    ("W. Central Africa Standard Time", "Africa/Lagos"), ("South Africa Standard Time", "Africa/Johannesburg"),
    ("E. Africa Standard Time", "Africa/Nairobi"), ("Arab Standard Time", "Asia/Riyadh"),
    ("Arabic Standard Time", "Asia/Baghdad"), ("Arabian Standard Time", "Asia/Dubai"), ("Iran Standard Time", "Asia/Tehran"),
    ("Pakistan Standard Time", "Asia/Karachi"), ("India Standard Time", "Asia/Kolkata"),
    ("Sri Lanka Standard Time", "Asia/Colombo"), ("Nepal Standard Time", "Asia/Kathmandu"),
    ("Bangladesh Standard Time", "Asia/Dhaka"), ("SE Asia Standard Time", "Asia/Bangkok"),
    ("China Standard Time", "Asia/Shanghai"), ("Singapore Standard Time", "Asia/Singapore"),
    ("Taipei Standard Time", "Asia/Taipei"), ("W. Australia Standard Time", "Australia/Perth"),
    ("Tokyo Standard Time", "Asia/Tokyo"), ("Korea Standard Time", "Asia/Seoul"),
    ("Cen. Australia Standard Time", "Australia/Adelaide"), ("AUS Central Standard Time", "Australia/Darwin"),
    ("AUS Eastern Standard Time", "Australia/Sydney"), ("E. Australia Standard Time", "Australia/Brisbane"),
    ("Tasmania Standard Time", "Australia/Hobart"), ("New Zealand Standard Time", "Pacific/Auckland"),
    ("Fiji Standard Time", "Pacific/Fiji"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_windows_stands_for_a_zone_that_there_is() {
        for (name, iana) in WINDOWS {
            assert_eq!(
                zone(name).and_then(|zone| Some(zone.iana_name()?.to_owned())).as_deref(),
                Some(iana),
                "{name}"
            );
        }
    }

    #[test]
    fn a_zone_goes_by_either_name() {
        for (said, iana) in [
            (" us eastern  standard time", Some("America/Indiana/Indianapolis")),
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            ("America/New_York", Some("America/New_York")),
            ("Mars Standard Time", None),
            ("", None),
        ] {
            let found = zone(said);
            assert_eq!(found.as_ref().and_then(|zone| zone.iana_name()), iana, "{said}");
        }
    }
}
