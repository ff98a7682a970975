//! Our actors, and the posts that passed through them.
//!
//! One rule: a group that is closed leaves a tombstone, one that is private shows strangers a stub (else nobody could join
//! it, or verify what it says); the actor that signs for the host is readable without a
//! signature, or two strict servers could never read each other.

use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::StatusCode;

use super::{any_group, may_look_into, open_group, our_id};
use crate::{
    dialect,
    store::Viewer,
    web::{
        Answer, Web,
        answer::Reply,
        asking::Asking,
        error::{self, Problem},
        negotiate::Form,
        pages,
    },
};

/// `GET /c/NAME`
pub(in crate::web) async fn group(
    State(web): State<Web>,
    Path(name): Path<String>,
    page: pages::Before,
    asking: Asking,
) -> Answer {
    let group = any_group(&web, &name).await?;
    let here = web.engine.here();
    let may_look = may_look_into(&web, &group, &asking.viewer).await?;
    match (asking.form, group.closed_at) {
        (Form::Page, _) if !may_look => Err(Problem::new(error::NOT_FOUND)),
        (Form::Page, None) => pages::group(&web, &group, &page, &asking.viewer).await,
        (Form::Page, Some(_)) => Err(Problem::because(error::GONE, "This group is closed.")),
        (Form::Document, None) => {
            let face = web.engine.face(group);
            let document = if may_look {
                let document = dialect::group_document(&face, here);
                match shape_of(&web, &asking.viewer).await? {
                    Some(shape) => dialect::as_channel(document, &name, &shape, here),
                    None => document,
                }
            } else {
                dialect::group_stub(&face, here)
            };
            Ok(Reply::activity(&document).read_by(&asking.viewer).into_response())
        }
        (Form::Document, Some(closed)) => {
            let tombstone = dialect::tombstone(&here.group(&name), "Group", closed);
            Ok(Reply::activity(&tombstone)
                .with_status(StatusCode::GONE)
                .into_response())
        }
    }
}

/// How the server that asks is written to. A person who asks has no need of another form.
async fn shape_of(web: &Web, viewer: &Viewer) -> Result<Option<String>, Problem> {
    Ok(match viewer {
        Viewer::Host(host) => {
            // It reads the group before it ever sends anything: what it reads now is what it keeps.
            web.engine.look_at(host).await?;
            web.engine.store().shape_of_host(host).await?
        }
        _ => None,
    })
}

/// `GET /c/NAME/rules`
pub(in crate::web) async fn rules(
    State(web): State<Web>,
    Path(name): Path<String>,
    asking: Asking,
) -> Answer {
    let group = open_group(&web, &name, &asking.viewer).await?;
    let rules = dialect::rules_document(&name, &group.rules, web.engine.here());
    Ok(Reply::activity(&rules).read_by(&asking.viewer).into_response())
}

/// `GET /actor`: the same for everybody, whatever they accept.
pub(in crate::web) async fn instance(State(web): State<Web>) -> Answer {
    let key = web.engine.store().own_key("instance").await?;
    // Made when the server starts for the first time.
    let key = key.ok_or(Problem::new(error::UNAVAILABLE).after(5))?;
    let document = dialect::instance_document(&key.public_pem, web.engine.here());
    Ok(Reply::activity(&document).into_response())
}

/// `GET /actor/outbox`: it only signs, it says nothing.
pub(in crate::web) async fn instance_outbox(State(web): State<Web>) -> Answer {
    let owner = web.engine.here().instance();
    let empty = dialect::collection(&format!("{owner}/outbox"), &owner, 0, false);
    Ok(Reply::activity(&empty).into_response())
}

/// `GET /post/UUID`: the page is ours, the document its author's.
pub(in crate::web) async fn post(
    State(web): State<Web>,
    Path(id): Path<String>,
    page: pages::After,
    asking: Asking,
) -> Answer {
    let id = our_id(&id)?;
    let post = web.engine.store().post_view(id, &asking.viewer).await?;
    let post = post.ok_or(Problem::new(error::NOT_FOUND))?;
    if asking.form == Form::Page {
        return pages::post(&web, &post, page.0, &asking.viewer).await;
    }
    let here = web.engine.here();
    if post.iri.starts_with(here.base()) && here.mirrored(&post.iri).is_none() {
        return Err(Problem::new(error::NOT_FOUND));
    }
    Ok(Reply::elsewhere(&post.iri)
        .read_by(&asking.viewer)
        .into_response())
}
