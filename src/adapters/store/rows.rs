//! Rows that every store reads alike, whatever engine they come from, and what is decided over them. SQL is kept out.

use super::error::StoreError;
use super::grants::{GrantId, Renewal, Renewed, StoredGrant, TokenKind};
use super::mappings::{MappingContent, StoredDraft};
use super::outbox::Message;
use super::sealed::{Bound, DraftBody, Vault, from_column, to_column};
use crate::adapters::stored_rules::StoredVersion;
use crate::domain::client::scope_text;
use crate::domain::grant::SAME_TIME;
use crate::domain::mapping::Version;
use crate::domain::session::SessionKey;
use crate::domain::time::Timestamp;

/// A row of `grants`.
pub(super) struct GrantRow {
    pub(super) id: GrantId,
    pub(super) session: SessionKey,
    pub(super) client: String,
    pub(super) ends: i64,
    pub(super) sealed: Vec<u8>,
}

impl GrantRow {
    pub(super) fn open(self, vault: &Vault) -> Result<StoredGrant, StoreError> {
        let GrantRow { id, session, client, ends, sealed } = self;
        let grant = vault.open(&sealed, Bound::Grant { id: &id.0, session, client: &client, ends })?;
        Ok(StoredGrant { id, session, client, ends: from_column(ends), grant })
    }
}

impl TokenKind {
    /// As in the column `kind`.
    pub(super) fn column(self) -> &'static str {
        match self {
            TokenKind::Code => "code",
            TokenKind::Access => "access",
            TokenKind::Refresh => "refresh",
        }
    }
}

/// A row of `grant_tokens` and its grant.
pub(super) struct TokenRow {
    pub(super) used: Option<i64>,
    pub(super) ends: i64,
    pub(super) scopes: String,
    pub(super) grant: GrantRow,
}

impl TokenRow {
    pub(super) fn is_over(&self, now: i64) -> bool {
        self.ends <= now || self.grant.ends <= now
    }

    /// What becomes of the use of this refresh token, as [`Grants::renew`](super::grants::Grants::renew) says. `successor`: the
    /// row of the token that took its place, if there is one.
    pub(super) fn renewed(&self, renewal: &Renewal, successor: Option<&TokenRow>, now: Timestamp) -> Renewed {
        if self.is_over(to_column(now)) {
            return Renewed::Unknown;
        }
        let Some(used) = self.used else {
            return if renewal.rotates { Renewed::Replaced } else { Renewed::Kept };
        };
        let is_in_use = successor.is_none_or(|next| next.used.is_some());
        let too_late = now.duration_since(from_column(used)) >= SAME_TIME;
        match () {
            () if is_in_use || too_late => Renewed::Again,
            () if self.scopes != scope_text(&renewal.access.scopes) => Renewed::OtherScope,
            () => Renewed::Replaced,
        }
    }
}

/// A message as it was taken. `sealed` holds whose session it is about.
pub(super) struct MessageRow {
    pub(super) id: i64,
    pub(super) client: String,
    pub(super) sid: String,
    pub(super) sealed: Vec<u8>,
    pub(super) attempts: u32,
}

impl MessageRow {
    /// `None`: the row was damaged. It does not hold up the others; it stays, and is seen in the list.
    pub(super) fn open(self, vault: &Vault) -> Option<Message> {
        let MessageRow { id, client, sid, sealed, attempts } = self;
        let plain = vault.open_bytes(&sealed, Bound::Message { client: &client, sid: &sid }).ok()?;
        Some(Message { id, client, sid, subject: String::from_utf8(plain).ok()?, attempts })
    }
}

/// A row of `mapping_draft`.
pub(super) struct DraftRow {
    pub(super) revision: i64,
    pub(super) sealed: Vec<u8>,
}

impl DraftRow {
    pub(super) fn seal<Content: MappingContent>(
        vault: &Vault,
        draft: &StoredDraft<Content>,
    ) -> Result<DraftRow, StoreError> {
        let content = draft.content.as_ref().map(|(base, rules)| (*base, rules.stored()));
        let (last, awaited) = (draft.last.clone(), draft.awaited.clone());
        let (body, revision) = (DraftBody { last, content, awaited }, signed(draft.revision));
        let bound = Bound::Draft { kind: Content::KIND, revision };
        Ok(DraftRow { revision, sealed: vault.seal(&body, bound)? })
    }

    pub(super) fn open<Content: MappingContent>(
        self,
        vault: &Vault,
    ) -> Result<StoredDraft<Content>, StoreError> {
        let DraftRow { revision, sealed } = self;
        let bound = Bound::Draft { kind: Content::KIND, revision };
        let body: DraftBody<Content::Stored> = vault.open(&sealed, bound)?;
        let content = body.content.map(|(base, rules)| Ok::<_, StoreError>((base, Content::opened(rules)?)));
        Ok(StoredDraft {
            revision: u64::try_from(revision).unwrap_or_default(),
            last: body.last,
            content: content.transpose()?,
            awaited: body.awaited,
        })
    }
}

/// A row of `mapping_versions`.
pub(super) struct VersionRow {
    pub(super) number: i64,
    pub(super) head: Vec<u8>,
    pub(super) rules: Vec<u8>,
}

impl VersionRow {
    pub(super) fn seal<Content: MappingContent>(
        vault: &Vault,
        version: &Version<Content>,
    ) -> Result<VersionRow, StoreError> {
        let (kind, number) = (Content::KIND, signed(version.head.number));
        let head = vault.seal(&version.head, Bound::VersionHead { kind, number })?;
        let stored = StoredVersion { rules: version.rules.stored(), produced: version.produced.clone() };
        let rules = vault.seal(&stored, Bound::VersionRules { kind, number })?;
        Ok(VersionRow { number, head, rules })
    }

    pub(super) fn open<Content: MappingContent>(self, vault: &Vault) -> Result<Version<Content>, StoreError> {
        let (kind, VersionRow { number, head, rules }) = (Content::KIND, self);
        let stored: StoredVersion<Content::Stored> =
            vault.open(&rules, Bound::VersionRules { kind, number })?;
        let head = vault.open(&head, Bound::VersionHead { kind, number })?;
        Ok(Version { head, rules: Content::opened(stored.rules)?, produced: stored.produced })
    }
}

/// A count as a column.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
