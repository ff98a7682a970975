//! What is counted of inboxes, for whoever watches.
//!
//! One rule: every answer counts once, whoever gave it: the inbox, the gate before it, or the clock.

use std::time::Instant;

use axum::{extract::Request, middleware::Next, response::Response};
use http::Method;
use metrics::{counter, histogram};

use crate::web::error::Problem;

pub(crate) const INBOX: &str = "folkmoot_inbox_total";
pub(crate) const INBOX_SECONDS: &str = "folkmoot_inbox_seconds";

/// Counts answers by status and by the name of the problem.
pub(in crate::web) async fn inboxes(request: Request, next: Next) -> Response {
    if *request.method() != Method::POST || !is_inbox(request.uri().path()) {
        return next.run(request).await;
    }
    let began = Instant::now();
    let response = next.run(request).await;
    histogram!(INBOX_SECONDS).record(began.elapsed());
    let status = response.status();
    let code = match response.extensions().get::<Problem>() {
        Some(problem) => problem.code(),
        None if status.is_success() => "accepted",
        None => Problem::of_status(status).code(),
    };
    counter!(INBOX, "status" => status.as_str().to_owned(), "code" => code).increment(1);
    response
}

fn is_inbox(path: &str) -> bool {
    match path.strip_suffix("/inbox") {
        Some("" | "/actor") => true,
        // Of a protocol besides.
        Some(path) if path.starts_with("/.") => true,
        Some(group) => group
            .strip_prefix("/c/")
            .is_some_and(|name| !name.is_empty() && !name.contains('/')),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_inbox;

    #[test]
    fn an_inbox_is_told_by_its_path() {
        assert!(
            ["/inbox", "/actor/inbox", "/c/garden/inbox"]
                .into_iter()
                .all(is_inbox)
        );
        assert!(
            ![
                "/",
                "/c/garden",
                "/c//inbox",
                "/c/a/b/inbox",
                "/inbox/",
                "/post/inbox"
            ]
            .into_iter()
            .any(is_inbox)
        );
    }
}
