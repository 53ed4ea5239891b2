//! The clock of a simulator: the real one, and an offset that can be moved. The only place here that reads the time.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A clock that runs as the real one does, from wherever it was put.
#[derive(Debug, Default)]
pub struct Clock {
    offset: SignedDuration,
}

impl Clock {
    /// A clock that shows noon of `today` in `zone`, or the real time.
    pub fn starting(today: Option<Date>, zone: &TimeZone) -> Clock {
        let noon = today.and_then(|day| day.at(12, 0, 0, 0).to_zoned(zone.clone()).ok());
        let mut clock = Clock::default();
        if let Some(noon) = noon {
            clock.set(noon.timestamp());
        }
        clock
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        real().checked_add(self.offset).unwrap_or(Timestamp::MAX)
    }

    /// The day that it shows in `zone`.
    pub fn today(&self, zone: &TimeZone) -> Date {
        self.now().to_zoned(zone.clone()).date()
    }

    /// How far it is ahead of the real time.
    pub fn offset(&self) -> SignedDuration {
        self.offset
    }

    /// Puts it on an instant, from which it goes on.
    pub fn set(&mut self, to: Timestamp) {
        self.offset = to.duration_since(real());
    }

    /// Moves it; backwards with a negative duration.
    pub fn advance(&mut self, by: SignedDuration) {
        self.offset = self.offset.checked_add(by).unwrap_or(self.offset);
    }

    /// Back to the real time.
    pub fn reset(&mut self) {
        self.offset = SignedDuration::ZERO;
    }
}

/// The present day in `zone`: what to count the dates of a people file from.
pub fn today(zone: &TimeZone) -> Date {
    real().to_zoned(zone.clone()).date()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the simulators, which may share nothing with ours"
)]
fn real() -> Timestamp {
    Timestamp::now()
}
