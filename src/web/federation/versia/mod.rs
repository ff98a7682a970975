//! Versia 0.6: the routes of those who speak it, and the mirrors of its people and notes for those who do not.
//!
//! One rule: without a domain of our own nothing answers but the mirrors.

mod bridge;
mod entities;

use axum::{
    Router,
    routing::{get, post},
};

use crate::web::Web;

/// Entities and collections of ours.
pub(in crate::web) fn entities() -> Router<Web> {
    // A type has a slash in it, which some proxies decode: the path is read whole.
    Router::new().route("/.versia/v0.6/entities/{*path}", get(entities::entity))
}

/// Mirrors, for everybody else.
pub(in crate::web) fn mirrors() -> Router<Web> {
    Router::new()
        .route("/bridge/versia/{domain}/{id}", get(bridge::person))
        .route("/bridge/versia/{domain}/{id}/outbox", get(bridge::outbox))
        .route("/bridge/versia/{domain}/{id}/inbox", post(bridge::person_inbox))
        .route("/bridge/versia/{domain}/notes/{id}", get(bridge::note))
}
