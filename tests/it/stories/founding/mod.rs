//! Groups that are made, changed and closed, private ones, what they collect, and reports about them.
//!
//! One rule: whoever acts is on a server of their own, and what they may see they ask for themselves.

mod change;
mod collect;
mod make;
mod private;
mod reports;
mod unseen;

use folkmoot::domain::Policies;
use serde_json::{Value, json};

use crate::support::peer::{Actor, Answer, Group};
use crate::support::world::World;

pub(super) const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A group of somebody's own, on a server where they are the owner.
pub(super) async fn owned(world: &World, policies: Policies) -> (Group, Actor) {
    let owner = world.explainer().actor("olga");
    let group = world.group_of(&owner, "garden", policies).await;
    (group, owner)
}

/// Sends an activity of this type about something, to an inbox here.
pub(super) async fn tells(
    who: &Actor,
    inbox: &str,
    kind: &str,
    object: Value,
    more: Value,
) -> (Value, Answer) {
    let said = who.speaks(|me| {
        let mut activity = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": (me.mint)("activities"), "type": kind, "actor": me.id, "object": object,
        });
        for (name, value) in more.as_object().unwrap() {
            activity[name] = value.clone();
        }
        activity
    });
    let text = who.server().software().write(&said);
    let answer = who.sends_to(inbox, &text).await;
    (said, answer)
}
