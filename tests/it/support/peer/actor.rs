//! Somebody on another server, and what they do.
//!
//! One rule: a deed is one signed request, and says in words what the server under test should have answered.

use folkmoot::signature::{PrivateKey, Request, Scheme, sign};
use serde_json::Value;
use url::Url;

use super::hearing::Hearing;
use super::manners::{Me, Said};
use super::{Group, Heard, Server};

/// A person, or a group, on another server. Clones are the same one.
#[derive(Clone)]
pub struct Actor {
    server: Server,
    name: String,
}

/// What the server under test answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
    /// What was sent.
    pub sent: String,
}

impl Answer {
    /// # Panics
    /// If the status is another one.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "answered {}\nto {}", self.body, self.sent);
        self
    }

    /// The body, as a problem document (RFC 9457) of this status.
    ///
    /// # Panics
    /// If it is not one, or repeats what was sent.
    #[track_caller]
    pub fn problem(self, status: u16) -> Value {
        let answer = self.is(status);
        let kind = answer
            .headers
            .get("content-type")
            .and_then(|kind| kind.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{}", answer.body);
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["status"], status, "{problem}");
        for field in ["type", "title", "detail"] {
            assert!(
                problem[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field}: {problem}"
            );
        }
        problem
    }
}

impl Actor {
    pub(super) fn new(server: Server, name: &str) -> Self {
        Self {
            server,
            name: name.to_owned(),
        }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn id(&self) -> String {
        self.document()["id"].as_str().unwrap_or_default().to_owned()
    }

    /// As it is published now.
    pub fn document(&self) -> Value {
        self.server.state().actors[&self.name].document.clone()
    }

    /// Changes what is published.
    pub fn publishes(&self, change: impl FnOnce(&mut Value)) {
        let mut state = self.server.state();
        if let Some(papers) = state.actors.get_mut(&self.name) {
            change(&mut papers.document);
        }
    }

    pub fn key(&self) -> PrivateKey {
        self.server.state().actors[&self.name].key.clone()
    }

    pub fn key_id(&self) -> String {
        self.server.state().actors[&self.name].key_id.clone()
    }

    /// A new key under the old id; the old one is no longer published.
    pub fn rotates_key(&self) {
        self.takes_key(self.server.ground().key());
    }

    pub fn takes_key(&self, key: PrivateKey) {
        let mut state = self.server.state();
        if let Some(papers) = state.actors.get_mut(&self.name) {
            papers.take_key(key);
        }
    }

    /// Asks to be let in, as people of this software do, and waits for the Accept.
    pub async fn follows(self, group: &Group) -> Self {
        let join = self.asks(group).await;
        self.is_accepted(&join).await;
        self
    }

    /// Asks to be let in.
    pub async fn asks(&self, group: &Group) -> Said {
        let join = self.speaks(|me| self.manners().join(me, group));
        self.says(group, join, String::new(), false).await
    }

    /// Waits for the Accept that carries this request word for word.
    pub async fn is_accepted(&self, join: &Said) -> Heard {
        self.gets("Accept", join).await
    }

    /// Waits for a Reject of this.
    pub async fn is_rejected(&self, said: &Said) -> Heard {
        self.gets("Reject", said).await
    }

    async fn gets(&self, kind: &str, said: &Said) -> Heard {
        let what = format!("{kind} of {} for {}", said.id(), self.id());
        self.server
            .hears(&what, |heard| {
                heard.came()
                    && heard.kind() == kind
                    && heard.object_id() == said.id()
                    && heard.text.contains(&said.text)
            })
            .await
    }

    /// Leaves, as people of this software do.
    pub async fn leaves(&self, group: &Group, join: &Said) -> Said {
        let leave = self.speaks(|me| self.manners().leave(me, group, &join.document));
        self.says(group, leave, String::new(), false).await
    }

    /// Starts threads, one after the other.
    pub async fn posts<'t>(&self, group: &Group, texts: impl IntoIterator<Item = &'t str>) -> Vec<Said> {
        let mut posts = Vec::new();
        for text in texts {
            posts.push(self.post(group, text).await);
        }
        posts
    }

    /// Starts a thread.
    pub async fn post(&self, group: &Group, text: &str) -> Said {
        let create = self.speaks(|me| self.manners().post(me, group, text));
        self.says_new(group, create, false).await
    }

    pub async fn replies(&self, group: &Group, to: &Said, text: &str) -> Said {
        let create = self.speaks(|me| self.manners().reply(me, group, to, text));
        self.says_new(group, create, true).await
    }

    pub async fn edits(&self, group: &Group, post: &Said, text: &str) -> Said {
        let update = self.speaks(|me| self.manners().edit(me, group, post, text));
        self.server.publishes(&update["object"]);
        self.says(group, update, post.post.clone(), post.is_comment).await
    }

    pub async fn deletes(&self, group: &Group, post: &Said) -> Said {
        let delete = self.speaks(|me| self.manners().delete(me, group, post));
        self.says(group, delete, post.post.clone(), post.is_comment).await
    }

    pub async fn likes(&self, group: &Group, post: &Said) -> Said {
        let like = self.speaks(|me| self.manners().like(me, group, post));
        self.says(group, like, post.post.clone(), post.is_comment).await
    }

    /// # Panics
    /// If people of this software cannot.
    pub async fn dislikes(&self, group: &Group, post: &Said) -> Said {
        let dislike = self.speaks(|me| self.manners().dislike(me, group, post).unwrap());
        self.says(group, dislike, post.post.clone(), post.is_comment)
            .await
    }

    pub async fn undoes(&self, group: &Group, said: &Said) -> Said {
        let undo = self.speaks(|me| self.manners().undo(me, group, &said.document));
        self.says(group, undo, said.post.clone(), said.is_comment).await
    }

    /// What has been or will be heard of these, here.
    pub fn hears_of<'a>(&self, said: impl IntoIterator<Item = &'a Said>) -> Hearing {
        Hearing::new(self.clone(), said.into_iter().cloned().collect())
    }

    /// Everything that arrived for this actor: at its inbox and at the shared one.
    pub fn heard(&self) -> Vec<Heard> {
        let inbox = self.inbox();
        let mut heard = self.server.heard();
        heard.retain(|heard| heard.inbox == "/inbox" || heard.inbox == inbox);
        heard
    }

    /// The path of its own inbox.
    pub(super) fn inbox(&self) -> String {
        let document = self.document();
        self.server
            .path(document["inbox"].as_str().unwrap_or_default())
            .to_owned()
    }

    /// Sends a document to a group's inbox, signed as people of this software sign.
    pub async fn sends(&self, group: &Group, document: &Value) -> Answer {
        let text = self.server.software().write(document);
        self.sends_to(&group.inbox(), &text).await
    }

    /// Sends bytes to an inbox, signed.
    pub async fn sends_to(&self, inbox: &str, body: &str) -> Answer {
        self.sends_signed(inbox, body, Scheme::Cavage).await
    }

    /// As [`Actor::sends_to`], by this scheme.
    pub async fn sends_signed(&self, inbox: &str, body: &str, scheme: Scheme) -> Answer {
        let ground = self.server.ground();
        let url: Url = inbox.parse().unwrap();
        let request = Request {
            method: "POST",
            url: &url,
            body: Some(body.as_bytes()),
            content_type: Some("application/activity+json"),
            date: ground.clock().now(),
        };
        let headers = sign(scheme, &self.key(), &self.key_id(), &request).unwrap();
        self.server.post_raw(inbox, headers, body.to_owned()).await
    }

    /// Makes a document in this actor's name.
    pub fn speaks(&self, make: impl FnOnce(&Me<'_>) -> Value) -> Value {
        let mint = |kind: &str| self.server.mint(kind);
        make(&Me {
            id: self.id(),
            followers: self.document()["followers"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            base: self.server.base().to_owned(),
            mint: &mint,
            now: self
                .server
                .ground()
                .clock()
                .now()
                .format("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
        })
    }

    fn manners(&self) -> &'static dyn super::manners::Manners {
        self.server.software().manners
    }

    async fn says_new(&self, group: &Group, create: Value, is_comment: bool) -> Said {
        let post = create["object"]["id"].as_str().unwrap().to_owned();
        self.server.publishes(&create["object"]);
        self.says(group, create, post, is_comment).await
    }

    /// Publishes it under its id (where that is no fragment), sends it, and expects it to be taken.
    async fn says(&self, group: &Group, document: Value, post: String, is_comment: bool) -> Said {
        let said = self.would_say(document, post, is_comment);
        let answer = self.sends_to(&group.inbox(), &said.text).await.is(202);
        assert!(
            self.manners().is_delivered(answer.status),
            "it would be sent again"
        );
        said
    }

    /// What would be sent.
    pub fn would_say(&self, document: Value, post: String, is_comment: bool) -> Said {
        if document["id"].as_str().is_some_and(|id| !id.contains('#')) {
            self.server.publishes(&document);
        }
        let text = self.server.software().write(&document);
        Said {
            document,
            text,
            post,
            is_comment,
        }
    }
}

impl Server {
    /// Sends bytes with these headers, whatever they are.
    pub async fn post_raw(
        &self,
        inbox: &str,
        headers: http::HeaderMap,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let body = body.into();
        let sent = body
            .as_bytes()
            .map(|body| String::from_utf8_lossy(&body[..body.len().min(4096)]).into_owned());
        let request = self.ground().client().post(inbox).headers(headers).body(body);
        let answer = request.send().await.unwrap();
        self.ground().note(
            &format!("{inbox}: {}", sent.as_deref().unwrap_or_default()),
            &answer,
        );
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
            sent: sent.unwrap_or_default(),
        }
    }
}
