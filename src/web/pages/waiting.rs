//! The page of somebody who waits for a turn to sign in, and its twin for the page's own script.

use askama::Template;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde::Serialize;

use super::{Forms, Frame, Page};

const SCRIPT: &str = include_str!("../../../assets/waiting.js");

/// What somebody who waits is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingNews {
    /// Place in line, the first is 1.
    pub place: usize,
    /// About how many seconds it takes.
    pub wait: u64,
    /// In so many seconds the page asks again.
    pub again_in: u64,
    /// The sign-in system gives no answer now.
    pub is_ams_silent: bool,
    /// There is something else than waiting now; the page is to be loaded again.
    pub is_over: bool,
}

impl WaitingNews {
    fn says(&self) -> String {
        match self.wait {
            _ if self.is_ams_silent => "Your place is kept, and we try again by ourselves.".to_owned(),
            ..=15 => "It is nearly your turn.".to_owned(),
            16..=90 => "About a minute to go.".to_owned(),
            seconds => format!("About {} minutes to go.", seconds.div_ceil(60)),
        }
    }

    /// For the page's script.
    pub fn json(&self) -> Response<Bytes> {
        #[derive(Serialize)]
        struct News {
            place: usize,
            says: String,
            again_in: u64,
            ams_silent: bool,
            over: bool,
        }
        let WaitingNews { place, again_in, is_ams_silent: ams_silent, is_over: over, .. } = *self;
        let news = News { place, says: self.says(), again_in, ams_silent, over };
        let mut response = Response::new(Bytes::from(serde_json::to_vec(&news).unwrap_or_default()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "waiting.html")]
pub struct WaitingPage {
    /// Around the page.
    pub frame: Frame,
    /// How it stands.
    pub news: WaitingNews,
    /// The address of this page.
    pub address: String,
}

impl Page for WaitingPage {
    const SCRIPT: &'static str = SCRIPT;
    // The script asks for news.
    fn forms(&self) -> Forms {
        Forms::ToUs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_said_as_people_say_it() {
        for (wait, says) in [
            (0, "It is nearly your turn."),
            (16, "About a minute to go."),
            (91, "About 2 minutes to go."),
            (1_800, "About 30 minutes to go."),
        ] {
            assert_eq!(WaitingNews { wait, ..WaitingNews::default() }.says(), says);
        }
    }
}
