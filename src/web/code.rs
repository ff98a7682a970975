//! The kinds of problem, by the names that they have in problem documents.
//!
//! One rule: a name, once published, stays: programs decide by it. A new one is a constant and a row in [`CODES`], which
//! `/problems` lists.

use crate::{domain::Refusal, signature::HOW_TO_SIGN};

/// A kind of problem, as `/problems#code` explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) code: &'static str,
    pub(super) status: u16,
    pub(super) title: &'static str,
    /// What it means and what to do.
    pub(super) help: &'static str,
}

const fn code(status: u16, code: &'static str, title: &'static str, help: &'static str) -> Code {
    Code {
        code,
        status,
        title,
        help,
    }
}

pub(super) const UNREADABLE: Code = code(
    400,
    "unreadable",
    "This document cannot be read",
    "The body is no ActivityStreams activity that we understand. The field that is wrong is named where there is one.",
);
pub(super) const BAD_REQUEST: Code = code(
    400,
    "bad-request",
    "This request cannot be read",
    "A parameter is missing or is not of the form that it should have.",
);
pub(super) const UNSIGNED: Code = code(401, "unsigned", "A valid HTTP signature is needed", HOW_TO_SIGN);
pub(super) const FORBIDDEN: Code = code(
    403,
    "forbidden",
    "This is not allowed",
    "The request is understood and its sender is known, but may not do this.",
);
const NOT_THE_SIGNER: Code = code(
    403,
    "not-the-signer",
    "The signer is somebody else",
    "The key that signed the request is not the key of the actor that the activity names.",
);
const BLOCKED: Code = code(
    403,
    "blocked",
    "This server does not talk to that host",
    "The operator of this server has blocked the host, or talks to a list of hosts only.",
);
const FOREIGN_ID: Code = code(
    403,
    "foreign-id",
    "This id is not the sender's to give",
    "An id is on the host of whoever sends it, and never on this one.",
);
const GROUPS_DISAGREE: Code = code(
    403,
    "groups-disagree",
    "The addressing names groups that do not agree",
    "Where audience or target is given, every group of this server in to or cc is among theirs, and it is the post's own.",
);
const MAY_NOT_CREATE: Code = code(
    403,
    "may-not-create",
    "This actor may not make groups here",
    "The operator of this server decides whose signed Create makes a group.",
);
const TOO_MANY_GROUPS: Code = code(
    403,
    "too-many-groups",
    "This actor owns enough groups here",
    "One actor may own so many open groups; close one, or ask the operator.",
);
const NAME_TAKEN: Code = code(
    403,
    "name-taken",
    "This name is taken",
    "There is a group of this name, and of the names near it. Choose another preferredUsername.",
);
const FIXED: Code = code(
    403,
    "fixed",
    "This of a group cannot be changed",
    "An Update of a group changes its name, summary, icon, image, rules, related groups and policies. The field that it may not \
     change is named.",
);
const TOO_MANY_COLLECTIONS: Code = code(
    403,
    "too-many-collections",
    "The group has enough collections",
    "A group may have so many; delete one that is not used.",
);
pub(super) const NOT_FOUND: Code = code(
    404,
    "not-found",
    "There is nothing here",
    "Nothing has this address, or it is not for whoever asked.",
);
pub(super) const METHOD: Code = code(
    405,
    "method",
    "This address is not used in this way",
    "The header Allow names the methods that work here.",
);
pub(super) const TOO_SLOW: Code = code(
    408,
    "too-slow",
    "The request took too long to arrive",
    "The body did not arrive in time. Send it again.",
);
pub(super) const GONE: Code = code(
    410,
    "gone",
    "This is gone",
    "It was here and has been deleted or closed for good.",
);
pub(super) const TOO_LARGE: Code = code(
    413,
    "too-large",
    "The body is too large",
    "An activity may have 1 MiB, unless the operator of this server says otherwise.",
);
pub(super) const MEDIA_TYPE: Code = code(
    415,
    "media-type",
    "This is not a type of document that an inbox takes",
    "Send application/activity+json, or application/ld+json with the ActivityStreams profile, in UTF-8 and without \
     content encoding.",
);
pub(super) const INVALID: Code = code(
    422,
    "invalid",
    "This entity cannot be taken as it is",
    "A field is missing or is not of the form that it should have, or the time that was signed is too far from ours.",
);
pub(super) const TOO_MANY: Code = code(
    429,
    "too-many",
    "Too many requests",
    "The header Retry-After says when to go on, in seconds.",
);
pub(super) const INTERNAL: Code = code(
    500,
    "internal",
    "Something is broken here",
    "It is our fault, and it has been written to the server's log.",
);
pub(super) const BUSY: Code = code(
    503,
    "busy",
    "There is too much to do right now",
    "Send the request again. The header Retry-After says when, in seconds.",
);
pub(super) const UNAVAILABLE: Code = code(
    503,
    "unavailable",
    "The server cannot answer right now",
    "Something that the server needs does not answer. Send the request again later; Retry-After says when, in seconds.",
);

/// All but the domain's. The first of a status stands for it where nothing more is known.
pub(super) const CODES: [Code; 24] = [
    BAD_REQUEST,
    UNREADABLE,
    UNSIGNED,
    FORBIDDEN,
    NOT_THE_SIGNER,
    BLOCKED,
    FOREIGN_ID,
    GROUPS_DISAGREE,
    MAY_NOT_CREATE,
    TOO_MANY_GROUPS,
    NAME_TAKEN,
    FIXED,
    TOO_MANY_COLLECTIONS,
    NOT_FOUND,
    METHOD,
    TOO_SLOW,
    GONE,
    TOO_LARGE,
    MEDIA_TYPE,
    INVALID,
    TOO_MANY,
    INTERNAL,
    BUSY,
    UNAVAILABLE,
];

/// What the domain may say.
pub(super) const REFUSALS: [Refusal; 26] = [
    Refusal::Banned,
    Refusal::NotInvited,
    Refusal::ClosedToNewMembers,
    Refusal::Closed,
    Refusal::NotAMember,
    Refusal::NotAFollower,
    Refusal::NotAnAdmin,
    Refusal::ParentElsewhere,
    Refusal::NotTheAuthor,
    Refusal::WiderThanItsThread,
    Refusal::WasPublic,
    Refusal::NotTheOwner,
    Refusal::DoesNotRunIt,
    Refusal::MayNotInvite,
    Refusal::TheyAreBanned,
    Refusal::TheyAreNotIn,
    Refusal::TheyAreAnAdmin,
    Refusal::NothingOffered,
    Refusal::Frozen,
    Refusal::PublicInPrivate,
    Refusal::VotesAreForMembers,
    Refusal::ChangedSince,
    Refusal::CollectsNot,
    Refusal::TheyWerePutOut,
    Refusal::CannotKeepIt,
    Refusal::IsTheOwner,
];
