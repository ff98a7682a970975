//! A group as its document shows it.
//!
//! One rule: what the document says is what is stored; Markdown becomes HTML here and nowhere before.

use crate::{
    dialect::{GroupFace, Multikey, Shelf},
    engine::Engine,
    signature::PublicKey,
    store::{AlbumView, GroupView},
    text,
};

impl Engine {
    /// As the dialect writes it.
    #[must_use]
    pub fn face(&self, group: GroupView) -> GroupFace {
        GroupFace {
            summary: text::markdown(&group.summary),
            source: group.summary,
            title: group.title,
            icon: group.icon,
            image: group.image,
            has_rules: !group.rules.is_empty(),
            related: group.related,
            published: group.created_at,
            updated: group.updated_at,
            key_id: group.key_id,
            public_pem: group.public_pem,
            multikey: group.ed25519.and_then(multikey),
            group: group.group,
        }
    }
}

/// A collection, as the dialect writes it.
#[must_use]
pub fn shelf(album: &AlbumView) -> Shelf<'_> {
    Shelf {
        id: album.id,
        name: &album.name,
        summary: album.summary.as_deref(),
        policy: album.policy,
        made_at: album.made_at,
        updated_at: album.updated_at,
        items: album.items,
    }
}

/// A key of ours always reads; a row that does not is for an operator to see, where its owner wants to sign with it.
fn multikey((id, pem): (String, String)) -> Option<Multikey> {
    let key = PublicKey::from_pem(&pem).and_then(|key| key.to_multibase());
    key.ok().map(|multibase| Multikey { id, multibase })
}
