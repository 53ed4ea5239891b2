//! What nobody outside the vendor knows about Higher Logic, and what a tenant can choose, each as a switch.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::endpoint::Scope;
use super::model::GroupKind;
use crate::sim::switches::{ErrorBody, Setting, choice, switches};

choice! {
    /// The header that has the key of Push v2.
    KeyHeader {
        /// `ApiKey`.
        ApiKey = "ApiKey",
        /// `Key`.
        Key = "Key",
        /// `x-api-key`, as in version 1.
        XApiKey = "x-api-key",
    }
}

choice! {
    /// Whether Push v2 asks for the tenant code.
    TenantCode {
        /// The key alone names the tenant.
        Off = "off",
        /// In the header `TenantCode`.
        Header = "header",
    }
}

choice! {
    /// How Push v2 answers a batch.
    BatchAnswer {
        /// 200 without a body; records that are not in order are dropped without a word.
        Empty = "empty",
        /// 200 with a result for each record.
        Items = "items",
        /// 400 for the whole batch if one record is not in order.
        Batch = "batch",
    }
}

choice! {
    /// What a second record of one id in a batch is.
    DuplicateId {
        /// The last one counts.
        Last = "last",
        /// The first one counts.
        First = "first",
        /// Each of them is refused.
        Refused = "refused",
    }
}

choice! {
    /// What a field is that nobody knows.
    UnknownFields {
        /// It is not looked at; the intake journal notes it.
        Ignored = "ignored",
        /// The record is refused.
        Refused = "refused",
    }
}

choice! {
    /// What becomes of an e-mail address that another contact has.
    SameEmail {
        /// Both have it.
        Kept = "kept",
        /// The record is not applied.
        Refused = "refused",
    }
}

choice! {
    /// The edition of the tenant.
    Tier {
        /// All of it.
        Full = "full",
        /// Without groups, custom demographics, education, job history, orders, meetings, products and lists.
        Essentials = "essentials",
    }
}

choice! {
    /// What becomes of things that the smaller edition does not have.
    BeyondTier {
        /// They are not looked at.
        Ignored = "ignored",
        /// The record or the call is refused.
        Refused = "refused",
    }
}

choice! {
    /// In which order records leave the queue.
    QueueOrder {
        /// As they came.
        InOrder = "in_order",
        /// Of those that are due together, the last one first.
        Reversed = "reversed",
    }
}

choice! {
    /// The status of a batch that Push v1 refuses.
    FailureStatus {
        /// 200.
        Ok = "ok",
        /// 400.
        BadRequest = "bad_request",
    }
}

choice! {
    /// What a contact is that is not on file.
    MissingContact {
        /// 404.
        NotFound = "not_found",
        /// 200 with null.
        Null = "null",
    }
}

choice! {
    /// How the community proves to the authorization server who it is.
    ClientProof {
        /// HTTP Basic.
        Basic = "basic",
        /// In the form.
        Post = "post",
    }
}

/// Which types of groups the tenant has configured, and what each makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTypes(Vec<(String, GroupKind)>);

impl GroupTypes {
    /// What a type makes; none: it is not configured.
    pub fn kind(&self, group_type: &str) -> Option<GroupKind> {
        self.0.iter().find(|(known, _)| known == group_type).map(|(_, kind)| *kind)
    }
}

impl Default for GroupTypes {
    fn default() -> GroupTypes {
        let communities = ["Chapter", "Committee", "Event"].map(|it| (it.to_owned(), GroupKind::Community));
        GroupTypes([("Membership".to_owned(), GroupKind::Security)].into_iter().chain(communities).collect())
    }
}

impl Setting for GroupTypes {
    fn read(text: &str) -> Option<GroupTypes> {
        let one = |part: &str| {
            let (name, kind) = part.rsplit_once(':')?;
            let kind = match kind.trim() {
                "security" => GroupKind::Security,
                "community" => GroupKind::Community,
                _ => return None,
            };
            let name = name.trim();
            (!name.is_empty()).then(|| (name.to_owned(), kind))
        };
        text.split(',').map(one).collect::<Option<Vec<_>>>().map(GroupTypes)
    }

    fn show(&self) -> String {
        let one = |(name, kind): &(String, GroupKind)| match kind {
            GroupKind::Security => format!("{name}:security"),
            GroupKind::Community => format!("{name}:community"),
        };
        self.0.iter().map(one).collect::<Vec<_>>().join(",")
    }

    fn values() -> String {
        "types such as Membership:security,Committee:community".to_owned()
    }
}

switches! {
    key_header: KeyHeader = KeyHeader::ApiKey, "The header that has the key of Push v2.";
    tenant_code: TenantCode = TenantCode::Off, "Whether Push v2 asks for the tenant code.";
    answer: BatchAnswer = BatchAnswer::Empty, "How Push v2 answers a batch.";
    duplicate_id: DuplicateId = DuplicateId::Last, "What a second record of one id in a batch is.";
    unknown_fields: UnknownFields = UnknownFields::Ignored, "What a field is that nobody knows.";
    same_email: SameEmail = SameEmail::Kept, "What becomes of an e-mail address that another contact has.";
    deleted_returns: bool = true, "A later push brings a deleted contact back.";
    v1_failure: FailureStatus = FailureStatus::Ok, "The status of a batch that Push v1 refuses.";
    largest_batch: Option<u32> = None, "The most records in one push; more: 413.";
    largest_kilobytes: Option<u32> = None, "The most kilobytes in one push; more: 413. In any case 10,240.";
    push_per_minute: Option<u32> = None, "The most pushes in any minute; more: 429.";
    queue_delay: Duration = Duration::ZERO, "How long a record waits as pending before it is applied.";
    queue_per_minute: Option<u32> = None, "How many records are applied in a minute; off: all that are due.";
    queue_order: QueueOrder = QueueOrder::InOrder, "In which order records leave the queue.";
    queue_runs: bool = true, "Off: whatever is pending stays so.";
    tier: Tier = Tier::Full, "The edition of the tenant.";
    beyond_tier: BeyondTier = BeyondTier::Ignored, "What becomes of things that the edition does not have.";
    integrate_bio: bool = true, "MembershipIntegrateBio: biographies are taken from the push; off: they are not looked at.";
    integrate_image: bool = true, "IntegrateProfileImage: the same of pictures.";
    integrate_social: bool = true, "IntegrateSocialMediaSites: the same of pages at social networks.";
    limit_by: Option<String> = None, "LimitBy: keys of groups, with commas between; only people in one of them are synchronized.";
    exclude_by: Option<String> = None, "ExcludeBy: people in one of these groups are not synchronized. LimitBy goes before it.";
    group_types: GroupTypes = GroupTypes::default(), "The types of groups that the tenant has configured for Push v2.";
    benefit_groups: Option<String> = None, "ProvidesMemberBenefits: keys of security groups whose people count as members, with commas between.";
    missing_contact: MissingContact = MissingContact::NotFound, "What the read side answers about a contact that is not on file.";
    past_listed: bool = true, "GetContactCommunities lists lines that were left or are over, too.";
    api_admin: bool = true, "The account of the read side is an administrator; off: GetCommunityMemberUpdates is 403.";
    rate_limit: bool = true, "More calls of the read side than the number below are answered with 429.";
    rate_limit_per_minute: u32 = 240, "Calls of the read side in any minute.";
    retry_after: bool = true, "A 429 says in Retry-After how many seconds to wait.";
    op_discovery: Option<String> = None, "The address of the metadata of the authorization server for single sign-on.";
    op_authorize: Option<String> = None, "Its authorization endpoint; goes before the metadata.";
    op_token: Option<String> = None, "Its token endpoint; goes before the metadata.";
    op_userinfo: Option<String> = None, "Its userinfo endpoint; goes before the metadata.";
    client_id: Option<String> = Some("higher-logic".to_owned()), "The id of the community as a client.";
    client_secret: Option<String> = Some("demo-higher-logic-community-secret".to_owned()), "The secret of the community as a client.";
    client_proof: ClientProof = ClientProof::Basic, "How the community proves to the token endpoint who it is.";
    scope: Option<String> = Some("profile".to_owned()), "The scope that it asks for.";
    id_claim: Option<String> = Some("sub".to_owned()), "The claim of userinfo that is the contact's key.";
    op_logout: Option<String> = None, "Where the browser goes after it was signed out here; off: a page.";
    edit_profile: Option<String> = None, "Where \"Edit profile\" leads; off: there is no such link.";
    time_zone: TimeZone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC), "Where dates of Push v1 without an offset belong.";
    error_body: ErrorBody = ErrorBody::Object, "The body of an error answer.";
}

/// Whether a list with commas between names a key, case included.
pub(super) fn names(list: Option<&String>, key: &str) -> bool {
    list.is_some_and(|list| list.split(',').any(|it| it.trim() == key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::tests::switches::{documented, shown_and_read};

    #[test]
    fn every_switch_that_the_documentation_names_exists() {
        documented::<Switches>(include_str!("../../../docs/higher-logic-simulator.md"), 40);
    }

    #[test]
    fn every_switch_takes_back_what_it_shows() {
        shown_and_read::<Switches>();
    }

    #[test]
    fn types_of_groups_are_exact() {
        let types = GroupTypes::read("Membership:security, Section 1:community").unwrap();
        assert_eq!(types.kind("Section 1"), Some(GroupKind::Community));
        assert_eq!((types.kind("membership"), types.kind("Chapter")), (None, None));
        for text in ["", "Membership", "Membership:door", ":security"] {
            assert_eq!(GroupTypes::read(text), None, "{text}");
        }
    }
}
