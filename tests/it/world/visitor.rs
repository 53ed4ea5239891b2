//! A browser without a screen: cookies by host, redirects followed by hand and remembered, forms filled in.
//!
//! It runs no scripts; what the sign-in page's script does with the fragment is done here in its place.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use membergate::sim::people::PASSWORD;
use reqwest::header::{ACCEPT, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, StatusCode};
use url::Url;

/// One answer, with the way that led to it.
pub struct Page {
    pub status: StatusCode,
    pub url: Url,
    pub headers: HeaderMap,
    pub text: String,
    /// Every address that was asked, in order.
    pub trail: Vec<Url>,
}

impl Page {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn location(&self) -> Option<Url> {
        self.header("location").map(|location| self.url.join(location).unwrap())
    }

    /// The value of an attribute of the first element that has `marker` in its tag.
    pub fn attribute(&self, marker: &str, attribute: &str) -> Option<String> {
        let tag =
            self.text.split('<').find(|tag| tag.split('>').next().is_some_and(|tag| tag.contains(marker)))?;
        let value = tag.split_once(&format!(" {attribute}=\""))?.1.split('"').next()?;
        Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#61;", "="))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Page {
        assert_eq!(self.status.as_u16(), status, "{} {}", self.url, self.text);
        self
    }
}

/// One person's browser.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    /// By host (browsers ignore the port) and name.
    pub cookies: BTreeMap<(String, String), String>,
}

impl Visitor {
    /// A browser that has been nowhere. `hosts` are reached at these addresses, whatever the name system says.
    pub fn new(hosts: &[(&str, SocketAddr)]) -> Visitor {
        // Certificates are not what is tried with it.
        let builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_danger_accept_invalid_certs(true);
        let builder = hosts.iter().fold(builder, |builder, (host, address)| builder.resolve(host, *address));
        Visitor { client: builder.build().unwrap(), cookies: BTreeMap::new() }
    }

    pub fn cookie(&self, host: &str, name: &str) -> Option<&String> {
        self.cookies.get(&(host.to_owned(), name.to_owned()))
    }

    /// Whether the browser has a cookie of a host whose name begins so.
    pub fn has_cookie_named(&self, host: &str, beginning: &str) -> bool {
        self.cookies.iter().any(|((of, name), _)| of == host && name.starts_with(beginning))
    }

    pub fn plant(&mut self, host: &str, name: &str, value: &str) {
        self.cookies.insert((host.to_owned(), name.to_owned()), value.to_owned());
    }

    pub fn forget(&mut self, host: &str, name: &str) {
        self.cookies.remove(&(host.to_owned(), name.to_owned()));
    }

    /// One request and its answer, as a person's navigation.
    pub async fn get(&mut self, url: impl AsRef<str>) -> Page {
        self.request(Method::GET, url.as_ref(), &[("accept", "text/html,*/*;q=0.8")], None).await
    }

    /// One request as a script makes it.
    pub async fn fetch(&mut self, url: impl AsRef<str>) -> Page {
        let headers =
            [("accept", "application/json"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
        self.request(Method::GET, url.as_ref(), &headers, None).await
    }

    /// A form sent by a person.
    pub async fn post(&mut self, url: impl AsRef<str>, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let url = Url::parse(url.as_ref()).unwrap();
        let origin = url.origin().ascii_serialization();
        let headers = [
            ("accept", "text/html,*/*;q=0.8"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", &origin),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        self.request(Method::POST, url.as_str(), &headers, Some(body)).await
    }

    pub async fn request(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Page {
        let url = Url::parse(url).unwrap();
        let host = url.host_str().unwrap().to_owned();
        let mut request = self.client.request(method, url.clone()).header(ACCEPT, "*/*");
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request = request.header(name, HeaderValue::from_str(value).unwrap());
        }
        let ours = self.cookies.iter().filter(|((of, _), _)| *of == host);
        let cookies: Vec<String> = ours.map(|((_, name), value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        self.take_cookies(&host, &headers);
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        Page { status, trail: vec![url.clone()], url, headers, text }
    }

    fn take_cookies(&mut self, host: &str, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let gone =
                attributes.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0"));
            let key = (host.to_owned(), name.trim().to_owned());
            if gone {
                self.cookies.remove(&key)
            } else {
                self.cookies.insert(key, value.to_owned())
            };
        }
    }

    /// Goes to an address as a person does: redirects and the page "taking you to sign in" lead on, and the fragment
    /// travels as browsers carry it.
    pub async fn open(&mut self, url: impl AsRef<str>) -> Page {
        let mut url = Url::parse(url.as_ref()).unwrap();
        let mut trail = Vec::new();
        for _ in 0..20 {
            let mut page = self.get(url.as_str()).await;
            page.url = url.clone();
            trail.push(url.clone());
            let next = match page.location() {
                Some(mut location) if page.headers.contains_key(LOCATION) => {
                    if location.fragment().is_none() {
                        location.set_fragment(url.fragment());
                    }
                    Some(location)
                }
                _ => page.attribute("id=\"go\"", "href").map(|go| {
                    let mut go = url.join(&go).unwrap();
                    if let Some(fragment) = url.fragment() {
                        go.query_pairs_mut().append_pair("fragment", fragment);
                    }
                    go
                }),
            };
            match next {
                Some(next) => url = next,
                None => return Page { trail, ..page },
            }
        }
        panic!("redirected without end: {trail:#?}");
    }

    /// Opens a page, signs in where the AMS asks for it, and ends where that leads.
    pub async fn sign_in(&mut self, email: &str, url: impl AsRef<str>) -> Page {
        let form = self.open(url).await.expect(200);
        assert!(form.url.path().ends_with("/account/login.aspx"), "no login was asked for: {}", form.url);
        let landed = self.log_in_at_the_ams(email, &form).await;
        let mut trail = form.trail;
        let page = self.open(&landed).await;
        trail.extend(page.trail.iter().cloned());
        Page { trail, ..page }
    }

    /// Signs in whether or not the AMS still knows the browser.
    pub async fn sign_in_again(&mut self, email: &str, world: &super::World) {
        let page = self.open(world.url("/members")).await;
        if page.url.path().ends_with("/account/login.aspx") {
            let landed = self.log_in_at_the_ams(email, &page).await;
            self.open(landed).await;
        }
        self.get(world.url("/_gate/me")).await.expect(200);
    }

    /// Fills in the AMS's form; tells where the AMS sends the browser.
    pub async fn log_in_at_the_ams(&mut self, email: &str, form: &Page) -> String {
        let action = form
            .url
            .join(&form.attribute("<form", "action").or(form.attribute("form method", "action")).unwrap());
        let fields = [
            ("ctl00$main_content$Login$txtLoginUserName", email),
            ("ctl00$main_content$Login$txtLoginPassword", PASSWORD),
            ("ctl00$main_content$Login$LoginButton", "Log in"),
        ];
        let sent = self.post(action.unwrap(), &fields).await;
        sent.location().unwrap_or_else(|| panic!("the AMS did not let {email} in: {}", sent.text)).to_string()
    }
}
