//! Versia 0.6, on the same port: what its servers ask for, the one inbox that they send to, and the mirrors of its people and
//! notes for those who do not speak it.
//!
//! One rule: without a domain of our own nothing answers but the mirrors. What is fetched is signed, request and answer, but for
//! what anybody must read first (`instance.rs`); an answer that says no is not.

mod bridge;
mod entities;
mod inbox;
mod instance;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::Method;

use crate::{
    signature::sign_for_domain,
    web::{
        Web,
        error::{self, Problem},
    },
};

/// Everything below `/.versia`, and how it is found.
pub(in crate::web) fn routes(web: &Web) -> Router<Web> {
    Router::new()
        .route("/.well-known/versia", get(instance::versions))
        .route("/.versia/v0.6/instance", get(instance::metadata))
        .route("/.versia/v0.6/inbox", post(inbox::inbox))
        .route("/.versia/v0.6/messaging", post(inbox::messaging))
        .merge(entities().layer(middleware::from_fn_with_state(web.clone(), signed)))
}

/// Entities and collections of ours.
fn entities() -> Router<Web> {
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

/// Signs what is answered to a GET, whatever of it is sent in the end.
async fn signed(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    if method != Method::GET || !response.status().is_success() {
        return response;
    }
    match sign(&web, &path, response).await {
        Ok(signed) => signed,
        Err(problem) => problem.into_response(),
    }
}

async fn sign(web: &Web, path: &str, response: Response) -> Result<Response, Problem> {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|_| Problem::new(error::INTERNAL))?;
    let own = instance::own(web).await?;
    let now = web.engine.store().now();
    let headers = sign_for_domain(&own.key, &own.domain, "get", path, &body, now);
    parts
        .headers
        .extend(headers.map_err(|_| Problem::new(error::INTERNAL))?);
    Ok(Response::from_parts(parts, Body::from(body)))
}
