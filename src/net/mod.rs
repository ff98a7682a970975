//! The one outbound HTTP client: nothing else in the program opens a connection to another server.
//!
//! One rule: no URL is asked for before [`check`] has read it and no address is connected before
//! [`address_allowed`] has; every redirect goes through both again.
//! Another range that must stay out of reach is a row in `address.rs`; another refusal that can be read off a URL is
//! an arm in `check.rs`; both have a table of cases beside them.
//!
//! ```text
//! client    check, a place in all and for the owner's hosts; redirects; limits of answers
//! carrier   a connection from the pool, else a new one; send; give it back if the host is asked again and again
//! dial      resolve, judge, a place at the address, TCP, tls (sessions resumed), HTTP/1.1 or HTTP/2
//! ```

mod address;
mod answer;
mod carrier;
mod check;
mod client;
mod connection;
mod crowd;
mod dial;
mod error;
mod pool;
mod recent;
mod resolve;
mod rules;
mod sessions;
#[cfg(test)]
mod tests;
mod tls;

pub use address::address_allowed;
pub use answer::{Answer, Fetched, RetryAfter};
pub use check::{Forbidden, check};
pub use client::{Client, Sign, Width};
pub use error::{Cause, Error};
pub use resolve::{Resolve, Resolved, System, Unresolved};
pub use rules::{Limits, Rules};
