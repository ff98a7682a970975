//! Who is in a group and who runs it: each story played by people on servers of their own.

mod calls;
mod expel;
mod gone;
mod grants;
mod joining;
mod odd;
mod owner;
mod records;
mod rows;

use folkmoot::domain::{Iri, JoinPolicy, Policies};
use serde_json::{Value, json};

use crate::support::peer::{Actor, Answer, Group, Heard};
use crate::support::world::World;

fn iri(actor: &Actor) -> Iri {
    Iri::object(&actor.id()).unwrap()
}

/// What somebody would send to a group.
pub(crate) fn activity(who: &Actor, group: &Group, kind: &str, more: &Value) -> Value {
    let mut document = who.speaks(|me| {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": (me.mint)("activities"), "type": kind, "actor": me.id, "to": [group.id],
        })
    });
    for (field, value) in more.as_object().unwrap() {
        document[field] = value.clone();
    }
    document
}

/// Sends it to the group.
pub(crate) async fn sends(who: &Actor, group: &Group, kind: &str, more: &Value) -> (Answer, Value) {
    let document = activity(who, group, kind, more);
    (who.sends(group, &document).await, document)
}

/// Sends it, and it is taken.
pub(crate) async fn does(who: &Actor, group: &Group, kind: &str, more: Value) -> Value {
    let (answer, document) = sends(who, group, kind, &more).await;
    answer.is(202);
    document
}

/// Sends it, and it is refused for this reason.
async fn may_not(who: &Actor, group: &Group, kind: &str, more: Value, why: &str) {
    let (answer, document) = sends(who, group, kind, &more).await;
    let problem = answer.problem(403);
    let code = problem["type"].as_str().unwrap();
    assert!(code.ends_with(&format!("#{why}")), "{problem}\n{document}");
    assert!(problem["field"].is_string(), "{problem}");
}

/// The first page of a list, as anybody sees it.
pub(crate) async fn listed(world: &World, group: &Group, part: &str) -> Vec<String> {
    let page = world.document(&format!("{}?page=1", group.part(part))).await;
    let items = page["orderedItems"].as_array().unwrap();
    items
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

fn asking(join: JoinPolicy) -> Policies {
    Policies {
        join,
        ..Policies::default()
    }
}

/// A group with an owner, and an admin, each on a server of their own.
pub(crate) async fn run_by(world: &World, policies: Policies) -> (Group, Actor, Actor) {
    let owner = world.explainer().actor("owner");
    let group = world.group_of(&owner, "garden", policies).await;
    let admin = world.explainer().actor("admin");
    world
        .house()
        .engine
        .do_to("garden", &folkmoot::domain::Act::Invite, &iri(&admin), None)
        .await
        .unwrap();
    let admin = admin.follows(&group).await;
    does(
        &owner,
        &group,
        "Add",
        json!({"object": admin.id(), "target": group.part("admins")}),
    )
    .await;
    (group, owner, admin)
}

/// What came to somebody's own inbox of this type.
async fn hears(who: &Actor, kind: &str, object: &str) -> Heard {
    let what = format!("{kind} of {object} for {}", who.id());
    let path = inbox(who);
    let is_it = |heard: &Heard| heard.kind() == kind && heard.object_id() == object && heard.inbox == path;
    who.server().hears(&what, is_it).await
}

fn inbox(who: &Actor) -> String {
    let document = who.document();
    let inbox = document["inbox"].as_str().unwrap();
    inbox.trim_start_matches(who.server().base()).to_owned()
}
