//! The picture of the last day, and the table that says the same.

use jiff::SignedDuration;

use crate::domain::deliveries::day::{DayStep, STEPS};
use crate::domain::time::TimeZone;

/// The width of a step in the picture, and the heights of its two halves.
const WIDE: usize = 8;
const HIGH: f64 = 90.0;

/// Where the upper half stands, and where the lower one stands.
const BASE: f64 = 104.0;
const DELAY_BASE: f64 = 226.0;

/// A rectangle of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct DayBar {
    /// From the left.
    pub x: usize,
    /// From the top.
    pub y: String,
    /// Its width.
    pub width: usize,
    /// Its height.
    pub height: String,
    /// The class in the style sheet.
    pub class: &'static str,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// When the step began.
    pub from: String,
    /// Confirmed.
    pub confirmed: String,
    /// Refused for good.
    pub refused: String,
    /// The delay of the one in the middle.
    pub middle: String,
    /// The longest delay.
    pub longest: String,
}

/// The day.
#[derive(Clone, Debug)]
pub struct DayPicture {
    /// What a screen reader says in place of the picture.
    pub says: String,
    /// The bars.
    pub bars: Vec<DayBar>,
    /// The full hours that are named: from the left, and the hour.
    pub hours: Vec<(usize, String)>,
    /// What the highest bar of the upper half stands for.
    pub most: String,
    /// What the highest bar of the lower half stands for.
    pub slowest: String,
    /// The steps in which something ended, the latest first.
    pub rows: Vec<DayRow>,
}

impl DayPicture {
    /// Of these steps, the oldest first.
    pub fn new(steps: &[DayStep], zone: &TimeZone) -> DayPicture {
        let most = steps.iter().map(|step| step.confirmed + step.refused).max().unwrap_or_default();
        let slowest = steps.iter().filter_map(|step| step.longest).max().unwrap_or_default();
        let mut bars = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            bars.extend(bars_of(number * WIDE, step, most, slowest));
        }
        let clock = |step: &DayStep| zone.to_datetime(step.began);
        let hours = steps.iter().enumerate().filter(|(_, step)| {
            let began = clock(step);
            began.minute() == 0 && began.hour() % 3 == 0
        });
        let row = |step: &DayStep| DayRow {
            from: clock(step).strftime("%-d %B, %H:%M").to_string(),
            confirmed: step.confirmed.to_string(),
            refused: step.refused.to_string(),
            middle: step.middle.map(lasted).unwrap_or_default(),
            longest: step.longest.map(lasted).unwrap_or_default(),
        };
        DayPicture {
            says: says(steps, slowest),
            bars,
            hours: hours
                .map(|(number, step)| (number * WIDE, clock(step).strftime("%H:%M").to_string()))
                .collect(),
            most: most.to_string(),
            slowest: lasted(slowest),
            rows: steps.iter().rev().filter(|step| step.confirmed + step.refused > 0).map(row).collect(),
        }
    }

    /// Its width.
    pub fn width(&self) -> usize {
        STEPS * WIDE
    }
}

fn bars_of(x: usize, step: &DayStep, most: u64, slowest: SignedDuration) -> Vec<DayBar> {
    // What is there can be seen, however little it is.
    let part =
        |value: f64, of: f64| if value > 0.0 { (value / of.max(f64::EPSILON) * HIGH).max(1.5) } else { 0.0 };
    let bar = |x: usize, width: usize, base: f64, height: f64, class: &'static str| DayBar {
        x,
        y: format!("{:.1}", base - height),
        width,
        height: format!("{height:.1}"),
        class,
    };
    let confirmed = part(step.confirmed as f64, most as f64);
    let refused = part(step.refused as f64, most as f64);
    let seconds = |delay: Option<SignedDuration>| {
        let seconds = delay.map(|delay| delay.as_secs_f64().max(0.001)).unwrap_or_default();
        part(seconds, slowest.as_secs_f64().max(0.001))
    };
    let all = [
        bar(x, WIDE - 2, BASE, confirmed, "confirmed"),
        bar(x, WIDE - 2, BASE - confirmed, refused, "refused"),
        bar(x, WIDE - 2, DELAY_BASE, seconds(step.longest), "longest"),
        bar(x + 2, WIDE - 6, DELAY_BASE, seconds(step.middle), "middle"),
    ];
    all.into_iter().filter(|bar| bar.height != "0.0").collect()
}

fn says(steps: &[DayStep], slowest: SignedDuration) -> String {
    let confirmed: u64 = steps.iter().map(|step| step.confirmed).sum();
    let refused: u64 = steps.iter().map(|step| step.refused).sum();
    if confirmed + refused == 0 {
        return "Nothing was sent in the last 24 hours.".to_owned();
    }
    let busiest = steps.iter().map(|step| step.confirmed).max().unwrap_or_default();
    format!(
        "Deliveries of the last 24 hours: {confirmed} confirmed, {busiest} of them in the busiest quarter of an hour, and {refused} refused. The longest delay was {}.",
        lasted(slowest)
    )
}

/// A time in words: `340 ms`, `12 s`, `5 min`, `3 h 20 min`, `2 days 4 h`.
pub fn lasted(time: SignedDuration) -> String {
    let (seconds, minutes, hours) = (time.as_secs(), time.as_mins(), time.as_hours());
    match seconds {
        ..1 => format!("{} ms", time.as_millis().max(0)),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{minutes} min"),
        7_200..172_800 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{} days {} h", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_two_largest_units() {
        for (seconds, says) in [
            (0.34, "340 ms"),
            (12.0, "12 s"),
            (300.0, "5 min"),
            (12_000.0, "3 h 20 min"),
            (200_000.0, "2 days 7 h"),
        ] {
            assert_eq!(lasted(SignedDuration::from_secs_f64(seconds)), says);
        }
    }
}
