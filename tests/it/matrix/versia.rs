//! The two ways in which somebody of Versia is in the group: by Subscribe, and by following the user that shares its posts.
//!
//! One rule: what they say is told to all others as what it became, and what they hear is an entity that names the post.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::Row;

use super::{Deed, Table};
use crate::support::peer::Said;
use crate::support::versia::{Domain, OURS};
use crate::support::world::World;

/// Who subscribed, and who follows.
pub const WAYS: [&str; 2] = ["versia", "versia-share"];

/// One of each.
pub async fn let_in([subscribes, follows]: [Domain; 2]) -> BTreeMap<&'static str, Domain> {
    subscribes.joins(&subscribes.user("u1", "alice"), "garden").await;
    let follow = json!({"type": "Follow", "created_at": "2026-05-01T10:00:00Z", "author": follows.user("u1", "anna"),
        "followee": format!("{OURS}:garden")});
    follows.sends(&follow).await.is(202);
    follows
        .hears("FollowAccept", |said| said["type"] == "FollowAccept")
        .await;
    BTreeMap::from([(WAYS[0], subscribes), (WAYS[1], follows)])
}

/// References of all posts and of those who are mirrored, by their ids.
pub async fn notes(world: &World) -> BTreeMap<String, String> {
    let rows = sqlx::query("select iri, id || '-garden' from post union select a.iri, m.id::text from mirror m join actor a on a.id = m.actor_id")
        .fetch_all(&mut world.behind().await)
        .await
        .unwrap();
    let reference = |iri: &str, id: &str| match iri.split_once("/bridge/versia/") {
        Some((_, mirrored)) => mirrored.replace("/notes/", ":"),
        None => format!("{OURS}:{id}"),
    };
    let rows = rows
        .iter()
        .map(|row| (row.get::<String, _>(0), row.get::<String, _>(1)));
    rows.map(|(iri, id)| (iri.clone(), reference(&iri, &id)))
        .collect()
}

/// In which words one of them was told of something.
pub fn told(way: &str, domain: &Domain, deed: &Deed, notes: &BTreeMap<String, String>) -> Vec<String> {
    let Some(note) = notes.get(&deed.said.post) else {
        return vec![];
    };
    let heard = domain.heard();
    let named = |kind: &str, field: &str, name: &str| {
        let fits = |said: &&Value| said["type"] == kind && said[field] == name;
        heard.iter().filter(fits).collect::<Vec<_>>()
    };
    let federated = named("pub.versia:groups/Federate", "note", note).len();
    let shared = named("pub.versia:share/Share", "shared", note);
    let gone = match shared.first() {
        Some(share) => format!("{OURS}:{}", share["id"].as_str().unwrap()),
        None => note.clone(),
    };
    let voter = notes.get(deed.said.document["actor"].as_str().unwrap_or_default());
    let likes = named("pub.versia:likes/Like", "liked", note);
    let told = match deed.verb {
        "post" | "reply" if way == WAYS[1] => (!shared.is_empty()).then_some("Share"),
        "post" | "reply" => (federated > 0).then_some("Federate"),
        "edit" if way == WAYS[1] => {
            let again = heard.iter().any(|said| is_note(said, note));
            again.then_some("Note")
        }
        "edit" => (federated > 1).then_some("Federate"),
        "delete" | "removal" => (!named("Delete", "deleted", &gone).is_empty()).then_some("Delete"),
        "like" => (likes
            .iter()
            .any(|like| like["author"].as_str() == voter.map(String::as_str)))
        .then_some("Like"),
        _ => None,
    };
    told.into_iter().map(ToOwned::to_owned).collect()
}

/// Whether it is this note, whole.
fn is_note(said: &Value, note: &str) -> bool {
    let id = note.strip_prefix(&format!("{OURS}:"));
    said["type"] == "Note" && id.is_some() && said["id"].as_str() == id
}

impl Table {
    pub(super) async fn says_things_there(&mut self, world: &World, way: &'static str) {
        let domain = self.domains[way].clone();
        let author = format!("{}:u1", domain.name());
        // Who follows speaks as software without groups does.
        let note = |id: &str, text: &str| {
            let mut note = domain.note(id, &author, "garden", text);
            if way == WAYS[1] {
                note["group"] = json!("public");
                note["mentions"] = json!([format!("{OURS}:garden")]);
            }
            note
        };
        domain.publishes(&note("post", way)).await.is(202);
        let post = self.becomes(world, &domain, "Create", "post").await;
        let mut reply = note("reply", "an answer");
        reply["replies_to"] = json!(format!("{}:post", domain.name()));
        domain.publishes(&reply).await.is(202);
        let reply = self.becomes(world, &domain, "Create", "reply").await;
        domain.publishes(&note("post", "another text")).await.is(202);
        let edit = self.becomes(world, &domain, "Update", "post").await;
        let first = self.deeds[0].said.clone();
        let liked = notes(world).await[&first.post].clone();
        let like = json!({"type": "pub.versia:likes/Like", "id": "like", "created_at": "2026-05-01T10:00:02Z", "author": author, "liked": liked});
        domain.sends(&like).await.is(202);
        let like = self.said_there(&domain, "Like", &first.post, &first.post).await;
        let (object, answer) = (post.document["object"].clone(), reply.document["object"].clone());
        self.keep("post", way, post, &object);
        self.keep("reply", way, reply, &answer);
        self.keep("edit", way, edit, &object);
        self.keep("like", way, like, &first.document["object"]);
    }

    pub(super) async fn deletes_there(&mut self, world: &World, way: &'static str) {
        let domain = self.domains[way].clone();
        let note = format!("{}:post", domain.name());
        let delete = json!({"type": "Delete", "created_at": "2026-05-01T10:00:03Z", "author": format!("{}:u1", domain.name()),
            "deleted_type": "Note", "deleted": note});
        domain.sends(&delete).await.is(202);
        let delete = self.becomes(world, &domain, "Delete", "post").await;
        let deed = self
            .deeds
            .iter()
            .find(|deed| deed.verb == "post" && deed.by == way)
            .unwrap();
        let post = deed.post.clone();
        self.keep("delete", way, delete, &post);
    }

    /// What something that was said about a note of theirs has become.
    async fn becomes(&self, world: &World, domain: &Domain, kind: &str, note: &str) -> Said {
        let iri = format!("{}/bridge/versia/{}/notes/{note}", world.base(), domain.name());
        self.said_there(domain, kind, &iri, &iri).await
    }

    /// As somebody hears it to whom everything is told whole.
    async fn said_there(&self, domain: &Domain, kind: &str, object: &str, post: &str) -> Said {
        let who = format!("/bridge/versia/{}/u1", domain.name());
        let server = self.people["onepage.pub"].server();
        let is_it = |said: &Value| {
            let by_them = said["actor"].as_str().is_some_and(|actor| actor.ends_with(&who));
            by_them && said["type"] == kind && (said["object"] == object || said["object"]["id"] == object)
        };
        let heard = server.hears(kind, |heard| is_it(&heard.document["object"])).await;
        let document = heard.document["object"].clone();
        Said {
            text: document.to_string(),
            document,
            post: post.to_owned(),
            is_comment: post.ends_with("/reply"),
        }
    }
}
