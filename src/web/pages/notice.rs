//! A notice: the request ends here, and this is why and what to do next. As a page for people, as JSON for programs.
//!
//! Its words are in `words`. Inner causes (a status of the AMS, a socket error) never reach this file; they are in the
//! log under the reference that the page shows.

use askama::Template;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::words::{self, Words};
use super::{Blame, Code, Frame, Link, Page, problem, respond};
use crate::domain::path::PathFault;

/// Why the visitor gets a page of ours instead of the site's.
#[derive(Clone, Debug)]
pub enum Notice {
    /// No session. People are sent to `SignIn` instead; this is mostly read as JSON.
    SignInRequired {
        /// Starts a login.
        login: String,
    },
    /// A form with attachments, or a very large one, was posted without a session.
    FormNotKept {
        /// Starts a login.
        login: String,
    },
    /// Signed in but not entitled.
    Refused(Refused),
    /// The AMS does not let this account in (not approved, for one).
    NotAdmitted {
        /// Whom to ask.
        contact: Option<Contact>,
        /// Ends the session here and at the AMS, so that another account can be used.
        sign_out: String,
    },
    /// The sign-in came back in a way that we do not accept.
    SignInFailed {
        /// What was wrong with it.
        reason: SignInFailure,
        /// Starts a new login.
        again: String,
    },
    /// Too many tokens were refused to visitors of this network; the person may be honest.
    TooManyAttempts(Retry),
    /// Another site sent the visitor here to sign in, and is not registered in this way.
    SiteNotRegistered {
        /// What is wrong, for whoever looks after that site.
        why: &'static str,
        /// Whom to ask.
        contact: Option<Contact>,
    },
    /// A client's request to sign its person out is not in order. Nothing was done.
    LogoutRefused {
        /// What is wrong, for whoever looks after that site.
        why: &'static str,
        /// Signs out all the same, if the person wants it.
        sign_out: String,
    },
    /// The request cannot be understood.
    BadRequest,
    /// The body came too slowly.
    RequestSlow,
    /// The path is one that no site gets.
    BadAddress(PathFault),
    /// The body is too large.
    BodyTooLarge,
    /// Address or headers are too large.
    HeadTooLarge,
    /// Our own address, wrong method; `allow` is the `Allow` header.
    MethodNotAllowed {
        /// The methods that the address knows, as in `GET, HEAD`.
        allow: &'static str,
    },
    /// Somebody who looks through another's eyes tried to change something, or the look is over.
    ReadOnly {
        /// Where the look ends.
        stop: String,
    },
    /// No such address under our own prefix.
    NotFound,
    /// No site of ours answers to this host.
    UnknownSite,
    /// The AMS cannot be reached.
    AmsDown(Retry),
    /// The site behind us cannot be reached, or broke off.
    SiteDown,
    /// The site behind us answered, but what it said cannot be passed on.
    SiteInvalid {
        /// What is wrong with it.
        why: AnswerFault,
    },
    /// The site behind us took too long.
    SiteSlow,
    /// We have as many requests as we can take.
    Busy(Retry),
    /// The visitor's network has as many connections or requests under way as it may have.
    NetworkBusy(Retry),
    /// Something failed in the gateway that may work again in a moment.
    Unavailable(Retry),
    /// Something failed in the gateway.
    Broken,
}

/// What is wrong with a site's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFault {
    /// More header fields, or longer ones, than we take.
    TooLarge,
    /// Not HTTP, or HTTP that can be read in two ways.
    NotHttp,
}

/// When to try again. The page does it by itself at [`Frame::again`], where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Seconds to wait at least, also sent as `Retry-After`.
    after: u16,
    by_itself: bool,
}

impl Retry {
    /// The page tries again by itself after so many seconds.
    pub const fn after(seconds: u16) -> Retry {
        Retry { after: seconds, by_itself: true }
    }

    /// The person decides when; there were enough tries.
    pub fn by_hand(self) -> Retry {
        Retry { by_itself: false, ..self }
    }

    /// Up to half as much again, so that the visitors of one failure do not all come back in the same second. Each request id has
    /// its own.
    fn spread(self, request_id: &str) -> u16 {
        let mix = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(byte.into());
        let more = u32::from(self.after / 2) + 1;
        let share = request_id.bytes().fold(7, mix) % more;
        self.after.saturating_add(u16::try_from(share).unwrap_or_default())
    }
}

/// What was wrong with a returning sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignInFailure {
    /// The attempt is older than its limit.
    AttemptExpired,
    /// The attempt belongs to another browser, or to none (cookies off, a forged or forwarded link).
    NotStartedHere,
    /// The AMS refused the sign-on token.
    TokenRefused,
    /// The token or the attempt was used before.
    AlreadyUsed,
    /// The AMS answered about another person than the one who signed in.
    WrongPerson,
}

/// Who was refused, and what would have let them in.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The name of the person who is signed in.
    pub name: String,
    /// The roles that are missing, by the labels that people know.
    pub missing: Missing,
    /// Where to renew or upgrade a membership.
    pub renew_url: Option<String>,
    /// Whom to ask.
    pub contact: Option<Contact>,
    /// Ends the session here and at the AMS.
    pub sign_out: String,
    /// The OpenID client that the person came from. `None`: a page of a site was asked for.
    pub client: Option<WayBack>,
}

/// The way back to an OpenID client.
#[derive(Clone, Debug)]
pub struct WayBack {
    /// The client's name.
    pub name: String,
    /// Its checked redirect address with the refusal, or an address of ours that leads there.
    pub address: String,
    /// Starts a sign-in to the client by another account. `None`: the AMS would let the same person straight through.
    pub other_account: Option<String>,
}

/// Role labels that the person lacks.
#[derive(Clone, Debug)]
pub enum Missing {
    /// One of these would do.
    AnyOf(Vec<String>),
    /// All of these are needed; those the person has are left out.
    AllOf(Vec<String>),
}

/// Where the association answers questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// An e-mail address.
    Email(String),
    /// The address of a page.
    Web(String),
}

impl Contact {
    pub(super) fn link(&self) -> Link {
        match self {
            Self::Email(address) => Link::new("Contact us", format!("mailto:{address}")),
            Self::Web(url) => Link::new("Contact us", url),
        }
    }
}

impl Missing {
    pub(super) fn labels(&self) -> &[String] {
        match self {
            Self::AnyOf(labels) | Self::AllOf(labels) => labels,
        }
    }

    /// `what`: the page or client that asks for them.
    pub(super) fn sentence(&self, what: &str) -> String {
        match (self, self.labels().len()) {
            (_, 0) => format!("Your account does not have what {what} asks for."),
            (_, 1) => format!("{what} is only for:"),
            (Self::AnyOf(_), _) => format!("{what} is for people with any one of these:"),
            (Self::AllOf(_), _) => format!("To open {what} you also need all of these:"),
        }
    }
}

impl Notice {
    /// The stable name, from which status and blame follow.
    pub fn code(&self) -> Code {
        match self {
            Self::SignInRequired { .. } => Code::SignInRequired,
            Self::FormNotKept { .. } => Code::FormNotKept,
            Self::Refused(_) => Code::NotEntitled,
            Self::NotAdmitted { .. } => Code::NotAdmitted,
            Self::SignInFailed { reason, .. } => match reason {
                SignInFailure::AttemptExpired => Code::AttemptExpired,
                SignInFailure::NotStartedHere => Code::NotStartedHere,
                SignInFailure::TokenRefused => Code::TokenRefused,
                SignInFailure::AlreadyUsed => Code::AlreadyUsed,
                SignInFailure::WrongPerson => Code::WrongPerson,
            },
            Self::TooManyAttempts(_) => Code::TooManyAttempts,
            Self::SiteNotRegistered { .. } => Code::SiteNotRegistered,
            Self::LogoutRefused { .. } => Code::LogoutRefused,
            Self::BadRequest => Code::BadRequest,
            Self::RequestSlow => Code::RequestSlow,
            Self::NetworkBusy(_) => Code::NetworkBusy,
            Self::BadAddress(_) => Code::BadAddress,
            Self::BodyTooLarge => Code::BodyTooLarge,
            Self::HeadTooLarge => Code::HeadTooLarge,
            Self::MethodNotAllowed { .. } => Code::MethodNotAllowed,
            Self::ReadOnly { .. } => Code::ReadOnly,
            Self::NotFound => Code::NotFound,
            Self::UnknownSite => Code::UnknownSite,
            Self::AmsDown(_) => Code::AmsDown,
            Self::SiteDown => Code::SiteDown,
            Self::SiteInvalid { .. } => Code::SiteInvalid,
            Self::SiteSlow => Code::SiteSlow,
            Self::Busy(_) => Code::Busy,
            Self::Unavailable(_) | Self::Broken => Code::Broken,
        }
    }

    /// Whose turn it is.
    pub fn blame(&self) -> Blame {
        self.code().blame()
    }

    /// The notice for a person.
    pub fn html(&self, frame: &Frame) -> Response<Bytes> {
        self.with_headers(frame, respond(&NoticePage::new(self, frame)))
    }

    /// The notice for a program: `{"error", "message", "request_id", "login"}`.
    pub fn json(&self, frame: &Frame) -> Response<Bytes> {
        let sentence = words::of(self, frame).sentence;
        self.with_headers(frame, problem(self.code(), &sentence, &frame.request_id, self.login()))
    }

    fn login(&self) -> Option<&str> {
        match self {
            Self::SignInRequired { login } | Self::FormNotKept { login } => Some(login),
            Self::SignInFailed { again, .. } => Some(again),
            _ => None,
        }
    }

    fn retry(&self) -> Option<Retry> {
        match self {
            Self::TooManyAttempts(retry)
            | Self::AmsDown(retry)
            | Self::Busy(retry)
            | Self::NetworkBusy(retry)
            | Self::Unavailable(retry) => Some(*retry),
            _ => None,
        }
    }

    fn with_headers(&self, frame: &Frame, mut response: Response<Bytes>) -> Response<Bytes> {
        let headers = response.headers_mut();
        if let Some(retry) = self.retry() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry.spread(&frame.request_id)));
        }
        if let Self::MethodNotAllowed { allow } = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

/// The page of a notice.
#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct NoticePage {
    frame: Frame,
    words: Words,
    /// Shown as a list under the sentence.
    missing: Vec<String>,
    status: StatusCode,
    /// Seconds and address, when the page tries again by itself.
    retry: Option<(u16, String)>,
}

impl NoticePage {
    pub(super) fn new(notice: &Notice, frame: &Frame) -> Self {
        let missing = match notice {
            Notice::Refused(refused) => refused.missing.labels().to_vec(),
            _ => Vec::new(),
        };
        let by_itself = notice.retry().filter(|retry| retry.by_itself);
        let retry = by_itself.and_then(|it| Some((it.spread(&frame.request_id), frame.again.clone()?)));
        let words = words::of(notice, frame);
        Self { frame: frame.clone(), words, missing, status: notice.code().status(), retry }
    }
}

impl Page for NoticePage {
    fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    fn samples() -> Vec<(&'static str, Self)> {
        let page = |notice| Self::new(notice, &super::tests::frame());
        let notices = super::tests::notices();
        let own = notices.iter().map(|notice| (notice.code().as_str(), page(notice)));
        let at_a_client = super::tests::refused_at_a_client();
        own.chain([("not_entitled_at_a_client", page(&at_a_client))]).collect()
    }
}
