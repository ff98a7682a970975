//! Versia, on the same port: what its servers ask for, and the one inbox that they send to.
//!
//! One rule: without a domain there is nothing here but the mirrors of what was said while there was one. What is fetched is
//! signed, request and answer, but for what anybody must read first (`instance.rs`); an answer that says no is not. One more
//! document: a route in [`documents`], an entity: an arm in `entities.rs`.

mod bridge;
mod entities;
mod inbox;
mod instance;
mod votes;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};

use crate::{
    engine::Left,
    signature::{DOMAIN_CHALLENGE, DOMAIN_CONTENT_TYPE, sign_for_domain},
    store::Viewer,
    web::{
        Web,
        answer::Reply,
        asking::target,
        error::{self, Problem},
    },
};

/// Everything below `/.versia`, and how it is found.
pub(in crate::web) fn routes(web: &Web) -> Router<Web> {
    let signed = middleware::from_fn_with_state(web.clone(), signed);
    Router::new()
        .route("/.well-known/versia", get(instance::versions))
        .route("/.versia/v0.6/instance", get(instance::metadata))
        .route("/.versia/v0.6/inbox", post(inbox::inbox))
        .route("/.versia/v0.6/messaging", post(inbox::messaging))
        .merge(documents().layer(signed))
        .layer(middleware::from_fn(announced))
        .layer(middleware::map_response(challenged))
        .merge(mirrors())
}

/// What is fetched with a signature, and answered with one.
fn documents() -> Router<Web> {
    // A type has a slash in it, which some proxies decode: the path is read whole.
    Router::new().route("/.versia/v0.6/entities/{*path}", get(entities::entity))
}

/// Users and notes of Versia, for everybody else.
fn mirrors() -> Router<Web> {
    Router::new()
        .route("/bridge/versia/{domain}/{id}", get(bridge::person))
        .route("/bridge/versia/{domain}/{id}/outbox", get(bridge::outbox))
        .route("/bridge/versia/{domain}/{id}/inbox", post(bridge::person_inbox))
        .route("/bridge/versia/{domain}/notes/{id}", get(bridge::note))
}

/// Which domain asks: whoever has not signed is turned away here.
pub(super) struct AskedBy(pub(super) Viewer);

impl FromRequestParts<Web> for AskedBy {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let caller = web.gate.caller(&parts.extensions, &parts.headers);
        let (method, path) = (parts.method.as_str(), target(&parts.uri));
        let asked = web.engine.domain_asker(method, path, &parts.headers, caller);
        Ok(Self(asked.await?))
    }
}

/// An entity, or a list of them.
pub(super) fn entity(document: &serde_json::Value, viewer: &Viewer) -> Response {
    Reply::new(DOMAIN_CONTENT_TYPE, document.to_string())
        .read_by(viewer)
        .into_response()
}

/// Says how much the caller may still ask (section "Rate limits" of Versia's HTTP page; draft-polli-ratelimit-headers-02).
async fn announced(request: Request, next: Next) -> Response {
    let asked = request.extensions().get::<Left>().copied();
    let mut response = next.run(request).await;
    if let Some(left) = response.extensions().get::<Left>().copied().or(asked) {
        let fields = [
            ("ratelimit-limit", left.limit),
            ("ratelimit-remaining", left.remaining),
            ("ratelimit-reset", left.reset),
        ];
        let fields = fields.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value)));
        response.headers_mut().extend(fields);
    }
    response
}

/// A 401 names what is signed here.
async fn challenged(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(DOMAIN_CHALLENGE);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
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
