//! Pages for people: plain HTML, no scripts, readable without a style.
//!
//! One rule: what others wrote reaches a page through `text` only: HTML was sanitised when it was stored, text is escaped by the
//! template, a name is isolated (`<bdi>`) as well. A new page is a template, its struct here, and a route in `web`.

mod group;
mod home;
mod post;
mod problem;
mod words;

use askama::Template;
use axum::{
    extract::{FromRequestParts, Query},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    store::Viewer,
    web::{
        Web,
        answer::{HTML, Reply},
        error::{self, Problem},
    },
};

pub(super) use group::group;
pub(super) use home::home;
pub(super) use post::post;
pub(super) use problem::{ProblemPage, problems};

/// `GET /style.css`
pub(super) async fn style() -> impl IntoResponse {
    Reply::new("text/css; charset=utf-8", include_str!("style.css")).kept("public, max-age=3600")
}

/// A page as this viewer gets it.
fn page(template: &impl Template, viewer: &Viewer) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        Problem::new(error::INTERNAL)
    })?;
    Ok(Reply::new(HTML, html).read_by(viewer).into_response())
}

/// `?before=SEQ`: the threads before that one.
pub(super) struct Before(Option<i64>);

/// `?after=UUID`: the comments after that one.
pub(super) struct After(pub(super) Option<Uuid>);

impl FromRequestParts<Web> for Before {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Asked {
            before: Option<i64>,
        }
        let asked = Query::<Asked>::try_from_uri(&parts.uri);
        asked.map_or(Err(no_page("before")), |asked| Ok(Self(asked.0.before)))
    }
}

impl FromRequestParts<Web> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Asked {
            after: Option<Uuid>,
        }
        let asked = Query::<Asked>::try_from_uri(&parts.uri);
        asked.map_or(Err(no_page("after")), |asked| Ok(Self(asked.0.after)))
    }
}

fn no_page(field: &'static str) -> Problem {
    Problem::because(error::BAD_REQUEST, "There is no such page.").about(field)
}
