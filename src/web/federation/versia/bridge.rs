//! Mirrors of those who speak Versia, for those who do not: people and notes, at ids of ours.
//!
//! One rule: a program gets the mirror, a person is led to the original. What its user has deleted leaves a tombstone, what a
//! group has taken out is not there.

use axum::{
    extract::{Request, State},
    response::IntoResponse,
};
use http::{StatusCode, Uri};

use super::entities::handle;
use crate::{
    dialect::{
        self,
        versia::{self, Mirrored, PersonDocument},
    },
    store::{Face, Viewer},
    web::{
        Answer, Web,
        answer::Reply,
        asking::Asking,
        error::{self, Problem},
        federation::inbox,
        negotiate::Form,
    },
};

/// `GET /bridge/versia/DOMAIN/ID`
pub(in crate::web) async fn person(State(web): State<Web>, uri: Uri, asking: Asking) -> Answer {
    let here = web.engine.here();
    let face = mirrored(&web, uri.path(), &asking.viewer).await?;
    if asking.form == Form::Page {
        let original = versia::original(&face.iri, here);
        let original = original.ok_or(Problem::new(error::NOT_FOUND))?;
        return Ok(Reply::elsewhere(&original).into_response());
    }
    let mut mirrors = web.engine.mirrors(std::slice::from_ref(&face.iri)).await?;
    let mirror = mirrors.remove(&face.iri).ok_or(Problem::new(error::NOT_FOUND))?;
    let key = web.engine.store().own_key("instance").await?;
    let key = key.ok_or(Problem::new(error::UNAVAILABLE).after(5))?;
    let document = PersonDocument {
        iri: &face.iri,
        username: &mirror.username,
        name: face.name.as_deref(),
        handle: &handle(&face),
        made: mirror.made,
        public_pem: &key.public_pem,
    };
    let document = versia::person(&document, here);
    Ok(Reply::activity(&document).read_by(&asking.viewer).into_response())
}

/// `GET /bridge/versia/DOMAIN/ID/outbox`: what they said is in the groups that took it.
pub(in crate::web) async fn outbox(State(web): State<Web>, uri: Uri, asking: Asking) -> Answer {
    let face = of_part(&web, &uri, "/outbox", &asking.viewer).await?;
    let empty = dialect::collection(&format!("{}/outbox", face.iri), &face.iri, 0, false);
    Ok(Reply::activity(&empty).read_by(&asking.viewer).into_response())
}

/// `POST /bridge/versia/DOMAIN/ID/inbox`: as the shared one.
pub(in crate::web) async fn person_inbox(State(web): State<Web>, request: Request) -> Answer {
    // Whose it is, the shared one asks of nobody either.
    of_part(&web, request.uri(), "/inbox", &Viewer::Anyone).await?;
    inbox::shared(State(web), request).await
}

/// `GET /bridge/versia/DOMAIN/notes/ID`
pub(in crate::web) async fn note(State(web): State<Web>, uri: Uri, asking: Asking) -> Answer {
    let here = web.engine.here();
    let iri = format!("{}{}", here.base(), uri.path());
    let nothing = || Problem::new(error::NOT_FOUND);
    if !matches!(here.mirrored(&iri), Some(Mirrored::Note(_))) {
        return Err(nothing());
    }
    let post = web.engine.store().original_post(&iri, &asking.viewer).await?;
    let post = post.ok_or_else(nothing)?;
    if asking.form == Form::Page {
        let page = format!("{}/post/{}", here.base(), post.id);
        return Ok(Reply::elsewhere(&page).read_by(&asking.viewer).into_response());
    }
    if let Some(deleted) = post.deleted {
        let tombstone = dialect::tombstone(&iri, "Note", deleted);
        return Ok(Reply::activity(&tombstone)
            .with_status(StatusCode::GONE)
            .into_response());
    }
    let note = post.raw.as_deref().and_then(|raw| versia::said_note(raw, &iri));
    let note = note.ok_or_else(nothing)?;
    Ok(Reply::activity(&note).read_by(&asking.viewer).into_response())
}

async fn of_part(web: &Web, uri: &Uri, part: &str, viewer: &Viewer) -> Result<Face, Problem> {
    let path = uri.path().strip_suffix(part);
    mirrored(web, path.ok_or(Problem::new(error::NOT_FOUND))?, viewer).await
}

/// Whose mirror has this path, if this viewer may see them.
async fn mirrored(web: &Web, path: &str, viewer: &Viewer) -> Result<Face, Problem> {
    let here = web.engine.here();
    let iri = format!("{}{path}", here.base());
    let nothing = || Problem::new(error::NOT_FOUND);
    if !matches!(here.mirrored(&iri), Some(Mirrored::User(_))) {
        return Err(nothing());
    }
    let face = web.engine.store().faces(&[iri]).await?.pop();
    let face = face.filter(|face| face.may_be_shown).ok_or_else(nothing)?;
    let (store, there) = (web.engine.store(), here.mirrors());
    if store.is_seen(face.actor, &there, viewer).await? {
        Ok(face)
    } else {
        Err(nothing())
    }
}
