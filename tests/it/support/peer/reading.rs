//! Reading what the server under test shows to whoever signs.

use folkmoot::signature::{Request, Scheme, sign};
use url::Url;

use super::Actor;
use super::actor::Answer;

impl Actor {
    /// A GET, signed.
    pub async fn reads(&self, url: &str) -> Answer {
        let ground = self.server().ground();
        let target: Url = url.parse().unwrap();
        let request = Request {
            method: "GET",
            url: &target,
            body: None,
            content_type: None,
            date: ground.clock().now(),
        };
        let mut headers = sign(Scheme::Cavage, &self.key(), &self.key_id(), &request).unwrap();
        headers.insert("accept", "application/activity+json".parse().unwrap());
        let answer = ground.client().get(url).headers(headers).send().await.unwrap();
        ground.note(url, &answer);
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
            sent: url.to_owned(),
        }
    }
}
