//! How every answer leaves: problems written out, 304 where nothing is new, the headers that protect readers.
//!
//! One rule: handlers say what; this file says how, once for all of them.

use std::time::Duration;

use askama::Template;
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{
    dialect::Here,
    web::{
        Web,
        answer::{self, HTML},
        error::{self, Problem},
        negotiate::{Form, form},
        pages,
    },
};

/// WEB11. No inline style or script, nothing from elsewhere, nobody frames us.
const PROTECTION: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Writes problems out, leaves away what the caller has, and adds the protecting headers.
pub(super) async fn dressed(State(web): State<Web>, request: Request, next: Next) -> Response {
    let wants_page = form(request.headers()) == Form::Page && *request.method() != Method::POST;
    // Only for readers that name HTML: a problem is JSON to curl, too.
    let wants_page = wants_page && names_html(&request);
    let asked = request.headers().clone();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);

    let mut response = next.run(request).await;
    if let Some(problem) = problem_of(&response) {
        response = written_out(problem, response, wants_page, web.engine.here());
    } else if reads && response.status() == StatusCode::OK && answer::is_known(&asked, response.headers()) {
        response = not_modified(response);
    }
    for (name, value) in PROTECTION {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// An answer has to be there in time. A body that is slow to arrive is the inbox's own matter: see `inbox`.
pub(super) async fn in_time(State(web): State<Web>, request: Request, next: Next) -> Response {
    if *request.method() == Method::POST {
        return next.run(request).await;
    }
    let limit = Duration::from_secs(web.engine.settings().limits.request_seconds);
    tokio::time::timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| Problem::new(error::BUSY).after(10).into_response())
}

fn names_html(request: &Request) -> bool {
    request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

/// A handler's problem, or one for an answer of the router's own that has none.
fn problem_of(response: &Response) -> Option<Problem> {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return Some(problem.clone());
    }
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_bare = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    (is_error && is_bare).then(|| Problem::of_status(response.status()))
}

fn written_out(problem: Problem, bare: Response, as_page: bool, here: &Here) -> Response {
    let page = as_page
        .then(|| pages::ProblemPage::new(&problem).render().ok())
        .flatten();
    let (kind, body) = match page {
        Some(page) => (HTML, page),
        None => ("application/problem+json", problem.document(here).to_string()),
    };
    // Allow, Retry-After and the like stay.
    let (mut parts, _) = bare.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    parts
        .headers
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts
        .headers
        .insert(header::VARY, HeaderValue::from_static("Accept"));
    Response::from_parts(parts, Body::from(body))
}

fn not_modified(full: Response) -> Response {
    let (mut parts, _) = full.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}
