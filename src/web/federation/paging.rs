//! Collections and their pages.
//!
//! One rule: a page is found by the item before it, never by a number, so that what is added meanwhile repeats nothing and
//! skips nothing. `?page=1` is the first page; its `next` says how to go on.

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    dialect::{self, Here},
    store::Viewer,
    web::{
        answer::{ACTIVITY, Reply},
        error::{self, Problem},
    },
};

/// What the query of a collection asks for.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Paging {
    page: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

/// Where in a collection we are; `C` is what a page starts after.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<C> {
    Whole,
    /// `None`: the first page.
    Page(Option<C>),
}

impl<C> Place<C> {
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    pub(super) fn cursor(self) -> Option<C> {
        match self {
            Self::Whole => None,
            Self::Page(cursor) => cursor,
        }
    }
}

impl Paging {
    /// The place, in a collection that goes from new to old.
    pub(super) fn newest_first<C>(&self, read: impl Fn(&str) -> Option<C>) -> Result<Place<C>, Problem> {
        self.place(self.before.as_deref(), "before", read)
    }

    /// The place, in a collection that goes from old to new.
    pub(super) fn oldest_first<C>(&self, read: impl Fn(&str) -> Option<C>) -> Result<Place<C>, Problem> {
        self.place(self.after.as_deref(), "after", read)
    }

    fn place<C>(
        &self,
        cursor: Option<&str>,
        name: &'static str,
        read: impl Fn(&str) -> Option<C>,
    ) -> Result<Place<C>, Problem> {
        match (self.page.as_deref(), cursor) {
            (None, None) => Ok(Place::Whole),
            (Some("1" | "true"), None) => Ok(Place::Page(None)),
            (None | Some("1" | "true"), Some(cursor)) => match read(cursor) {
                Some(cursor) => Ok(Place::Page(Some(cursor))),
                None => Err(no_page(name)),
            },
            (Some(_), _) => Err(no_page("page")),
        }
    }
}

fn no_page(field: &'static str) -> Problem {
    let words = "There is no such page. Start at ?page=1 and follow its next.";
    Problem::because(error::BAD_REQUEST, words).about(field)
}

/// A collection as one answer sees it.
pub(super) struct Listing<'a> {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) total: u64,
    pub(super) viewer: &'a Viewer,
}

impl<'a> Listing<'a> {
    pub(super) fn of_group(here: &Here, name: &str, part: &str, total: u64, viewer: &'a Viewer) -> Self {
        Self {
            id: here.part(name, part),
            owner: here.group(name),
            total,
            viewer,
        }
    }

    /// Only how many there are: the list is not for this viewer.
    pub(super) fn counted(&self) -> Response {
        let document = dialect::collection(&self.id, &self.owner, self.total, false);
        self.reply(document.to_string())
    }

    /// The collection, which leads to its pages.
    pub(super) fn whole(&self) -> Response {
        self.reply(self.root().to_string())
    }

    /// The collection with its first items in it: several programs read these and follow no pages.
    pub(super) fn with_items(&self, items: &[String]) -> Response {
        self.with_items_in(self.root(), items)
    }

    /// A collection that holds all of its items itself.
    pub(super) fn with_all(&self, items: &[String]) -> Response {
        self.with_items_in(
            dialect::collection(&self.id, &self.owner, self.total, false),
            items,
        )
    }

    /// As [`Self::with_items`], in a document of the caller's.
    pub(super) fn with_items_in(&self, mut document: Value, items: &[String]) -> Response {
        document["orderedItems"] = json!([]);
        self.reply(spliced(&document, items))
    }

    /// A page; `this` and `next` are the queries that lead to it and to the one after it.
    pub(super) fn page(&self, this: &str, next: Option<String>, items: &[String]) -> Response {
        let url = |query: &str| format!("{}?{query}", self.id);
        let next = next.map(|query| url(&query));
        let document = dialect::page(&self.id, &url(this), self.total, vec![], next, None);
        self.reply(spliced(&document, items))
    }

    fn root(&self) -> Value {
        dialect::collection(&self.id, &self.owner, self.total, self.total > 0)
    }

    fn reply(&self, text: String) -> Response {
        Reply::new(ACTIVITY, text).read_by(self.viewer).into_response()
    }
}

/// The query of a page.
pub(super) fn query(name: &str, cursor: Option<impl Display>) -> String {
    cursor.map_or_else(|| "page=1".to_owned(), |cursor| format!("{name}={cursor}"))
}

/// Ids as JSON texts.
pub(super) fn ids(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    ids.into_iter().map(|id| Value::String(id).to_string()).collect()
}

/// A document whose last field is an empty `orderedItems`, with these JSON texts in it, byte for byte.
fn spliced(document: &Value, items: &[String]) -> String {
    let mut text = document.to_string();
    debug_assert!(text.ends_with("\"orderedItems\":[]}"));
    text.truncate(text.len() - 2);
    text.push_str(&items.join(","));
    text.push_str("]}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(page: Option<&str>, before: Option<&str>) -> Result<Place<i64>, http::StatusCode> {
        let paging = Paging {
            page: page.map(str::to_owned),
            before: before.map(str::to_owned),
            after: None,
        };
        paging
            .newest_first(|cursor| cursor.parse().ok())
            .map_err(|problem| problem.status())
    }

    #[test]
    fn a_query_names_a_place_or_none() {
        assert_eq!(asked(None, None), Ok(Place::Whole));
        assert_eq!(asked(Some("1"), None), Ok(Place::Page(None)));
        assert_eq!(asked(Some("true"), None), Ok(Place::Page(None)));
        assert_eq!(asked(None, Some("7")), Ok(Place::Page(Some(7))));
        for (page, before) in [
            (Some("2"), None),
            (Some(""), None),
            (Some("-1"), Some("7")),
            (None, Some("x")),
            (None, Some("' or 1=1 --")),
            (None, Some("99999999999999999999")),
        ] {
            assert_eq!(asked(page, before), Err(http::StatusCode::BAD_REQUEST));
        }
    }

    #[test]
    fn items_are_spliced_as_they_are() {
        let listing = Listing {
            id: "https://g.example/c/x/outbox".to_owned(),
            owner: "https://g.example/c/x".to_owned(),
            total: 2,
            viewer: &Viewer::Anyone,
        };
        let odd = r#"{"b":1.0,"a":"\/"}"#.to_owned();
        let mut document = listing.root();
        document["orderedItems"] = json!([]);
        let text = spliced(&document, &[odd.clone(), "\"id\"".to_owned()]);
        assert!(text.ends_with(&format!("\"orderedItems\":[{odd},\"id\"]}}")));
        assert!(serde_json::from_str::<Value>(&text).is_ok());
        assert!(spliced(&document, &[]).ends_with("\"orderedItems\":[]}"));
    }
}
