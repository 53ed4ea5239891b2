//! When a certificate ends. Reads just that of it, because nothing else of the gateway looks into certificates.
//!
//! By hand: x509-parser 0.18 brings nine crates that we do not have, two of them procedural macros, for fifty lines.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// When the first certificate of a PEM file ends, which is the one of the listener. `None`: it cannot be told.
pub fn ends(file: &Path) -> Option<Timestamp> {
    not_after(&CertificateDer::from_pem_file(file).ok()?)
}

/// The `notAfter` of an X.509 certificate in DER (RFC 5280 section 4.1). `None`: not such a certificate.
pub fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der)?;
    let (_, mut to_be_signed, _) = element(certificate)?;
    // An explicit version comes first and is left out when it is version 1.
    if let Some((0xa0, _, rest)) = element(to_be_signed) {
        to_be_signed = rest;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        to_be_signed = element(to_be_signed)?.2;
    }
    let (_, validity, _) = element(to_be_signed)?;
    let (_, _, end) = element(validity)?;
    let (kind, text, _) = element(end)?;
    time(kind, std::str::from_utf8(text).ok()?)
}

/// Tag, content and what follows of the first DER element (X.690 section 8.1).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// RFC 5280 section 4.1.2.5: UTCTime before 2050, GeneralizedTime from then on; both in UTC with seconds.
fn time(kind: u8, text: &str) -> Option<Timestamp> {
    let (year, rest) = match kind {
        0x17 => {
            let two: i16 = text.get(..2)?.parse().ok()?;
            (if two < 50 { 2000 + two } else { 1900 + two }, text.get(2..)?)
        }
        0x18 => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    if rest.len() != 11 || !rest.ends_with('Z') {
        return None;
    }
    let civil = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::CertificateDer;

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        for (kind, text, instant) in [
            (0x17, "270301120000Z", Some("2027-03-01T12:00:00Z")),
            (0x17, "991231235959Z", Some("1999-12-31T23:59:59Z")),
            (0x18, "20510101000000Z", Some("2051-01-01T00:00:00Z")),
            (0x17, "270301120000+", None),
            (0x17, "271301120000Z", None),
            (0x02, "270301120000Z", None),
            (0x17, "", None),
        ] {
            let expect: Option<Timestamp> = instant.map(|instant| instant.parse().unwrap());
            assert_eq!(time(kind, text), expect, "{text}");
        }
    }

    /// Made for this test; its key was thrown away.
    const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBjDCCATGgAwIBAgIUFc82U6atWFJ8T98gZFfkCvEaWe4wCgYIKoZIzj0EAwIw\n\
GzEZMBcGA1UEAwwQd3d3LmFjbWUuZXhhbXBsZTAeFw0yNjExMjIwODM3MDRaFw0z\n\
NjExMTkwODM3MDRaMBsxGTAXBgNVBAMMEHd3dy5hY21lLmV4YW1wbGUwWTATBgcq\n\
hkjOPQIBBggqhkjOPQMBBwNCAASHMpkcCopHt22nYZPCj6aUoWVYKg3YRxFYsrGO\n\
PZR5bVLgiymcAY0Yt+qH/I8HAyAG5xy+60dfvr+kBofsHHXJo1MwUTAdBgNVHQ4E\n\
FgQUqslwFPuS6XkLzIQ/Jc1ahFhQ3wswHwYDVR0jBBgwFoAUqslwFPuS6XkLzIQ/\n\
Jc1ahFhQ3wswDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAgDby\n\
QM5QMRpS/qA19ngwibn3CD+Eo5nrZ4wco/3x1msCIQCBJE3aC6Li2d68zL0j7YyH\n\
J2Xrfm+peh3pyqn3Hh1u2A==\n\
-----END CERTIFICATE-----";

    #[test]
    fn the_end_of_a_certificate_is_found() {
        let der = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
        assert_eq!(not_after(&der), "2036-11-19T08:37:04Z".parse().ok());
        for length in 0..der.len() {
            let _ = not_after(&der[..length]);
        }
    }

    #[test]
    fn something_else_is_no_certificate() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x82, 0xff, 0xff], &[0x30, 0x80, 0, 0], &[0; 64], &[0xff; 64]]
        {
            assert_eq!(not_after(bytes), None, "{bytes:?}");
        }
    }
}
