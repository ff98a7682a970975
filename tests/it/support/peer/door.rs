//! The HTTP side of a server: what comes in, and how its mood answers.
//!
//! One rule: a POST is judged first (signature, manners), then answered as the mood says, so that an answer can be lost
//! after its effect.

use std::sync::{Arc, Weak};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::manners::{Complaint, Door};
use super::papers::{answer, well_known};
use super::proof::without_proof;
use super::verify::Signed;
use super::{Heard, Inner, Mood, Server};

/// More than any peer reads.
const BODY: usize = 4 << 20;

/// Ends the connection without an answer.
#[derive(Debug)]
pub struct HangUp;

impl std::fmt::Display for HangUp {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the peer hung up")
    }
}

impl std::error::Error for HangUp {}

/// Serves until the last handle is gone.
pub(super) async fn listen(listener: TcpListener, server: Weak<Inner>) {
    while let Ok((stream, _)) = listener.accept().await {
        let Some(server) = server.upgrade().map(Server) else {
            return;
        };
        if server.state().mood == Mood::Gone {
            continue; // dropped
        }
        let task = tokio::spawn(serve(stream, Arc::downgrade(&server.0)));
        server.0.tasks.lock().unwrap().push(task.abort_handle());
    }
}

async fn serve(stream: TcpStream, server: Weak<Inner>) {
    let service = service_fn(move |request| {
        let server = server.upgrade().map(Server);
        async move { server.ok_or(HangUp)?.meet(request).await }
    });
    // A connection that breaks is the other side's, or a mood.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Server {
    async fn meet(&self, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
        if self.state().mood == Mood::Gone {
            return Err(HangUp);
        }
        match *request.method() {
            Method::GET => Ok(self.get(&request).await),
            Method::POST => self.post(request).await,
            _ => Ok(answer(405, "text/plain", "no")),
        }
    }

    async fn get(&self, request: &Request<Incoming>) -> Response<Body> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.base());
        if self.software().signed_fetch
            && !is_open(path)
            && let Err(why) = self.verify_get(path, request.headers()).await
        {
            return answer(401, "text/plain", why);
        }
        let reply = {
            let mut state = self.state();
            state.fetched.push(path.to_owned());
            let page = state.pages.get(path).cloned();
            let person = || state.actors.values().find_map(|papers| papers.at(&url));
            page.ok_or_else(person)
        };
        match reply {
            Ok(reply) => reply(),
            Err(Some(person)) => answer(200, "application/activity+json", person.to_string()),
            Err(None) => match well_known(self.software(), self.base(), path) {
                Some(document) => answer(200, "application/json", document.to_string()),
                None => answer(404, "text/plain", "nothing here"),
            },
        }
    }

    async fn post(&self, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
        let mood = {
            let mut state = self.state();
            state.next.pop_front().unwrap_or_else(|| state.mood.clone())
        };
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), BODY).await.map_err(|_| HangUp)?;
        let target = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut heard = self.judge(target, &parts.headers, &body).await;
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

    /// What this server makes of a POST, whatever it will answer.
    async fn judge(&self, target: &str, headers: &axum::http::HeaderMap, body: &Bytes) -> Heard {
        let mut heard = Heard::new(target, body);
        match self.verify(target, headers, body).await {
            Ok(signed) => {
                if let Err(Complaint { status, why, .. }) = self.believes_signature(&signed, headers, &heard)
                {
                    heard.status = Some(status);
                    heard.complaint = Some(format!("{} answers {status}: {why}", self.software().name));
                    return heard;
                }
                if signed.by_actor {
                    heard.document = without_proof(heard.document);
                }
                heard.key_id = Some(signed.key_id);
                heard.reach = signed.reach;
                heard.rfc9421 = signed.rfc9421;
                heard.ed25519 = signed.ed25519;
            }
            Err(why) => {
                heard.status = Some(401);
                heard.complaint = Some(format!("401 {why}"));
                return heard;
            }
        }
        let door = Door {
            is_shared: target == "/inbox",
        };
        heard.repeat = self.0.record.knows(target, heard.id());
        match self.opinion(&heard.document, door).await {
            Ok(()) if heard.repeat => {
                heard.status = Some(self.software().manners.to_a_repeat());
                heard.complaint = Some("it came again".to_owned());
            }
            Ok(()) => heard.taken = true,
            Err(Complaint {
                status,
                why,
                is_shrug,
            }) => {
                heard.status = Some(status);
                heard.is_shrugged_at = is_shrug;
                heard.complaint = Some(format!("{} answers {status}: {why}", self.software().name));
            }
        }
        heard
    }

    fn believes_signature(
        &self,
        signed: &Signed,
        headers: &axum::http::HeaderMap,
        heard: &Heard,
    ) -> Result<(), Complaint> {
        let manners = self.software().manners;
        if !signed.by_actor {
            manners.takes_forwarded(&heard.document)?;
        }
        let header = headers.get("signature").and_then(|value| value.to_str().ok());
        manners.looks_at_signature(header.unwrap_or_default())
    }

    async fn opinion(&self, document: &Value, door: Door) -> Result<(), Complaint> {
        let wanted = self.software().manners.judge(document, door)?;
        let Some(object) = wanted else { return Ok(()) };
        let fetched = match object.strip_prefix(self.base()) {
            Some(_) => return Ok(()), // its own
            None => self.fetch(&object).await,
        };
        let manners = self.software().manners;
        let missing = |why| Complaint {
            status: manners.to_what_is_missing(),
            why,
            is_shrug: false,
        };
        manners.believes(document, &fetched.map_err(missing)?)
    }
}

/// What everybody may read without a signature: discovery, and keys, or two such servers could never read each other.
fn is_open(path: &str) -> bool {
    path.starts_with("/.well-known/") || path.starts_with("/nodeinfo/") || path.ends_with("/main-key")
}

/// The answer that the mood lets out, and what it means for what was heard.
pub fn temper(mood: &Mood, heard: &mut Heard) -> Option<Response<Body>> {
    let status = heard.status.unwrap_or(202);
    let says = |status: u16| Response::builder().status(status);
    let answer = match mood {
        Mood::Well => says(status),
        Mood::WantsRfc9421 if heard.rfc9421 => says(status),
        Mood::RefusesEd25519(_) if !heard.ed25519 => says(status),
        Mood::LosesAnswers => return None,
        Mood::Gone | Mood::Hangs => {
            not_taken(heard);
            return None;
        }
        refused => {
            not_taken(heard);
            match refused {
                Mood::Says(status) | Mood::RefusesEd25519(status) => says(*status),
                Mood::Later(status, when) => says(*status).header("retry-after", *when),
                Mood::Moved(to) => says(307).header("location", to),
                _ => says(401),
            }
        }
    };
    answer.body(Body::empty()).ok()
}

fn not_taken(heard: &mut Heard) {
    heard.taken = false;
    heard.repeat = false;
}
