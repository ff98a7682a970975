//! What an entity of Versia tells: it names a note by a reference, and not the activity that it is about.
//!
//! One rule: what it says must fit the log, field by field, and what fits nothing tells nothing. One more entity: an arm in
//! [`Named::tellings`].

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::Value;
use sqlx::{PgConnection, Row as _};

use crate::ledger::entity;
use crate::support::versia::OURS;

pub const FEDERATE: &str = "pub.versia:groups/Federate";
pub const SHARE: &str = "pub.versia:share/Share";
pub const NOTE: &str = "Note";
pub const LIKE: &str = "pub.versia:likes/Like";
/// That a share is gone; that a note is gone is a Delete.
pub const UNSHARE: &str = "Delete of a share";
/// How the log calls it that whoever was shown a note hears that this is gone, too.
const UNHOSTED: &str = "unhosted";
/// Letters of a UUID.
const UUID: usize = 36;

/// What was said of posts, in the order of the log.
const ENTRIES: &str = r#"
    select g.name, p.id::text as post, p.iri, a.kind, a.id::text as id, e.at, coalesce(a.iri, a.id::text) as activity
    from entry e join activity a on a.id = e.activity_id join "group" g on g.id = e.group_id join post p on p.id = a.post_id
    where a.kind in ('posted', 'edited', 'deleted', 'voted', 'unhosted') order by e.group_id, e.seq"#;

/// The log, by what entities say.
#[derive(Default)]
pub struct Named {
    base: String,
    /// By group and reference of the note.
    entries: HashMap<(String, String), Vec<Entry>>,
    /// Of our ids of activities the reference of the note.
    shared: HashMap<String, String>,
}

struct Entry {
    kind: String,
    /// Ours, and the one that the log calls it by.
    id: String,
    activity: String,
    at: DateTime<Utc>,
}

impl Named {
    pub async fn read(connection: &mut PgConnection, base: &str) -> Self {
        let mut named = Self {
            base: base.to_owned(),
            ..Self::default()
        };
        let rows = sqlx::query(ENTRIES).fetch_all(connection).await.unwrap();
        for row in rows {
            let note = reference(base, row.get("iri"), row.get("post"), row.get("name"));
            let entry = Entry {
                kind: row.get("kind"),
                id: row.get("id"),
                activity: row.get("activity"),
                at: row.get("at"),
            };
            named.shared.insert(entry.id.clone(), note.clone());
            named
                .entries
                .entry((row.get("name"), note))
                .or_default()
                .push(entry);
        }
        named
    }

    /// What this may tell, in the words of the book: one thing, or as many as happened to the note at the same moment.
    pub fn tellings(&self, said: &Value) -> Vec<String> {
        let text = |field: &str| said[field].as_str().unwrap_or_default();
        let at = |entry: &Entry| is_at(text("created_at"), entry.at);
        let sharer = own(text("author")).unwrap_or_default();
        match (text("type"), text("deleted_type")) {
            (FEDERATE, _) => {
                let group = group_named(text("group")).unwrap_or_default();
                self.about(group, text("note"), FEDERATE, |entry| {
                    entry.kind != "deleted" && at(entry)
                })
            }
            (SHARE, _) => self.about(sharer, text("shared"), SHARE, |entry| {
                entry.kind == "posted" && entry.id == text("id") && at(entry)
            }),
            ("Delete", NOTE) => self.about(sharer, text("deleted"), "Delete", |entry| {
                entry.kind == "deleted" && at(entry)
            }),
            (LIKE, _) => self.liked(text("id"), text("liked")),
            // The edited note itself, whole: which edit it is its bytes do not say.
            (NOTE, _) => {
                let id = text("id");
                let group = id.get(UUID..).and_then(|rest| rest.strip_prefix('-'));
                let note = format!("{OURS}:{id}");
                self.about(group.unwrap_or_default(), &note, NOTE, |entry| {
                    entry.kind == "edited"
                })
            }
            ("Delete", SHARE) => {
                let share = own(text("deleted")).unwrap_or_default();
                let note = self.shared.get(share).map_or("", String::as_str);
                self.about(sharer, note, UNSHARE, |entry| {
                    entry.kind == "deleted" && at(entry)
                })
            }
            ("pub.versia:groups/SubscribeAccept", _) => {
                let group = group_named(text("group")).unwrap_or_default();
                vec![entity(&self.group(group), "Accept", text("subscriber"))]
            }
            _ => Vec::new(),
        }
    }

    /// The group and the activity where it is beside what somebody did, and nobody's deed.
    pub fn beside(&self, said: &Value) -> Option<(String, String)> {
        let group = own(said["author"].as_str()?)?;
        let at = said["created_at"].as_str()?;
        let key = (group.to_owned(), said["deleted"].as_str()?.to_owned());
        let mut entries = self.entries.get(&key)?.iter();
        let entry = entries.find(|entry| entry.kind == UNHOSTED && is_at(at, entry.at))?;
        Some((self.group(group), format!("{UNHOSTED} {}", entry.id)))
    }

    fn liked(&self, id: &str, note: &str) -> Vec<String> {
        let known = self.entries.iter().filter(|((_, known), _)| known == note);
        let known = known.flat_map(|((group, _), entries)| entries.iter().map(move |entry| (group, entry)));
        known
            .filter(|(_, entry)| entry.kind == "voted" && entry.id == id)
            .map(|(group, entry)| entity(&self.group(group), LIKE, &entry.activity))
            .collect()
    }

    fn about(&self, group: &str, note: &str, kind: &str, fits: impl Fn(&Entry) -> bool) -> Vec<String> {
        let entries = self.entries.get(&(group.to_owned(), note.to_owned()));
        let entries = entries.into_iter().flatten().filter(|entry| fits(entry));
        entries
            .map(|entry| entity(&self.group(group), kind, &entry.activity))
            .collect()
    }

    fn group(&self, name: &str) -> String {
        format!("{}/c/{name}", self.base)
    }
}

/// How a note is named: by its own domain, or by ours, for each group.
fn reference(base: &str, iri: &str, post: &str, group: &str) -> String {
    let mirrored = iri.strip_prefix(&format!("{base}/bridge/versia/"));
    let note = mirrored.and_then(|path| path.split_once("/notes/"));
    note.map_or_else(
        || format!("{OURS}:{post}-{group}"),
        |(domain, id)| format!("{domain}:{id}"),
    )
}

/// The id of something of ours.
fn own(reference: &str) -> Option<&str> {
    let (domain, id) = reference.split_once(':')?;
    (domain == OURS).then_some(id)
}

fn group_named(reference: &str) -> Option<&str> {
    own(reference)?.strip_prefix("group-")
}

/// Whether this is how that moment is written.
fn is_at(written: &str, at: DateTime<Utc>) -> bool {
    let written = written.parse::<DateTime<Utc>>();
    written.is_ok_and(|written| written == at || written == at.trunc_subsecs(0))
}
