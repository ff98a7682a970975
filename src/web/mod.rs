//! The HTTP face: what peers and people ask for, and what they get.
//!
//! One rule: a handler reads, asks the engine or the store one question, and renders; it decides nothing about groups.
//! `federation/` speaks with programs, `pages/` with people, `error` says no to both. A new page is a handler and a
//! template in `pages/`, a route below; a new document a handler in `federation/` and a route below.

mod answer;
mod asking;
mod client;
mod code;
mod dress;
mod error;
mod federation;
mod health;
mod negotiate;
mod pages;
mod serve;
mod watch;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{engine::Engine, web::error::Problem};
use client::Gate;
use federation::{
    activity, actor, albums, discovery, inbox, outbox, pending, people, reach, records, steward, threads,
    token, walls,
};

pub(crate) use federation::figures;
pub use serve::serve;

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
struct Web {
    engine: Engine,
    gate: Arc<Gate>,
}

/// What a handler gives back.
type Answer = Result<axum::response::Response, Problem>;

/// All that we answer, on one port. Serve it with [`serve`], which tells it who is calling.
pub fn router(engine: Engine) -> Router {
    let web = Web {
        gate: Arc::new(Gate::new(engine.settings())),
        engine,
    };
    Router::new()
        .merge(inboxes())
        .merge(documents())
        .merge(collections())
        .merge(pages_only())
        .merge(federation::by_domain(&web))
        .fallback(|| async { Problem::new(error::NOT_FOUND) })
        .layer(CatchPanicLayer::custom(error::after_panic))
        .layer(middleware::from_fn_with_state(web.clone(), dress::in_time))
        .layer(middleware::from_fn_with_state(web.clone(), client::at_the_gate))
        .layer(middleware::from_fn(figures::inboxes))
        // Outside of the rest: whatever is answered leaves in one form.
        .layer(middleware::from_fn_with_state(web.clone(), dress::dressed))
        .merge(health_checks().layer(middleware::from_fn_with_state(web.clone(), dress::dressed)))
        .with_state(web)
}

fn inboxes() -> Router<Web> {
    Router::new()
        .route("/inbox", post(inbox::shared))
        .route("/actor/inbox", post(inbox::shared))
        .route("/c/{name}/inbox", post(inbox::of_group))
        .route("/u/{name}/inbox", post(steward::inbox))
}

fn documents() -> Router<Web> {
    Router::new()
        .route("/c/{name}", get(actor::group))
        .route("/c/{name}/rules", get(actor::rules))
        .route("/u/{name}", get(steward::steward))
        .route("/u/{name}/outbox", get(steward::outbox))
        .route("/actor", get(actor::instance))
        .route("/actor/outbox", get(actor::instance_outbox))
        .route("/post/{id}", get(actor::post))
        .route("/activities/{id}", get(activity::any_shape))
        .route("/activities/{id}/{shape}", get(activity::one_shape))
        .route("/.well-known/webfinger", get(discovery::webfinger))
        .route("/.well-known/nodeinfo", get(discovery::nodeinfo_links))
        .route("/.well-known/host-meta", get(discovery::host_meta))
        .route("/nodeinfo/{version}", get(discovery::nodeinfo))
}

fn collections() -> Router<Web> {
    Router::new()
        .route("/c/{name}/outbox", get(outbox::outbox))
        .route(
            "/c/{name}/members",
            get(people::members).post(records::make).put(records::make),
        )
        .route(
            "/c/{name}/members/{id}",
            get(records::one).delete(records::delete),
        )
        .route("/memberships", get(records::mine))
        .route("/c/{name}/followers", get(people::followers))
        .route("/c/{name}/followers_synchronization", get(reach::followers))
        .route("/c/{name}/members_synchronization", get(reach::members))
        .route("/c/{name}/actorToken", get(token::token))
        .route("/c/{name}/admins", get(people::admins))
        .route("/c/{name}/moderators", get(people::moderators))
        .route("/c/{name}/pendingActivities", get(pending::activities))
        .route("/c/{name}/pendingMembers", get(pending::members))
        .route("/c/{name}/affiliations", get(albums::affiliations))
        .route("/c/{name}/collections", get(albums::albums))
        .route("/c/{name}/collections/{id}", get(albums::album))
        .route("/c/{name}/featured", get(threads::featured))
        .route("/c/{name}/wall", get(walls::wall))
        .route("/c/{name}/wall-comments", get(walls::comments))
        .route("/c/{name}/threads", get(threads::threads))
        .route("/c/{name}/contexts", get(threads::contexts))
        .route("/c/{name}/threads/{id}", get(threads::context))
        .route("/c/{name}/threads/{id}/history", get(threads::history))
        .route("/post/{id}/replies", get(threads::replies))
}

fn pages_only() -> Router<Web> {
    Router::new()
        .route("/", get(pages::home))
        .route("/problems", get(pages::problems))
        .route("/style.css", get(pages::style))
}

/// Apart: whoever watches us is not counted at the gate.
fn health_checks() -> Router<Web> {
    Router::new()
        .route("/livez", get(health::live))
        .route("/readyz", get(health::ready))
}
