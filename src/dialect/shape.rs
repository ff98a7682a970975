//! Dialects by name, each with the shape that it is written in.
//!
//! One rule: this is the one table of names: what operators say of a host, what a member list says and what `class.rs`
//! says of a program are rows of it. One more: a file, and its row.

use crate::{
    dialect::{
        Here, Said, Written, discourse, explainer, lotide, microblog, mobilizon, nodebb, peertube, piefed,
        streams, threadiverse, versia, wall,
    },
    domain::Shape,
};

/// How a host speaks, as operators name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub name: &'static str,
    /// What it is written in.
    pub shape: Shape,
}

/// Writes one event in one shape; `None`: programs of this shape are told nothing of it.
type Write = fn(&Said<'_>, &Here) -> Option<Written>;

/// Each with the class whose programs it is for: of most classes all programs are written to in one shape.
const TABLE: [(Shape, Shape, Write); 13] = [
    (piefed::SHAPE, threadiverse::SHAPE, piefed::write),
    (threadiverse::SHAPE, threadiverse::SHAPE, threadiverse::write),
    (nodebb::SHAPE, nodebb::SHAPE, nodebb::write),
    (discourse::SHAPE, discourse::SHAPE, discourse::write),
    (microblog::SHAPE, microblog::SHAPE, microblog::write),
    (wall::SHAPE, wall::SHAPE, wall::write),
    (lotide::SHAPE, lotide::SHAPE, lotide::write),
    (streams::SHAPE, streams::SHAPE, streams::write),
    (mobilizon::SHAPE, mobilizon::SHAPE, mobilizon::write),
    (peertube::SHAPE, peertube::SHAPE, peertube::write),
    (explainer::SHAPE, explainer::SHAPE, explainer::write),
    (versia::SHAPES[0], versia::SHAPES[0], versia::federates),
    (versia::SHAPES[1], versia::SHAPES[1], versia::shares),
];

/// What an id without a shape stands for: the first of these that tells of it, then the others.
const FIRST: [Shape; 3] = [threadiverse::SHAPE, explainer::SHAPE, microblog::SHAPE];

/// Every dialect, in the order in which help texts name them. Whoever is bridged is heard as they asked, whatever their host.
pub fn dialects() -> impl Iterator<Item = Dialect> {
    let of_hosts = shapes_written().filter(|shape| !versia::SHAPES.contains(shape));
    of_hosts.map(|shape| Dialect { name: shape.0, shape })
}

/// Whether what is written in a shape has an id of ours at which it can be read again.
#[must_use]
pub fn is_dereferenced(shape: Shape) -> bool {
    !versia::SHAPES.contains(&shape)
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

/// Every shape that is written; of those that tell the same, the one that says most comes first.
#[must_use]
pub fn shapes() -> Vec<Shape> {
    let others = shapes_written().filter(|shape| !FIRST.contains(shape));
    FIRST.into_iter().chain(others).collect()
}

/// The name of the class whose programs a shape is for.
#[must_use]
pub(super) fn class_written_in(shape: Shape) -> &'static str {
    let row = TABLE.iter().find(|(known, ..)| *known == shape);
    row.map_or(shape.0, |(_, class, _)| class.0)
}

/// Writes one event in one shape. What came in one protocol is told in the other only where the group is bridged.
#[must_use]
pub fn write(shape: Shape, said: &Said<'_>, here: &Here) -> Option<Written> {
    if versia::crosses(shape, said, here) && !said.may_cross(shape) {
        return None;
    }
    let (.., write) = TABLE.iter().find(|(known, ..)| *known == shape)?;
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

/// Whether they make sense of a Reject of one, or ignore it: all but Lemmy and its kin, which answer 400 (0.19.20, measured 2026-08).
#[must_use]
pub fn takes_rejects(dialect: &str) -> bool {
    class_written_in(written_in(dialect)) != threadiverse::SHAPE.0
}

/// Whether they make sense of hearing that something waits for an admin.
#[must_use]
pub fn takes_notices(dialect: &str) -> bool {
    dialect == explainer::SHAPE.0
}

fn shapes_written() -> impl Iterator<Item = Shape> {
    TABLE.iter().map(|(shape, ..)| *shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_one_name() {
        for (i, dialect) in dialects().enumerate() {
            assert!(
                dialects().skip(i + 1).all(|other| other.name != dialect.name),
                "{} twice",
                dialect.name
            );
            assert_eq!(dialect_named(dialect.name), Some(dialect));
        }
    }

    #[test]
    fn every_shape_is_named_once_wherever_it_stands() {
        let (mut all, mut named) = (shapes(), shapes_written().collect::<Vec<_>>());
        all.sort_unstable();
        named.sort_unstable();
        assert_eq!(all, named);
    }

    #[test]
    fn a_name_that_is_none_any_more_says_least() {
        assert_eq!(written_in("nodebb"), nodebb::SHAPE);
        assert_eq!(written_in("gone"), microblog::SHAPE);
        assert_eq!(dialect_named("Microblog"), None);
    }
}
