//! For whoever watches the server.
//!
//! One rule: alive means that the process answers; ready means that the database does, too.

use crate::web::{Answer, Web, answer::Reply};
use axum::{extract::State, response::IntoResponse};

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) async fn live() -> impl IntoResponse {
    Reply::new(TEXT, "alive\n").kept("no-store")
}

pub(super) async fn ready(State(web): State<Web>) -> Answer {
    web.engine.store().ping().await?;
    Ok(Reply::new(TEXT, "ready\n").kept("no-store").into_response())
}
