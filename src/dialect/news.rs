//! What a group says of itself and does in its own name: it has changed, it is closed, something is in a collection of it.
//!
//! One rule: such a document is the same for all who hear it; who does is the table in [`Tidings::heard_by`]. Lemmy answers 400
//! to an Update or Delete by a Group, so its family reads the group again in its own time.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    dialect::{
        Here,
        announce::{PUBLIC, date},
        explainer, group, microblog, wall,
    },
    domain::Shape,
};

/// What there is to tell.
#[derive(Clone, Debug)]
pub enum Tidings<'a> {
    /// The group as it is now; for those outside of a private one, a stub.
    Described(&'a Value),
    Closed,
}

/// With all that is needed to tell it.
#[derive(Clone, Debug)]
pub struct News<'a> {
    /// Our id of it.
    pub id: Uuid,
    pub group: &'a str,
    /// Everybody may hear of it.
    pub public: bool,
    pub at: DateTime<Utc>,
    pub tidings: Tidings<'a>,
}

impl Tidings<'_> {
    /// The word for it in the log.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Described(_) => "described",
            Self::Closed => "closed",
        }
    }

    /// In which shapes it is told: microblogs show a group as a profile, which changes and goes; what is for members only is
    /// told to those alone who can tell members from others.
    #[must_use]
    pub fn heard_by(&self, public: bool) -> Vec<Shape> {
        if public {
            vec![microblog::SHAPE, wall::SHAPE, explainer::SHAPE]
        } else {
            vec![explainer::SHAPE]
        }
    }
}

/// The whole document.
#[must_use]
pub fn news(news: &News<'_>, here: &Here) -> String {
    let actor = here.group(news.group);
    let part = |part| here.part(news.group, part);
    let (to, cc) = if news.public {
        (vec![PUBLIC.to_owned()], vec![part("followers"), part("members")])
    } else {
        (vec![part("members")], vec![])
    };
    let mut document = json!({
        "@context": group::context(),
        "id": here.activity(news.id, None),
        "type": "Update",
        "actor": actor,
        "published": date(news.at),
        "to": to,
        "cc": cc,
    });
    match &news.tidings {
        Tidings::Described(face) => {
            let mut face = (*face).clone();
            // The terms of the group's own document hold for all of this one.
            if let Some(context) = face.as_object_mut().and_then(|face| face.remove("@context")) {
                document["@context"] = context;
            }
            document["object"] = face;
        }
        Tidings::Closed => {
            document["type"] = json!("Delete");
            document["object"] = json!(actor);
        }
    }
    document.to_string()
}
