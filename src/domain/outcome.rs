//! How a request ends that does not go through: one vocabulary for the flows, our pages, addresses, metrics and the log. Status
//! and words of an outcome are in `web::pages`; here is its name, and who has to act.

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

macro_rules! outcomes {
    ($($(#[doc = $text:literal])+ $name:ident $slug:literal $blame:ident,)+) => {
        /// An outcome. It has one name everywhere.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Outcome { $($(#[doc = $text])+ $name,)+ }

        impl Outcome {
            /// Every outcome.
            pub const ALL: &[Outcome] = &[$(Outcome::$name,)+];

            /// The name: `"error"` in JSON, the reason in the log, the ending in metrics, `why` in an address of ours. It never changes
            /// once it was shipped.
            pub fn slug(self) -> &'static str {
                match self { $(Outcome::$name => $slug,)+ }
            }

            /// Who has to act; log levels and alarms follow from this.
            pub fn blame(self) -> Blame {
                match self { $(Outcome::$name => Blame::$blame,)+ }
            }
        }
    };
}

outcomes! {
    /// A protected address was called without a session.
    SignInRequired "sign_in_required" Visitor,
    /// A form was posted without a session and cannot be kept (attachments, size).
    FormNotKept "form_not_kept" Visitor,
    /// Signed in, but without the roles that the address asks for.
    NotEntitled "not_entitled" Visitor,
    /// Somebody asked to be checked again, and was a moment ago.
    CheckedLately "checked_lately" Visitor,
    /// The AMS says that this account may not sign in.
    NotAdmitted "not_admitted" Visitor,
    /// A browser came back from the AMS without a state: a mailed link, or the AMS by itself. A sign-in is started.
    NoState "no_state" Visitor,
    /// As before, again and again: something on the way drops our state.
    StateLost "state_lost" Visitor,
    /// The login attempt does not belong to this browser.
    NotStartedHere "not_started_here" Visitor,
    /// The login attempt is older than its limit.
    AttemptExpired "attempt_expired" Visitor,
    /// The sign-on token or the attempt was used before.
    AlreadyUsed "already_used" Visitor,
    /// The return is not one that the AMS sends.
    ReturnMalformed "return_malformed" Visitor,
    /// The AMS refused the sign-on token.
    TokenRefused "token_refused" Visitor,
    /// The AMS answered about another person than the one who signed in.
    WrongPerson "wrong_person" Upstream,
    /// Too many login attempts in a short time.
    TooManyAttempts "too_many_attempts" Visitor,
    /// So many people wait to sign in that nobody else is given a place.
    LineFull "line_full" Us,
    /// A site that sent the visitor here to sign in is not registered in this way.
    SiteNotRegistered "site_not_registered" Visitor,
    /// A site that sent the visitor here to sign in does not know the person yet.
    NotKnownThere "not_known_there" Upstream,
    /// A client's request to sign its person out is not in order.
    LogoutRefused "logout_refused" Visitor,
    /// A session is ended in memory, and the store gave no answer.
    SignedOutHere "signed_out_here" Us,
    /// The request cannot be understood.
    BadRequest "bad_request" Visitor,
    /// The body came more slowly than is allowed.
    RequestSlow "request_slow" Visitor,
    /// The path of the request is one that no site gets.
    BadAddress "bad_address" Visitor,
    /// The body is larger than is allowed.
    BodyTooLarge "body_too_large" Visitor,
    /// Address or headers are larger than is allowed.
    HeadTooLarge "head_too_large" Visitor,
    /// One of our own addresses was called with a method that it does not know.
    MethodNotAllowed "method_not_allowed" Visitor,
    /// Somebody who views the site as another person tried to change something.
    ReadOnly "read_only" Visitor,
    /// No such address under our own prefix.
    NotFound "not_found" Visitor,
    /// No site of ours answers to this host.
    UnknownSite "unknown_site" Visitor,
    /// The AMS cannot be reached.
    AmsDown "ams_down" Upstream,
    /// The site behind us cannot be reached, or broke off.
    SiteDown "site_down" Upstream,
    /// The answer of the site behind us cannot be passed on.
    SiteInvalid "site_invalid" Upstream,
    /// The site behind us took too long.
    SiteSlow "site_slow" Upstream,
    /// A browser fetched ahead of the person, where something would begin or end.
    FetchedAhead "fetched_ahead" Visitor,
    /// We have as many requests as we can take.
    Busy "busy" Us,
    /// The visitor's network has as many connections or requests under way as it may have.
    NetworkBusy "network_busy" Visitor,
    /// The store gives no answer.
    Unavailable "unavailable" Us,
    /// Something failed in the gateway.
    Broken "broken" Us,
}

impl Outcome {
    /// The outcome of this name.
    pub fn named(slug: &str) -> Option<Outcome> {
        Outcome::ALL.iter().copied().find(|outcome| outcome.slug() == slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_outcomes_own_and_a_program_can_search_for_it() {
        for outcome in Outcome::ALL {
            let slug = outcome.slug();
            assert_eq!(Outcome::named(slug), Some(*outcome), "{slug}");
            assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{slug}");
        }
        assert_eq!(Outcome::named("nothing"), None);
    }
}
