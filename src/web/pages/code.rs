//! Every way in which a request can end on a page of ours instead of the site's, each with one status, one name
//! and one party to blame. Page and JSON twin both start from here, so they cannot disagree.

use http::StatusCode;

/// Who has to act for the request to succeed next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The person or program that sent the request.
    Visitor,
    /// The AMS or the site behind us.
    Upstream,
    /// This gateway or its operator.
    Us,
}

/// The outcome's stable name, as programs read it in `"error"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A protected address was called without a session.
    SignInRequired,
    /// A form was posted without a session and cannot be kept (attachments, size).
    FormNotKept,
    /// Signed in, but without the roles that the address asks for.
    NotEntitled,
    /// The AMS says that this account may not sign in.
    NotAdmitted,
    /// The login attempt is older than its limit.
    AttemptExpired,
    /// The login attempt does not belong to this browser.
    NotStartedHere,
    /// The AMS refused the sign-on token.
    TokenRefused,
    /// The sign-on token or the attempt was used before.
    AlreadyUsed,
    /// The AMS answered about another person than the one who signed in.
    WrongPerson,
    /// Too many login attempts in a short time.
    TooManyAttempts,
    /// A site that sent the visitor here to sign in is not registered in this way.
    SiteNotRegistered,
    /// A client's request to sign its person out is not in order.
    LogoutRefused,
    /// The request cannot be understood.
    BadRequest,
    /// The body came more slowly than is allowed.
    RequestSlow,
    /// The path of the request is one that no site gets.
    BadAddress,
    /// The body is larger than is allowed.
    BodyTooLarge,
    /// Address or headers are larger than is allowed.
    HeadTooLarge,
    /// One of our own addresses was called with a method that it does not know.
    MethodNotAllowed,
    /// Somebody who looks through another's eyes tried to change something.
    ReadOnly,
    /// No such address under our own prefix.
    NotFound,
    /// No site of ours answers to this host.
    UnknownSite,
    /// The AMS cannot be reached.
    AmsDown,
    /// The site behind us cannot be reached, or broke off.
    SiteDown,
    /// The answer of the site behind us cannot be passed on.
    SiteInvalid,
    /// The site behind us took too long.
    SiteSlow,
    /// A browser fetched ahead of the person, where something would begin or end.
    FetchedAhead,
    /// We have as many requests as we can take.
    Busy,
    /// The visitor's network has as many connections or requests under way as it may have.
    NetworkBusy,
    /// Something failed in the gateway.
    Broken,
}

impl Code {
    /// The HTTP status of the page and of its JSON twin.
    pub fn status(self) -> StatusCode {
        match self {
            Self::SignInRequired | Self::FormNotKept => StatusCode::UNAUTHORIZED,
            Self::NotEntitled | Self::NotAdmitted | Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::TokenRefused | Self::WrongPerson => StatusCode::FORBIDDEN,
            Self::AttemptExpired | Self::NotStartedHere | Self::AlreadyUsed => StatusCode::BAD_REQUEST,
            Self::TooManyAttempts | Self::NetworkBusy => StatusCode::TOO_MANY_REQUESTS,
            Self::RequestSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BadRequest | Self::BadAddress | Self::SiteNotRegistered | Self::LogoutRefused => {
                StatusCode::BAD_REQUEST
            }
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::UnknownSite => StatusCode::MISDIRECTED_REQUEST,
            Self::AmsDown | Self::Busy | Self::FetchedAhead => StatusCode::SERVICE_UNAVAILABLE,
            Self::SiteDown | Self::SiteInvalid => StatusCode::BAD_GATEWAY,
            Self::SiteSlow => StatusCode::GATEWAY_TIMEOUT,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The name in `"error"`; never changed once it was shipped.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignInRequired => "sign_in_required",
            Self::FormNotKept => "form_not_kept",
            Self::NotEntitled => "not_entitled",
            Self::NotAdmitted => "not_admitted",
            Self::AttemptExpired => "attempt_expired",
            Self::NotStartedHere => "not_started_here",
            Self::TokenRefused => "token_refused",
            Self::AlreadyUsed => "already_used",
            Self::WrongPerson => "wrong_person",
            Self::TooManyAttempts => "too_many_attempts",
            Self::SiteNotRegistered => "site_not_registered",
            Self::LogoutRefused => "logout_refused",
            Self::BadRequest => "bad_request",
            Self::RequestSlow => "request_slow",
            Self::NetworkBusy => "network_busy",
            Self::BadAddress => "bad_address",
            Self::BodyTooLarge => "body_too_large",
            Self::HeadTooLarge => "head_too_large",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::ReadOnly => "read_only",
            Self::NotFound => "not_found",
            Self::UnknownSite => "unknown_site",
            Self::AmsDown => "ams_down",
            Self::SiteDown => "site_down",
            Self::SiteInvalid => "site_invalid",
            Self::SiteSlow => "site_slow",
            Self::FetchedAhead => "fetched_ahead",
            Self::Busy => "busy",
            Self::Broken => "broken",
        }
    }

    /// Whose turn it is; log levels and alarms follow from this.
    pub fn blame(self) -> Blame {
        match self {
            Self::AmsDown | Self::SiteDown | Self::SiteInvalid | Self::SiteSlow | Self::WrongPerson => {
                Blame::Upstream
            }
            Self::Busy | Self::Broken => Blame::Us,
            _ => Blame::Visitor,
        }
    }
}
