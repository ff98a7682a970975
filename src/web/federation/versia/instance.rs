//! Who we are: which versions we speak, and the key of our domain.
//!
//! One rule: these two are read unsigned and answered unsigned, or nobody could begin.

use axum::{extract::State, response::IntoResponse};

use crate::{
    dialect::versia,
    engine::OwnDomain,
    signature::{DOMAIN_CONTENT_TYPE, written_for_domain},
    web::{
        Answer, Web,
        answer::Reply,
        error::{self, Problem},
    },
};

/// `GET /.well-known/versia`
pub(super) async fn versions(State(web): State<Web>) -> Answer {
    if web.engine.here().domain().is_none() {
        return Err(Problem::new(error::NOT_FOUND));
    }
    Ok(Reply::new("application/json", versia::versions().to_string())
        .for_every_site()
        .into_response())
}

/// `GET /.versia/v0.6/instance`
pub(super) async fn metadata(State(web): State<Web>) -> Answer {
    let own = own(&web).await?;
    let key = written_for_domain(own.key.public());
    let began = web.engine.store().began_at().await?;
    let version = env!("CARGO_PKG_VERSION");
    let document = versia::metadata(&key, version, began, web.engine.here());
    let document = document.ok_or(Problem::new(error::NOT_FOUND))?;
    Ok(Reply::new(DOMAIN_CONTENT_TYPE, document.to_string()).into_response())
}

/// The key of our domain, as it is now.
pub(super) async fn own(web: &Web) -> Result<OwnDomain, Problem> {
    if web.engine.here().domain().is_none() {
        return Err(Problem::new(error::NOT_FOUND));
    }
    match web.engine.own_domain().await {
        Ok(Some(own)) => Ok(own),
        // Made when the server starts.
        Ok(None) => Err(Problem::new(error::UNAVAILABLE).after(5)),
        Err(why) => {
            tracing::error!(%why, "the key of our domain cannot be used");
            Err(Problem::new(error::UNAVAILABLE).after(30))
        }
    }
}
