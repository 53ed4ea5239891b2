//! The log: one line for each event, on standard error.
//!
//! What a visitor sent can reach a log line but never begin a new one: control characters are written as escapes.

use std::io::{self, Write};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;

/// Who reads the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// People: one line of text for each event.
    #[default]
    Text,
    /// Programs: one JSON object for each event.
    Json,
}

/// Begins to log, for the whole process and to its end. Fails when that has been done already.
pub fn start(level: LevelFilter, format: Format) -> Result<(), SetGlobalDefaultError> {
    tracing::subscriber::set_global_default(subscriber(level, format, io::stderr))
}

/// Writes events of at least `level` to `out`. Libraries get no further than warnings: some of them log whole headers,
/// and so cookies, at the levels below.
fn subscriber<W>(level: LevelFilter, format: Format, out: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_default(level.min(LevelFilter::WARN));
    // Colours are escape sequences, and those of a visitor could not be told from our own.
    let lines = fmt::layer().with_ansi(false).with_writer(WithoutControls(out));
    match format {
        Format::Text => Box::new(tracing_subscriber::registry().with(lines.with_filter(wanted))),
        Format::Json => Box::new(tracing_subscriber::registry().with(lines.json().with_filter(wanted))),
    }
}

/// Lets no control character through but the newline that ends an event.
struct WithoutControls<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for WithoutControls<W> {
    type Writer = PlainWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        PlainWriter(self.0.make_writer())
    }
}

struct PlainWriter<W>(W);

impl<W: Write> Write for PlainWriter<W> {
    /// An event comes in one piece.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = match text.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (&*text, ""),
        };
        if !line.contains(is_hidden) && text.len() == event.len() {
            self.0.write_all(event)?;
            return Ok(event.len());
        }
        let mut plain = String::with_capacity(line.len() + 16);
        for letter in line.chars() {
            match letter {
                '\n' => plain.push_str("\\n"),
                '\r' => plain.push_str("\\r"),
                '\t' => plain.push_str("\\t"),
                // Four digits, as JSON writes it too; none of these letters needs more.
                hidden if is_hidden(hidden) => plain.push_str(&format!("\\u{:04x}", u32::from(hidden))),
                shown => plain.push(shown),
            }
        }
        self.0.write_all(plain.as_bytes())?;
        self.0.write_all(end.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Characters that move the cursor, break the line or change the direction of reading.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, format: Format, log: impl FnOnce()) -> String {
        let memory = Memory::default();
        let out = memory.clone();
        tracing::subscriber::with_default(subscriber(level, format, move || out.clone()), log);
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_a_visitor_sent_cannot_begin_a_line_or_move_the_cursor() {
        let sent = "a\r\nINFO forged\x1b[2J\u{9b}31m\u{7f}\u{202e}\tz";
        for format in [Format::Text, Format::Json] {
            let out = logged(LevelFilter::INFO, format, || {
                let span = tracing::info_span!("request", path = %sent, debug = ?sent);
                let _inside = span.enter();
                tracing::info!(plain = sent, shown = %sent, debug = ?sent, "Asked for {sent}");
            });
            assert_eq!(out.lines().count(), 1, "{out:?}");
            assert!(!out.trim_end_matches('\n').contains(is_hidden), "{out:?}");
            assert!(out.contains("forged") && out.contains("\\u001b"), "{out}");
        }
    }

    #[test]
    fn the_json_format_stays_json_whatever_was_sent() {
        let sent = "\"}\n{\"level\":\"ERROR\u{85}\u{7f}";
        let out = logged(LevelFilter::INFO, Format::Json, || tracing::warn!(sent, "Odd"));
        let event: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(event["fields"]["sent"], sent);
        assert_eq!(event["level"], "WARN");
    }

    #[test]
    fn the_level_is_ours_and_libraries_only_warn() {
        let out = logged(LevelFilter::DEBUG, Format::Text, || {
            tracing::debug!("ours");
            tracing::trace!("too fine");
            tracing::debug!(target: "h2::codec", "cookie: secret");
            tracing::warn!(target: "h2::codec", "theirs");
        });
        assert!(out.contains("ours") && out.contains("theirs"), "{out}");
        assert!(!out.contains("too fine") && !out.contains("secret"), "{out}");
        let out = logged(LevelFilter::ERROR, Format::Text, || tracing::warn!(target: "h2::codec", "theirs"));
        assert_eq!(out, "");
    }

    #[test]
    fn ordinary_text_is_left_as_it_is() {
        let out =
            logged(LevelFilter::INFO, Format::Text, || tracing::info!(site = "library", "Über 100 % — \\n"));
        assert!(out.ends_with("Über 100 % — \\n site=\"library\"\n"), "{out}");
    }
}
