//! How it stands with the memberships of a person as a whole.

/// How it stands with all memberships of a person that count; exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MembershipStatus {
    /// One is active, whatever its grace period.
    Active,
    /// One has expired and is within its grace period.
    Grace,
    /// One starts later.
    Pending,
    /// One was active once.
    Lapsed,
    /// There is none of these.
    Never,
}

impl MembershipStatus {
    /// All of them, those that go before others first.
    pub const ALL: [MembershipStatus; 5] = [
        MembershipStatus::Active,
        MembershipStatus::Grace,
        MembershipStatus::Pending,
        MembershipStatus::Lapsed,
        MembershipStatus::Never,
    ];
    /// Their words, in the same order.
    pub(super) const WORDS: [&'static str; 5] = ["active", "grace", "pending", "lapsed", "never"];

    /// As rules write it.
    pub fn as_str(self) -> &'static str {
        match self {
            MembershipStatus::Active => "active",
            MembershipStatus::Grace => "grace",
            MembershipStatus::Pending => "pending",
            MembershipStatus::Lapsed => "lapsed",
            MembershipStatus::Never => "never",
        }
    }
}
