//! The stories of the groups task force, each played by signed peers on servers of their own.
//!
//! One rule: a test is named after its story, and asks what a peer could ask: over HTTP, and by what it hears.

mod acts;
mod founding;
mod marks;
mod odd_words;
mod people;
mod review;
mod steward;
mod votes;
