//! Dialects by name, and the shape that each is written in.
//!
//! One rule: this is the one table of names: what operators say of a host, what a member list says and what `class.rs`
//! says of a program are rows of it. A dialect whose own shape is not written yet is written in the nearest that is: the
//! one that says least wherever it is in doubt. To write its own: a file, and that shape in its row.

use crate::{
    dialect::{Here, Said, Written, explainer, microblog, threadiverse, wall},
    domain::Shape,
};

/// How a host speaks, as operators name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub name: &'static str,
    /// What it is written in now.
    pub shape: Shape,
}

/// Writes one event in one shape; `None`: programs of this shape are told nothing of it.
type Write = fn(&Said<'_>, &Here) -> Option<Written>;

const T: (Shape, Write) = (threadiverse::SHAPE, threadiverse::write);
const M: (Shape, Write) = (microblog::SHAPE, microblog::write);
const W: (Shape, Write) = (wall::SHAPE, wall::write);
const X: (Shape, Write) = (explainer::SHAPE, explainer::write);

const TABLE: [(&str, (Shape, Write)); 10] = [
    ("threadiverse", T),
    // Takes an Announce of an activity, as its neighbours send it, and fetches what is inside (4.15.1, 2026-08-22).
    ("nodebb", T),
    // An announced Create is all that it honours; the rest it drops (discourse-activity-pub#337, 2026-08-31).
    ("discourse", T),
    ("microblog", M),
    ("wall", W),
    // An Announce of the post's id is half of what it needs; it marks a post of its own as approved (2024-08-20).
    ("lotide", M),
    // An Announce of a Create is what it passes on itself; containers come with its own shape (FEP-171b).
    ("streams", T),
    // An Announce of the post: embedded or by id, it is read from its origin (5.1.3, 2025-04).
    ("mobilizon", M),
    // Only Videos by their id; what else is announced to it fails (PeerTube#6400).
    ("peertube", M),
    ("explainer", X),
];

/// Every dialect, in the order in which help texts name them.
pub fn dialects() -> impl Iterator<Item = Dialect> {
    TABLE
        .iter()
        .map(|(name, (shape, _))| Dialect { name, shape: *shape })
}

/// The dialect of a name, as `peer set --shape` and member lists write it.
#[must_use]
pub fn dialect_named(name: &str) -> Option<Dialect> {
    dialects().find(|dialect| dialect.name == name)
}

/// What a host is written in of which this name is kept. A name that is none any more is as none: the microblog rule.
#[must_use]
pub fn written_in(name: &str) -> Shape {
    dialect_named(name).map_or(microblog::SHAPE, |dialect| dialect.shape)
}

/// Every shape that is written, for subscriptions that are not decided yet.
#[must_use]
pub fn shapes() -> Vec<Shape> {
    written().map(|(shape, _)| shape).collect()
}

/// Writes one event in one shape.
#[must_use]
pub fn write(shape: Shape, said: &Said<'_>, here: &Here) -> Option<Written> {
    let (_, write) = written().find(|(known, _)| *known == shape)?;
    write(said, here)
}

/// Whether a shape is delivered to each reader's own inbox, never to a shared one.
#[must_use]
pub fn wants_own_inbox(shape: Shape) -> bool {
    shape == explainer::SHAPE
}

/// Whether programs of this dialect make sense of an Accept or Reject of a post, an edit or a deletion.
#[must_use]
pub fn takes_receipts(dialect: &str) -> bool {
    dialect == explainer::SHAPE.0
}

/// Whether they make sense of a Reject of one: a wall marks by it what it waited with.
#[must_use]
pub fn takes_rejects(dialect: &str) -> bool {
    takes_receipts(dialect) || dialect == "wall"
}

/// Whether they make sense of hearing that something waits for an admin.
#[must_use]
pub fn takes_notices(dialect: &str) -> bool {
    dialect == explainer::SHAPE.0
}

/// A shape is written if the dialect of its name has it.
fn written() -> impl Iterator<Item = (Shape, Write)> {
    TABLE
        .iter()
        .filter(|(name, (shape, _))| *name == shape.0)
        .map(|(_, own)| *own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_written_in_a_shape_that_is() {
        let shapes = shapes();
        assert_eq!(shapes, [threadiverse::SHAPE, microblog::SHAPE, explainer::SHAPE]);
        for (i, dialect) in dialects().enumerate() {
            assert!(shapes.contains(&dialect.shape), "{}", dialect.name);
            assert!(
                dialects().skip(i + 1).all(|other| other.name != dialect.name),
                "{} twice",
                dialect.name
            );
            assert_eq!(dialect_named(dialect.name), Some(dialect));
        }
    }

    #[test]
    fn a_name_that_is_none_any_more_says_least() {
        assert_eq!(written_in("nodebb"), threadiverse::SHAPE);
        assert_eq!(written_in("gone"), microblog::SHAPE);
        assert_eq!(dialect_named("Microblog"), None);
    }
}
