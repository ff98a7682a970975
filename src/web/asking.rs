//! Who asks, and for what form: read once per request, before the handler.
//!
//! One rule: only a signature makes somebody known; without one the engine is not even asked.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{
    store::Viewer,
    web::{
        Web,
        negotiate::{Form, form},
    },
};

/// Who asks, and what for.
pub(super) struct Asking {
    pub(super) viewer: Viewer,
    pub(super) form: Form,
}

impl FromRequestParts<Web> for Asking {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let viewer = if parts.headers.contains_key("signature") {
            let method = parts.method.as_str();
            web.engine
                .viewer(method, target(&parts.uri), &parts.headers)
                .await
        } else {
            Viewer::Anyone
        };
        Ok(Self {
            viewer,
            form: form(&parts.headers),
        })
    }
}

/// Path and query, as they came: what a signature covers.
pub(super) fn target(uri: &http::Uri) -> &str {
    uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}
