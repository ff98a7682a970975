//! Translators between wire documents and the domain.
//!
//! One rule: what is odd about a program is written down here and nowhere else. Reading is one path for all of them
//! ([`read`]), lenient in form and strict in trust; writing is one file per shape.
//! To add a dialect: copy the nearest shape's file, its row in `shape.rs`, its software in `class.rs`, fixtures in
//! `tests/fixtures/`, and a peer in the tests that refuses what that software refuses.

mod able;
mod activity;
mod actor;
mod address;
mod administer;
mod announce;
mod ask;
mod carried;
mod class;
mod collection;
mod conversation;
mod deed;
mod describe;
mod discourse;
mod discreet;
mod explainer;
mod fields;
mod founding;
mod grant;
mod group;
mod hears;
mod here;
mod invite;
mod json;
mod letter;
mod lotide;
mod microblog;
mod mobilizon;
mod news;
mod nodebb;
mod peertube;
mod picture;
mod piefed;
mod policies;
mod post;
mod review;
mod roll;
mod shape;
mod steward;
mod streams;
mod threadiverse;
mod undo;
pub mod versia;
mod vote;
mod wall;
mod worded;

pub use able::{FEPS, implements};
pub use activity::{Activity, read};
pub use actor::{Looks, RemoteActor, read_actor, read_key_owner};
pub use address::{Addressed, names_blindly};
pub use administer::Answered;
pub use announce::{NAMED, OUTVOTED, RESTORED, Said, UNHOSTED, UNNAMED, What, Written, announced_by_id};
pub use ask::Ask;
pub use carried::{carried, post_carried};
pub use class::{Class, Evidence, class_of, evidence_in, evidence_of, programs};
pub use collection::{Shelf, affiliation, album_document, collection, item, page, thread};
pub use conversation::{Listed, Listing, conversations, listing};
pub use deed::{Deed, STEWARD, by_steward, deed};
pub use describe::{Description, NotSo, Summary, describe};
pub use discreet::keeps_private;
pub use fields::{id_of, ids_of, is_activity, text_of};
pub use founding::{Album, Arranging, Founding};
pub use grant::{Affiliation, Granting};
pub use group::{
    GroupFace, Multikey, group_document, group_stub, instance_document, rules_document, tombstone,
};
pub use hears::{HEARS, Hears};
pub use here::{Here, Local, group_of_steward, steward_name};
pub use json::{Limits, parse};
pub use letter::{
    Membership, accept, accept_with_result, call, follow, hears_lists, kind_of_call, listed, membership,
    reject, report, undo_follow,
};
pub use news::{News, Tidings, news, told};
pub use peertube::as_channel;
pub use post::{PostDocument, author_of, is_question};
pub use review::{Entry, entry, notice, queue, taken_out};
pub use roll::our_groups_on;
pub use shape::{
    Dialect, dialect_named, dialects, is_dereferenced, shapes, takes_notices, takes_receipts, takes_rejects,
    wants_own_inbox, write, written_in,
};
pub use steward::{steward_document, steward_tombstone};
/// By another name, for rooms that do not say whose protocol it is.
pub use versia as domains;
pub use versia::{link_of_user, links_of_group, mirror_name, protocols};
pub use vote::{VoteSaid, VoteTold};
pub use wall::{COMMENTS, WALL};
pub use worded::is_worded;

/// Why a document cannot be read, in a sentence that its sender may see, and the field that it is about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    pub why: String,
    pub field: &'static str,
}

impl Unreadable {
    pub(crate) fn new(field: &'static str, why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            field,
        }
    }
}

impl Unreadable {
    /// Whether it can be read well enough to see that it is not the sender's to ask (ORG10).
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.why == undo::NOT_YOURS
    }
}
