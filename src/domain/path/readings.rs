//! The closure: what comes of a path by every step that some server takes, in every order.

use super::policy::{PathFault, Platform};
use super::spelling::{self, PathText};
use super::windows;

/// Most readings of one path.
pub(super) const MOST_READINGS: usize = 32;
/// Most intermediate forms. Forms that are not decoded yet are no readings, but are worked on.
const MOST_FORMS: usize = 128;
/// Most bytes of all forms together, so that a long path costs no more than a short one.
const MOST_BYTES: usize = 256 * 1024;
/// No server decodes more than twice.
const MOST_DECODED: u8 = 2;

/// The path after some steps.
struct Form {
    bytes: Vec<u8>,
    /// How often it was decoded.
    decoded: u8,
}

#[derive(Default)]
struct ReadingSet {
    forms: Vec<Form>,
    bytes: usize,
    readings: Vec<String>,
}

/// All readings of a raw path that begins with `/` and is printable ASCII. The literal one is the first.
pub(super) fn of(raw: &str, platform: Platform) -> Result<Vec<String>, PathFault> {
    if !spelling::escapes_are_whole(raw.as_bytes()) {
        return Err(PathFault::BrokenEscape);
    }
    let mut found = ReadingSet::default();
    found.add(Form { bytes: raw.as_bytes().to_vec(), decoded: 0 }, platform)?;
    let mut next = 0;
    while let Some(form) = found.forms.get(next) {
        for form in steps(form, platform) {
            found.add(form, platform)?;
        }
        next += 1;
    }
    Ok(found.readings)
}

/// Every form that is one step away, decoding first.
fn steps(form: &Form, platform: Platform) -> Vec<Form> {
    let (bytes, decoded) = (form.bytes.as_slice(), form.decoded);
    let mut forms = Vec::new();
    if decoded < MOST_DECODED && bytes.contains(&b'%') {
        let mut ways = vec![
            spelling::decode(bytes, spelling::may_stand_raw),
            spelling::decode(bytes, |byte| byte == b'/'),
            spelling::decode(bytes, |_| false),
        ];
        if platform == Platform::Windows && decoded > 0 {
            ways.push(windows::decode(bytes));
        }
        forms.extend(ways.into_iter().map(|bytes| Form { bytes, decoded: decoded + 1 }));
    }
    let mut changed: Vec<Vec<u8>> = Vec::new();
    if bytes.contains(&b'\\') {
        changed.push(bytes.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect());
    }
    if bytes.contains(&b';') {
        changed.extend(spelling::cut_parameters(bytes));
    }
    changed.extend(spelling::merge_slashes(bytes));
    changed.extend(spelling::merge_leading_slashes(bytes));
    changed.extend(spelling::drop_authority(bytes));
    changed.extend(spelling::remove_dot_segments(bytes));
    if platform == Platform::Windows {
        changed.extend(windows::steps(bytes));
    }
    forms.extend(changed.into_iter().map(|bytes| Form { bytes, decoded }));
    forms
}

impl ReadingSet {
    fn add(&mut self, form: Form, platform: Platform) -> Result<(), PathFault> {
        // An encoded form is no reading itself: what it says as it is written is the first of its decoded forms.
        let is_reading = form.decoded > 0 || !form.bytes.contains(&b'%');
        if self.forms.iter().any(|known| known.bytes == form.bytes && known.decoded == form.decoded) {
            return Ok(());
        }
        spelling::check(&form.bytes)?;
        if platform == Platform::Windows {
            windows::check(&form.bytes)?;
        }
        if is_reading {
            let PathText { text, as_windows_1252 } = PathText::of(&form.bytes);
            for text in [Some(text), as_windows_1252].into_iter().flatten() {
                if !self.readings.contains(&text) {
                    self.readings.push(text);
                }
            }
        }
        self.bytes += form.bytes.len();
        // A form that was reached with fewer decodings already has every step of this one before it.
        if !self.forms.iter().any(|known| known.bytes == form.bytes && known.decoded < form.decoded) {
            self.forms.push(form);
        }
        let is_too_much = self.readings.len() > MOST_READINGS
            || self.forms.len() > MOST_FORMS
            || self.bytes > MOST_BYTES.max(2 * self.first_length());
        if is_too_much { Err(PathFault::TooManyReadings) } else { Ok(()) }
    }

    fn first_length(&self) -> usize {
        self.forms.first().map_or(0, |form| form.bytes.len())
    }
}
