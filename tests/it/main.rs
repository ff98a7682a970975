//! The server as others see it, from outside: one binary, a file per story.
//!
//! One rule: nobody looks behind the door; what is asserted came over HTTP, or is due in the database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    unreachable_pub,
    reason = "the support is shared with the demo and the benches"
)]

mod support;

mod attack;
mod fanout;
mod follow;
mod join;
mod kill;
mod lanes;
mod peers;
mod post;
mod private;
mod shapes;
