//! For whoever watches the server.
//!
//! One rule: alive means that the process answers; ready means that the database does, too, and soon. While the server
//! stops, neither is answered: nobody new is let in, which whoever watches takes for a no.

use std::time::Duration;

use crate::web::{
    Answer, Web,
    answer::Reply,
    error::{self, Problem},
};
use axum::{extract::State, response::IntoResponse};

const TEXT: &str = "text/plain; charset=utf-8";

/// A database that takes longer is not there for those who ask.
const SOON: Duration = Duration::from_secs(2);

pub(super) async fn live() -> impl IntoResponse {
    Reply::new(TEXT, "alive\n").kept("no-store")
}

pub(super) async fn ready(State(web): State<Web>) -> Answer {
    let Ok(answered) = tokio::time::timeout(SOON, web.engine.store().ping()).await else {
        tracing::warn!("not ready: the database does not answer in time");
        return Err(Problem::new(error::UNAVAILABLE).after(30));
    };
    answered?;
    Ok(Reply::new(TEXT, "ready\n").kept("no-store").into_response())
}
