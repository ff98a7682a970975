//! The HTTP side of a domain: what comes in, and how its mood answers.
//!
//! One rule: as at every peer's door a POST is judged first, then answered as the mood says.

use std::sync::Weak;

use axum::body::{Body, Bytes, to_bytes};
use axum::response::Response;
use folkmoot::signature::domain_claim;
use http::request::Parts;
use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::super::peer::{HangUp, Heard, Mood, temper};
use super::{Domain, INBOX, Inner, METADATA, OURS};

/// More than anybody sends.
const BODY: usize = 4 << 20;
const VERSIA: &str = "application/vnd.versia+json; charset=utf-8";

/// Serves until the last handle is gone; connections end with it.
pub(super) async fn listen(listener: TcpListener, domain: Weak<Inner>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let Some(inner) = domain.upgrade() else { return };
        while connections.try_join_next().is_some() {}
        if Domain(inner).state().mood != Mood::Gone {
            connections.spawn(serve(stream, domain.clone()));
        }
    }
}

async fn serve(stream: TcpStream, domain: Weak<Inner>) {
    let service = service_fn(move |request| {
        let domain = domain.upgrade().map(Domain);
        async move { domain.ok_or(HangUp)?.meet(request).await }
    });
    // A connection that breaks is the other side's, or a mood.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Domain {
    async fn meet(&self, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
        if self.state().mood == Mood::Gone {
            return Err(HangUp);
        }
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), BODY).await.map_err(|_| HangUp)?;
        let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
        if host != Some(self.name()) {
            self.complains(format!("asked as {host:?}: {}", parts.uri.path()));
        }
        if parts.method != Method::POST {
            return Ok(self.shows(&parts, &body));
        }
        let mood = {
            let mut state = self.state();
            state.next.pop_front().unwrap_or_else(|| state.mood.clone())
        };
        let mut heard = self.judge(&parts, &body);
        let (pause, mood) = mood.paced();
        tokio::time::sleep(pause).await;
        let answered = temper(mood, &mut heard);
        heard.status = answered.as_ref().map(|answer| answer.status().as_u16());
        self.0.record.add(heard);
        match (answered, mood) {
            (Some(answer), _) => Ok(answer),
            (None, Mood::Hangs) => std::future::pending().await,
            (None, _) => Err(HangUp),
        }
    }

    /// What this domain makes of a POST, whatever it will answer.
    fn judge(&self, parts: &Parts, body: &Bytes) -> Heard {
        let path = parts.uri.path();
        let taken = self.believes(&parts.method, path, &parts.headers, body) && path == INBOX;
        if !taken {
            self.complains(format!("POST {path} is not signed, or not for the inbox"));
        }
        let kind = parts.headers.get("content-type");
        if kind.is_none_or(|kind| kind != VERSIA) {
            self.complains(format!("sent as {kind:?}"));
        }
        Heard {
            status: Some(if taken { 202 } else { 401 }),
            taken,
            ..Heard::new(path, body)
        }
    }

    fn shows(&self, parts: &Parts, body: &Bytes) -> Response<Body> {
        let path = parts.uri.path();
        self.state().fetched.push(path.to_owned());
        let page = self.state().pages.get(path).cloned();
        let says = |status: u16| Response::builder().status(status);
        let Some((status, document)) = page else {
            return says(404).body(Body::empty()).unwrap();
        };
        let is_open = path == METADATA;
        if !is_open && !self.believes(&parts.method, path, &parts.headers, body) {
            self.complains(format!("GET {path} is not signed"));
        }
        let body = document.to_string();
        let mut answer = says(status).header("content-type", VERSIA);
        if let Some(to) = document.get("moved").and_then(Value::as_str) {
            answer = answer.header("location", to);
        }
        if !is_open {
            let headers = self.signature("get", path, &body, 0);
            answer.headers_mut().unwrap().extend(headers);
        }
        answer.body(Body::from(body)).unwrap()
    }

    /// Whether the server under test has signed this.
    fn believes(&self, method: &Method, path: &str, headers: &HeaderMap, body: &Bytes) -> bool {
        let key = self.state().their_key.clone();
        let world = self.state().world.clone();
        let (Some(key), Some((ground, _))) = (key, world) else {
            return false;
        };
        let claim = domain_claim(method.as_str(), path, headers, body, ground.clock().now());
        let verified = claim.and_then(|claim| {
            assert_eq!(claim.domain(), OURS);
            claim.verify(&key)
        });
        verified.is_ok()
    }

    fn complains(&self, what: String) {
        self.state().complaints.push(what);
    }
}
