//! Requests of a peer that are signed and are no activity: what somebody reads, and records that they write.

use folkmoot::signature::{Request, Scheme, sign};
use serde_json::Value;
use url::Url;

use super::Actor;
use super::actor::Answer;

const ACTIVITY: &str = "application/activity+json";

impl Actor {
    /// A request, signed, with a document or without.
    pub async fn calls(&self, method: &str, url: &str, document: Option<&Value>) -> Answer {
        let ground = self.server().ground();
        let target: Url = url.parse().unwrap();
        let body = document.map(Value::to_string);
        let request = Request {
            method,
            url: &target,
            body: body.as_deref().map(str::as_bytes),
            content_type: body.as_ref().map(|_| ACTIVITY),
            date: ground.clock().now(),
        };
        let mut headers = sign(Scheme::Cavage, &self.key(), &self.key_id(), &request).unwrap();
        headers.insert("accept", ACTIVITY.parse().unwrap());
        let mut call = ground
            .client()
            .request(method.parse().unwrap(), url)
            .headers(headers);
        if let Some(body) = body {
            call = call.body(body);
        }
        let answer = call.send().await.unwrap();
        ground.note(url, &answer);
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
            sent: url.to_owned(),
        }
    }

    /// A GET, signed.
    pub async fn reads(&self, url: &str) -> Answer {
        self.calls("GET", url, None).await
    }

    /// The document that is there for this one.
    pub async fn sees(&self, url: &str) -> Value {
        serde_json::from_str(&self.reads(url).await.is(200).body).unwrap()
    }
}
