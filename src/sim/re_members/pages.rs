//! The HTML of the simulated portal. It says on each page that it is not the real one; all text of others is escaped.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::sim::people::{PASSWORD, Person};

pub(super) struct LoginPage<'a> {
    pub(super) prefix: &'a str,
    pub(super) redirect_url: Option<&'a str>,
    pub(super) email: &'a str,
    pub(super) mistake: Option<&'a str>,
    pub(super) people: &'a [&'a Person],
    pub(super) reload_timezone: bool,
}

impl LoginPage<'_> {
    /// The form, with the field ids of the real login page (fact sheet §2.1).
    pub(super) fn html(&self) -> String {
        let mistake = self
            .mistake
            .map_or(String::new(), |text| format!(r#"<p class="bad" role="alert">{}</p>"#, escape(text)));
        let noise = if self.reload_timezone { RELOAD_TIMEZONE } else { "" };
        let body = format!(
            r#"<h1>Sign in</h1>{mistake}
<form method="post" action="{action}" id="form1">
<input type="hidden" name="__VIEWSTATE" value="c2ltdWxhdGVk">
<label for="main_content_Login_txtLoginUserName">E-mail</label>
<input id="main_content_Login_txtLoginUserName" name="ctl00$main_content$Login$txtLoginUserName" type="email" autocomplete="username" required value="{email}"{at_email}>
<label for="main_content_Login_txtLoginPassword">Password</label>
<input id="main_content_Login_txtLoginPassword" name="ctl00$main_content$Login$txtLoginPassword" type="password" autocomplete="current-password" required{at_password}>
<input id="main_content_Login_LoginButton" name="ctl00$main_content$Login$LoginButton" type="submit" value="Log in">
</form>{people}{noise}"#,
            action = escape(&self.address(&[("reload", self.reload_timezone.then_some("timezone"))])),
            email = escape(self.email),
            at_email = if self.email.is_empty() { " autofocus" } else { "" },
            at_password = if self.email.is_empty() { "" } else { " autofocus" },
            people = self.who_can_sign_in(),
        );
        page("Sign in", &body)
    }

    fn who_can_sign_in(&self) -> String {
        if self.people.is_empty() {
            return String::new();
        }
        let row = |person: &&Person| {
            let email = person.login_email().unwrap_or_default();
            let link = escape(&self.address(&[("user", Some(email))])).into_owned();
            format!(
                r#"<tr><td>{}</td><td><a href="{link}">{}</a></td><td>{}</td></tr>"#,
                escape(&person.full_name()),
                escape(email),
                escape(&person.note)
            )
        };
        let rows: String = self.people.iter().map(row).collect();
        let same =
            self.people.iter().all(|it| it.user.as_ref().is_some_and(|user| user.password == PASSWORD));
        let password = if same {
            format!("The password of all of them is <code>{PASSWORD}</code>.")
        } else {
            String::new()
        };
        format!(
            r#"<h2>Who can sign in here</h2><p>Choose an e-mail to fill it in. {password}</p>
<table><thead><tr><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">What for</th></tr></thead>
<tbody>{rows}</tbody></table>"#
        )
    }

    /// This page's own address with what the way back needs, and these parameters.
    fn address(&self, parameters: &[(&str, Option<&str>)]) -> String {
        let all = [("RedirectUrl", self.redirect_url)].into_iter().chain(parameters.iter().copied());
        let pair = |(name, value): (&str, Option<&str>)| {
            value.map(|value| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        };
        let query: Vec<String> = all.filter_map(pair).collect();
        format!("{}/account/login.aspx?{}", self.prefix, query.join("&"))
    }
}

/// The real page reloads itself to learn the browser's time zone; what is left of it in the address is enough here.
const RELOAD_TIMEZONE: &str = r#"<script>
const here = new URL(location.href);
if (!here.searchParams.has("reload")) { here.searchParams.set("reload", "timezone"); history.replaceState(null, "", here); }
</script>"#;

pub(super) fn my_profile(prefix: &str, person: &Person) -> String {
    let email = person.login_email().unwrap_or_default();
    let body = format!(
        r#"<h1>My profile</h1><p>You are signed in as <strong>{}</strong> ({}).</p>
<p><a id="logout" href="{prefix}/account/logout.aspx">Log out</a></p>"#,
        escape(&person.full_name()),
        escape(email)
    );
    page("My profile", &body)
}

pub(super) fn signed_out(prefix: &str) -> String {
    let body = format!(
        r#"<h1>You are logged out</h1><p><a href="{prefix}/account/login.aspx">Log in again</a></p>"#
    );
    page("Logged out", &body)
}

pub(super) fn bad_redirect() -> String {
    page(
        "Cannot go there",
        r#"<h1>Cannot go there</h1><p class="bad" role="alert">The address in RedirectUrl is not one to which this
portal sends people back.</p>"#,
    )
}

fn page(title: &str, body: &str) -> String {
    format!(
        r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Simulated re:Members</title><style>{STYLE}</style></head>
<body><p class="notice">Simulated re:Members — not a real login</p><main>{body}</main></body></html>"#
    )
}

const STYLE: &str = "
:root { color-scheme: light dark; --line: light-dark(#c9d1dc, #465063); --accent: light-dark(#1d4f91, #8db8f2); }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#eef2f7, #12161d); color: light-dark(#1b2430, #e7ecf3); }
.notice { margin: 0; padding: .5rem 1rem; text-align: center; font-weight: 600; background: #f2c94c; color: #2b2200; }
main { max-width: 44rem; margin: 2rem auto; padding: 1.5rem 2rem 2rem; background: light-dark(#fff, #1b212b); border: 1px solid var(--line); border-radius: .6rem; }
h1 { margin-top: 0; font-size: 1.5rem; } h2 { margin-top: 2rem; font-size: 1.1rem; }
form { display: grid; gap: .35rem; max-width: 24rem; } label { font-weight: 600; }
input { font: inherit; padding: .5rem .6rem; border: 1px solid var(--line); border-radius: .35rem; margin-bottom: .6rem; }
input[type=submit] { background: var(--accent); color: light-dark(#fff, #10151c); border: 0; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid #f2994a; outline-offset: 2px; } a { color: var(--accent); }
.bad { padding: .6rem .8rem; border-left: 4px solid #c0392b; background: light-dark(#fdecea, #3a1d1a); }
table { border-collapse: collapse; width: 100%; font-size: .9rem; } th, td { text-align: left; padding: .35rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
@media (max-width: 40rem) { main { margin: 0; border: 0; border-radius: 0; padding: 1rem; } thead { display: none; } tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); } td { display: block; border: 0; padding: .1rem 0; } }
";

/// Text made safe between tags and inside quoted attributes.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}
