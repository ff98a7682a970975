//! The way in for Versia: limits here, everything else in the engine.
//!
//! One rule: no content type is asked for, because the reference implementation sends none (2026-04); what cannot be read is 422
//! here, as the specification has it, and 400 at every other inbox.

use std::time::Duration;

use axum::{
    Extension,
    extract::{Request, State},
    response::IntoResponse,
};
use http::{StatusCode, header};

use crate::{
    config::Limits,
    engine::{Arrival, Refused},
    web::{
        Answer, Web,
        asking::target,
        error::{self, Problem},
        federation::body,
    },
};

/// Of a message, in bytes.
const LONGEST_MESSAGE: usize = 8 * 1024;

/// `POST /.versia/v0.6/inbox`
pub(super) async fn inbox(State(web): State<Web>, request: Request) -> Answer {
    if web.engine.here().domain().is_none() {
        return Err(Problem::new(error::NOT_FOUND));
    }
    let limits = &web.engine.settings().limits;
    let caller = web.gate.caller(request.extensions(), request.headers());
    let (parts, body) = request.into_parts();
    let coded = parts
        .headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if coded {
        return Err(Problem::new(error::MEDIA_TYPE).about("content-encoding"));
    }
    let body = body::read(body, &parts.headers, limits).await?;
    let arrival = Arrival {
        inbox: None,
        target: target(&parts.uri),
        headers: &parts.headers,
        body,
    };
    let limit = Duration::from_secs(limits.request_seconds);
    match tokio::time::timeout(limit, web.engine.receive_entity(arrival, caller)).await {
        Ok(Ok(left)) => Ok((StatusCode::ACCEPTED, left.map(Extension), ()).into_response()),
        Ok(Err(Refused::Unreadable { why, field })) => {
            Err(Problem::because(error::INVALID, why).about(field))
        }
        Ok(Err(refused)) => Err(refused.into()),
        Err(_) => Err(Problem::new(error::BUSY).after(30)),
    }
}

/// `POST /.versia/v0.6/messaging`: words that anybody may have written. They are logged, and nothing comes of them.
pub(super) async fn messaging(State(web): State<Web>, request: Request) -> Answer {
    if web.engine.here().domain().is_none() {
        return Err(Problem::new(error::NOT_FOUND));
    }
    let caller = web.gate.caller(request.extensions(), request.headers());
    web.gate.message(caller)?;
    let limits = Limits {
        body_bytes: LONGEST_MESSAGE,
        ..web.engine.settings().limits.clone()
    };
    let (parts, body) = request.into_parts();
    let body = body::read(body, &parts.headers, &limits).await?;
    let text = String::from_utf8_lossy(&body);
    // Escaped: a line of the log stays a line.
    tracing::info!(from = %caller, text = %text.escape_debug(), "somebody left a message for this server");
    Ok(StatusCode::ACCEPTED.into_response())
}
