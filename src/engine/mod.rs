//! (stand-in: only what the room `web` needs, so that it compiles alone)

use std::sync::Arc;

use crate::{
    config::Settings,
    dialect::Here,
    store::{Store, Viewer},
};

#[derive(Clone)]
pub struct Engine {
    store: Store,
    here: Here,
    settings: Arc<Settings>,
}

pub struct Arrival<'a> {
    pub inbox: Option<&'a str>,
    pub target: &'a str,
    pub headers: &'a http::HeaderMap,
    pub body: bytes::Bytes,
}

pub enum Refused {
    Unreadable {
        why: String,
        field: &'static str,
    },
    Unsigned(String),
    Forbidden {
        code: &'static str,
        why: String,
        field: &'static str,
    },
    NotFound,
    Busy {
        retry_after: u32,
    },
    Unavailable(String),
}

impl Engine {
    pub fn stand_in(store: Store, settings: Settings) -> Self {
        let here = Here::new(&settings.server.public_url);
        Self {
            store,
            here,
            settings: Arc::new(settings),
        }
    }

    pub async fn receive(&self, arrival: Arrival<'_>) -> Result<(), Refused> {
        let has = |name: &str| arrival.headers.contains_key(name);
        if let Some(name) = arrival.inbox {
            match self.store.group_face(name).await {
                Ok(Some(_)) => {}
                Ok(None) => return Err(Refused::NotFound),
                Err(error) => return Err(Refused::Unavailable(error.to_string())),
            }
        }
        if has("x-busy") {
            return Err(Refused::Busy { retry_after: 7 });
        }
        if has("x-forbidden") {
            return Err(Refused::Forbidden {
                code: "not-a-member",
                why: crate::domain::Refusal::NotAMember.to_string(),
                field: "actor",
            });
        }
        if !has("signature") {
            return Err(Refused::Unsigned("The request has no signature.".into()));
        }
        if !arrival.body.starts_with(b"{") {
            return Err(Refused::Unreadable {
                why: "The body is not a JSON object.".into(),
                field: "",
            });
        }
        Ok(())
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn here(&self) -> &Here {
        &self.here
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub async fn viewer(&self, _method: &str, _target: &str, headers: &http::HeaderMap) -> Viewer {
        headers
            .get("x-viewer")
            .and_then(|id| id.to_str().ok()?.parse().ok())
            .map_or(Viewer::Anyone, |id| Viewer::Actor(crate::store::ActorId(id)))
    }
}
