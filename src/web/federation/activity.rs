//! What a group said, by its id.
//!
//! One rule: the same bytes as were delivered, written again from the post and the activity; the log is not kept for it.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use uuid::Uuid;

use super::{our_id, pending};
use crate::{
    dialect::{self, Here, Said, What},
    domain::Shape,
    store::{ActivityView, AnnouncedView, Viewer},
    web::{
        Answer, Web,
        answer::{ACTIVITY, Reply},
        asking::Asking,
        error::{self, Problem},
    },
};

/// `GET /activities/UUID`: a letter, or an announcement in the first shape that tells of it.
pub(in crate::web) async fn any_shape(
    State(web): State<Web>,
    Path(id): Path<String>,
    asking: Asking,
) -> Answer {
    let here = web.engine.here();
    let viewer = &asking.viewer;
    match stored(&web, our_id(&id)?, viewer).await? {
        ActivityView::Letter(body) => Ok(verbatim(body, viewer)),
        ActivityView::Call {
            group,
            whom,
            call,
            at,
        } => {
            let text = dialect::call(our_id(&id)?, &group, &whom, call, at, here);
            Ok(verbatim(text, viewer))
        }
        ActivityView::Follow { group, whom } => {
            let follow = dialect::follow(our_id(&id)?, &group, &whom, here);
            Ok(verbatim(follow, viewer))
        }
        ActivityView::Gone { id, at } => Ok(gone(&here.activity(id, None), at)),
        ActivityView::Held(held) => Ok(verbatim(pending::written(&held, here), viewer)),
        // What the group itself did; its announcement is at its shapes.
        ActivityView::Announced(view) if is_its_own(&view, here) => Ok(verbatim(view.raw, viewer)),
        ActivityView::Announced(view) => written(&view, here)
            .map(|text| verbatim(text, viewer))
            .ok_or(Problem::new(error::NOT_FOUND)),
    }
}

/// `GET /activities/UUID/SHAPE`
pub(in crate::web) async fn one_shape(
    State(web): State<Web>,
    Path((id, shape)): Path<(String, String)>,
    asking: Asking,
) -> Answer {
    let here = web.engine.here();
    let is_stewards = shape == dialect::STEWARD.0;
    let known = dialect::shapes().into_iter().find(|known| known.0 == shape);
    let known = known.filter(|shape| dialect::is_dereferenced(*shape));
    let known = known.or(is_stewards.then_some(dialect::STEWARD));
    let shape = known.ok_or(Problem::new(error::NOT_FOUND))?;
    match stored(&web, our_id(&id)?, &asking.viewer).await? {
        ActivityView::Gone { id, at } => Ok(gone(&here.activity(id, Some(shape)), at)),
        ActivityView::Announced(view) if is_stewards => by_steward(&view, here)
            .map(|text| verbatim(text, &asking.viewer))
            .ok_or(Problem::new(error::NOT_FOUND)),
        ActivityView::Announced(view) => written_as(shape, &view, here)
            .map(|text| verbatim(text, &asking.viewer))
            .ok_or(Problem::new(error::NOT_FOUND)),
        ActivityView::Letter(_)
        | ActivityView::Call { .. }
        | ActivityView::Follow { .. }
        | ActivityView::Held(_) => Err(Problem::new(error::NOT_FOUND)),
    }
}

async fn stored(web: &Web, id: Uuid, viewer: &Viewer) -> Result<ActivityView, Problem> {
    let found = web.engine.store().activity_view(id, viewer).await?;
    found.ok_or(Problem::new(error::NOT_FOUND))
}

/// In the first shape that tells of it: whoever asks without a shape is told by its own id which one that is. A post that none
/// tells of is announced by its id.
pub(super) fn written(view: &AnnouncedView, here: &Here) -> Option<String> {
    dialect::shapes()
        .into_iter()
        .filter(|shape| dialect::is_dereferenced(*shape))
        .find_map(|shape| written_as(shape, view, here))
        .or_else(|| {
            let itself = here.group(&view.group);
            let said = said(view, &itself)?;
            (said.what == What::Posted && !said.is_wrapped()).then(|| dialect::announced_by_id(&said, here))
        })
}

fn written_as(shape: Shape, view: &AnnouncedView, here: &Here) -> Option<String> {
    let itself = here.group(&view.group);
    let said = said(view, &itself)?;
    let written = dialect::write(shape, &said, here)?;
    // What was passed on as it came has its own id, and not one of ours.
    (!written.is_forwarded()).then(|| written.around(&view.raw))
}

fn by_steward(view: &AnnouncedView, here: &Here) -> Option<String> {
    let itself = here.group(&view.group);
    let said = said(view, &itself)?;
    Some(dialect::by_steward(&said, here)?.to_string())
}

fn is_its_own(view: &AnnouncedView, here: &Here) -> bool {
    view.author.is_empty() || view.author == here.group(&view.group)
}

fn said<'a>(view: &'a AnnouncedView, itself: &'a str) -> Option<Said<'a>> {
    Some(Said {
        id: view.id,
        group: &view.group,
        what: What::of(&view.kind, &view.raw)?,
        at: view.at,
        object: &view.object,
        // Only what holds the post by our own id needs it, and that is not read again here.
        post: Uuid::nil(),
        object_kind: &view.object_kind,
        published: view.published,
        is_comment: view.is_comment,
        thread: view.thread,
        target: view.target.as_deref(),
        public: view.public,
        private_group: view.private_group,
        was_public: view.was_public,
        bridged: view.bridged,
        author: match view.author.as_str() {
            "" => itself,
            author => author,
        },
        raw: &view.raw,
        retracts: view.retracts,
        // Votes by whom they are told are entities, and none of these.
        vote: None,
        note: None,
    })
}

fn verbatim(text: String, viewer: &Viewer) -> Response {
    Reply::new(ACTIVITY, text).read_by(viewer).into_response()
}

fn gone(id: &str, at: chrono::DateTime<chrono::Utc>) -> Response {
    let tombstone = dialect::tombstone(id, "Announce", at);
    Reply::activity(&tombstone)
        .with_status(StatusCode::GONE)
        .into_response()
}
