//! The page of metrics, for the operator's monitoring.
//!
//! Parts count by themselves and enter their counters; what is a level and not a count is read when the page is asked for.
//! No label takes what a visitor sends, so the number of series is bounded.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::adapters::budget::Usage;
use crate::adapters::store::StoreLoad;
use crate::adapters::store::deliveries::DeliveryCounts;
use crate::adapters::store::outbox::Undelivered;
use crate::domain::budget::CallKind;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SubscriberLabel {
    subscriber: String,
}

/// Levels at the moment of asking. What is not known is left off the page.
#[derive(Debug)]
pub struct Levels {
    /// Sessions in memory.
    pub sessions: u64,
    /// The budget of calls to the AMS.
    pub ams: Usage,
    /// People who wait for a turn to sign in.
    pub waiting: usize,
    /// When the AMS last gave an answer that could be used.
    pub ams_answered: Option<Timestamp>,
    /// When the listener's certificate ends.
    pub certificate_ends: Option<Timestamp>,
    /// Logout messages that no client has taken.
    pub logout_messages: Option<Undelivered>,
    /// Whether the store's file is the one that was opened.
    pub store_in_place: Option<bool>,
    /// Values in the store that are still sealed with an older key.
    pub sealed_with_older: u64,
    /// Writes to the store that have failed since the start.
    pub store_failures: u64,
    /// For how long the store has given no answer.
    pub store_silent: Duration,
    /// How busy the connections to the store's server are.
    pub store_load: Option<StoreLoad>,
    /// By how much the clock has jumped forward since the start.
    pub clock_jumps: SignedDuration,
    /// What sites are told of people.
    pub deliveries: Vec<DeliveryLevels>,
    /// The directory, where it is kept in step.
    pub directory: Option<DirectoryLevels>,
}

/// How far one subscriber has been told of people.
#[derive(Debug)]
pub struct DeliveryLevels {
    /// Which: a name of the configuration.
    pub subscriber: String,
    /// How many people it was told of.
    pub counts: DeliveryCounts,
    /// For how long it has not known something that it should, in seconds.
    pub delay: i64,
    /// Nothing is sent.
    pub is_stopped: bool,
}

/// How the directory is kept in step with the AMS.
#[derive(Debug)]
pub struct DirectoryLevels {
    /// People on file.
    pub people: usize,
    /// People who are to be read one by one.
    pub to_read: usize,
    /// People who are missing and keep what they have, because very many are missing at once.
    pub held: usize,
    /// When the change feed last answered.
    pub feed_polled: Option<Timestamp>,
    /// Since when all changes have been asked for.
    pub feed_unbroken: Option<Timestamp>,
    /// When a webhook last came.
    pub hooked: Option<Timestamp>,
    /// When the roster was confirmed that was confirmed longest ago.
    pub oldest_roster: Option<Timestamp>,
    /// Rosters that were never read.
    pub unread_rosters: usize,
    /// When the last sweep that came to its end began.
    pub swept: Option<Timestamp>,
    /// By how much everything is read less often than wanted: 1 if it is not.
    pub stretch: f64,
    /// Calls an hour that it would take.
    pub calls_an_hour: f64,
    /// The instant of asking, by the clock of the others.
    pub now: Timestamp,
}

/// All metrics in the OpenMetrics text format 1.0. `parts` enters what other parts count, by full names.
pub fn page(levels: &Levels, parts: impl FnOnce(&mut Registry)) -> String {
    let mut registry = Registry::default();
    enter(registry.sub_registry_with_prefix("membergate"), levels);
    if let Some(directory) = &levels.directory {
        enter_directory(registry.sub_registry_with_prefix("membergate_directory"), directory);
    }
    enter_deliveries(registry.sub_registry_with_prefix("membergate_deliveries"), &levels.deliveries);
    parts(&mut registry);
    let mut text = String::new();
    // Writing to a text cannot fail; if an encoder ever refuses, half a page must not pass for a whole one.
    match prometheus_client::encoding::text::encode(&mut text, &registry) {
        Ok(()) => text,
        Err(_) => String::new(),
    }
}

fn enter(to: &mut Registry, levels: &Levels) {
    let level = |value: u64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        gauge
    };
    let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    to.register("build", "The program that runs", build);
    to.register("sessions", "Sessions in memory", level(levels.sessions));
    let Usage { last_minute, per_minute, waiting, reserved, paused_for } = &levels.ams;
    let used = last_minute.iter().sum::<usize>();
    to.register("ams_budget_used", "Calls to the AMS within the last minute", level(used as u64));
    to.register("ams_budget", "Calls to the AMS that a minute allows", level(*per_minute as u64));
    let paused = paused_for.map_or(0, |pause| pause.as_secs() + 1);
    to.register("ams_paused_seconds", "How much longer the AMS asked us to wait", level(paused));
    let line = Family::<KindLabel, Gauge>::default();
    for (kind, count) in CallKind::ALL.into_iter().zip(waiting) {
        line.get_or_create(&KindLabel { kind: kind.slug() }).set(i64::try_from(*count).unwrap_or(i64::MAX));
    }
    to.register(
        "ams_reserved",
        "Calls to the AMS that sign-ins which have begun may still make",
        level(*reserved as u64),
    );
    to.register("waiting", "People who wait for a turn to sign in", level(levels.waiting as u64));
    to.register("ams_waiting", "Calls to the AMS that wait for the budget", line);
    let instants = [
        ("ams_last_answer", "When the AMS last gave a usable answer", levels.ams_answered),
        ("certificate_end", "When the listener's certificate ends", levels.certificate_ends),
    ];
    for (name, help, instant) in instants {
        if let Some(instant) = instant {
            let gauge = Gauge::<i64>::default();
            gauge.set(instant.as_second());
            to.register(format!("{name}_timestamp_seconds"), format!("{help}, in seconds since 1970"), gauge);
        }
    }
    if let Some(Undelivered { pending, given_up }) = levels.logout_messages {
        let messages = Family::<StateLabel, Gauge>::default();
        for (state, count) in [("pending", pending), ("given_up", given_up)] {
            messages.get_or_create(&StateLabel { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        to.register("logout_messages", "Logout messages that no client has taken", messages);
    }
    if let Some(in_place) = levels.store_in_place {
        to.register(
            "store_in_place",
            "Whether the store's file is the one that was opened",
            level(in_place.into()),
        );
    }
    let older = "Values in the store that are still sealed with an older key";
    to.register("store_sealed_with_older_key", older, level(levels.sealed_with_older));
    let failures = ConstCounter::new(levels.store_failures);
    to.register("store_write_failures", "Writes to the store that have failed", failures);
    let silent = level(levels.store_silent.as_secs());
    to.register("store_silent_seconds", "For how long the store has given no answer", silent);
    let jumps = level(levels.clock_jumps.as_secs().unsigned_abs());
    to.register("clock_jump_seconds", "By how much the clock has jumped forward since the start", jumps);
    if let Some(StoreLoad { connections, in_use, waiting, round_trip }) = levels.store_load {
        to.register("store_connections", "Open connections to the store", level(connections as u64));
        to.register("store_connections_in_use", "Connections to the store in use", level(in_use as u64));
        to.register("store_waiting", "Work that waits for a connection to the store", level(waiting as u64));
        if let Some(round_trip) = round_trip {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(round_trip.as_secs_f64());
            let help = "How long the store took to answer when it was last asked for the time";
            to.register("store_round_trip_seconds", help, gauge);
        }
    }
}

fn enter_deliveries(to: &mut Registry, levels: &[DeliveryLevels]) {
    type Figure = fn(&DeliveryLevels) -> i64;
    let figures: [(&str, &str, Figure); 5] = [
        ("pending", "People that a site is still to be told about", |it| {
            i64::try_from(it.counts.pending).unwrap_or(i64::MAX)
        }),
        ("failing", "Those of them that it refused for now, one by one", |it| {
            i64::try_from(it.counts.failing).unwrap_or(i64::MAX)
        }),
        ("set_aside", "People that a site does not accept", |it| {
            i64::try_from(it.counts.set_aside).unwrap_or(i64::MAX)
        }),
        ("delay_seconds", "For how long a site has not known something that it should", |it| it.delay),
        ("stopped", "Whether a site is told nothing until an administrator says so", |it| {
            it.is_stopped.into()
        }),
    ];
    if levels.is_empty() {
        return;
    }
    for (name, help, figure) in figures {
        let family = Family::<SubscriberLabel, Gauge>::default();
        for level in levels {
            let label = SubscriberLabel { subscriber: level.subscriber.clone() };
            family.get_or_create(&label).set(figure(level));
        }
        to.register(name, help, family);
    }
}

fn enter_directory(to: &mut Registry, levels: &DirectoryLevels) {
    let counts = [
        ("people", "People on file", levels.people),
        ("to_read", "People who are to be read one by one", levels.to_read),
        ("held_absences", "People who are missing and keep what they have for now", levels.held),
        ("unread_rosters", "Rosters that were never read", levels.unread_rosters),
    ];
    for (name, help, count) in counts {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        to.register(name, help, gauge);
    }
    let ages = [
        ("feed", "Since the change feed last answered", levels.feed_polled),
        ("feed_unbroken", "Since when all changes have been asked for", levels.feed_unbroken),
        ("hook", "Since a webhook last came", levels.hooked),
        ("roster", "Since the oldest of the rosters was confirmed", levels.oldest_roster),
        ("sweep", "Since the last whole sweep over all members began", levels.swept),
    ];
    for (name, help, at) in ages {
        if let Some(at) = at {
            let gauge = Gauge::<i64>::default();
            gauge.set(levels.now.duration_since(at).as_secs().max(0));
            to.register(format!("{name}_age_seconds"), help, gauge);
        }
    }
    let figures = [
        ("stretch", "By how much everything is read less often than wanted: 1 if it is not", levels.stretch),
        ("calls_an_hour", "Calls to the AMS that an hour would take", levels.calls_an_hour),
    ];
    for (name, help, figure) in figures {
        let gauge = Gauge::<f64, AtomicU64>::default();
        gauge.set(figure);
        to.register(name, help, gauge);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_counts_are_on_the_page_and_their_names_stay() {
        let ams = Usage {
            last_minute: [0, 5, 0, 0, 2, 0, 0],
            per_minute: 60,
            waiting: [0, 2, 0, 0, 1, 0, 0],
            reserved: 3,
            paused_for: Some(Duration::from_millis(1500)),
        };
        let levels = Levels {
            sessions: 3,
            ams,
            waiting: 8,
            ams_answered: Timestamp::from_second(1_795_000_000).ok(),
            certificate_ends: Timestamp::from_second(1_796_000_000).ok(),
            deliveries: vec![DeliveryLevels {
                subscriber: "wordpress:library".to_owned(),
                counts: DeliveryCounts { pending: 7, set_aside: 1, ..DeliveryCounts::default() },
                delay: 31,
                is_stopped: false,
            }],
            logout_messages: Some(Undelivered { pending: 4, given_up: 1 }),
            store_in_place: Some(true),
            sealed_with_older: 6,
            store_failures: 5,
            store_silent: Duration::from_secs(12),
            clock_jumps: SignedDuration::from_hours(24),
            store_load: Some(StoreLoad {
                connections: 4,
                in_use: 2,
                waiting: 1,
                round_trip: Some(Duration::from_millis(3)),
            }),
            directory: Some(DirectoryLevels {
                people: 8622,
                to_read: 12,
                held: 31,
                feed_polled: Timestamp::from_second(1_795_000_000).ok(),
                feed_unbroken: Timestamp::from_second(1_794_000_000).ok(),
                hooked: None,
                // A clock that was set back makes no age negative.
                oldest_roster: Timestamp::from_second(1_795_000_090).ok(),
                unread_rosters: 1,
                swept: Timestamp::from_second(1_794_999_000).ok(),
                stretch: 1.5,
                calls_an_hour: 412.25,
                now: Timestamp::from_second(1_795_000_042).unwrap(),
            }),
        };
        let text = page(&levels, |registry| {
            registry.register(
                "membergate_proxy_connections",
                "Connections of visitors",
                Gauge::<i64>::default(),
            );
        });
        // Series come in no particular order.
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"));
        assert!(text.ends_with("# EOF\n"));
    }
}
