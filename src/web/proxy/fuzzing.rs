//! The fuzz targets of the data plane, which reach what nobody outside may call. [`crate::fuzzing`] has the others.

use http::{HeaderMap, HeaderValue, Method, Request, header};

use super::cookies::strip_request;
use super::intake::Target;
use super::original::Original;
use crate::domain::access::normal_host;
use crate::web::cookies::{SessionCookie, is_ours, of_visitor, pairs};

/// Method and target on one line, a field on each other. A question is read in one way or not at all, and names one host.
pub fn forward_auth(bytes: &[u8]) {
    let Some(request) = request(bytes) else { return };
    if let Ok(target) = Target::read(&request) {
        assert_whole(&target);
    }
    let Ok(original) = Original::read(&request) else { return };
    assert_whole(&original.target);
    assert!(original.target.path_and_query.as_str().len() <= 8192);
    assert!(!matches!(original.method, Method::CONNECT | Method::TRACE));
    for name in ["x-original-uri", "x-forwarded-uri"] {
        let mut twice = request.clone();
        twice.headers_mut().append(name, HeaderValue::from_static("/other"));
        assert!(Original::read(&twice).is_err(), "two addresses are none");
    }
}

fn request(bytes: &[u8]) -> Option<Request<()>> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let (method, target) = std::str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (line.get(..at)?, line.get(at + 1..)?);
        request = request.header(name, value.trim_ascii());
    }
    request.body(()).ok()
}

fn assert_whole(target: &Target) {
    let written = target.authority.to_str().ok();
    assert_eq!(written.and_then(normal_host).as_ref(), Some(&target.host));
    let address = target.path_and_query.as_str();
    assert!(address.starts_with('/') && address.bytes().all(|byte| byte.is_ascii_graphic()), "{address}");
}

/// Lines of `Cookie`. The site gets every cookie but ours, in order, and no session is left in them.
pub fn cookies(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(line) = HeaderValue::from_bytes(line) else { return };
        headers.append(header::COOKIE, line);
    }
    let owned = |headers: &HeaderMap| -> Vec<(String, String)> {
        pairs(headers).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let mut foreign = owned(&headers);
    foreign.retain(|(name, _)| !is_ours(name.trim_ascii_end()));
    strip_request(&mut headers);
    assert_eq!(owned(&headers), foreign);
    assert!(headers.get_all(header::COOKIE).iter().count() <= 1);
    for is_secure in [false, true] {
        assert_eq!(of_visitor(&headers, is_secure), [SessionCookie::Absent; 2]);
    }
}
