//! Versia, from outside: servers that sign for their whole domain, and the members that they have here.
//!
//! One rule: every domain verifies what it gets and fetches, and complains of what does not hold.

mod gate;
mod keys;
mod walk;
mod ways;
mod worlds;
