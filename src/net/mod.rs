//! The one outbound HTTP client: nothing else in the program opens a connection to another server.
//!
//! One rule: no URL is asked for before [`check`] has read it and no address is connected before
//! [`address_allowed`] has; every redirect goes through both again.
//! Another range that must stay out of reach is a row in `address.rs`; another refusal that can be read off a URL is
//! an arm in `check.rs`; both have a table of cases beside them.

mod address;
mod answer;
mod check;
mod client;
mod error;
mod resolve;
mod rules;
#[cfg(test)]
mod tests;

pub use address::address_allowed;
pub use answer::{Answer, Fetched, RetryAfter};
pub use check::{Forbidden, check};
pub use client::{Client, Sign};
pub use error::{Cause, Error};
pub use resolve::{Resolve, Resolved, System, Unresolved};
pub use rules::{Limits, Rules};
