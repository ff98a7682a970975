//! Folkmoot: a group server for the fediverse. Rooms from the ground floor up; `tests/layering.rs` holds who may know whom.
pub mod domain; // what a group is and what it decides; pure
pub mod config; // the settings, from TOML and environment
pub mod clock; // time and randomness as things that are handed in
pub mod signature; // bytes in, headers out: HTTP signatures, digests, keys
pub mod text; // Markdown, HTML, mentions, slugs
pub mod dialect; // translators between wire documents and the domain
pub mod cluster; // the private Postgres
pub mod store; // all SQL
pub mod net; // the one outbound HTTP client
pub mod peer; // what we know of other servers and their people
pub mod engine; // the use cases
pub mod delivery; // durable fan-out
pub mod web; // axum: federation, pages
pub mod server; // wiring
pub mod cli; // the command line
