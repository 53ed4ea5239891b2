//! How the Push API writes dates, numbers and countries.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::domain::contact::{ContactLink, LinkKind};
use crate::domain::time::Timestamp;

/// `2026-01-31T23:59:59.000Z`.
pub(super) fn instant(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The last millisecond of what ends, exclusively, at `end`: so the day that is told is the last one that counts.
pub(super) fn last_instant(end: Timestamp) -> String {
    instant(end.checked_sub(SignedDuration::from_millis(1)).unwrap_or(end))
}

/// Puts a text under a name, if there is one. What is left out is cleared there.
pub(super) fn put(fields: &mut Map<String, Value>, name: &str, text: Option<impl Into<String>>) {
    if let Some(text) = text.map(Into::into).filter(|text: &String| !text.trim().is_empty()) {
        fields.insert(name.to_owned(), text.into());
    }
}

/// The page of this kind.
pub(super) fn link(links: &[ContactLink], kind: LinkKind) -> Option<&str> {
    links.iter().find(|link| link.kind == kind).map(|link| link.url.as_str())
}

/// A telephone number: of North America as `nnn-nnn-nnnn`, any other as it is written.
pub(super) fn phone(number: &str) -> String {
    let written = number.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = written.to_ascii_lowercase();
    let cut =
        lower.find(['x', '#']).map(|at| lower.get(..at).map_or(at, |text| text.trim_end_matches("e").len()));
    let (base, extension) = written.split_at_checked(cut.unwrap_or(written.len())).unwrap_or((&written, ""));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_abroad =
        base.trim_start().strip_prefix('+').is_some_and(|rest| !rest.trim_start().starts_with('1'));
    let is_plain = !is_abroad && base.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    let number = digits(base);
    let number = number.strip_prefix('1').filter(|rest| rest.len() == 10).unwrap_or(&number);
    let parts = (number.get(..3), number.get(3..6), number.get(6..));
    let (Some(area), Some(office), Some(line), true, 10) =
        (parts.0, parts.1, parts.2, is_plain, number.len())
    else {
        return written;
    };
    match digits(extension).as_str() {
        "" => format!("{area}-{office}-{line}"),
        extension => format!("{area}-{office}-{line} x{extension}"),
    }
}

/// The kind of a telephone number, e-mail address or postal address: `Work Phone` is `Work`.
pub(super) fn kind(said: Option<&str>) -> Option<String> {
    let said = said?.trim();
    let lower = said.to_ascii_lowercase();
    let endings = [" phone number", " phone", " number", " address", " email", " e-mail"];
    let bare = endings.iter().find_map(|ending| lower.strip_suffix(ending)).map_or(said.len(), str::len);
    let bare = said.get(..bare).unwrap_or(said).trim();
    let word = match bare.to_ascii_lowercase().as_str() {
        "" => return None,
        "cell" | "cellular" | "mobile" => "Mobile",
        "business" | "office" | "work" => "Work",
        "home" | "personal" => "Home",
        _ => bare,
    };
    Some(word.to_owned())
}

/// A country by its two letters. `None`: it is not known which one is meant.
pub(super) fn country(said: &str) -> Option<String> {
    let said = said.trim();
    if said.len() == 2 && said.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Some(said.to_ascii_uppercase());
    }
    let plain: String = said.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    COUNTRIES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(code, _)| (*code).to_owned())
}

/// Two letters (ISO 3166-1), with three letters and names as they are written, letters alone.
#[rustfmt::skip]
const COUNTRIES: [(&str, &[&str]); 72] = [
    ("US", &["usa", "unitedstates", "unitedstatesofamerica"]), ("CA", &["can", "canada"]), ("MX", &["mex", "mexico", "méxico"]),
    ("GB", &["gbr", "unitedkingdom", "greatbritain", "england", "scotland", "wales", "northernireland"]), ("IE", &["irl", "ireland"]),
    ("AU", &["aus", "australia"]), ("NZ", &["nzl", "newzealand"]), ("DE", &["deu", "germany", "deutschland"]),
    ("AT", &["aut", "austria"]), ("CH", &["che", "switzerland"]), ("FR", &["fra", "france"]), ("BE", &["bel", "belgium"]),
    ("NL", &["nld", "netherlands", "thenetherlands"]), ("LU", &["lux", "luxembourg"]), ("DK", &["dnk", "denmark"]),
    ("SE", &["swe", "sweden"]), ("NO", &["nor", "norway"]), ("FI", &["fin", "finland"]), ("IS", &["isl", "iceland"]),
    ("ES", &["esp", "spain"]), ("PT", &["prt", "portugal"]), ("IT", &["ita", "italy"]), ("MT", &["mlt", "malta"]),
    ("GR", &["grc", "greece"]), ("CY", &["cyp", "cyprus"]), ("TR", &["tur", "turkey", "türkiye"]), ("PL", &["pol", "poland"]),
    ("CZ", &["cze", "czechia", "czechrepublic"]), ("SK", &["svk", "slovakia"]), ("HU", &["hun", "hungary"]),
    ("SI", &["svn", "slovenia"]), ("HR", &["hrv", "croatia"]), ("RO", &["rou", "romania"]), ("BG", &["bgr", "bulgaria"]),
    ("RS", &["srb", "serbia"]), ("UA", &["ukr", "ukraine"]), ("EE", &["est", "estonia"]), ("LV", &["lva", "latvia"]),
    ("LT", &["ltu", "lithuania"]), ("IN", &["ind", "india"]), ("PK", &["pak", "pakistan"]), ("BD", &["bgd", "bangladesh"]),
    ("LK", &["lka", "srilanka"]), ("NP", &["npl", "nepal"]), ("CN", &["chn", "china"]), ("HK", &["hkg", "hongkong"]),
    ("TW", &["twn", "taiwan"]), ("JP", &["jpn", "japan"]), ("KR", &["kor", "southkorea", "korea", "republicofkorea"]),
    ("SG", &["sgp", "singapore"]), ("MY", &["mys", "malaysia"]), ("TH", &["tha", "thailand"]), ("VN", &["vnm", "vietnam"]),
    ("PH", &["phl", "philippines"]), ("ID", &["idn", "indonesia"]), ("IL", &["isr", "israel"]), ("SA", &["sau", "saudiarabia"]),
    ("AE", &["are", "unitedarabemirates"]), ("QA", &["qat", "qatar"]), ("EG", &["egy", "egypt"]), ("ZA", &["zaf", "southafrica"]),
    ("NG", &["nga", "nigeria"]), ("KE", &["ken", "kenya"]), ("GH", &["gha", "ghana"]), ("BR", &["bra", "brazil", "brasil"]),
    ("AR", &["arg", "argentina"]), ("CL", &["chl", "chile"]), ("CO", &["col", "colombia"]), ("PE", &["per", "peru"]),
    ("PR", &["pri", "puertorico"]), ("JM", &["jam", "jamaica"]), ("BM", &["bmu", "bermuda"]),
];
