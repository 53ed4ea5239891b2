//! The endpoints by name: for counting calls and for aiming faults.

use crate::sim::serving;

/// Which answers a fault touches.
pub type Scope = serving::Scope<Endpoint>;

serving::endpoints! {
    /// `POST /v2/contactinfo`.
    ContactInfo = "contactinfo",
    /// `POST /v2/meeting`.
    Meeting = "meeting",
    /// `POST /v2/product`.
    Product = "product",
    /// `POST /v2/list`.
    List = "list",
    /// `POST /push/v1/members`.
    V1Members = "v1_members",
    /// `POST /push/v1/events`.
    V1Events = "v1_events",
    /// `GET /api/v2.0/Contacts/GetContact`.
    GetContact = "get_contact",
    /// `GET /api/v2.0/Communities/GetContactCommunities`.
    GetContactCommunities = "get_contact_communities",
    /// `POST /api/v2.0/Communities/GetCommunityMembers`.
    GetCommunityMembers = "get_community_members",
    /// `POST /api/v2.0/System/GetCommunityMemberUpdates`.
    GetCommunityMemberUpdates = "get_community_member_updates",
    /// `GET /`.
    Community = "community",
    /// The pages under `/admin`.
    Admin = "admin",
    /// `GET /HigherLogic/Security/OAuth/Authentication.aspx`.
    SignIn = "sign_in",
    /// `GET /HigherLogic/Security/LogOut.aspx`.
    SignOut = "sign_out",
    portal: Community, Admin, SignIn, SignOut;
}

impl Endpoint {
    /// A call of Push v2.
    pub(super) fn is_v2(self) -> bool {
        matches!(self, Endpoint::ContactInfo | Endpoint::Meeting | Endpoint::Product | Endpoint::List)
    }

    /// A call of Push v1.
    pub(super) fn is_v1(self) -> bool {
        matches!(self, Endpoint::V1Members | Endpoint::V1Events)
    }
}
