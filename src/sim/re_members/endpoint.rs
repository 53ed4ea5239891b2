//! The endpoints by name: for counting calls and for aiming faults.

use crate::sim::serving;

/// Which answers a fault touches.
pub type Scope = serving::Scope<Endpoint>;

serving::endpoints! {
    /// `GET` and `POST /account/login.aspx`.
    Login = "login",
    /// `GET /account/logout.aspx`.
    Logout = "logout",
    /// `GET /my-profile`.
    MyProfile = "my_profile",
    /// `POST /api/v1/WebApiUrl`: step 1 of the handshake.
    WebApiUrl = "web_api_url",
    /// `POST /api/v1/signup/authenticate`: step 2 of the handshake.
    Authenticate = "authenticate",
    /// `GET /Individuals/FindBySsoToken/{sso}`.
    FindBySsoToken = "find_by_sso_token",
    /// `GET /Individuals/FindByEmail/{email}`.
    FindByEmail = "find_by_email",
    /// `GET /Individuals/Profile/{key}/{page}`.
    Profile = "profile",
    /// `GET /Individuals/{page}`.
    Individuals = "individuals",
    /// `GET /Individuals/Members/All/{page}`.
    MembersAll = "members_all",
    /// `GET /Individuals/{id}/Memberships/Active`.
    MembershipsActive = "memberships_active",
    /// `GET /Individuals/{id}/Memberships/Inactive`.
    MembershipsInactive = "memberships_inactive",
    /// `GET /Individuals/{id}/Committees/{page}`.
    Committees = "committees",
    /// `GET /Individuals/{id}/Relationships/{page}`.
    Relationships = "relationships",
    /// `GET /Individuals/{key}/Registrations/{page}`.
    Registrations = "registrations",
    /// `GET /Individuals/{key}/Purchases/{page}`.
    Purchases = "purchases",
    /// `GET /Individuals/{key}/Certifications/{page}`.
    Certifications = "certifications",
    /// `GET /Individuals/{id}/CustomFields`.
    CustomFields = "custom_fields",
    /// `GET /Individuals/ChangedSince/{day}/{time}/{page}`.
    ChangedSince = "changed_since",
    /// `GET /Organizations/…`, all of them.
    Organizations = "organizations",
    /// `GET /Committees/…`, all but the members of one.
    CommitteeCatalogue = "committee_catalogue",
    /// `GET /Committees/{code}/Members/{page}`.
    CommitteeMembers = "committee_members",
    /// `GET /Events/…`, all but who goes to one.
    EventCatalogue = "event_catalogue",
    /// `GET /Events/{code}/Registrations/{page}`.
    EventRegistrations = "event_registrations",
    /// `GET /Events/{code}/Cancellations/{page}`.
    EventCancellations = "event_cancellations",
    /// `GET /Setup/customfields/{page}`.
    CustomFieldCatalogue = "custom_field_catalogue",
    /// `GET /Customers/RelationshipTypes/{page}`.
    RelationshipTypes = "relationship_types",
    /// `GET /Ads/Mobile/All/{page}`: the cheap call that probes a token.
    Ads = "ads",
    /// `/Webhooks`: registration of hooks.
    Webhooks = "webhooks",
    portal: Login, Logout, MyProfile;
}

impl Endpoint {
    /// Needs no tokens: it is how tokens are got.
    pub(super) fn is_handshake(self) -> bool {
        matches!(self, Endpoint::WebApiUrl | Endpoint::Authenticate)
    }
}
