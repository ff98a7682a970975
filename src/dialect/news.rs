//! What a group says of itself and does in its own name: it has changed, it is closed, something is in a collection of it.
//!
//! One rule: such a document is the same for all who hear it; who does is the table in [`Tidings::heard_by`]. Lemmy answers 400
//! to an Update or Delete by a Group, so its family hears it announced, from the group's steward.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    dialect::{
        GroupFace, Here, Said, What, Written,
        announce::{PUBLIC, date},
        explainer, group, microblog,
        shape::write,
        threadiverse, versia, wall,
    },
    domain::Shape,
};

/// What there is to tell.
#[derive(Clone, Debug)]
pub enum Tidings<'a> {
    /// The group as it is now; for those outside of a private one, a stub.
    Described {
        document: &'a Value,
        face: &'a GroupFace,
    },
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
    /// What happened.
    #[must_use]
    pub const fn what(&self) -> What {
        match self {
            Self::Described { .. } => What::Described,
            Self::Closed => What::Closed,
        }
    }

    /// In which shapes it is told: microblogs show a group as a profile, which changes and goes; what is for members only is
    /// told to those alone who can tell members from others, and to walls,
    /// which private groups let in.
    #[must_use]
    pub fn heard_by(&self, public: bool) -> Vec<Shape> {
        if public {
            vec![microblog::SHAPE, wall::SHAPE, explainer::SHAPE]
        } else {
            vec![wall::SHAPE, explainer::SHAPE]
        }
    }
}

/// The document in each shape that it is told in; `text` is what [`news`] wrote.
#[must_use]
pub fn told(news: &News<'_>, text: &str, here: &Here) -> Vec<(Shape, Written)> {
    let as_it_is = |shape| {
        let written = Written {
            head: text.to_owned(),
            tail: None,
            skip_author: false,
        };
        (shape, written)
    };
    let mut told: Vec<_> = news
        .tidings
        .heard_by(news.public)
        .into_iter()
        .map(as_it_is)
        .collect();
    let itself = here.group(news.group);
    let said = Said {
        id: news.id,
        group: news.group,
        what: news.tidings.what(),
        at: news.at,
        object: "",
        post: Uuid::nil(),
        object_kind: "",
        published: news.at,
        is_comment: false,
        thread: Uuid::nil(),
        target: None,
        public: news.public,
        private_group: !news.public,
        was_public: news.public,
        bridged: false,
        author: &itself,
        raw: text,
        retracts: None,
        vote: None,
        note: None,
    };
    // A stub has not what a Group needs there (Lemmy 0.19.20: an outbox).
    if !matches!(news.tidings, Tidings::Described { document, .. } if document.get("outbox").is_none()) {
        told.extend(threadiverse::write(&said, here).map(|written| (threadiverse::SHAPE, written)));
    }
    match &news.tidings {
        Tidings::Described { face, .. } => told.extend(versia::described(face, news.public, here)),
        Tidings::Closed => {
            let closed = versia::SHAPES.into_iter();
            told.extend(closed.filter_map(|shape| Some((shape, write(shape, &said, here)?))));
        }
    }
    told
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
        Tidings::Described { document: face, .. } => {
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
