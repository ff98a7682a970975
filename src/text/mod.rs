//! What people write, made safe to show: HTML from peers, Markdown, names and handles.
//!
//! One rule: pure functions over strings, linear in their length, that never fail on what a peer sends. What is
//! refused is refused in words that a person can use ([`BadName`]).
//! One more kind of text: a file here, its public functions named below, and its tests beside it.

mod handle;
mod html;
mod markdown;
mod name;
mod plain;
mod scan;
mod tidy;

pub use handle::{Handle, parse_acct};
pub use html::sanitize;
pub use markdown::markdown;
pub use name::{BadName, group_name, slug, tidy_name, truncate};
pub use plain::plain;
