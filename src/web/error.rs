//! Saying no: RFC 9457 problem documents, and the same in words on a page.
//!
//! One rule: a problem is one of [`CODES`] or a refusal of the domain, and says nothing that a peer wrote. A failure of
//! ours is logged here, once. A new one: see `code.rs`.

use std::{any::Any, borrow::Cow};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::{dialect::Here, engine::Refused, store};

pub(super) use crate::web::code::*;

/// A no. It leaves as JSON or as a page, whichever was asked for: see `dress`.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    code: &'static str,
    status: u16,
    title: &'static str,
    detail: Cow<'static, str>,
    field: &'static str,
    retry_after: Option<u32>,
}

impl Problem {
    /// The code's own words.
    pub(super) const fn new(code: Code) -> Self {
        Self {
            code: code.code,
            status: code.status,
            title: code.title,
            detail: Cow::Borrowed(code.help),
            field: "",
            retry_after: None,
        }
    }

    /// In words that fit the case better; ours, never a peer's.
    pub(super) fn because(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: detail.into(),
            ..Self::new(code)
        }
    }

    /// The field or parameter that it is about.
    pub(super) const fn about(mut self, field: &'static str) -> Self {
        self.field = field;
        self
    }

    /// When to try again, in seconds.
    pub(super) const fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// For an answer that only has a status, such as a router's.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let known = CODES.iter().find(|code| code.status == status.as_u16());
        let near = if status.is_server_error() {
            INTERNAL
        } else {
            BAD_REQUEST
        };
        Self {
            status: status.as_u16(),
            ..Self::new(*known.unwrap_or(&near))
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) const fn code(&self) -> &'static str {
        self.code
    }

    pub(super) const fn title(&self) -> &'static str {
        self.title
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The document of RFC 9457.
    pub(super) fn document(&self, here: &Here) -> Value {
        let mut document = json!({
            "type": format!("{}/problems#{}", here.base(), self.code),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        });
        if !self.field.is_empty() {
            document["field"] = json!(self.field);
        }
        document
    }
}

/// The status, and the problem itself for `dress` to write out.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == UNSIGNED.status {
            // RFC 9110 §11.6.1: a 401 names a scheme.
            let scheme = HeaderValue::from_static(r#"Signature headers="(request-target) host date digest""#);
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        unavailable(&error.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unreadable { why, field } => Self::because(UNREADABLE, why).about(field),
            Refused::Unsigned(why) => Self::because(UNSIGNED, why).about("signature"),
            Refused::Forbidden { code, why, field } => {
                let known = CODES.iter().find(|known| known.code == code);
                Self {
                    code,
                    ..Self::because(*known.unwrap_or(&FORBIDDEN), why).about(field)
                }
            }
            Refused::NotFound => Self::new(NOT_FOUND),
            Refused::Nowhere(field) => Self::new(NOT_FOUND).about(field),
            Refused::TooMany { why, retry_after } => {
                Self::because(TOO_MANY, format!("{why} {}", TOO_MANY.help)).after(retry_after)
            }
            Refused::Busy { retry_after } => Self::new(BUSY).after(retry_after),
            Refused::Unavailable(why) => unavailable(&why),
        }
    }
}

fn unavailable(why: &str) -> Problem {
    tracing::error!(why, "a request could not be answered");
    Problem::new(UNAVAILABLE).after(30)
}

/// A panic is a bug: the log gets its words, the caller does not.
pub(super) fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    tracing::error!(panic = words, "a request panicked");
    Problem::new(INTERNAL).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::Refusal;

    fn here() -> Here {
        Here::new(&"https://g.example".parse().expect("a URL"))
    }

    #[test]
    fn each_problem_has_a_name_of_its_own() {
        let names: Vec<_> = CODES
            .iter()
            .map(|code| code.code)
            .chain(REFUSALS.iter().map(|refusal| refusal.code()))
            .collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        assert!(
            CODES
                .iter()
                .all(|code| !code.title.ends_with('.') && code.help.ends_with('.'))
        );
    }

    #[test]
    fn a_refusal_keeps_its_name_and_words() {
        let refusal = Refusal::ParentElsewhere;
        let problem = Problem::from(Refused::Forbidden {
            code: refusal.code(),
            why: refusal.to_string(),
            field: refusal.field(),
        });
        let document = problem.document(&here());
        assert_eq!(document["type"], "https://g.example/problems#parent-elsewhere");
        assert_eq!(document["status"], 403);
        assert_eq!(document["detail"], "What this answers is not in the group.");
        assert_eq!(document["field"], "object.inReplyTo");
    }

    #[test]
    fn what_broke_stays_in_the_log() {
        let problem = Problem::from(Refused::Unavailable("password authentication failed".to_owned()));
        assert!(!problem.document(&here()).to_string().contains("password"));
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "30");
    }

    #[test]
    fn a_bare_status_becomes_a_problem_of_the_same_status() {
        let bad = Problem::of_status(StatusCode::BAD_REQUEST);
        assert_eq!(bad.code, BAD_REQUEST.code);
        for status in [400, 404, 405, 418, 422, 500, 502] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(Problem::of_status(status).status(), status);
        }
    }
}
