//! What nobody outside the vendor knows about GrowthZone, each unknown as a switch.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::endpoint::Scope;
use crate::sim::openid::{Flaw, Pkce, TokenAuth};
use crate::sim::switches::{ErrorBody, Setting, choice, switches};

choice! {
    /// How a login comes back.
    ResponseMode {
        /// As the request asks; without a word in the query.
        Asked = "asked",
        /// In the query, whatever is asked.
        Query = "query",
        /// As a form that posts itself, whatever is asked.
        FormPost = "form_post",
    }
}

choice! {
    /// The name of the parameter with an error.
    ErrorParameter {
        /// As the specification has it.
        Error = "error",
        /// The other one that has been seen.
        ErrorCode = "errorCode",
    }
}

choice! {
    /// How the names of claims are written in userinfo.
    ClaimCase {
        /// As they have been seen: `given_name`, `ContactId`.
        Seen = "seen",
        /// In lower case.
        Lower = "lower",
        /// In upper case.
        Upper = "upper",
    }
}

choice! {
    /// What a $top over the largest one is.
    OverLargest {
        /// The largest one.
        Cut = "cut",
        /// 400.
        Refused = "refused",
    }
}

choice! {
    /// The shape of the lists of types, lists, events and roles.
    Lists {
        /// With `Results` and `TotalRecordAvailable`.
        Envelope = "envelope",
        /// A bare array with everything.
        Bare = "bare",
    }
}

choice! {
    /// What an id is that is not on file.
    MissingRecord {
        /// 404.
        NotFound = "not_found",
        /// 204 without a body.
        NoContent = "no_content",
        /// 500.
        ServerError = "server_error",
    }
}

choice! {
    /// When GET /oauth/logout asks whether to sign out.
    LogoutConfirms {
        /// Each time.
        Always = "always",
        /// If the call does not show an ID token of whoever is signed in.
        WithoutHint = "without_hint",
        /// Never.
        Never = "never",
    }
}

choice! {
    /// Which parameter the feed of changes looks at.
    DeltaParameter {
        /// `modifiedSince`.
        ModifiedSince = "modifiedSince",
        /// `since`.
        Since = "since",
        /// Neither: everything comes.
        None = "none",
    }
}

switches! {
    id_token_flaw: Flaw = Flaw::None, "What is wrong with ID tokens, for clients that must refuse them.";
    signing_key: u32 = 1, "The number of the RSA key in use; another number is another key, and only that one is in the key set.";
    pkce: Pkce = Pkce::Ignored, "What becomes of a code challenge.";
    nonce_returned: bool = true, "The ID token carries the nonce of the request.";
    consent: bool = true, "The first login at a client asks for consent.";
    response_mode: ResponseMode = ResponseMode::Asked, "How a login comes back.";
    error_parameter: ErrorParameter = ErrorParameter::Error, "The name of the parameter with an error.";
    token_auth: TokenAuth = TokenAuth::Any, "Where the client secret is looked for.";
    refresh_tokens: bool = true, "The scope offline_access brings a refresh token.";
    password_grant: bool = false, "The token endpoint takes user name and password, with tenantKey.";
    code_client: bool = true, "A code is good only for the client that asked for it; off: for any.";
    code_ttl: Duration = Duration::from_mins(5), "How long a code lasts.";
    token_ttl: Duration = Duration::from_hours(744), "How long access and ID tokens last.";
    session_ttl: Duration = Duration::from_hours(12), "How long the Info Hub remembers a browser that signed in.";
    redirect_uris: Option<String> = None, "The redirect addresses of the client, with commas and no spaces between; off: any.";
    issuer_answered: Option<String> = None, "Answered as issuer in metadata and ID tokens in place of the right one.";
    token_endpoint_answered: Option<String> = None, "Answered as token_endpoint in the metadata in place of the right one.";
    claim_case: ClaimCase = ClaimCase::Seen, "How the names of claims are written in userinfo.";
    userinfo_email: bool = true, "userinfo has the e-mail.";
    userinfo_contact_id: bool = true, "userinfo has ContactId.";
    userinfo_mem_types: bool = true, "userinfo has MemTypes.";
    mem_types_separator: Option<String> = Some(",".to_owned()), "What stands between types in MemTypes; off: nothing.";
    aboutme_contact_id: bool = true, "api/login/aboutme has ContactId.";
    contact_ids_agree: bool = true, "userinfo and api/login/aboutme name the same ContactId; off: aboutme names another.";
    subject_version: u32 = 1, "The sub of everybody; another number is another sub, as after a new invitation.";
    dropped_sign_in: bool = true, "Dropped people can still sign in.";
    logout_confirms: LogoutConfirms = LogoutConfirms::WithoutHint, "When GET /oauth/logout asks whether to sign out; POST never does.";
    post_logout_uris: Option<String> = None, "The addresses to which a logout may lead, with commas and no spaces between; off: any.";
    show_people: bool = false, "The login page lists who can sign in. Never true of the real one; for demonstrations.";
    bearer_reads_others: bool = true, "A person's token reads records of others; off: 403.";
    time_zone: TimeZone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC), "Where the association's days begin; dates are printed without a zone.";
    page_size: u32 = 25, "Rows on a page if the call does not say.";
    largest_page: u32 = 100, "The largest $top.";
    over_largest: OverLargest = OverLargest::Cut, "What a $top over the largest one is.";
    lists: Lists = Lists::Envelope, "The shape of the lists of types, lists, events and roles.";
    total: bool = true, "Lists have TotalRecordAvailable.";
    date_sentinel: bool = true, "An absent date is 0001-01-01T00:00:00; off: null.";
    empty_strings: bool = true, "A text that is absent is an empty text; off: null.";
    missing_record: MissingRecord = MissingRecord::NotFound, "What an id is answered with that is not on file.";
    missing_endpoints: Option<String> = None, "Calls that answer 404 as if their module were not bought, by kind, with commas between.";
    error_body: ErrorBody = ErrorBody::Object, "The body of an error answer.";
    bare_event: bool = true, "The attendees of an event without any are the bare event.";
    person_contact_infos: bool = true, "A person has ContactInfos: e-mail, telephone, addresses and pages.";
    roster_details: bool = true, "Members of a list have role, dates and whether they are active.";
    delta_parameter: DeltaParameter = DeltaParameter::ModifiedSince, "Which parameter the feed of changes looks at.";
    delta_by_organization: bool = false, "A change of an organization's membership is a change of its people, too.";
    lists_touch: bool = true, "Joining or leaving a list is a change in the feed.";
    lapse_touch: bool = true, "A membership that ends by its date alone is a change in the feed.";
    rate_limit: bool = true, "More calls than the two numbers below are answered with 429.";
    rate_limit_per_second: u32 = 5, "Calls of the interface in any second.";
    rate_limit_per_minute: u32 = 200, "Calls of the interface in any minute.";
    retry_after: bool = true, "A 429 says in Retry-After how many seconds to wait.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::tests::switches::{documented, shown_and_read};

    #[test]
    fn every_switch_that_the_documentation_names_exists() {
        documented::<Switches>(include_str!("../../../docs/ams/growthzone.md"), 30);
    }

    #[test]
    fn every_switch_takes_back_what_it_shows() {
        shown_and_read::<Switches>();
    }
}
