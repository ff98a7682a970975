//! What the tests stand on: the server under test, and other people's servers.

pub mod peer;
