//! The fields of a record: the name of each here, in Push v2, in Push v1, and what kind of value it has.
//!
//! An empty name: that version does not have the field.

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    /// A text.
    Text,
    /// A yes or no.
    Flag,
    /// An instant.
    Instant,
}

use FieldKind::{Flag, Instant, Text};

/// Which of the two interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

/// One field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    v2: &'static str,
    v1: &'static str,
    pub(super) kind: FieldKind,
}

impl Field {
    pub(super) fn named(&self, version: Version) -> &'static str {
        match version {
            Version::V1 => self.v1,
            Version::V2 => self.v2,
        }
    }
}

const fn field(name: &'static str, v2: &'static str, v1: &'static str, kind: FieldKind) -> Field {
    Field { name, v2, v1, kind }
}

/// The same name in v2 and here, but for the capital; not in v1.
const fn same(v2: &'static str, kind: FieldKind) -> Field {
    field(v2, v2, v2, kind)
}

/// A contact, without its key and its deletion.
#[rustfmt::skip]
pub(super) const CONTACT: &[Field] = &[
    field("memberId", "AlternativeContactId", "MemberID", Text),
    field("prefix", "Prefix", "PrefixCode", Text),
    field("firstName", "FirstName", "FirstName", Text),
    field("middleName", "MiddleName", "MiddleName", Text),
    field("lastName", "LastName", "LastName", Text),
    field("suffix", "SuffixCode", "SuffixCode", Text),
    field("designation", "Designation", "Designation", Text),
    field("informalName", "InformalName", "InformalName", Text),
    field("gender", "Gender", "Gender", Text),
    field("ethnicity", "Ethnicity", "Ethnicity", Text),
    field("age", "Age", "Age", Text),
    field("birthday", "Birthday", "Birthday", Instant),
    field("memberSince", "MemberSince", "MemberSince", Instant),
    field("memberExpiresOn", "MemberExpiresOn", "MemberExpiresOn", Instant),
    field("excludeFromDirectory", "ExcludeFromDirectory", "ExcludeFromDirectory", Flag),
    field("isActive", "", "IsActive", Flag),
    field("isMember", "IsMember", "IsMember", Flag),
    field("isOrganization", "IsOrganization", "IsOrganization", Flag),
    field("title", "Title", "Title", Text),
    field("organizationName", "OrganizationName", "CompanyName", Text),
    field("parentContactId", "ParentContactId", "ParentMemberKey", Text),
    field("primaryContactId", "PrimaryContactId", "", Text),
    field("email", "PrimaryEmailAddress", "EmailAddress", Text),
    field("doNotEmail", "DoNotEmail", "", Flag),
    field("bio", "Bio", "Bio", Text),
    field("profileImageUrl", "ProfileImageURL", "ProfileImageURL", Text),
    field("websiteUrl", "WebsiteURL", "WebsiteURL", Text),
    field("facebookUrl", "FacebookURL", "FacebookURL", Text),
    field("twitterUrl", "TwitterURL", "TwitterURL", Text),
    field("linkedinUrl", "LinkedinURL", "LinkedInURL", Text),
    field("youtubeUrl", "", "YouTubeURL", Text),
    field("googlePlusUrl", "", "GooglePlusURL", Text),
    field("bloggerUrl", "", "BloggerURL", Text),
    field("wordpressUrl", "", "WordPressURL", Text),
    field("otherBlogUrl", "", "OtherBlogURL", Text),
    field("chapterName", "", "ChapterName", Text),
];

/// The sites of other networks, which a switch of the tenant takes or leaves.
pub(super) const SOCIAL: &[&str] = &[
    "facebookUrl",
    "twitterUrl",
    "linkedinUrl",
    "youtubeUrl",
    "googlePlusUrl",
    "bloggerUrl",
    "wordpressUrl",
    "otherBlogUrl",
];

/// A line in a group.
#[rustfmt::skip]
pub(super) const LINE: &[Field] = &[
    field("group", "GroupId", "GroupKey", Text),
    field("name", "GroupName", "GroupName", Text),
    field("type", "GroupType", "GroupType", Text),
    field("subType", "GroupSubType", "GroupSubType", Text),
    field("role", "Role", "RoleDescription", Text),
    field("since", "InitialJoinDate", "SinceDate", Instant),
    field("begin", "BeginDate", "BeginDate", Instant),
    field("end", "EndDate", "EndDate", Instant),
    field("parent", "", "ParentCommunityKey", Text),
];

/// A list beside the profile: its name here and in both versions, and the fields of its entries.
#[derive(Debug)]
pub(super) struct DetailList {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    /// Version 1 has it under the same name.
    pub(super) in_v1: bool,
    /// The smaller tier has it too.
    pub(super) in_essentials: bool,
    pub(super) fields: &'static [Field],
}

#[rustfmt::skip]
pub(super) const DETAILS: &[DetailList] = &[
    DetailList { name: "addresses", key: "Addresses", in_v1: false, in_essentials: true, fields: &[
        same("AddressLine1", Text), same("AddressLine2", Text), same("City", Text), same("StateProvince", Text),
        same("PostalCode", Text), same("CountryCode", Text), same("AddressType", Text), same("IsPrimary", Flag),
        same("IsBill", Flag), same("DoNotPublish", Flag),
    ] },
    DetailList { name: "phoneNumbers", key: "PhoneNumbers", in_v1: false, in_essentials: true, fields: &[
        same("FormattedNumber", Text), same("PhoneType", Text), same("IsPreferred", Flag),
        same("IsSmsPreferred", Flag), same("DoNotPublish", Flag),
    ] },
    DetailList { name: "emailAddresses", key: "EmailAddresses", in_v1: false, in_essentials: true, fields: &[
        same("EmailAddress", Text), same("EmailType", Text), same("IsPreferred", Flag), same("DoNotPublish", Flag),
    ] },
    DetailList { name: "demographics", key: "Demographics", in_v1: true, in_essentials: false, fields: &[
        same("DemographicTypeKey", Text), same("DemographicTypeValue", Text), same("DemographicKey", Text),
        same("DemographicValue", Text), same("IsFreeForm", Flag),
    ] },
    DetailList { name: "education", key: "Education", in_v1: true, in_essentials: false, fields: &[
        same("SchoolName", Text), same("Degree", Text), same("DegreeYear", Text), same("FieldOfStudy", Text),
        same("FromYear", Text), same("ToYear", Text), same("IsHighestDegreeAttained", Flag), same("Advisor", Text),
        same("Dissertation", Text), same("City", Text), same("State", Text), same("Country", Text),
    ] },
    DetailList { name: "jobHistory", key: "JobHistory", in_v1: true, in_essentials: false, fields: &[
        same("CompanyName", Text), same("Title", Text), same("StartDate", Instant), same("EndDate", Instant),
        same("City", Text), same("State", Text), same("Country", Text), same("WebsiteUrl", Text),
    ] },
    DetailList { name: "orders", key: "Orders", in_v1: false, in_essentials: false, fields: &[
        same("OrderId", Text), same("ProductId", Text), same("OrderDate", Instant), same("Quantity", Text),
        same("Price", Text),
    ] },
];

/// The address and the phone numbers that version 1 has among the fields of a person.
#[rustfmt::skip]
pub(super) const FLAT_IN_V1: &[&str] = &[
    "Address1", "Address2", "Address3", "City", "State", "PostalCode", "Country", "Phone1", "Phone2", "Phone3", "Phone4",
    "Phone1Type", "Phone2Type", "Phone3Type", "Phone4Type",
];

/// A meeting, without its key and its deletion.
#[rustfmt::skip]
pub(super) const MEETING: &[Field] = &[
    field("title", "Title", "Title", Text),
    field("description", "Description", "Description", Text),
    field("meetingType", "MeetingType", "EventType", Text),
    field("begin", "BeginDate", "BeginDate", Instant),
    field("end", "EndDate", "EndDate", Instant),
    field("timeZone", "TimeZone", "TimeZone", Text),
    field("registrationOpen", "RegistrationOpenDate", "", Instant),
    field("registrationClose", "RegistrationCloseDate", "", Instant),
    field("price", "Price", "", Text),
    field("locationName", "LocationName", "LocationName", Text),
    field("address", "AddressLine1", "Address1", Text),
    field("city", "City", "City", Text),
    field("state", "State", "State", Text),
    field("postalCode", "PostalCode", "PostalCode", Text),
    field("country", "Country", "Country", Text),
    field("url", "", "EventURL", Text),
    field("isActive", "", "IsActive", Flag),
];

/// A product, without its key and its deletion.
#[rustfmt::skip]
pub(super) const PRODUCT: &[Field] = &[
    field("name", "ProductName", "", Text),
    field("description", "Description", "", Text),
    field("productType", "ProductType", "", Text),
    field("price", "Price", "", Text),
];
