//! What nobody outside the vendor knows about re:Members, each unknown as a switch.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::endpoint::Scope;
use crate::sim::switches::{ErrorBody, Origins, Setting, choice, switches};

choice! {
    /// What a page without items is.
    EndOfList {
        /// 200 with an empty `dataList`.
        EmptyList = "empty_list",
        /// 204 without a body.
        NoContent = "no_content",
        /// 404.
        NotFound = "not_found",
        /// 400.
        BadRequest = "bad_request",
    }
}

choice! {
    /// What the lookup of a bad `sso` token is.
    InvalidSso {
        /// 200 with an empty `dataList`.
        EmptyList = "empty_list",
        /// 200 with `dataList: null`.
        NullList = "null_list",
        /// 401.
        Unauthorized = "unauthorized",
        /// 404.
        NotFound = "not_found",
        /// 400.
        BadRequest = "bad_request",
        /// 204 without a body.
        NoContent = "no_content",
    }
}

choice! {
    /// How often an `sso` token can be looked up.
    SsoUse {
        /// As often as wanted while it lasts.
        Unlimited = "unlimited",
        /// Once.
        Once = "once",
        /// Once, and lookups with `updateTokenUsage=false` are not counted.
        Counted = "counted",
    }
}

choice! {
    /// What a filter on a list about a person does.
    ListFilters {
        /// Only the entries that it names come.
        Honored = "honored",
        /// It is not looked at: the whole list comes.
        Ignored = "ignored",
        /// 400, as for an argument that nobody knows.
        Refused = "refused",
    }
}

choice! {
    /// In which zone the time in a question is read.
    SinceZone {
        /// The association's own, as that of every date.
        Association = "association",
        /// UTC.
        Utc = "utc",
    }
}

choice! {
    /// Which changes ChangedSince knows of.
    Covers {
        /// All.
        Everything = "everything",
        /// Those of names, addresses and login; not of memberships, custom fields and the lists about a person.
        Profiles = "profiles",
    }
}

choice! {
    /// What an entry of Members/All has when the query includes more.
    IncludeFlags {
        /// What was asked for.
        Honored = "honored",
        /// No more than without: the members are null.
        Ignored = "ignored",
        /// No more than without, and the members are not even there.
        LeftOut = "left_out",
        /// What was asked for in every other entry.
        Half = "half",
    }
}

choice! {
    /// What a guest is on the lists of an event.
    GuestRows {
        /// A row with the guest's own id.
        OwnId = "own_id",
        /// A row with the id of the host.
        HostId = "host_id",
        /// Nothing.
        Absent = "absent",
    }
}

choice! {
    /// What a delivery of a webhook is signed with.
    HookSignature {
        /// Nothing.
        None = "none",
        /// `ms-signature: sha256=` and the HMAC of the body under the hook's secret, as Microsoft's sender does.
        MsSignature = "ms_signature",
    }
}

switches! {
    end_of_list: EndOfList = EndOfList::EmptyList, "What a page without items is answered with.";
    invalid_sso: InvalidSso = InvalidSso::EmptyList, "What FindBySsoToken answers to a token that is unknown, expired or used up.";
    error_body: ErrorBody = ErrorBody::JsonString, "The body of an error answer.";
    app_token_ttl: Duration = Duration::from_hours(24), "How long AppToken and UserToken of a handshake last.";
    rotation_revokes: bool = false, "A new handshake ends the tokens of the one before.";
    sso_ttl: Duration = Duration::from_hours(24), "How long an sso token lasts.";
    sso_use: SsoUse = SsoUse::Unlimited, "How often an sso token can be looked up; `counted` spares lookups with updateTokenUsage=false.";
    session_ttl: Duration = Duration::from_hours(12), "How long the portal remembers a browser that signed in.";
    login_checks_approval: bool = false, "The login form refuses people who are not approved or are deceased; off: only the record tells.";
    redirect_allow_list: Origins = Origins::default(), "The origins to which login.aspx sends people back; off: anywhere.";
    logout_action: bool = false, "The logout redirect carries Action=Logout.";
    reload_timezone: bool = true, "The login page adds reload=timezone to its own address.";
    show_people: bool = false, "The login page lists who can sign in. Never true of the real one; for demonstrations.";
    rate_limit: bool = true, "More calls than the two numbers below are answered with 429.";
    rate_limit_per_second: u32 = 3, "Calls to the API in any second, per environment.";
    rate_limit_per_minute: u32 = 60, "Calls to the API in any minute, per environment.";
    retry_after: bool = true, "A 429 says in Retry-After how many seconds to wait.";
    time_zone: TimeZone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC), "Where the association's days begin; dates are printed without a zone.";
    page_size: u32 = 25, "Items on a page of a list.";
    list_filters: ListFilters = ListFilters::Honored, "What productCode and eventCode do on the lists about a person.";
    list_filters_ignore_case: bool = true, "productCode and eventCode are compared without regard to case.";
    since_filters: ListFilters = ListFilters::Honored, "What registeredSince and cancelledSince do on the lists of an event.";
    since_zone: SinceZone = SinceZone::Association, "The zone in which the time of ChangedSince, registeredSince and cancelledSince is read.";
    changed_since_covers: Covers = Covers::Everything, "Which changes put a person on ChangedSince.";
    include_flags: IncludeFlags = IncludeFlags::Honored, "What the include flags do on Members/All.";
    include_contact: bool = true, "includeAddress, includeEmail, includeLink and includePhone are looked at on Members/All.";
    roster_dates: bool = true, "The rows of a committee's members have startDate and endDate.";
    ended_seats_listed: bool = false, "A committee's members are past and future ones too.";
    guest_rows: GuestRows = GuestRows::OwnId, "What a guest is on the lists of an event.";
    cancelled_stay_listed: bool = true, "A cancelled registration stays on the registrations of its event.";
    cancelled_on_own_list: bool = false, "A cancelled registration stays on the list about the person.";
    custom_fields_need_details: bool = true, "A profile has customFields only with includeDetails=true.";
    only_active_memberships: bool = false, "Memberships inside a profile are only those that are active.";
    members_read_others: bool = true, "A member's own token reads other people's records; off: 403.";
    changed_since_repeats: bool = true, "A page of ChangedSince begins with the last id of the page before.";
    hooks_listed: bool = true, "GET Webhooks lists the webhooks; off: 404.";
    hook_echo: bool = false, "A webhook is registered only if its address answers a GET with echo=TEXT by that text.";
    hook_signature: HookSignature = HookSignature::None, "How deliveries of webhooks are signed.";
    hook_delay: Duration = Duration::ZERO, "How long a delivery waits first.";
    hook_duplicates: bool = false, "Every delivery comes twice.";
    hook_reordered: bool = false, "Of the deliveries that wait, the latest goes first.";
    hook_loses: Option<u32> = None, "Every n-th delivery never comes; 1: none ever comes.";
    hook_tries: u32 = 1, "How often a delivery is tried that is not answered with a 2xx.";
    base_uri_port: bool = true, "The uri of step 2 names its port even where it is the default.";
    base_uri_slash: bool = false, "The uri of step 2 ends in a slash.";
    uri_of_step_1: Option<String> = None, "Answered as uri of step 1 in place of the right one, for clients that must refuse it.";
    uri_of_step_2: Option<String> = None, "Answered as uri of step 2 in place of the right one.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::tests::switches::{documented, shown_and_read};

    #[test]
    fn every_switch_that_the_documentation_names_exists() {
        documented::<Switches>(include_str!("../../../docs/ams/remembers.md"), 25);
    }

    #[test]
    fn every_switch_takes_back_what_it_shows() {
        shown_and_read::<Switches>();
    }

    #[test]
    fn a_switch_is_set_by_name_and_a_mistake_names_what_would_do() {
        let set =
            Switches::parse(["end-of-list=not_found", "fault_on=committees", "latency=250ms", "page_size=2"])
                .unwrap();
        assert_eq!(set.end_of_list, EndOfList::NotFound);
        assert_eq!(set.latency, Duration::from_millis(250));
        assert_eq!(set.page_size, 2);

        let check = |text: &str, part: &str| {
            let error = Switches::parse([text]).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("page_size", "name=value");
        check("pagesize=2", "end_of_list, invalid_sso");
        check("page_size=0", "a whole number from 1");
        check("end_of_list=void", "empty_list | no_content | not_found | bad_request");
        check("time_zone=Mars/Olympus", "IANA");
        check("redirect_allow_list=gateway.example", "origins");
        check("latency=soon", "250ms");
    }
}
