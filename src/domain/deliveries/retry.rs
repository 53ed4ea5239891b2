//! When something is sent again that was not taken.

use std::time::Duration;

use jiff::SignedDuration;

/// The wait after the first failure of one person's row, and the longest.
const ROW: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(5), SignedDuration::from_hours(1));

/// The same for a subscriber that gives no answer at all. It is short enough that nobody waits long once it answers again.
const SUBSCRIBER: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(1), SignedDuration::from_mins(5));

/// A subscriber that says for how long it wants to be left alone is believed for this long.
const LONGEST_ASKED: Duration = Duration::from_secs(600);

/// How long one person's row waits after so many failures in a row. `dice`: from 0 to 1, so that rows that failed together do not come together.
pub fn row_wait(failures: u32, dice: f64) -> SignedDuration {
    wait(ROW, failures, dice)
}

/// How long a subscriber is left alone after so many failures in a row, or because it said so.
pub fn subscriber_wait(failures: u32, asked: Option<Duration>, dice: f64) -> SignedDuration {
    let own = wait(SUBSCRIBER, failures, dice);
    let asked = asked.map(|asked| asked.min(LONGEST_ASKED));
    asked.and_then(|asked| SignedDuration::try_from(asked).ok()).map_or(own, |asked| asked.max(own))
}

/// Twice as long each time, of which the dice takes up to a half.
fn wait((first, most): (SignedDuration, SignedDuration), failures: u32, dice: f64) -> SignedDuration {
    let doubled = first.checked_mul(2_i32.saturating_pow(failures.saturating_sub(1).min(20)));
    let whole = doubled.unwrap_or(most).min(most);
    whole.mul_f64(1.0 - dice.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_the_dice_shortens_them_by_half_at_most() {
        let mut last = SignedDuration::ZERO;
        for failures in 1..40 {
            let (long, short) = (row_wait(failures, 0.0), row_wait(failures, 1.0));
            assert!(long >= last && long <= ROW.1 && short * 2 == long, "{failures}: {long} {short}");
            last = long;
        }
        assert_eq!(last, ROW.1);
        assert_eq!(row_wait(1, 0.0), ROW.0);
    }

    #[test]
    fn a_subscriber_that_asks_for_time_gets_it_within_a_limit() {
        assert_eq!(subscriber_wait(1, Some(Duration::from_secs(90)), 0.0), SignedDuration::from_secs(90));
        assert_eq!(subscriber_wait(1, Some(Duration::from_secs(9_000)), 0.0), SignedDuration::from_secs(600));
        assert_eq!(subscriber_wait(9, Some(Duration::ZERO), 0.0), SignedDuration::from_secs(256));
    }
}
