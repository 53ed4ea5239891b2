//! How long a message is (RFC 9112 §6): said once and in one way before it is sent on, or it is not sent on.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use http_body::Body;

use super::error::UpstreamError;

/// Says `chunked` for a body of unknown length. Without it, hyper takes such a GET or DELETE for one without a body.
pub(super) fn request<B: Body>(request: &mut Request<B>) {
    if !request.body().is_end_stream() && !request.headers().contains_key(header::CONTENT_LENGTH) {
        request.headers_mut().insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// Makes an answer's version ours and leaves one length or none. `Ok(false)`: the site's words about it are such that the next
/// bytes on its connection may not be an answer, so the connection is not to be used again.
pub(super) fn answer<B>(response: &mut Response<B>, is_head: bool) -> Result<bool, UpstreamError> {
    // hyper would speak HTTP/1.0 on this connection from now on, and lose bodies of unknown length.
    let is_current = response.version() == Version::HTTP_11;
    *response.version_mut() = Version::HTTP_11;
    let status = response.status();
    let headers = response.headers_mut();
    let has_one_coding = headers.get_all(header::TRANSFER_ENCODING).iter().nth(1).is_none();
    let coding = headers.remove(header::TRANSFER_ENCODING);
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        // RFC 9110 §8.6 allows neither. Where they announce a body, one may follow.
        let length = headers.remove(header::CONTENT_LENGTH);
        return Ok(is_current && coding.is_none() && length.is_none_or(|length| length == "0"));
    }
    let is_framed = !is_head && status != StatusCode::NOT_MODIFIED;
    match coding {
        None => {}
        Some(coding) if !is_framed || has_one_coding && is_decoded(&coding, headers) => {
            // RFC 9112 §6.3: the coding counts, the length goes, and the site cannot be trusted with this connection.
            let had_length = headers.remove(header::CONTENT_LENGTH).is_some();
            return Ok(is_current && !had_length);
        }
        Some(_) => return Err(UpstreamError::UnknownCoding),
    }
    if let Some(first) = headers.get(header::CONTENT_LENGTH) {
        let is_single = headers.get_all(header::CONTENT_LENGTH).iter().nth(1).is_none();
        if !is_single || !first.as_bytes().iter().all(u8::is_ascii_digit) {
            // Where it frames a body, hyper has refused lengths that differ. On HEAD and 304 it is only information.
            let length = one_length(headers);
            headers.remove(header::CONTENT_LENGTH);
            headers.extend(length.map(|length| (header::CONTENT_LENGTH, HeaderValue::from(length))));
        }
    }
    Ok(is_current)
}

/// Whether hyper has taken off every coding, or there was none: `identity`, of which RFC 2616 knew.
fn is_decoded(coding: &HeaderValue, headers: &HeaderMap) -> bool {
    let coding = coding.as_bytes().trim_ascii();
    coding.eq_ignore_ascii_case(b"chunked")
        || coding.eq_ignore_ascii_case(b"identity") && !headers.contains_key(header::CONTENT_LENGTH)
}

/// The length, if it is said in one way only: `5`, twice `5`, or `5, 5` (RFC 9110 §8.6).
fn one_length(headers: &HeaderMap) -> Option<u64> {
    let mut length = None;
    for line in headers.get_all(header::CONTENT_LENGTH) {
        for text in line.to_str().ok()?.split(',').map(str::trim) {
            let said = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let said: u64 = said?.parse().ok()?;
            if *length.get_or_insert(said) != said {
                return None;
            }
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the connection may be used again, and the length that is left. `None`: refused.
    fn settled(
        version: Version,
        status: u16,
        is_head: bool,
        fields: &[(&str, &str)],
    ) -> Option<(bool, String)> {
        let mut response = Response::builder().version(version).status(status);
        for (name, value) in fields {
            response = response.header(*name, *value);
        }
        let mut response = response.body(()).unwrap();
        let is_clean = answer(&mut response, is_head).ok()?;
        assert_eq!(response.version(), Version::HTTP_11);
        assert!(!response.headers().contains_key(header::TRANSFER_ENCODING));
        let left = response.headers().get_all(header::CONTENT_LENGTH).iter();
        let left: Vec<_> = left.map(|length| length.to_str().unwrap()).collect();
        Some((is_clean, left.join(" and ")))
    }

    #[test]
    fn an_answer_has_one_length_or_none() {
        let (length, coding) = (("content-length", "5"), ("transfer-encoding", "chunked"));
        for (status, is_head, fields, expect) in [
            (200, false, &[][..], Some((true, ""))),
            (200, false, &[length], Some((true, "5"))),
            (200, false, &[length, length], Some((true, "5"))),
            (200, false, &[("content-length", "5, 05")], Some((true, "5"))),
            (200, false, &[coding], Some((true, ""))),
            (200, false, &[coding, length], Some((false, ""))),
            (200, false, &[("transfer-encoding", "Chunked")], Some((true, ""))),
            (200, false, &[("transfer-encoding", "gzip, chunked")], None),
            (200, false, &[("transfer-encoding", "gzip")], None),
            (200, false, &[coding, ("transfer-encoding", "gzip")], None),
            (200, false, &[coding, coding], None),
            (200, false, &[("transfer-encoding", "identity")], Some((true, ""))),
            (200, false, &[("transfer-encoding", "identity"), length], None),
            (200, true, &[coding], Some((true, ""))),
            (200, true, &[length], Some((true, "5"))),
            (200, true, &[length, ("content-length", "6")], Some((true, ""))),
            (200, true, &[("content-length", "+5")], Some((true, ""))),
            (304, false, &[length], Some((true, "5"))),
            (304, false, &[("content-length", "5, 6")], Some((true, ""))),
            (204, false, &[("content-length", "0")], Some((true, ""))),
            (204, false, &[length], Some((false, ""))),
            (204, false, &[coding], Some((false, ""))),
        ] {
            let expect = expect.map(|(is_clean, left)| (is_clean, left.to_owned()));
            assert_eq!(settled(Version::HTTP_11, status, is_head, fields), expect, "{status} {fields:?}");
        }
        assert_eq!(settled(Version::HTTP_10, 200, false, &[length]), Some((false, "5".to_owned())));
    }
}
