//! Memberships as records: each with a URL of its own, written, read and deleted by whoever it is about.
//!
//! One rule: whoever may not see a record is told what they are told of one that is not there.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{any_group, body, our_id, paging::Listing};
use crate::{
    dialect::{self, Here, Membership},
    engine::Enrolment,
    store::{Record, Viewer},
    web::{
        Answer, Web,
        answer::Reply,
        asking::{Asking, target},
        error::{self, Problem},
    },
};

/// `POST` or `PUT /c/NAME/members`
pub(in crate::web) async fn make(
    State(web): State<Web>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    // A closed one says no like everybody else: 410 is for whoever reads.
    any_group(&web, &name).await?;
    let limits = &web.engine.settings().limits;
    let (parts, body) = request.into_parts();
    body::check_type(&parts.headers)?;
    let body = body::read(body, &parts.headers, limits).await?;
    let arrival = Enrolment {
        group: &name,
        method: parts.method.as_str(),
        target: target(&parts.uri),
        headers: &parts.headers,
        body,
    };
    let (id, whose) = web.engine.enrol(arrival).await?;
    let record = web.engine.store().record(&name, id, &whose).await?;
    let record = record.ok_or(Problem::new(error::NOT_FOUND))?;
    let mut response = shown(&record, &whose, web.engine.here());
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(place) = HeaderValue::from_str(&web.engine.here().membership(&name, id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `GET /c/NAME/members/UUID`
pub(in crate::web) async fn one(
    State(web): State<Web>,
    Path((name, id)): Path<(String, String)>,
    asking: Asking,
) -> Answer {
    let record = web
        .engine
        .store()
        .record(&name, our_id(&id)?, &asking.viewer)
        .await?;
    let record = record.ok_or(Problem::new(error::NOT_FOUND))?;
    Ok(shown(&record, &asking.viewer, web.engine.here()))
}

/// `DELETE /c/NAME/members/UUID`: whoever it is about leaves.
pub(in crate::web) async fn delete(
    State(web): State<Web>,
    Path((name, id)): Path<(String, String)>,
    asking: Asking,
) -> Answer {
    let store = web.engine.store();
    let id = our_id(&id)?;
    let record = store.record(&name, id, &asking.viewer).await?;
    record.ok_or(Problem::new(error::NOT_FOUND))?;
    let theirs = store.records_of(&asking.viewer).await?;
    let (Viewer::Actor(actor), true) = (&asking.viewer, theirs.iter().any(|record| record.id == id)) else {
        let why = "Only whoever a membership is about may end it so; an admin sends a Remove.";
        return Err(Problem::because(error::FORBIDDEN, why).about("actor"));
    };
    web.engine.unenrol(&name, *actor).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /memberships`: which groups whoever signs is in.
pub(in crate::web) async fn mine(State(web): State<Web>, asking: Asking) -> Answer {
    let Viewer::Actor(_) = asking.viewer else {
        let why = "Memberships are shown to the actor who signs for them.";
        return Err(Problem::because(error::UNSIGNED, why));
    };
    let records = web.engine.store().records_of(&asking.viewer).await?;
    let here = web.engine.here();
    let listing = Listing {
        id: format!("{}/memberships", here.base()),
        owner: here.instance(),
        total: records.len() as u64,
        viewer: &asking.viewer,
    };
    let items: Vec<String> = records
        .iter()
        .map(|record| document(record, here).to_string())
        .collect();
    Ok(listing.with_all(&items))
}

fn shown(record: &Record, viewer: &Viewer, here: &Here) -> Response {
    Reply::activity(&document(record, here))
        .read_by(viewer)
        .into_response()
}

fn document(record: &Record, here: &Here) -> Value {
    let membership = Membership {
        id: record.id,
        group: &record.group,
        who: &record.who,
        role: &record.role,
        member: record.member,
        follower: record.follower,
        pending: record.pending,
        since: record.since,
    };
    dialect::membership(&membership, here)
}
