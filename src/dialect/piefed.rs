//! PieFed hears what the threadiverse hears, and votes in words of its own.
//!
//! One rule: it is of the threadiverse in everything else (`threadiverse.rs`). It reads `EmojiReact`, `PollVote`, `ChooseAnswer` and
//! a poll's Notes inside of an Announce (pyfedi `app/activitypub/routes.py`, read 2026-03-05); Lemmy and Mbin know none of them.

use crate::{
    dialect::{Here, Said, Written, threadiverse},
    domain::Shape,
};

pub(super) const SHAPE: Shape = Shape("piefed");

pub(super) fn write(said: &Said<'_>, here: &Here) -> Option<Written> {
    threadiverse::write_as(SHAPE, said, here)
}
