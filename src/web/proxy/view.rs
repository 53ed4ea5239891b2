//! A site viewed as another person (impersonation): what may be asked, what the site is shown, and the mark on what it answers.
//!
//! No cookie of the site travels in either direction: it would be the administrator's own, and the site would mix two people.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use super::answer;
use super::body::Body;
use super::context::Context;
use super::intake::{Target, Upgrade};
use super::visitor::Who;
use crate::adapters::upstream::SiteBody;
use crate::domain::session::Viewer;
use crate::web::client_kind::ClientKind;
use crate::web::identity;
use crate::web::pages::Notice;
use crate::web::paths;

/// The answer to what must not go on: a change, a socket, or anything after the view has ended.
pub(super) fn refuse<'m>(
    context: &Context,
    who: &Who,
    mut methods: impl Iterator<Item = &'m str>,
    kind: ClientKind,
    upgrade: Upgrade,
    target: &Target,
) -> Option<Result<Response<Body>, Notice>> {
    let only_reads = methods.all(|method| matches!(method, "GET" | "HEAD"));
    let read_only = || Some(Err(Notice::ReadOnly { stop: paths::VIEW_AS_END.to_owned() }));
    match who {
        Who::ViewEnded if only_reads && kind == ClientKind::Navigation => {
            let end = answer::with_return(paths::VIEW_AS_END, Some(&target.path_and_query));
            Some(Ok(answer::elsewhere(context, &end)))
        }
        Who::ViewEnded => read_only(),
        _ if who.viewer().is_some() && (!only_reads || upgrade == Upgrade::WebSocket) => read_only(),
        _ => None,
    }
}

/// Takes out of a request what is the administrator's own, and what would keep an answer from being marked.
pub(super) fn request(headers: &mut HeaderMap) {
    for name in [
        header::COOKIE,
        header::AUTHORIZATION,
        header::ACCEPT_ENCODING,
        header::RANGE,
        header::IF_RANGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
    ] {
        headers.remove(name);
    }
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Marks an answer, keeps it out of every cache, and gives the bar that follows a page.
pub(super) fn response(response: &mut Response<SiteBody>, viewer: &Viewer, name: &str) -> Option<Bytes> {
    let has_page = !matches!(
        response.status(),
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    let headers = response.headers_mut();
    headers.remove(header::SET_COOKIE);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(identity::VIEW_AS, identity::plain(&viewer.by.name));
    let is = |name, wanted: &str| {
        let value = headers.get(name).map(|value| value.as_bytes().to_ascii_lowercase());
        value.is_some_and(|value| value.trim_ascii().starts_with(wanted.as_bytes()))
    };
    let is_plain =
        !headers.contains_key(header::CONTENT_ENCODING) || is(header::CONTENT_ENCODING, "identity");
    if !has_page || !is_plain || !is(header::CONTENT_TYPE, "text/html") {
        return None;
    }
    for changed in [header::CONTENT_LENGTH, header::ETAG, header::LAST_MODIFIED, header::ACCEPT_RANGES] {
        headers.remove(changed);
    }
    Some(bar(name, &viewer.by.name))
}

/// Marks a page of our own that the site's visitor would have seen.
pub(super) fn mark(mut response: Response<Body>, viewer: &Viewer, name: &str) -> Response<Body> {
    response.headers_mut().insert(identity::VIEW_AS, identity::plain(&viewer.by.name));
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return response;
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|body| match body {
        Body::Full(Some(page)) => Body::from(Bytes::from([page, bar(name, &viewer.by.name)].concat())),
        other => other,
    })
}

/// The bar. It stands after the end of the page, where browsers take it for the last thing in it. A site that forbids styles
/// in its pages gets the words without the colours.
#[derive(askama::Template)]
#[template(path = "view_bar.html")]
struct Bar<'a> {
    name: &'a str,
    viewer: &'a str,
    end: &'a str,
}

fn bar(name: &str, viewer: &str) -> Bytes {
    let bar = Bar { name, viewer, end: paths::VIEW_AS_END };
    // It only writes texts into a string, which cannot fail.
    Bytes::from(askama::Template::render(&bar).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_bar_is_text() {
        let bar = bar("Zoë <script>alert(1)</script>", "Sam & \"Co\"");
        let bar = std::str::from_utf8(&bar).unwrap();
        assert!(
            bar.contains("Viewing as") && bar.contains("Zoë") && bar.contains("/_gate/view-as/end"),
            "{bar}"
        );
        assert!(!bar.contains("<script>") && !bar.contains("Sam & "), "{bar}");
    }

    #[test]
    fn nothing_of_the_administrators_own_goes_to_the_site() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("wordpress_logged_in=sam"));
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"1\""));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("br"));
        request(&mut headers);
        assert_eq!(headers.len(), 1);
        assert_eq!(headers[header::ACCEPT_ENCODING], "identity");
    }
}
