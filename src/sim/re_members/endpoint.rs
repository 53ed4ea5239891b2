//! The endpoints by name: for counting calls and for aiming faults.

use crate::sim::switches::Setting;

macro_rules! endpoints {
    ($( #[$what:meta] $variant:ident = $name:literal, )*) => {
        /// One endpoint of the simulated service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Endpoint { $( #[$what] $variant, )* }

        impl Endpoint {
            /// All of them.
            pub const ALL: &[Endpoint] = &[ $( Endpoint::$variant, )* ];

            /// The name for switches and reports.
            pub fn name(self) -> &'static str {
                match self { $( Endpoint::$variant => $name, )* }
            }
        }
    };
}

endpoints! {
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
}

impl Endpoint {
    /// A page for people, not the API.
    pub fn is_portal(self) -> bool {
        matches!(self, Endpoint::Login | Endpoint::Logout | Endpoint::MyProfile)
    }

    /// Needs no tokens: it is how tokens are got.
    pub(super) fn is_handshake(self) -> bool {
        matches!(self, Endpoint::WebApiUrl | Endpoint::Authenticate)
    }
}

/// Which answers a fault touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Everything,
    /// The API, not the pages for people.
    Api,
    /// The pages for people, not the API.
    Portal,
    /// One endpoint.
    Only(Endpoint),
}

impl Scope {
    /// Whether the fault touches this endpoint.
    pub fn covers(self, endpoint: Endpoint) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Api => !endpoint.is_portal(),
            Scope::Portal => endpoint.is_portal(),
            Scope::Only(one) => one == endpoint,
        }
    }
}

impl Setting for Scope {
    fn read(text: &str) -> Option<Scope> {
        match text {
            "everything" => Some(Scope::Everything),
            "api" => Some(Scope::Api),
            "portal" => Some(Scope::Portal),
            one => Endpoint::ALL.iter().find(|endpoint| endpoint.name() == one).map(|one| Scope::Only(*one)),
        }
    }

    fn show(&self) -> String {
        match self {
            Scope::Everything => "everything",
            Scope::Api => "api",
            Scope::Portal => "portal",
            Scope::Only(one) => one.name(),
        }
        .to_owned()
    }

    fn values() -> String {
        let endpoints = Endpoint::ALL.iter().map(|endpoint| endpoint.name()).collect::<Vec<_>>().join(" | ");
        format!("everything | api | portal | {endpoints}")
    }
}
