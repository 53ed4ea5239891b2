//! What the commands about the community say: for people, or as JSON with one line for each thing.

use std::io::Write;

use serde_json::{Value, json};

use crate::cli::explain::AnswerFormat;
use crate::cli::shared::CommandFailure;
use crate::domain::community::{CommunityFigures, FactChange, FactKind, FactRow, SyncCount};
use crate::domain::deliveries::brake::Stop;
use crate::domain::deliveries::row::{Delivery, Phase};
use crate::domain::time::{TimeZone, Timestamp};
use crate::flows::community_standing::{
    BrakeOutlook, CommunityStatus, PlanSummary, PlannedContact, PlannedKind,
};

/// Says things in the format that was asked for.
pub(super) struct Teller<'a> {
    out: &'a mut dyn Write,
    format: AnswerFormat,
}

type TellingResult = Result<(), CommandFailure>;

impl<'a> Teller<'a> {
    pub(super) fn new(out: &'a mut dyn Write, format: AnswerFormat) -> Teller<'a> {
        Teller { out, format }
    }

    fn put(&mut self, text: impl FnOnce() -> String, json: impl FnOnce() -> Value) -> TellingResult {
        match self.format {
            AnswerFormat::Text => writeln!(self.out, "{}", text())?,
            AnswerFormat::Json => writeln!(self.out, "{}", json())?,
        }
        // Whoever waits reads along.
        Ok(self.out.flush()?)
    }

    pub(super) fn says(&mut self, kind: &str, text: &str) -> TellingResult {
        self.put(|| text.to_owned(), || json!({ "kind": kind, "says": text }))
    }

    /// A person who would be sent.
    pub(super) fn contact(&mut self, contact: &PlannedContact, zone: &TimeZone) -> TellingResult {
        self.put(|| contact_text(contact, zone), || contact_json(contact))
    }

    /// Each group, members and everybody; and how many are not sent.
    pub(super) fn figures(&mut self, figures: &CommunityFigures) -> TellingResult {
        let sums = [("everybody", &figures.people), ("members", &figures.members)];
        if self.format == AnswerFormat::Text {
            writeln!(
                self.out,
                "{:>9} {:>9} {:>8} {:>8} {:>9} {:>8}",
                "should be", "is there", "to come", "to go", "to change", "refused"
            )?;
        }
        for (kind, count) in sums {
            self.put(|| count_text(count, kind), || count_json(kind, count))?;
        }
        for (id, group) in &figures.groups {
            let name = if group.name == *id { id.clone() } else { format!("{id}  {}", group.name) };
            self.put(
                || count_text(&group.count, &name),
                || {
                    let mut line = count_json("group", &group.count);
                    line["id"] = json!(id);
                    line["name"] = json!(group.name);
                    line["type"] = json!(group.community_type);
                    line
                },
            )?;
        }
        let CommunityFigures { not_known, not_asked_for, not_admitted, next, .. } = figures;
        let text = || {
            format!(
                "Nothing was ever sent of {not_known} people because something is not known yet, of {not_asked_for} because the mapping does not ask \
                 for them, of {not_admitted} because the AMS does not admit them; {next} are planned next."
            )
        };
        self.put(text, || {
            json!({ "kind": "untold", "not_known": not_known, "not_asked_for": not_asked_for, "not_admitted": not_admitted, "next": next })
        })
    }

    /// How many there are, and what the brake would do.
    pub(super) fn plan_summary(&mut self, summary: &PlanSummary, zone: &TimeZone) -> TellingResult {
        let text = || {
            format!(
                "{} of {} people would be sent now, {}. {}",
                summary.planned,
                summary.people,
                when(summary.at, zone),
                brake_text(&summary.brake, zone)
            )
        };
        self.put(text, || {
            json!({
                "kind": "plan", "at": summary.at, "people": summary.people, "planned": summary.planned,
                "brake": brake_json(&summary.brake),
            })
        })
    }

    /// How it stands, but for the figures.
    pub(super) fn status(&mut self, status: &CommunityStatus, zone: &TimeZone) -> TellingResult {
        for step in status.day.iter().filter(|step| step.confirmed + step.refused > 0) {
            let seconds = |delay: Option<jiff::SignedDuration>| delay.map(|delay| delay.as_secs_f64());
            let text = || {
                format!(
                    "15 minutes from {}: {} confirmed, {} refused{}",
                    when(step.began, zone),
                    step.confirmed,
                    step.refused,
                    seconds(step.middle).zip(seconds(step.longest)).map_or_else(
                        String::new,
                        |(middle, longest)| {
                            format!(", the middle one after {middle:.1} s, the last after {longest:.1} s")
                        }
                    )
                )
            };
            self.put(text, || {
                json!({
                    "kind": "quarter", "from": step.began, "confirmed": step.confirmed, "refused": step.refused,
                    "middle_delay": seconds(step.middle), "longest_delay": seconds(step.longest),
                })
            })?;
        }
        for row in &status.telling.set_aside {
            self.refused(row, zone)?;
        }
        if let Some(run) = &status.first_run {
            let text = || {
                let left = run
                    .left
                    .map_or_else(String::new, |left| format!(", about {} min more", left.as_mins() + 1));
                match run.ended {
                    Some(ended) => {
                        format!("First run: from {} to {}.", when(run.began, zone), when(ended, zone))
                    }
                    None => format!(
                        "First run: {} of {} people since {}{left}.",
                        run.confirmed,
                        run.of,
                        when(run.began, zone)
                    ),
                }
            };
            self.put(text, || {
                json!({
                    "kind": "first_run", "began": run.began, "ended": run.ended, "confirmed": run.confirmed, "refused": run.refused,
                    "of": run.of, "an_hour": run.an_hour, "seconds_left": run.left.map(|left| left.as_secs()),
                })
            })?;
        }
        if let Some(stop) = &status.telling.state.stopped {
            self.put(|| stopped_text(stop, zone), || json!({ "kind": "stopped", "stop": stop_json(stop) }))?;
        }
        self.end(status)
    }

    /// Somebody who is refused.
    pub(super) fn refused(&mut self, row: &Delivery, zone: &TimeZone) -> TellingResult {
        let Phase::SetAside { since, reason } = &row.phase else { return Ok(()) };
        let id = row.individual.as_str();
        self.put(
            || format!("{id} is refused since {}: {}", when(*since, zone), reason.replace('_', " ")),
            || json!({ "kind": "refused", "id": id, "since": since, "reason": reason }),
        )
    }

    /// How far the sending is.
    pub(super) fn progress(&mut self, status: &CommunityStatus) -> TellingResult {
        self.counts("progress", status)
    }

    /// Where it ended.
    pub(super) fn end(&mut self, status: &CommunityStatus) -> TellingResult {
        self.counts("people", status)
    }

    fn counts(&mut self, kind: &str, status: &CommunityStatus) -> TellingResult {
        let counts = &status.telling.counts;
        let seen = status.telling.state.pass.as_ref().map(|pass| pass.seen);
        let text = || {
            let seen = seen.map(|seen| format!("; {seen} of {} people have been looked at", status.people));
            format!(
                "{} people are there as they should be, {} wait, {} are refused{}.",
                counts.settled,
                counts.pending,
                counts.set_aside,
                seen.unwrap_or_default()
            )
        };
        self.put(text, || {
            json!({
                "kind": kind, "confirmed": counts.settled, "waiting": counts.pending, "refused": counts.set_aside,
                "on_file": status.people, "looked_at": seen,
            })
        })
    }
}

fn when(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%-d %B %Y, %H:%M").to_string()
}

fn kind_word(kind: PlannedKind) -> &'static str {
    match kind {
        PlannedKind::New => "new",
        PlannedKind::Changed => "changed",
        PlannedKind::Removed => "removed",
        PlannedKind::Again => "again",
    }
}

fn of_kind(contact: &PlannedContact, change: FactChange) -> impl Iterator<Item = &FactRow> {
    contact.facts.iter().filter(move |fact| fact.kind == FactKind::Group && fact.change() == change)
}

/// Names of fields, and no value of any.
fn fields(contact: &PlannedContact) -> Vec<&str> {
    let others = contact.facts.iter().filter(|fact| fact.kind != FactKind::Group);
    others.map(|fact| &*fact.name).collect()
}

fn why<'c>(contact: &'c PlannedContact, group: &str) -> &'c str {
    contact.because.iter().find(|(of, _)| of == group).map(|(_, because)| &**because).unwrap_or_default()
}

fn contact_text(contact: &PlannedContact, zone: &TimeZone) -> String {
    let mut text = format!("{}: {}", contact.id, kind_word(contact.kind));
    if let Some(reason) = &contact.refused {
        text.push_str(&format!(", and refused as it is ({})", reason.replace('_', " ")));
    }
    if contact.kind == PlannedKind::Removed {
        text.push_str(&format!("\n  {}", why(contact, "")));
    } else {
        for (sign, change) in [("+", FactChange::Gained), ("-", FactChange::Lost), ("~", FactChange::Changed)]
        {
            for fact in of_kind(contact, change) {
                text.push_str(&format!("\n  {sign} {}: {}", fact.name, why(contact, &fact.name)));
                for (side, says) in [("is", &fact.there), ("should be", &fact.here)] {
                    if let Some(says) = says.as_ref().filter(|_| change == FactChange::Changed) {
                        text.push_str(&format!("\n      {side}: {says}"));
                    }
                }
            }
        }
        let fields = fields(contact);
        if !fields.is_empty() {
            text.push_str(&format!("\n  profile: {}", fields.join(", ")));
        }
    }
    if let Some(until) = contact.holds_until {
        text.push_str(&format!("\n  a date changes it on {}", when(until, zone)));
    }
    text
}

fn contact_json(contact: &PlannedContact) -> Value {
    let groups = |change| {
        let of = of_kind(contact, change);
        let line = |fact: &FactRow| json!({ "id": fact.name, "is": fact.there, "should_be": fact.here, "because": why(contact, &fact.name) });
        of.map(line).collect::<Vec<_>>()
    };
    json!({
        "kind": "person",
        "id": contact.id.as_str(),
        "what": kind_word(contact.kind),
        "gained": groups(FactChange::Gained),
        "lost": groups(FactChange::Lost),
        "changed": groups(FactChange::Changed),
        "profile": fields(contact),
        "because": (contact.kind == PlannedKind::Removed).then(|| why(contact, "")),
        "holds_until": contact.holds_until,
        "refused": contact.refused,
        "loses": contact.loses,
    })
}

fn count_text(count: &SyncCount, name: &str) -> String {
    let SyncCount { here, there, joining, leaving, changing, refused } = count;
    format!("{here:>9} {there:>9} {joining:>8} {leaving:>8} {changing:>9} {refused:>8}  {name}")
}

fn count_json(kind: &str, count: &SyncCount) -> Value {
    let SyncCount { here, there, joining, leaving, changing, refused } = count;
    json!({
        "kind": kind, "here": here, "there": there, "pending": count.pending(), "joining": joining, "leaving": leaving,
        "changing": changing, "failed": refused,
    })
}

fn stopped_text(stop: &Stop, zone: &TimeZone) -> String {
    match stop {
        Stop::ByHand { since } => {
            format!("Nothing is sent: an administrator stopped it on {}.", when(*since, zone))
        }
        Stop::ManyLose { since, losers, holders } => format!(
            "Nothing is sent: on {} the brake stopped it, since {losers} of {holders} who hold something would lose some of it.",
            when(*since, zone)
        ),
    }
}

fn stop_json(stop: &Stop) -> Value {
    match stop {
        Stop::ByHand { since } => json!({ "by": "hand", "since": since }),
        Stop::ManyLose { since, losers, holders } => {
            json!({ "by": "brake", "since": since, "losers": losers, "holders": holders })
        }
    }
}

fn brake_text(brake: &BrakeOutlook, zone: &TimeZone) -> String {
    match brake {
        BrakeOutlook::Goes(losers, holders) => {
            format!(
                "The brake lets it go: {losers} of {holders} who hold something would lose some of it without a known date."
            )
        }
        BrakeOutlook::WouldStop(losers, holders) => format!(
            "The brake would stop all of it until an administrator confirms it: {losers} of {holders} who hold something would lose some of it \
             without a known date."
        ),
        BrakeOutlook::Stopped(stop) => stopped_text(stop, zone),
    }
}

fn brake_json(brake: &BrakeOutlook) -> Value {
    match brake {
        BrakeOutlook::Goes(losers, holders) => {
            json!({ "would_stop": false, "losers": losers, "holders": holders })
        }
        BrakeOutlook::WouldStop(losers, holders) => {
            json!({ "would_stop": true, "losers": losers, "holders": holders })
        }
        BrakeOutlook::Stopped(stop) => json!({ "would_stop": true, "stopped": stop_json(stop) }),
    }
}
