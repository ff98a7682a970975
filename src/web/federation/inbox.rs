//! The way in: limits here, everything else in the engine.
//!
//! One rule: an inbox answers 202, 400, 401, 403, 404, 405, 408, 413, 415, 429 or 503 and nothing else. Peers stop for
//! good on 204, 410 and 418, also for a group that is closed.

use std::time::Duration;

use axum::{
    extract::{Path, Request, State},
    response::IntoResponse,
};
use http::StatusCode;

use super::body;
use crate::{
    engine::Arrival,
    web::{
        Answer, Web,
        asking::target,
        error::{self, Problem},
    },
};

/// `POST /inbox`
pub(in crate::web) async fn shared(State(web): State<Web>, request: Request) -> Answer {
    receive(&web, None, request).await
}

/// `POST /c/NAME/inbox`
pub(in crate::web) async fn of_group(
    State(web): State<Web>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    if crate::text::group_name(&name).is_err() {
        return Err(Problem::new(error::NOT_FOUND));
    }
    receive(&web, Some(&name), request).await
}

async fn receive(web: &Web, inbox: Option<&str>, request: Request) -> Answer {
    let limits = &web.engine.settings().limits;
    let (parts, body) = request.into_parts();
    body::check_type(&parts.headers)?;
    let body = body::read(body, &parts.headers, limits).await?;
    let arrival = Arrival {
        inbox,
        target: target(&parts.uri),
        headers: &parts.headers,
        body,
    };
    fail::fail_point!("control::answer-early", |_| {
        let (engine, name) = (web.engine.clone(), inbox.map(ToOwned::to_owned));
        let (target, headers, body) = (
            arrival.target.to_owned(),
            arrival.headers.clone(),
            arrival.body.clone(),
        );
        tokio::spawn(async move {
            let arrival = Arrival {
                inbox: name.as_deref(),
                target: &target,
                headers: &headers,
                body,
            };
            let _ = engine.receive(arrival).await;
        });
        Ok(StatusCode::ACCEPTED.into_response())
    });
    let limit = Duration::from_secs(limits.request_seconds);
    match tokio::time::timeout(limit, web.engine.receive(arrival)).await {
        Ok(taken) => taken?,
        Err(_) => return Err(Problem::new(error::BUSY).after(30)),
    }
    Ok(StatusCode::ACCEPTED.into_response())
}
