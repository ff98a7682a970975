//! The types of entities that mean something to a group.
//!
//! One rule: what is sent has these names; what is read may have older ones, which `older.rs` knows.

pub(super) const USER: &str = "User";
pub(super) const NOTE: &str = "Note";
pub(super) const DELETE: &str = "Delete";
pub(super) const FOLLOW: &str = "Follow";
pub(super) const UNFOLLOW: &str = "Unfollow";
pub(super) const FOLLOW_ACCEPT: &str = "FollowAccept";
pub(super) const FOLLOW_REJECT: &str = "FollowReject";
pub(super) const GROUP: &str = "pub.versia:groups/Group";
pub(super) const SUBSCRIBE: &str = "pub.versia:groups/Subscribe";
pub(super) const UNSUBSCRIBE: &str = "pub.versia:groups/Unsubscribe";
pub(super) const SUBSCRIBE_ACCEPT: &str = "pub.versia:groups/SubscribeAccept";
pub(super) const SUBSCRIBE_REJECT: &str = "pub.versia:groups/SubscribeReject";
pub(super) const FEDERATE: &str = "pub.versia:groups/Federate";
pub(super) const LIKE: &str = "pub.versia:likes/Like";
pub(super) const DISLIKE: &str = "pub.versia:likes/Dislike";
pub(super) const REACTION: &str = "pub.versia:reactions/Reaction";
pub(super) const SHARE: &str = "pub.versia:share/Share";
pub(super) const REPORT: &str = "pub.versia:reports/Report";
