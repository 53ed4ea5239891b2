//! A browser without a screen that signs in as a person does: by the login page, the AMS's form, the callback, and the waiting room
//! for as long as the waiting room says. Shared by the benchmark and by the short form of it in `tests/it/rush.rs`.

use std::fmt;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, Method};
use url::Url;

/// Nobody follows more redirects than this between two pages.
const MOST_HOPS: usize = 20;

/// How one person's sign-in went.
#[derive(Debug, Default, Clone)]
pub struct Journey {
    /// When the AMS sent the browser back, from the beginning of the rush.
    pub returned: Duration,
    /// When the wanted page was there.
    pub entered: Option<Duration>,
    /// How often the waiting room was asked.
    pub polls: usize,
    /// Status and path of each page that was neither the wanted one nor the waiting room.
    pub errors: Vec<String>,
}

/// One answer.
pub struct Answered {
    pub status: u16,
    pub url: Url,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answered {
    fn leads_to(&self) -> Option<Url> {
        let location = self.headers.get(LOCATION).and_then(|it| it.to_str().ok());
        let go = || attribute(&self.text, "id=\"go\"", "href");
        location.map(str::to_owned).or_else(go).and_then(|to| self.url.join(&to).ok())
    }

    /// After how many seconds the page wants to be asked again, and where.
    fn again(&self) -> Option<(Duration, Url)> {
        let header = self.headers.get("refresh").and_then(|it| it.to_str().ok()).map(str::to_owned);
        let said = header.or_else(|| attribute(&self.text, "http-equiv=\"refresh\"", "content"))?;
        let (seconds, to) = said.split_once(';').unwrap_or((&said, ""));
        let to = to.split_once('=').map_or("", |(_, to)| to.trim());
        let url = if to.is_empty() { self.url.clone() } else { self.url.join(to).ok()? };
        Some((Duration::from_secs(seconds.trim().parse().ok()?), url))
    }
}

/// The value of an attribute of the first element that has `marker` in its tag.
pub fn attribute(text: &str, marker: &str, attribute: &str) -> Option<String> {
    let tag = text.split('<').find(|tag| tag.split('>').next().is_some_and(|tag| tag.contains(marker)))?;
    let value = tag.split_once(&format!("{attribute}=\""))?.1.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#61;", "="))
}

/// One browser. All share the connections of one client.
pub struct Browser {
    client: Client,
    cookies: Vec<(String, String, String)>,
    /// The address that a proxy in front says it has.
    address: Option<String>,
}

impl Browser {
    pub fn new(client: Client, address: Option<String>) -> Browser {
        Browser { client, cookies: Vec::new(), address }
    }

    pub async fn ask(&mut self, method: Method, url: &Url, body: Option<String>) -> Result<Answered, String> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut request = self.client.request(method, url.clone()).header(ACCEPT, "text/html,*/*;q=0.8");
        let own = self.cookies.iter().filter(|(of, ..)| *of == host);
        let cookies: Vec<String> = own.map(|(_, name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(address) = &self.address {
            request = request.header("x-forwarded-for", address);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
            request = request.header("origin", url.origin().ascii_serialization());
            request = request.header("sec-fetch-site", "same-origin");
        }
        let response = request
            .send()
            .await
            .map_err(|error| format!("no answer at {}: {}", url.path(), error.without_url()))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        self.keep_cookies(&host, &headers);
        let text = response
            .text()
            .await
            .map_err(|error| format!("no answer at {}: {}", url.path(), error.without_url()))?;
        Ok(Answered { status, url: url.clone(), headers, text })
    }

    fn keep_cookies(&mut self, host: &str, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let is_gone = attributes.to_ascii_lowercase().contains("max-age=0");
            self.cookies.retain(|(of, known, _)| of != host || known != name);
            if !is_gone {
                self.cookies.push((host.to_owned(), name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Follows redirects, and the page between site and login.
    pub async fn open(&mut self, url: &Url) -> Result<Answered, String> {
        let mut url = url.clone();
        for _ in 0..MOST_HOPS {
            let page = self.ask(Method::GET, &url, None).await?;
            match page.leads_to() {
                Some(next) => url = next,
                None => return Ok(page),
            }
        }
        Err(format!("redirected without end at {url}"))
    }

    /// Comes as far as the AMS's form has been sent; where the AMS sends the browser then.
    pub async fn reach_the_callback(
        &mut self,
        wanted: &Url,
        email: &str,
        password: &str,
    ) -> Result<Url, String> {
        let form = self.open(wanted).await?;
        self.send_form(&form, email, password).await
    }

    async fn send_form(&mut self, form: &Answered, email: &str, password: &str) -> Result<Url, String> {
        let action = attribute(&form.text, "form method", "action").ok_or_else(|| at(form))?;
        let action = form.url.join(&action).map_err(|error| error.to_string())?;
        let fields = [
            ("ctl00$main_content$Login$txtLoginUserName", email),
            ("ctl00$main_content$Login$txtLoginPassword", password),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let sent = self.ask(Method::POST, &action, Some(body)).await?;
        sent.leads_to().ok_or_else(|| at(&sent))
    }

    /// From the AMS's answer to the wanted page; waits as long as it is told to, until `patience` is over.
    pub async fn finish(&mut self, back: Url, wanted: &Url, begun: Instant, patience: Duration) -> Journey {
        let mut journey = Journey { returned: begun.elapsed(), ..Journey::default() };
        let mut next = back;
        while begun.elapsed() < patience {
            let page = match self.open(&next).await {
                Ok(page) => page,
                Err(error) => {
                    journey.errors.push(error);
                    return journey;
                }
            };
            if page.status == 200 && page.url.path() == wanted.path() {
                journey.entered = Some(begun.elapsed());
                return journey;
            }
            let waits = page.url.path().ends_with("/waiting");
            match page.again() {
                Some((after, url)) if waits => {
                    journey.polls += 1;
                    tokio::time::sleep(after).await;
                    next = url;
                }
                // The AMS knows the browser: what was refused is fetched again by itself.
                _ => {
                    journey.errors.push(at(&page));
                    return journey;
                }
            }
        }
        journey.errors.push("still waiting when patience was over".to_owned());
        journey
    }

    /// The whole of it.
    pub async fn sign_in(
        &mut self,
        wanted: &Url,
        who: (&str, &str),
        begun: Instant,
        patience: Duration,
    ) -> Journey {
        match self.reach_the_callback(wanted, who.0, who.1).await {
            Ok(back) => self.finish(back, wanted, begun, patience).await,
            Err(error) => Journey { errors: vec![error], ..Journey::default() },
        }
    }
}

fn at(page: &Answered) -> String {
    format!("{} at {}", page.status, page.url.path())
}

/// What is to be said about a rush.
#[derive(Debug)]
pub struct Summary {
    pub people: usize,
    pub entered: usize,
    pub errors: usize,
    pub last: Duration,
    pub median: Duration,
    /// People who were overtaken by somebody who had returned at least two seconds later.
    pub overtaken: usize,
    /// By how much, at most.
    pub overtaken_by: Duration,
    pub polls: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |span: Duration| span.as_secs_f64();
        writeln!(f, "  in: {} of {}, error pages: {}", self.entered, self.people, self.errors)?;
        writeln!(
            f,
            "  last in after {:.1} s, half of them after {:.1} s",
            seconds(self.last),
            seconds(self.median)
        )?;
        write!(
            f,
            "  overtaken by later comers: {} (by {:.1} s at most); ",
            self.overtaken,
            seconds(self.overtaken_by)
        )?;
        write!(f, "polls of the waiting room: {}", self.polls)
    }
}

/// Two who return within this are taken to come together.
const TOGETHER: Duration = Duration::from_secs(2);

pub fn summary(journeys: &[Journey]) -> Summary {
    let mut entered: Vec<Duration> = journeys.iter().filter_map(|it| it.entered).collect();
    entered.sort_unstable();
    let overtaken = |one: &&Journey| {
        one.entered.is_some_and(|mine| {
            journeys.iter().any(|other| {
                other.returned > one.returned + TOGETHER
                    && other.entered.is_some_and(|theirs| theirs + TOGETHER < mine)
            })
        })
    };
    let by = |one: &Journey| {
        let later = journeys.iter().filter(|other| other.returned > one.returned + TOGETHER);
        let first = later.filter_map(|other| other.entered).min();
        one.entered.zip(first).map_or(Duration::ZERO, |(mine, first)| mine.saturating_sub(first))
    };
    Summary {
        people: journeys.len(),
        entered: entered.len(),
        errors: journeys.iter().map(|it| it.errors.len()).sum(),
        last: entered.last().copied().unwrap_or_default(),
        median: entered.get(entered.len() / 2).copied().unwrap_or_default(),
        overtaken: journeys.iter().filter(overtaken).count(),
        overtaken_by: journeys.iter().map(by).max().unwrap_or_default(),
        polls: journeys.iter().map(|it| it.polls).sum(),
    }
}
