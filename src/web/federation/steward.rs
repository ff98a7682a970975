//! The steward of a group, for programs that believe only persons.
//!
//! One rule: it is there as long as its group is, and shows strangers no more of a private one than the group itself does.

use axum::{
    extract::{Path, Request, State},
    response::IntoResponse,
};
use http::StatusCode;

use super::{any_group, inbox, may_look_into};
use crate::{
    dialect,
    store::GroupView,
    web::{
        Answer, Web,
        answer::Reply,
        asking::Asking,
        error::{self, Problem},
        negotiate::Form,
    },
};

/// `GET /u/NAME`: for people, the group's page.
pub(in crate::web) async fn steward(
    State(web): State<Web>,
    Path(name): Path<String>,
    asking: Asking,
) -> Answer {
    let group = stewarded(&web, &name).await?;
    let here = web.engine.here();
    let may_look = may_look_into(&web, &group, &asking.viewer).await?;
    match (asking.form, group.closed_at) {
        (Form::Page, _) if !may_look => Err(Problem::new(error::NOT_FOUND)),
        (Form::Page, _) => Ok(Reply::elsewhere(&here.group(&group.group.name))
            .read_by(&asking.viewer)
            .into_response()),
        (Form::Document, None) => {
            let document = dialect::steward_document(&web.engine.face(group), may_look, here);
            Ok(Reply::activity(&document).read_by(&asking.viewer).into_response())
        }
        (Form::Document, Some(closed)) => {
            let tombstone = dialect::steward_tombstone(&group.group.name, closed, here);
            Ok(Reply::activity(&tombstone)
                .with_status(StatusCode::GONE)
                .into_response())
        }
    }
}

/// `GET /u/NAME/outbox`: what it says is in its group's.
pub(in crate::web) async fn outbox(
    State(web): State<Web>,
    Path(name): Path<String>,
    asking: Asking,
) -> Answer {
    let group = stewarded(&web, &name).await?;
    if !may_look_into(&web, &group, &asking.viewer).await? {
        return Err(Problem::new(error::NOT_FOUND));
    }
    let owner = web.engine.here().steward(&group.group.name);
    let empty = dialect::collection(&format!("{owner}/outbox"), &owner, 0, false);
    Ok(Reply::activity(&empty).read_by(&asking.viewer).into_response())
}

/// `POST /u/NAME/inbox`: as the shared one.
pub(in crate::web) async fn inbox(
    State(web): State<Web>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    stewarded(&web, &name).await?;
    inbox::shared(State(web), request).await
}

/// The group whose steward is called so.
async fn stewarded(web: &Web, name: &str) -> Result<GroupView, Problem> {
    let group = dialect::group_of_steward(name).ok_or(Problem::new(error::NOT_FOUND))?;
    any_group(web, group).await
}
