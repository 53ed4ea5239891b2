//! What nobody outside the vendor knows about Novi, each unknown as a switch.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::endpoint::Scope;
use crate::sim::openid::{Algorithm, Flaw, Pkce, Secret, TokenAuth};
use crate::sim::switches::{ErrorBody, Setting, choice, switches};

choice! {
    /// What scopes do.
    Scopes {
        /// `profile` and `email` bring their claims; others are not looked at.
        Honored = "honored",
        /// They are not looked at: all claims come.
        Ignored = "ignored",
        /// As honored, and others are refused with invalid_scope.
        Strict = "strict",
    }
}

choice! {
    /// Which e-mail the claim has.
    EmailClaim {
        /// The one of the user account.
        Account = "account",
        /// The one of the record.
        Contact = "contact",
    }
}

choice! {
    /// What becomes of somebody who is in none of the permitted groups.
    NotPermitted {
        /// The client gets access_denied.
        AccessDenied = "access_denied",
        /// A page with status 403 ends the login.
        Page = "page",
    }
}

choice! {
    /// The shape of one record.
    Detail {
        /// The record itself.
        Flat = "flat",
        /// `{"data": …}`.
        Data = "data",
    }
}

choice! {
    /// The shape of the lists of types, categories, roles and fields.
    Catalogues {
        /// Pages, as of all other lists.
        Paged = "paged",
        /// A bare array with everything.
        Bare = "bare",
    }
}

choice! {
    /// What a pageSize over the largest one is.
    OverLargest {
        /// The largest one.
        Cut = "cut",
        /// 400.
        Refused = "refused",
    }
}

choice! {
    /// In which order members are listed.
    ListOrder {
        /// Always the same one.
        Stable = "stable",
        /// The latest change first, so that pages shift while they are read.
        ByChange = "by_change",
    }
}

choice! {
    /// What an id is that is not on file.
    MissingRecord {
        /// 404.
        NotFound = "not_found",
        /// 204 without a body.
        NoContent = "no_content",
        /// 200 without a body.
        EmptyOk = "empty_ok",
        /// 400.
        BadRequest = "bad_request",
    }
}

choice! {
    /// Which e-mail a search compares.
    EmailSearch {
        /// The one of the record.
        Contact = "contact",
        /// The one of the user account.
        Account = "account",
        /// Both.
        Both = "both",
    }
}

choice! {
    /// What the parameter lastModifiedDate does.
    ModifiedFilter {
        /// Records that changed from that instant on.
        Honored = "honored",
        /// Records that changed from the beginning of that day on.
        DayOnly = "day_only",
        /// It is not looked at.
        Ignored = "ignored",
    }
}

choice! {
    /// What a record is that the key may not see.
    HiddenRecord {
        /// As one that is not on file.
        Missing = "missing",
        /// 403.
        Forbidden = "forbidden",
    }
}

choice! {
    /// What a field is that the key may not see.
    HiddenField {
        /// It is left out.
        LeftOut = "left_out",
        /// It is null.
        Null = "null",
    }
}

choice! {
    /// Who it is that an inherited change in the change log names.
    ActivitySubject {
        /// MemberUniqueId is the person.
        Dependent = "dependent",
        /// MemberUniqueId is the company, and DependentCustomerUniqueId the person.
        Company = "company",
    }
}

choice! {
    /// In which order hooks come.
    HookOrder {
        /// As things happened.
        InOrder = "in_order",
        /// The latest first, of those that wait.
        Reversed = "reversed",
    }
}

choice! {
    /// How a hook is signed, in the header X-Signature.
    HookSignature {
        /// It is not.
        Off = "off",
        /// HMAC-SHA256 of the body in hexadecimal.
        Hex = "hex",
        /// HMAC-SHA256 of the body in base64.
        Base64 = "base64",
    }
}

choice! {
    /// What a deactivation is in hooks.
    DeactivatedHook {
        /// customer.updated.
        Updated = "updated",
        /// customer.removed.
        Removed = "removed",
    }
}

switches! {
    id_token_alg: Algorithm = Algorithm::Hs256, "How ID tokens are signed.";
    hs256_key: Secret = Secret::Text, "What of the client secret is the key of HS256.";
    signing_key: u32 = 1, "The number of the RSA key in use; another number is another key, and only that one is in the key set.";
    id_token_flaw: Flaw = Flaw::None, "What is wrong with ID tokens, for clients that must refuse them.";
    pkce: Pkce = Pkce::Checked, "What becomes of a code challenge.";
    nonce_returned: bool = true, "The ID token carries the nonce of the request.";
    scopes: Scopes = Scopes::Honored, "What scopes do.";
    claims_in_id_token: bool = true, "The ID token has name and e-mail; off: only userinfo has.";
    email_claim: EmailClaim = EmailClaim::Account, "Which e-mail the claim email has.";
    userinfo_member_status: bool = true, "userinfo has member_status.";
    userinfo_inheriting: bool = true, "member_status of inherited benefits is inheriting; off: current.";
    refresh_tokens: bool = false, "The token answer has a refresh token.";
    token_auth: TokenAuth = TokenAuth::Any, "Where the client secret is looked for.";
    code_ttl: Duration = Duration::from_mins(5), "How long a code lasts.";
    access_token_ttl: Duration = Duration::from_hours(1), "How long access and ID tokens last.";
    session_ttl: Duration = Duration::from_hours(12), "How long the site remembers a browser that signed in.";
    issuer_slash: bool = false, "The issuer ends in a slash.";
    issuer_answered: Option<String> = None, "Answered as issuer in the metadata in place of the right one.";
    token_endpoint_answered: Option<String> = None, "Answered as token_endpoint in the metadata in place of the right one.";
    redirect_uris: Option<String> = None, "The redirect addresses of the client, with commas and no spaces between; off: any.";
    https_redirects: bool = false, "Redirect addresses must be https.";
    permitted_groups: Option<String> = None, "The groups whose members may use the client, with commas between; off: every user, whatever the membership.";
    not_permitted: NotPermitted = NotPermitted::AccessDenied, "What becomes of somebody who is in none of the permitted groups.";
    login_checks_approval: bool = false, "The login form refuses people who are not approved; off: only the record tells.";
    log_out_returns: bool = false, "/log-out goes to post_logout_redirect_uri.";
    legacy_jwt: Option<String> = Some("jwt".to_owned()), "The parameter in which /sso/auth hands out its JWT; off: there is no /sso/auth.";
    show_people: bool = false, "The login page lists who can sign in. Never true of the real one; for demonstrations.";
    https_only: bool = false, "Calls of the interface that did not come by https, by X-Forwarded-Proto, are refused.";
    time_zone: TimeZone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC), "Where the association's days begin.";
    dates_have_offset: bool = true, "Dates carry an offset from UTC.";
    expiry_day_counts: bool = true, "A membership goes on to the end of the day in MembershipExpires; off: it ends at the beginning of it.";
    api_inheriting: bool = false, "MemberStatus of inherited benefits is inheriting; off: as the company's.";
    empty_strings: bool = true, "A text that is absent is an empty text; off: null.";
    detail: Detail = Detail::Flat, "The shape of one record.";
    catalogues: Catalogues = Catalogues::Paged, "The shape of the lists of types, categories, roles and fields.";
    page_size: u32 = 100, "Rows on a page if the call does not say.";
    largest_page: u32 = 1000, "The largest pageSize.";
    over_largest: OverLargest = OverLargest::Cut, "What a pageSize over the largest one is.";
    list_order: ListOrder = ListOrder::Stable, "In which order members are listed.";
    inactive_listed: bool = true, "Deactivated records are in the list of members.";
    missing_record: MissingRecord = MissingRecord::NotFound, "What an id is answered with that is not on file.";
    error_body: ErrorBody = ErrorBody::Object, "The body of an error answer.";
    email_search: EmailSearch = EmailSearch::Contact, "Which e-mail the parameter email compares.";
    modified_filter: ModifiedFilter = ModifiedFilter::Honored, "What lastModifiedDate does.";
    committee_terms: bool = true, "Rows of committee members have role, term and status.";
    beneficiaries_listed: bool = true, "The list of a group's members has beneficiaries too.";
    attendee_dates: bool = true, "Rows of attendees have dates.";
    missing_endpoints: Option<String> = None, "Calls that answer 404 as if they did not exist, by kind, with commas between.";
    scope_group: Option<String> = None, "The key sees only the records in this group; off: all.";
    scope_fields: Option<String> = None, "The key sees only these fields of a record and UniqueID, with commas between; off: all.";
    hidden_record: HiddenRecord = HiddenRecord::Missing, "What a record is that the key may not see.";
    hidden_field: HiddenField = HiddenField::LeftOut, "What a field is that the key may not see.";
    event_access: bool = true, "The key reads events, registrations and attendees; off: 403.";
    lists_touch: bool = true, "Joining or leaving a group or committee changes LastUpdatedDate, and is told by a hook.";
    inherited_touch: bool = false, "A change of inherited benefits changes LastUpdatedDate of the person, and is told by a hook.";
    lapse_touch: bool = false, "A membership that ends or begins by its date alone changes LastUpdatedDate, and is told by a hook.";
    activity_subject: ActivitySubject = ActivitySubject::Dependent, "Who it is that an inherited change in the change log names.";
    rate_limit: bool = true, "More calls than the three numbers below are answered with 429.";
    rate_limit_per_second: u32 = 20, "Calls of a key in any second.";
    rate_limit_per_minute: u32 = 600, "Calls of a key in any minute.";
    rate_limit_per_day: u32 = 100_000, "Calls of a key in any 24 hours.";
    retry_after: bool = true, "A 429 says in Retry-After how many seconds to wait.";
    webhook_url: Option<String> = None, "Where the key sends its hooks; off: nowhere. Hooks of /api/webhooks go to their own addresses.";
    hook_times: u32 = 1, "How often each hook is sent.";
    hook_order: HookOrder = HookOrder::InOrder, "In which order hooks come.";
    hook_delay: Duration = Duration::ZERO, "How long a hook waits, together with those that come meanwhile.";
    hook_attempts: u32 = 1, "How often a hook is tried until the receiver answers with success.";
    hook_signature: HookSignature = HookSignature::Off, "How a hook is signed, in the header X-Signature.";
    deactivated_hook: DeactivatedHook = DeactivatedHook::Updated, "What a deactivation is in hooks.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::tests::switches::{documented, shown_and_read};

    #[test]
    fn every_switch_that_the_documentation_names_exists() {
        documented::<Switches>(include_str!("../../../docs/ams/novi.md"), 40);
    }

    #[test]
    fn every_switch_takes_back_what_it_shows() {
        shown_and_read::<Switches>();
    }
}
