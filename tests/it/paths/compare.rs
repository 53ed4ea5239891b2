//! The comparison itself: whatever a real server has read is one of our readings, or nobody gets the path.

use super::path::RequestPath;
use super::real::Real;

/// Asks every server about the raw path, and gives each reading of theirs that is none of ours.
pub fn unknown_readings(real: &Real, raw: &str) -> Vec<String> {
    // What we refuse reaches no server.
    let Ok(path) = RequestPath::parse(raw) else { return Vec::new() };
    let mut unknown = Vec::new();
    for said in real.read(raw) {
        let may_lie_above = said.by.contains("file") || said.by.contains("Location");
        let mut spellings = std::iter::once(&said.path).chain(&said.without_script);
        if !spellings.any(|said| is_known(&path, said, may_lie_above)) {
            unknown.push(format!(
                "{raw}: {} reads {:?}, and we {:?}",
                said.by,
                String::from_utf8_lossy(&said.path),
                path.readings().collect::<Vec<_>>()
            ));
        }
    }
    unknown
}

/// A path is known if it is a reading, in whatever spelling. A file or a location may also lie above one: what follows is left to it.
fn is_known(path: &RequestPath<'_>, said: &[u8], may_lie_above: bool) -> bool {
    let text = match std::str::from_utf8(said) {
        Ok(text) => text.to_owned(),
        // Only bytes above ASCII differ, and how they are read is decided by table in unit tests.
        Err(_) => String::from_utf8_lossy(said).into_owned(),
    };
    let bare = |text: &str| -> String {
        text.chars()
            .filter(|letter| letter.is_ascii() && *letter != '\u{fffd}')
            .collect::<String>()
            .trim_end_matches('/')
            .to_owned()
    };
    let undecoded = RequestPath::parse(&text).map(|path| bare(path.literal()));
    path.readings().map(bare).any(|reading| {
        reading == bare(&text)
            || undecoded.as_ref().is_ok_and(|text| *text == reading)
            || (may_lie_above && reading.strip_prefix(&bare(&text)).is_some_and(|rest| rest.starts_with('/')))
    })
}
