//! Members by Versia: who they are, what they hear, and what they say.
//!
//! One rule: each has a domain of its own and one way in, so a domain hears in one kind of words. One more way is an arm of
//! [`Way::hears`], one more deed a function of [`Correspondent`].

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::chance::Chance;
use crate::ledger::{Deed, Ledger, Listener};
use crate::load::{Insisting, SOON};
use crate::named::{FEDERATE, LIKE, NOTE, SHARE, UNSHARE};
use crate::scene::Scene;
use crate::support::peer::{Actor, Ground, Group, Said};
use crate::support::versia::{Domain, INBOX, OURS, group as group_reference};

/// How many of their own notes they remember.
const REMEMBERED: usize = 6;
/// Of a hash so much is in an id.
const HASH: usize = 32;
const AT: &str = "2026-05-01T10:00:00Z";

/// How somebody came to hear a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the groups extension.
    Subscribes,
    /// The user that shares what is posted in the group, as software without groups does.
    Follows,
}

/// One of each.
pub const BOTH: &[Way] = &[Way::Subscribes, Way::Follows];

impl Way {
    /// In which words they hear of this. Of a note of Versia its own domain tells that it is gone; whoever was shown it is told
    /// that it is not shown any more.
    pub fn hears(self, said: &Said) -> Option<&'static str> {
        match (self, said.kind()) {
            (Self::Subscribes, "Create" | "Update") => Some(FEDERATE),
            (Self::Subscribes, "Delete") if said.post.contains("/bridge/versia/") => None,
            (Self::Subscribes, "Like") => Some(LIKE),
            (Self::Subscribes, "Delete") => Some("Delete"),
            (Self::Follows, "Create") => Some(SHARE),
            (Self::Follows, "Delete") => Some(UNSHARE),
            // A note of Versia's its own domain sends again.
            (Self::Follows, "Update") if !said.post.contains("/bridge/versia/") => Some(NOTE),
            _ => None,
        }
    }
}

/// A member of the groups. Clones are the same one.
#[derive(Clone)]
pub struct Neighbour {
    pub domain: Domain,
    pub way: Way,
    /// The place in the book.
    pub ear: usize,
    user: String,
}

/// A domain for each of these; their ears come behind so many others.
pub async fn settle(ways: &[Way], ears: usize) -> Vec<Neighbour> {
    let mut neighbours = Vec::new();
    for (number, way) in ways.iter().enumerate() {
        let domain = Domain::start(&format!("v{number}.test")).await;
        neighbours.push(Neighbour {
            user: domain.user("ann", "ann"),
            domain,
            way: *way,
            ear: ears + number,
        });
    }
    neighbours
}

impl Neighbour {
    /// Gets to know the server, is let into these groups, and forgets what it was answered.
    pub async fn joins(&self, ground: &Ground, base: &str, groups: &[Group]) {
        self.domain.meets(ground, base).await;
        for group in groups {
            let asks = match self.way {
                Way::Subscribes => self.domain.subscribe(&self.user, group.name()),
                Way::Follows => {
                    let sharer = format!("{OURS}:{}", group.name());
                    json!({"type": "Follow", "created_at": AT, "author": self.user, "followee": sharer})
                }
            };
            self.insists(&asks.to_string()).await;
            let name = group.name();
            let names = [group_reference(name), format!("{OURS}:{name}")];
            let is_of_group = |said: &Value| {
                names
                    .iter()
                    .any(|it| said["group"] == **it || said["author"] == **it)
            };
            self.domain.hears("an Accept", is_of_group).await;
        }
        self.domain.0.record.heard.lock().unwrap().clear();
    }

    pub fn listener(&self) -> Listener {
        Listener::Domain(self.domain.clone())
    }

    /// Somebody else there asks to be let into a group, which is due an answer.
    pub async fn brings(&self, user: &str, group: &Group, ledger: &Ledger) {
        let user = self.domain.user(user, user);
        let deed = Deed::answer(&user, group, self.ear);
        ledger.begins(&deed);
        let asks = self.domain.subscribe(&user, group.name());
        self.insists(&asks.to_string()).await;
        ledger.accepted(&deed);
    }

    async fn insists(&self, text: &str) {
        let mut insisting = Insisting::on(text);
        while !insisting.is_done(self.tries(text).await).await {}
    }

    /// Sends an entity once, signed anew. Gives the status and the body.
    async fn tries(&self, text: &str) -> reqwest::Result<(u16, String)> {
        let (ground, domain) = (self.domain.ground(), &self.domain);
        let headers = domain.signature("post", INBOX, text, 0);
        let request = ground.client().post(domain.there(INBOX)).headers(headers);
        let answer = request.body(text.to_owned()).timeout(SOON).send().await?;
        ground.note(INBOX, &answer);
        Ok((answer.status().as_u16(), answer.text().await?))
    }
}

/// One who posts in one group without a pause, and edits and deletes.
pub struct Correspondent {
    me: Neighbour,
    group: Group,
    members: Vec<Actor>,
    neighbours: Vec<Neighbour>,
    ledger: Arc<Ledger>,
    chance: Chance,
    notes: Vec<Value>,
    /// By the id of a note: as which activity it was said last.
    last: HashMap<String, String>,
    count: usize,
}

impl Correspondent {
    pub fn new(scene: &Scene, number: usize, seed: u64) -> Self {
        let me = scene.neighbours[number].clone();
        Self {
            chance: Chance::new(seed, me.ear as u64),
            me,
            group: scene.groups[number % scene.groups.len()].clone(),
            members: scene.members.clone(),
            neighbours: scene.neighbours.clone(),
            ledger: Arc::clone(&scene.ledger),
            notes: Vec::new(),
            last: HashMap::new(),
            count: 0,
        }
    }

    pub async fn says_something(&mut self) {
        let choice = self.chance.below(10);
        let known = self.chance.of(&self.notes).cloned();
        match (choice, known) {
            (0..=2, Some(note)) => self.edits(note).await,
            (3, Some(note)) => self.deletes(&note).await,
            _ => self.posts().await,
        }
    }

    pub async fn posts(&mut self) {
        self.count += 1;
        let id = format!("{}-{}", self.group.name(), self.count);
        let me = &self.me;
        let note = me.domain.note(&id, &me.user, self.group.name(), "something new");
        self.says("Create", &id, &note).await;
        self.notes.push(note);
        if self.notes.len() > REMEMBERED {
            self.notes.remove(0);
        }
    }

    /// The same note in other words, sent again.
    async fn edits(&mut self, mut note: Value) {
        self.count += 1;
        let text = format!("better by {}", self.count);
        note["content"] = json!({"text/plain": {"content": text, "remote": false}});
        let id = note["id"].as_str().unwrap().to_owned();
        self.says("Update", &id, &note).await;
    }

    async fn deletes(&mut self, note: &Value) {
        let id = note["id"].as_str().unwrap();
        self.notes.retain(|known| known["id"] != note["id"]);
        let delete = json!({
            "type": "Delete", "created_at": AT, "author": self.me.user, "deleted_type": "Note",
            "deleted": format!("{}:{id}", self.me.domain.name()),
        });
        self.says("Delete", id, &delete).await;
    }

    /// Says it until it is answered 202, and has it written into the book as the activity that says the same: its id is that of
    /// the mirror, and what is said; of an edit also what was said before.
    async fn says(&mut self, kind: &str, id: &str, entity: &Value) {
        let text = entity.to_string();
        let hash = hex(&Sha256::digest(&text));
        let mirrors = format!("{}/bridge/versia/{}", self.group.base(), self.me.domain.name());
        let post = format!("{mirrors}/notes/{id}");
        let hash = match self.last.get(id).filter(|_| kind == "Update") {
            Some(before) => hex(&Sha256::digest(format!("{hash} {before}"))),
            None => hash,
        };
        let activity = format!("{post}#{}", &hash[..HASH]);
        self.last.insert(id.to_owned(), activity.clone());
        let said = Said {
            document: json!({
                "id": activity, "type": kind, "actor": format!("{mirrors}/ann"),
            }),
            text: text.clone(),
            post,
            is_comment: false,
        };
        let deed = Deed::of(&said, &self.group, &self.members, &self.neighbours);
        self.ledger.begins(&deed);
        self.me.insists(&text).await;
        self.ledger.accepted(&deed);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
