//! The simulator's own clock: the real one, and an offset that a test moves. The only place here that reads the time.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

#[derive(Debug)]
pub(super) struct Clock {
    offset: SignedDuration,
}

impl Clock {
    /// A clock that shows noon of `today` in `zone`, or the real time.
    pub(super) fn starting(today: Option<Date>, zone: &TimeZone) -> Clock {
        let noon = today.and_then(|day| day.at(12, 0, 0, 0).to_zoned(zone.clone()).ok());
        let offset = noon.map_or(SignedDuration::ZERO, |noon| noon.timestamp().duration_since(real()));
        Clock { offset }
    }

    pub(super) fn now(&self) -> Timestamp {
        real().checked_add(self.offset).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn advance(&mut self, by: SignedDuration) {
        self.offset = self.offset.checked_add(by).unwrap_or(self.offset);
    }
}

/// The present day in `zone`: what to count the dates of a people file from.
pub fn today(zone: &TimeZone) -> Date {
    real().to_zoned(zone.clone()).date()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the simulator, which may share nothing with ours"
)]
fn real() -> Timestamp {
    Timestamp::now()
}
