//! The server as others see it, from outside: one binary, a file per story.
//!
//! One rule: nobody looks behind the door; what is asserted came over HTTP, or is due in the database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    unreachable_pub,
    reason = "the support is shared with the demo and the benches"
)]

mod amended;
mod attack;
mod cleared;
mod cli;
mod collections;
mod contexts;
mod departed;
mod ed25519;
mod fanout;
mod fixtures;
mod follow;
mod forum;
mod health;
mod identity;
mod join;
mod kill;
mod lanes;
mod lifecycle;
mod limits;
mod matrix;
mod metrics;
mod newcomer;
mod patience;
mod peers;
mod post;
mod proofs;
mod private;
mod queue;
mod races;
mod reach;
mod relayed;
mod restored;
mod shapes;
mod stories;
mod strict;
mod support;
mod threads;
mod token;
mod told;
mod turns;
mod versia;
mod wall;
