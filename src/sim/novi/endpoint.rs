//! The endpoints by name: for counting calls and for aiming faults.

use crate::sim::serving;

/// Which answers a fault touches.
pub type Scope = serving::Scope<Endpoint>;

serving::endpoints! {
    /// `GET` and `POST /login`.
    Login = "login",
    /// `GET /oauth/authorize`.
    Authorize = "authorize",
    /// `GET /sso/auth`: the old login by JWT.
    SsoAuth = "sso_auth",
    /// `GET /log-out`.
    LogOut = "log_out",
    /// `GET /`.
    Home = "home",
    /// `GET /.well-known/openid-configuration`.
    Metadata = "metadata",
    /// `GET /oauth/jwks`.
    Jwks = "jwks",
    /// `POST /oauth/token`.
    Token = "token",
    /// `GET /oauth/userinfo`.
    Userinfo = "userinfo",
    /// `GET /api/members`.
    Members = "members",
    /// `GET /api/members/{id}`.
    Member = "member",
    /// `POST /api/members` and `PUT /api/members/{id}`.
    WriteMember = "write_member",
    /// `GET /api/member-types`.
    MemberTypes = "member_types",
    /// `GET /api/membership-activities`.
    MembershipActivities = "membership_activities",
    /// `GET /api/groups` and `/api/groups/{id}`.
    Groups = "groups",
    /// `GET /api/groups/{id}/members`.
    GroupMembers = "group_members",
    /// `GET /api/group-categories`.
    GroupCategories = "group_categories",
    /// `GET /api/committees` and `/api/committees/{id}`.
    Committees = "committees",
    /// `GET /api/committees/{id}/members`.
    CommitteeMembers = "committee_members",
    /// `GET /api/events` and `/api/events/{id}`.
    Events = "events",
    /// `GET /api/event-categories`.
    EventCategories = "event_categories",
    /// `GET /api/tickets`.
    Tickets = "tickets",
    /// `GET /api/events/{id}/attendees`.
    Attendees = "attendees",
    /// `GET /api/registrations` and `/api/registrations/{id}`.
    Registrations = "registrations",
    /// `GET /api/orders`.
    Orders = "orders",
    /// `GET /api/products`.
    Products = "products",
    /// `GET /api/products/product-purchases`.
    ProductPurchases = "product_purchases",
    /// `GET /api/subscriptions`.
    Subscriptions = "subscriptions",
    /// `GET /api/custom-fields`.
    CustomFields = "custom_fields",
    /// `GET /api/customer-custom-fields`.
    CustomerCustomFields = "customer_custom_fields",
    /// `/api/webhooks`.
    Webhooks = "webhooks",
    portal: Login, Authorize, SsoAuth, LogOut, Home;
}

impl Endpoint {
    /// A call of the login that needs no key of the interface.
    pub(super) fn is_openid(self) -> bool {
        matches!(self, Endpoint::Metadata | Endpoint::Jwks | Endpoint::Token | Endpoint::Userinfo)
    }

    /// A call that needs the right to read events.
    pub(super) fn is_about_events(self) -> bool {
        matches!(
            self,
            Endpoint::Events
                | Endpoint::EventCategories
                | Endpoint::Tickets
                | Endpoint::Attendees
                | Endpoint::Registrations
        )
    }
}
