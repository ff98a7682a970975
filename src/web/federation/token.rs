//! Tokens with which a server reads, at other servers, what belongs to a private group (FEP-db0e).
//!
//! One rule: whoever may not look into the group finds nothing here, as anywhere in it. A public group gives none: nobody needs one.

use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::{HeaderMap, Method, Uri};

use super::open_group;
use crate::{
    domain::Visibility,
    engine,
    store::Viewer,
    web::{
        Answer, Web,
        answer::Reply,
        asking::target,
        error::{self, Problem},
    },
};

/// `GET /c/NAME/actorToken`
pub(in crate::web) async fn token(
    State(web): State<Web>,
    Path(name): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let asker = web.engine.asker(method.as_str(), target(&uri), &headers).await;
    let viewer = asker.as_ref().map_or(Viewer::Anyone, engine::seen_as);
    let group = open_group(&web, &name, &viewer).await?;
    let (Some(asker), Visibility::Private) = (asker, group.group.policies.visibility) else {
        return Err(Problem::new(error::NOT_FOUND));
    };
    let token = web.engine.token(&name, &asker.iri).await.map_err(|error| {
        tracing::error!(group = name, %error, "cannot give a token");
        Problem::new(error::UNAVAILABLE).after(60)
    })?;
    Ok(Reply::new("application/json", token.to_string())
        .read_by(&viewer)
        .into_response())
}
