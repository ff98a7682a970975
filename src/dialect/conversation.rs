//! Reading the collection that another server has of a thread (FEP-f228): of its posts, or of what was done about them.
//!
//! One rule: it is a list of where to look. Who may be believed about what is in it is for whoever reads it to say. One more
//! way of wrapping what is listed is a word in [`WRAPS`].

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    dialect::{
        carried::around,
        fields::{id_of, kind_of},
    },
    domain::Iri,
};

/// Of one page so many items are looked at.
const MOST: usize = 200;

/// What a history of a thread may say around an activity: groups announce it, containers add it (FEP-171b).
const WRAPS: [&str; 2] = ["Announce", "Add"];

/// The collections that a post says its thread is, the better one first: `contextHistory`, of activities, tells more than
/// `context`, of posts (FEP-f228, "Reading collections").
#[must_use]
pub fn conversations(post: &Value) -> Vec<Iri> {
    let named = ["contextHistory", "context"].into_iter();
    let named = named.filter_map(|field| Iri::object(id_of(post.get(field)?)?).ok());
    named.collect()
}

/// A collection, or a page of one.
#[derive(Debug)]
pub struct Listing<'a> {
    /// Whose it says it is.
    pub owner: Option<Iri>,
    pub items: Vec<Listed<'a>>,
    /// Where it goes on.
    pub next: Option<Iri>,
}

/// Something that is listed.
#[derive(Debug)]
pub struct Listed<'a> {
    /// Of a post or of an activity: an id alone does not say.
    pub id: Iri,
    /// Word for word, and what it says, where it is there whole.
    pub whole: Option<(&'a str, Value)>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(rename = "attributedTo")]
    owner: Option<Value>,
    #[serde(borrow, rename = "orderedItems")]
    ordered: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<&'a RawValue>,
    #[serde(borrow)]
    first: Option<&'a RawValue>,
    next: Option<Value>,
}

/// Reads a collection or a page. A first page that is embedded is read with it.
#[must_use]
pub fn listing(text: &str) -> Option<Listing<'_>> {
    let page: Page<'_> = serde_json::from_str(text).ok()?;
    let owner = page.owner.as_ref().and_then(iri_of);
    let items = items(page.ordered.or(page.items));
    let first = page.first.map(RawValue::get).filter(|_| items.is_empty());
    if let Some(first) = first.filter(|first| first.starts_with('{'))
        && let Ok(page) = serde_json::from_str::<Page<'_>>(first)
        && let Some(ordered) = page.ordered.or(page.items)
    {
        return Some(Listing {
            owner,
            items: self::items(Some(ordered)),
            next: page.next.as_ref().and_then(iri_of),
        });
    }
    let first = first.and_then(|first| serde_json::from_str::<Value>(first).ok());
    Some(Listing {
        owner,
        items,
        next: page.next.or(first).as_ref().and_then(iri_of),
    })
}

fn iri_of(value: &Value) -> Option<Iri> {
    Iri::object(id_of(value)?).ok()
}

fn items(value: Option<&RawValue>) -> Vec<Listed<'_>> {
    let text = value.map_or("[]", RawValue::get);
    let all: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    let all = all.into_iter().take(MOST);
    all.filter_map(|item| listed(item.get())).collect()
}

fn listed(text: &str) -> Option<Listed<'_>> {
    let document: Value = serde_json::from_str(text).ok()?;
    if kind_of(&document, &WRAPS).is_some() {
        let (text, document) = around(text)?;
        return one(text, document);
    }
    one(text, document)
}

fn one(text: &str, document: Value) -> Option<Listed<'_>> {
    Some(Listed {
        id: Iri::activity(id_of(&document)?).ok()?,
        whole: document.is_object().then_some((text, document)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(text: &str) -> Vec<(String, bool)> {
        let items = listing(text).expect("a collection").items;
        let items = items.into_iter();
        items
            .map(|item| (item.id.to_string(), item.whole.is_some()))
            .collect()
    }

    #[test]
    fn items_are_ids_posts_and_what_is_wrapped() {
        let note = json!({"id": "https://a.example/1", "type": "Note"});
        let create = json!({"id": "https://a.example/c", "type": "Create", "object": note});
        let add = json!({"id": "https://b.example/a", "type": "Add", "object": create});
        let page = json!({"orderedItems": ["https://a.example/0", note, add, {"id": "no"}, 1]});
        let expected = [
            ("https://a.example/0", false),
            ("https://a.example/1", true),
            ("https://a.example/c", true),
        ];
        assert_eq!(
            ids(&page.to_string()),
            expected.map(|(id, whole)| (id.to_owned(), whole))
        );
    }

    #[test]
    fn what_is_wrapped_is_kept_word_for_word() {
        let text = r#"{"items":[{"type":"Announce","object":{ "id":"https://a.example/c","x":1.0 }}]}"#;
        let listing = listing(text).expect("a collection");
        let whole = listing.items[0].whole.as_ref().map(|whole| whole.0);
        assert_eq!(whole, Some(r#"{ "id":"https://a.example/c","x":1.0 }"#));
    }

    #[test]
    fn it_goes_on_with_its_first_page_or_the_next() {
        let next = |document: Value| {
            let text = document.to_string();
            listing(&text)
                .expect("a collection")
                .next
                .map(|next| next.to_string())
        };
        let page = "https://a.example/p".to_owned();
        assert_eq!(next(json!({"first": page})), Some(page.clone()));
        assert_eq!(next(json!({"first": {"id": page}})), Some(page.clone()));
        assert_eq!(
            next(json!({"first": {"orderedItems": [], "next": page}})),
            Some(page.clone())
        );
        assert_eq!(
            next(json!({"orderedItems": ["https://a.example/1"], "first": page})),
            None
        );
        assert_eq!(next(json!({"orderedItems": [], "next": page})), Some(page));
    }

    #[test]
    fn a_post_names_its_thread_by_its_id() {
        let post = json!({"context": {"id": "https://a.example/t"}, "contextHistory": "https://a.example/h"});
        let named: Vec<String> = conversations(&post).iter().map(ToString::to_string).collect();
        assert_eq!(named, ["https://a.example/h", "https://a.example/t"]);
        assert_eq!(conversations(&json!({"context": "tag:a.example,2026:1"})), []);
    }
}
