//! What a server was sent, in order of arrival, and what it thinks of it.
//!
//! One rule: everything is written down, refused or not, so that a test can say what did *not* come.

use std::collections::HashSet;
use std::sync::Mutex;

use serde_json::Value;
use tokio::sync::watch;

use super::LIMIT;

/// One POST that arrived.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The inbox: a path.
    pub inbox: String,
    /// Without its proof, which held.
    pub document: Value,
    /// Byte for byte.
    pub text: String,
    /// `Collection-Synchronization`, which was signed.
    pub reach: Option<String>,
    /// The key that signed, where one verified.
    pub key_id: Option<String>,
    /// Signed by RFC 9421.
    pub rfc9421: bool,
    /// Signed with an Ed25519 key.
    pub ed25519: bool,
    /// What it was answered; `None`: nothing at all.
    pub status: Option<u16>,
    /// It was read and believed, whatever was answered.
    pub taken: bool,
    /// The same id came to this inbox before, and was taken, or refused for no fault of the sender's.
    pub repeat: bool,
    pub complaint: Option<String>,
    /// It was refused, and that is no fault of the sender's: no complaint.
    pub is_shrugged_at: bool,
}

impl Heard {
    /// As it is before anybody has judged it.
    pub fn new(inbox: &str, body: &[u8]) -> Self {
        Self {
            inbox: inbox.to_owned(),
            document: serde_json::from_slice(body).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(body).into_owned(),
            reach: None,
            key_id: None,
            rfc9421: false,
            ed25519: false,
            status: Some(202),
            taken: false,
            repeat: false,
            complaint: None,
            is_shrugged_at: false,
        }
    }

    /// Whether it counts as told: it was taken, or refused for no fault of the sender's, who may knock again in another way.
    pub fn came(&self) -> bool {
        self.taken || self.is_shrugged_at && !self.repeat
    }

    pub fn kind(&self) -> &str {
        self.document["type"].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> &str {
        self.document["id"].as_str().unwrap_or_default()
    }

    /// The id of its object, embedded or not.
    pub fn object_id(&self) -> &str {
        let object = &self.document["object"];
        object
            .as_str()
            .or_else(|| object["id"].as_str())
            .unwrap_or_default()
    }
}

#[derive(Default)]
pub struct Record {
    pub heard: Mutex<Vec<Heard>>,
    /// Inboxes and ids of what was taken or shrugged at, whatever becomes of the rest.
    taken: Mutex<HashSet<(String, String)>>,
    changed: watch::Sender<()>,
}

impl Record {
    pub fn add(&self, heard: Heard) {
        if heard.taken || heard.is_shrugged_at {
            let key = (heard.inbox.clone(), heard.id().to_owned());
            self.taken.lock().unwrap().insert(key);
        }
        self.heard.lock().unwrap().push(heard);
        self.changed.send_replace(());
    }

    pub(super) fn all(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// Whether this id was taken or shrugged at in this inbox.
    pub(super) fn knows(&self, inbox: &str, id: &str) -> bool {
        let taken = self.taken.lock().unwrap();
        taken.contains(&(inbox.to_owned(), id.to_owned()))
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let complaint = |heard: &Heard| Some(format!("{}: {}", heard.complaint.as_ref()?, heard.text));
        let wrong = heard.iter().filter(|heard| !heard.is_shrugged_at);
        wrong.filter_map(complaint).collect()
    }

    /// Waits until all of the record satisfies `done`, which is asked again whenever something came.
    pub(super) async fn until(&self, what: &str, done: impl Fn(&[Heard]) -> bool) {
        let mut changed = self.changed.subscribe();
        let waited = tokio::time::timeout(LIMIT, async {
            while !done(&self.all()) {
                changed.changed().await.unwrap();
            }
        });
        assert!(
            waited.await.is_ok(),
            "{what} never came; what did:\n{}",
            self.listing()
        );
    }

    pub(super) async fn wait(&self, what: &str, wanted: impl Fn(&Heard) -> bool) -> Heard {
        self.until(what, |heard| heard.iter().any(&wanted)).await;
        self.all().into_iter().find(wanted).unwrap()
    }

    fn listing(&self) -> String {
        let line = |heard: &Heard| {
            let complaint = heard.complaint.as_deref().unwrap_or("fine");
            format!(
                "  {:?} {} {complaint} {}\n",
                heard.status, heard.inbox, heard.text
            )
        };
        self.heard.lock().unwrap().iter().map(line).collect()
    }
}
