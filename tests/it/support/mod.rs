//! What the tests stand on: the server under test, its database, and other people's servers.

pub mod database;
pub mod forge;
pub mod peer;
pub mod process;
pub mod versia;
pub mod world;
