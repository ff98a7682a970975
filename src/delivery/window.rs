//! How far one subscription may be sent ahead of its cursor. Pure.
//!
//! One rule: an entry starts only when everything before it that it depends on is done: what is about the same post, the
//! post that it answers, and whatever changed the group or its people. A new dependency is a line in [`Window::admits`].

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::store::Piece;

/// Most requests that one subscription ever has under way.
pub(super) const WIDEST: usize = 64;

/// What is under way, or done beyond the cursor.
#[derive(Debug)]
pub(super) struct Window {
    width: usize,
    /// Written down: everything up to here needs no more sending.
    cursor: i64,
    /// Started and beyond the cursor, by place in the log.
    ahead: BTreeMap<i64, Ahead>,
}

#[derive(Debug)]
struct Ahead {
    object: Option<Uuid>,
    barrier: bool,
    takes_back: bool,
    done: Option<Done>,
}

/// How an entry ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Delivered,
    Refused,
}

/// How far the cursor can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub upto: i64,
    pub delivered: i64,
    /// The last that was delivered and did not take something back.
    pub told: Option<i64>,
}

impl Window {
    pub(super) fn new(cursor: i64) -> Self {
        Self {
            width: 1,
            cursor,
            ahead: BTreeMap::new(),
        }
    }

    /// The last entry that was started, or passed over.
    pub(super) fn reached(&self) -> i64 {
        self.ahead.last_key_value().map_or(self.cursor, |(seq, _)| *seq)
    }

    pub(super) fn cursor(&self) -> i64 {
        self.cursor
    }

    /// Nothing is under way, and nothing is done that is not written down.
    pub(super) fn is_empty(&self) -> bool {
        self.ahead.is_empty()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// How many are under way, or done and not written down.
    pub(super) fn ahead(&self) -> usize {
        self.ahead.len()
    }

    pub(super) fn widen(&mut self) {
        self.width = (self.width * 2).min(WIDEST);
    }

    pub(super) fn narrow(&mut self) {
        self.width = 1;
    }

    /// Whether an entry after all that were started may be started now.
    pub(super) fn admits(&self, piece: &Piece) -> bool {
        if self.ahead.len() >= self.width {
            return false;
        }
        let mut under_way = self.ahead.values().filter(|ahead| ahead.done.is_none());
        if is_barrier(piece) {
            return under_way.next().is_none();
        }
        under_way.all(|ahead| {
            !ahead.barrier
                && (ahead.object != piece.object)
                && !(piece.parent.is_some() && ahead.object == piece.parent)
        })
    }

    pub(super) fn start(&mut self, piece: &Piece) {
        let ahead = Ahead {
            object: piece.object,
            barrier: is_barrier(piece),
            takes_back: piece.takes_back,
            done: None,
        };
        self.ahead.insert(piece.seq, ahead);
    }

    /// Whether everything before it is written down.
    pub(super) fn is_first(&self, seq: i64) -> bool {
        self.ahead
            .first_key_value()
            .is_some_and(|(first, _)| *first == seq)
    }

    /// An entry ended.
    pub(super) fn done(&mut self, seq: i64, done: Done) {
        if let Some(ahead) = self.ahead.get_mut(&seq) {
            ahead.done = Some(done);
        }
    }

    /// How far the cursor can go by what is done, if it can go at all.
    pub(super) fn step(&self) -> Option<Step> {
        let mut step = None;
        for (&upto, ahead) in &self.ahead {
            let Some(done) = ahead.done else { break };
            let before = step.unwrap_or(Step {
                upto,
                delivered: 0,
                told: None,
            });
            let delivered = done == Done::Delivered;
            step = Some(Step {
                upto,
                delivered: before.delivered + i64::from(delivered),
                told: if delivered && !ahead.takes_back {
                    Some(upto)
                } else {
                    before.told
                },
            });
        }
        step
    }

    /// The cursor is written down.
    pub(super) fn flushed(&mut self, upto: i64) {
        self.cursor = self.cursor.max(upto);
        self.ahead = self.ahead.split_off(&(upto + 1));
    }

    /// What is done beyond the first that is not: the cursor cannot tell it.
    pub(super) fn early(&self) -> Vec<(i64, Done)> {
        let holes = self.ahead.iter().skip_while(|(_, ahead)| ahead.done.is_some());
        holes
            .filter_map(|(seq, ahead)| Some((*seq, ahead.done?)))
            .collect()
    }
}

/// What is not about one post changes the group or its people: nothing overtakes it.
fn is_barrier(piece: &Piece) -> bool {
    piece.object.is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(seq: i64, object: Option<u8>, parent: Option<u8>) -> Piece {
        let id = |n: u8| Uuid::from_u128(u128::from(n) + 1);
        Piece {
            seq,
            activity: Uuid::from_u128(seq.unsigned_abs().into()),
            kind: "posted".into(),
            at: chrono::DateTime::UNIX_EPOCH,
            object: object.map(id),
            parent: parent.map(id),
            public: true,
            takes_back: false,
            not_for: None,
            head: String::new(),
            raw: None,
            tail: None,
        }
    }

    fn step(upto: i64, delivered: i64, told: Option<i64>) -> Step {
        Step {
            upto,
            delivered,
            told,
        }
    }

    fn wide(width: usize) -> Window {
        let mut window = Window::new(0);
        while window.width < width {
            window.widen();
        }
        window
    }

    #[test]
    fn a_new_window_is_one_wide_and_waits_for_its_flush() {
        let mut window = Window::new(4);
        let (five, six) = (piece(5, Some(1), None), piece(6, Some(2), None));
        assert!(window.admits(&five));
        window.start(&five);
        assert!(!window.admits(&six));
        window.done(5, Done::Delivered);
        assert!(!window.admits(&six), "done, but not written down");
        assert_eq!(window.step(), Some(step(5, 1, Some(5))));
        window.flushed(5);
        assert!(window.admits(&six));
    }

    #[test]
    fn what_belongs_together_keeps_its_order() {
        let mut window = wide(8);
        window.start(&piece(1, Some(1), None));
        assert!(!window.admits(&piece(2, Some(1), None)), "the same post");
        assert!(!window.admits(&piece(2, Some(2), Some(1))), "an answer to it");
        assert!(!window.admits(&piece(2, None, None)), "a change of the group");
        assert!(window.admits(&piece(2, Some(2), Some(3))));
        window.done(1, Done::Refused);
        assert!(window.admits(&piece(2, Some(2), Some(1))));
        window.start(&piece(2, None, None));
        assert!(
            !window.admits(&piece(3, Some(4), None)),
            "after a change of the group"
        );
    }

    #[test]
    fn the_cursor_stops_before_the_first_that_is_not_done() {
        let mut window = wide(4);
        for seq in 1..=4 {
            window.start(&piece(seq, u8::try_from(seq).ok(), None));
        }
        window.done(3, Done::Delivered);
        window.done(1, Done::Refused);
        assert_eq!(window.step(), Some(step(1, 0, None)));
        window.flushed(1);
        assert_eq!(window.step(), None, "the second is still to be tried");
        assert_eq!(window.early(), [(3, Done::Delivered)]);
        window.done(2, Done::Delivered);
        assert_eq!(window.step(), Some(step(3, 2, Some(3))));
        assert_eq!(window.early(), []);
    }

    proptest! {
        /// Whatever ends when: never more ahead than the width, nothing overtakes what it depends on, and the cursor only
        /// passes what is done.
        #[test]
        fn order_holds(
            entries in prop::collection::vec((prop::option::weighted(0.9, 0..4_u8), prop::option::of(0..4_u8)), 1..40),
            ends in prop::collection::vec((0..8_usize, any::<bool>()), 1..200),
            width in 1..20_usize,
        ) {
            let pieces: Vec<Piece> = entries.iter().zip(1..)
                .map(|((object, parent), seq)| piece(seq, *object, *parent)).collect();
            let mut window = wide(width);
            let (mut next, mut under_way, mut all_done) = (0, Vec::<&Piece>::new(), vec![]);
            for (which, flush) in ends {
                while next < pieces.len() && window.admits(&pieces[next]) {
                    let this = &pieces[next];
                    for other in &under_way {
                        prop_assert!(this.object.is_some() && other.object.is_some());
                        prop_assert!(this.object != other.object && this.parent != other.object);
                    }
                    window.start(this);
                    under_way.push(this);
                    next += 1;
                    prop_assert!(window.ahead.len() <= window.width);
                }
                if !under_way.is_empty() {
                    let ended = under_way.remove(which % under_way.len());
                    window.done(ended.seq, Done::Delivered);
                    all_done.push(ended.seq);
                }
                if flush && let Some(step) = window.step() {
                    prop_assert!((1..=step.upto).all(|seq| all_done.contains(&seq)));
                    window.flushed(step.upto);
                    prop_assert_eq!(window.cursor(), step.upto);
                }
            }
        }
    }
}
