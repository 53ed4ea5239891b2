//! The endpoints by name: for counting calls and for aiming faults.

use crate::sim::serving;

/// Which answers a fault touches.
pub type Scope = serving::Scope<Endpoint>;

serving::endpoints! {
    /// `GET` and `POST /login`: the Info Hub's form.
    Login = "login",
    /// `GET` and `POST /oauth/authorize`; the POST is the answer to the question for consent.
    Authorize = "authorize",
    /// `GET` and `POST /oauth/logout`.
    Logout = "logout",
    /// `GET /`: the Info Hub.
    Home = "home",
    /// `GET /openid/well-known/openid-configuration`.
    Metadata = "metadata",
    /// `GET /openid/well-known/jwks`.
    Jwks = "jwks",
    /// `GET /openid/other-keys`: keys that are not the login's.
    OtherKeys = "other_keys",
    /// `POST /oauth/token`.
    Token = "token",
    /// `GET /oauth/userinfo`.
    Userinfo = "userinfo",
    /// `GET /api/login/aboutme`.
    AboutMe = "about_me",
    /// `GET /api/contacts/root/claims`.
    Claims = "claims",
    /// `GET /api/contacts`.
    Contacts = "contacts",
    /// `GET /api/contacts/delta`.
    Delta = "delta",
    /// `GET /api/contacts/person/{id}` and `/PersonSummary/{id}`.
    Person = "person",
    /// `GET /api/contacts/OrgGeneral/{id}`.
    OrgGeneral = "org_general",
    /// `GET /api/contacts/person/{id}/memberships` and `/org/{id}/memberships`.
    ContactMemberships = "contact_memberships",
    /// `GET /api/contacts/person/{id}/groups`.
    PersonGroups = "person_groups",
    /// `GET /api/contacts/org/{id}/groups`.
    OrgGroups = "org_groups",
    /// `GET /api/contacts/{id}/NotesAndFields`.
    NotesAndFields = "notes_and_fields",
    /// `GET /api/contacts/PrimaryContact/Emails/{id}`.
    Emails = "emails",
    /// `GET /api/contacts/phones/{id}`.
    Phones = "phones",
    /// `GET /api/contacts/ContactAddresses/{id}`.
    ContactAddresses = "contact_addresses",
    /// `GET /api/ContactOverview/{id}/ContactOrgs`.
    ContactOrgs = "contact_orgs",
    /// `GET /api/ContactOverview/{id}/Certifications`.
    Certifications = "certifications",
    /// `GET /api/certifications/contacts`.
    AllCertifications = "all_certifications",
    /// `GET /api/memberships/types`.
    MembershipTypes = "membership_types",
    /// `GET /api/memberships/levels/{id}`.
    MembershipLevels = "membership_levels",
    /// `GET` and `POST /api/memberships/all`.
    Memberships = "memberships",
    /// `GET /api/memberships/{id}` and what is below it.
    Membership = "membership",
    /// `GET /api/groups/all`.
    Groups = "groups",
    /// `GET /api/groups/categories`.
    GroupCategories = "group_categories",
    /// `GET /api/groups/{id}/members`.
    GroupMembers = "group_members",
    /// `GET /api/events/all`.
    Events = "events",
    /// `GET /api/events/attendees?eventId=`.
    Attendees = "attendees",
    /// `GET /api/roles`.
    Roles = "roles",
    portal: Login, Authorize, Logout, Home;
}

impl Endpoint {
    /// A call of the login that needs no key of the interface.
    pub(super) fn is_openid(self) -> bool {
        matches!(
            self,
            Endpoint::Metadata | Endpoint::Jwks | Endpoint::OtherKeys | Endpoint::Token | Endpoint::Userinfo
        )
    }
}
