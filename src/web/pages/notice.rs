//! A notice: the request ends here, and this is why and what to do next. As a page for people, as JSON for programs.
//!
//! Its words are in `words`, and both are put on a page in `notice_page`. Inner causes (a status of the AMS, a socket error) never
//! reach this file; they are in the log under the reference that the page shows.

use super::Link;
use crate::domain::association::ContactPoint;
use crate::domain::outcome::Outcome;
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
    /// Somebody asked to be checked again, and was a moment ago.
    CheckedLately {
        /// The page that was wanted.
        page: String,
    },
    /// Somebody asked to be checked again, and the AMS gave no answer.
    NotChecked {
        /// The page that was wanted.
        page: String,
    },
    /// The AMS does not let this account in (not approved, for one).
    NotAdmitted {
        /// Where to ask.
        contact: Option<ContactPoint>,
        /// Ends the session here and at the AMS, so that another account can be used.
        sign_out: String,
    },
    /// The sign-in came back in a way that we do not accept.
    SignInFailed {
        /// What was wrong with it.
        outcome: Outcome,
        /// Starts a new login.
        again: String,
    },
    /// Too many links were tried from this network; the person may be honest.
    TooManyAttempts(Retry),
    /// So many people wait to sign in that nobody else is given a place.
    LineFull(Retry),
    /// Another site sent the visitor here to sign in, and is not registered in this way.
    SiteNotRegistered {
        /// What is wrong, for whoever looks after that site.
        why: &'static str,
        /// Where to ask.
        contact: Option<ContactPoint>,
    },
    /// Another site sent the visitor here to sign in, and does not know the person yet.
    NotKnownThere {
        /// The site's name.
        client: String,
        /// When it is worth another try. By hand: it does not take the person as they are.
        retry: Retry,
    },
    /// A client's request to sign its person out is not in order. Nothing was done.
    LogoutRefused {
        /// What is wrong, for whoever looks after that site.
        why: &'static str,
        /// Signs out all the same, if the person wants it.
        sign_out: String,
    },
    /// The person is signed out here, but the store gave no answer, so nobody else is told yet.
    SignedOutHere {
        /// Goes on with the other sites and the AMS.
        go_on: String,
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
    /// Somebody who views the site as another person tried to change something, or the view has ended.
    ReadOnly {
        /// Where the view ends.
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

/// When to try again. The page does it by itself at `Frame::again`, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Seconds to wait at least, also sent as `Retry-After`.
    after: u16,
    pub(super) by_itself: bool,
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

    /// As people say it.
    pub(super) fn in_words(self) -> String {
        spell_seconds(self.after)
    }

    /// Up to half as much again, so that the visitors of one failure do not all come back in the same second. Each request id has
    /// its own.
    pub(super) fn spread(self, request_id: &str) -> u16 {
        let mix = |sum: u32, byte: u8| sum.wrapping_mul(31).wrapping_add(byte.into());
        let more = u32::from(self.after / 2) + 1;
        let share = request_id.bytes().fold(7, mix) % more;
        self.after.saturating_add(u16::try_from(share).unwrap_or_default())
    }
}

/// Some seconds, as people say it.
pub(super) fn spell_seconds(seconds: u16) -> String {
    match (seconds, seconds.div_ceil(60)) {
        (..120, _) => format!("{seconds} seconds"),
        (_, minutes) => format!("{minutes} minutes"),
    }
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
    /// Where to ask.
    pub contact: Option<ContactPoint>,
    /// Ends the session here and at the AMS.
    pub sign_out: String,
    /// The OpenID client that the person came from. `None`: a page of a site was asked for.
    pub client: Option<WayBack>,
    /// What of the person's record is still being read, as people call it. The roles may follow from that.
    pub unread: Vec<&'static str>,
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

/// When a page looks again whether the rest of a record has been read.
const STILL_READING: Retry = Retry::after(5);

/// The link to where the association answers questions.
pub(super) fn contact_link(contact: &ContactPoint) -> Link {
    match contact {
        ContactPoint::Email(address) => Link::new("Contact us", format!("mailto:{address}")),
        ContactPoint::Web(url) => Link::new("Contact us", url),
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
    /// Which outcome it is about; status and blame follow from that.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::SignInRequired { .. } => Outcome::SignInRequired,
            Self::FormNotKept { .. } => Outcome::FormNotKept,
            Self::Refused(_) => Outcome::NotEntitled,
            Self::CheckedLately { .. } => Outcome::CheckedLately,
            Self::NotChecked { .. } => Outcome::AmsDown,
            Self::NotAdmitted { .. } => Outcome::NotAdmitted,
            Self::SignInFailed { outcome, .. } => *outcome,
            Self::TooManyAttempts(_) => Outcome::TooManyAttempts,
            Self::LineFull(_) => Outcome::LineFull,
            Self::SiteNotRegistered { .. } => Outcome::SiteNotRegistered,
            Self::NotKnownThere { .. } => Outcome::NotKnownThere,
            Self::LogoutRefused { .. } => Outcome::LogoutRefused,
            Self::SignedOutHere { .. } => Outcome::SignedOutHere,
            Self::BadRequest => Outcome::BadRequest,
            Self::RequestSlow => Outcome::RequestSlow,
            Self::NetworkBusy(_) => Outcome::NetworkBusy,
            Self::BadAddress(_) => Outcome::BadAddress,
            Self::BodyTooLarge => Outcome::BodyTooLarge,
            Self::HeadTooLarge => Outcome::HeadTooLarge,
            Self::MethodNotAllowed { .. } => Outcome::MethodNotAllowed,
            Self::ReadOnly { .. } => Outcome::ReadOnly,
            Self::NotFound => Outcome::NotFound,
            Self::UnknownSite => Outcome::UnknownSite,
            Self::AmsDown(_) => Outcome::AmsDown,
            Self::SiteDown => Outcome::SiteDown,
            Self::SiteInvalid { .. } => Outcome::SiteInvalid,
            Self::SiteSlow => Outcome::SiteSlow,
            Self::Busy(_) => Outcome::Busy,
            Self::Unavailable(_) => Outcome::Unavailable,
            Self::Broken => Outcome::Broken,
        }
    }

    pub(super) fn login(&self) -> Option<&str> {
        match self {
            Self::SignInRequired { login } | Self::FormNotKept { login } => Some(login),
            Self::SignInFailed { again, .. } => Some(again),
            _ => None,
        }
    }

    pub(super) fn retry(&self) -> Option<Retry> {
        match self {
            Self::TooManyAttempts(retry)
            | Self::LineFull(retry)
            | Self::AmsDown(retry)
            | Self::NotKnownThere { retry, .. }
            | Self::Busy(retry)
            | Self::NetworkBusy(retry)
            | Self::Unavailable(retry) => Some(*retry),
            Self::Refused(refused) if !refused.unread.is_empty() => Some(STILL_READING),
            _ => None,
        }
    }
}
