//! What each class hears of what is said in a group, in words: the table of FEDERATION.md is written from here.
//!
//! One rule: a row says what the file of its class writes, "–" that it writes nothing; `tests/it/matrix` holds it to what strict peers
//! hear. One more: a row here, a row in `shape.rs`.

use crate::dialect::{
    discourse, explainer, lotide, microblog, mobilizon, nodebb, peertube, streams, threadiverse, wall,
};

/// One class: what it is sent of a thread's first post, of a comment, an edit, a deletion by the author, and of votes.
#[derive(Clone, Copy, Debug)]
pub struct Hears {
    pub class: &'static str,
    pub post: &'static str,
    pub comment: &'static str,
    pub edit: &'static str,
    pub delete: &'static str,
    pub votes: &'static str,
}

impl Hears {
    /// By the names that the tests have for them.
    #[must_use]
    pub fn of(&self, verb: &str) -> Option<&'static str> {
        match verb {
            "post" => Some(self.post),
            "reply" => Some(self.comment),
            "edit" => Some(self.edit),
            "delete" => Some(self.delete),
            "like" => Some(self.votes),
            _ => None,
        }
    }
}

/// Every class, in the order in which they are read.
pub const HEARS: [Hears; 10] = [
    Hears {
        class: threadiverse::SHAPE.0,
        post: "`Announce{Create}`",
        comment: "the same",
        edit: "`Announce{Update}`",
        delete: "`Announce{Delete}`",
        votes: "`Announce{Like}`, ...",
    },
    Hears {
        class: microblog::SHAPE.0,
        post: "`Announce` of the object's id",
        comment: "–",
        edit: "the author's `Update` as it came, where it carries a proof or a Linked Data Signature",
        delete: "`Undo{Announce}`",
        votes: "–",
    },
    Hears {
        class: explainer::SHAPE.0,
        post: "`Announce{Create}` with `members` in `cc`, to each member's own inbox",
        comment: "the same",
        edit: "the same",
        delete: "the same",
        votes: "the same",
    },
    Hears {
        class: nodebb::SHAPE.0,
        post: "`Announce` of the object's id, then `Announce{Create}`",
        comment: "`Announce{Create}`",
        edit: "`Announce{Update}`",
        delete: "`Announce{Delete}`",
        votes: "`Announce{Like}`, no Dislike",
    },
    Hears {
        class: discourse::SHAPE.0,
        post: "`Announce{Create}`",
        comment: "the same",
        edit: "–",
        delete: "–",
        votes: "–",
    },
    Hears {
        class: wall::SHAPE.0,
        post: "`Add{object: id, target: wall}`, if the object names the wall as its `target` (FEP-400e)",
        comment: "the same, to `wall-comments`",
        edit: "as it came, where it carries a Linked Data Signature",
        delete: "the same; else `Delete` by the group",
        votes: "–",
    },
    Hears {
        class: lotide::SHAPE.0,
        post: "`Announce` of the object's id, then `Add{object: id, target: outbox}`",
        comment: "as it came",
        edit: "–",
        delete: "`Undo{Add}`, `Undo{Announce}`",
        votes: "–",
    },
    Hears {
        class: streams::SHAPE.0,
        post: "`Announce{Create}`",
        comment: "`Add{Create}` to the thread's container (FEP-171b)",
        edit: "`Add{Update}`",
        delete: "`Add{Delete}`",
        votes: "–",
    },
    Hears {
        class: mobilizon::SHAPE.0,
        post: "`Announce` of the object, embedded as its author wrote it",
        comment: "the same",
        edit: "as it came",
        delete: "as it came",
        votes: "–",
    },
    Hears {
        class: peertube::SHAPE.0,
        post: "`Announce` of the id of a Video, and of nothing else",
        comment: "–",
        edit: "–",
        delete: "–",
        votes: "–",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::programs;

    #[test]
    fn every_class_of_programs_hears() {
        for (name, class) in programs() {
            let rows = HEARS.iter().filter(|hears| hears.class == class.name);
            assert_eq!(rows.count(), 1, "{name} is {}", class.name);
        }
        for hears in HEARS {
            assert!(
                programs().any(|(_, class)| class.name == hears.class),
                "{}",
                hears.class
            );
        }
    }
}
