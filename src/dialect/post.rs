//! Reading a post: a thread's first post or a comment, of whatever type its software gives it.
//!
//! One rule: the author is the signer. `attributedTo` may add groups, never another person (ORG01, ORG02).

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    dialect::{
        Unreadable,
        activity::ACTORS,
        conversation::conversations,
        fields::{id_of, kind_of, list, text_of},
    },
    domain::Iri,
};

/// A post as its author's server sent it. Texts are as they came: not sanitised, not cut.
#[derive(Clone, Debug, PartialEq)]
pub struct PostDocument {
    pub id: Iri,
    /// None where it names no type that we know: an edit then leaves the post's as it is.
    pub kind: Option<&'static str>,
    /// Named in `attributedTo` beside the signer: to be checked by whoever knows actors.
    pub others: Vec<Iri>,
    pub in_reply_to: Option<Iri>,
    /// The collections that it says its thread is, the better one first.
    pub conversations: Vec<Iri>,
    /// The collection that it says it belongs to (FEP-400e).
    pub target: Option<String>,
    pub name: Option<String>,
    /// HTML.
    pub content: Option<String>,
    pub url: Option<String>,
    pub published: Option<DateTime<Utc>>,
    pub updated: Option<DateTime<Utc>>,
    pub is_poll_vote: bool,
}

/// Object types that a group takes; anything else is announced as what it says it is but never boosted.
const KINDS: [&str; 12] = [
    "Page",
    "Note",
    "Article",
    "Question",
    "Event",
    "Video",
    "Audio",
    "Image",
    "Document",
    "Place",
    "Link",
    "ChatMessage",
];

/// What a post is called whose type we do not know.
const UNKNOWN: &str = "Object";

/// An object's id: without a fragment.
pub(crate) fn object_id(id: &Iri) -> Result<Iri, Unreadable> {
    Iri::object(id.as_str())
        .map_err(|why| Unreadable::new("object.id", format!("The object's id is refused: {why}.")))
}

/// Reads the object of a Create or Update by `signer`, or one fetched from its origin.
///
/// # Errors
/// Names the field that cannot be read.
pub(crate) fn read(object: &Value, signer: &Iri) -> Result<PostDocument, Unreadable> {
    let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
    let id = Iri::object(id)
        .map_err(|why| Unreadable::new("object.id", format!("The object's id is refused: {why}.")))?;
    let content = text_of(object, "content").map(ToOwned::to_owned);
    let name = text_of(object, "name").map(ToOwned::to_owned);
    let in_reply_to = in_reply_to(object)?;
    Ok(PostDocument {
        kind: kind_of(object, &KINDS),
        others: others(object, signer)?,
        is_poll_vote: name.is_some() && content.is_none() && in_reply_to.is_some(),
        url: url(object),
        conversations: conversations(object),
        target: object.get("target").and_then(id_of).map(ToOwned::to_owned),
        published: date(object, "published"),
        updated: date(object, "updated"),
        in_reply_to,
        name,
        content,
        id,
    })
}

/// The author of a post that nobody sent, as its own server tells it: of those whom `attributedTo` names there, the first that is a person,
/// else the first that does not say it is a group. PeerTube and Mobilizon name two; who the others may be is said where
/// [`PostDocument::others`] are checked.
#[must_use]
pub fn author_of(object: &Value, id: &Iri) -> Option<Iri> {
    let entry = |item| Some((kind_of(item, &ACTORS), Iri::object(id_of(item)?).ok()?));
    let named = list(object.get("attributedTo")).iter().filter_map(entry);
    let named: Vec<_> = named.filter(|(_, iri)| iri.same_origin(id)).collect();
    let first = |is: fn(Option<&str>) -> bool| named.iter().find(|(kind, _)| is(*kind));
    let author = first(|kind| kind == Some("Person")).or_else(|| first(|kind| kind != Some("Group")));
    author.or(named.first()).map(|(_, iri)| iri.clone())
}

/// Whether a post of this type is a question that can be voted on.
#[must_use]
pub fn is_question(kind: &str) -> bool {
    kind == "Question"
}

impl PostDocument {
    /// Its type, as we keep it for a new post.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.unwrap_or(UNKNOWN)
    }
}

/// Who else is named as author. Absent: nobody; a value that names nobody at all cannot be read.
fn others(object: &Value, signer: &Iri) -> Result<Vec<Iri>, Unreadable> {
    let Some(value) = object.get("attributedTo") else {
        return Ok(vec![]);
    };
    let bad = || {
        Unreadable::new(
            "object.attributedTo",
            "attributedTo is neither an id nor a list of ids.",
        )
    };
    let items = list(Some(value));
    if items.is_empty() {
        return Err(bad());
    }
    let named = items
        .iter()
        .map(|item| id_of(item).and_then(|id| Iri::object(id).ok()).ok_or_else(bad))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(named.into_iter().filter(|iri| iri != signer).collect())
}

fn in_reply_to(object: &Value) -> Result<Option<Iri>, Unreadable> {
    match object.get("inReplyTo") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) if items.is_empty() => Ok(None),
        Some(value) => id_of(value)
            .and_then(|id| Iri::object(id).ok())
            .map(Some)
            .ok_or_else(|| Unreadable::new("object.inReplyTo", "inReplyTo is not one canonical id.")),
    }
}

/// The page for people: `url` is a string, a Link, or a list of these; only http and https count (WEB05).
fn url(object: &Value) -> Option<String> {
    list(object.get("url"))
        .iter()
        .filter_map(|item| item.as_str().or_else(|| text_of(item, "href")))
        .find(|text| text.starts_with("https://") || text.starts_with("http://"))
        .map(ToOwned::to_owned)
}

/// A date that makes sense; years that Postgres or peers choke on count as absent (PAR09).
fn date(object: &Value, field: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc3339(text_of(object, field)?)
        .ok()?
        .with_timezone(&Utc);
    let sane = DateTime::from_timestamp(0, 0)?..DateTime::from_timestamp(4_102_444_800, 0)?;
    sane.contains(&date).then_some(date)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ann() -> Iri {
        Iri::object("https://a.example/u/ann").expect("an id")
    }

    fn attributed(to: &Value) -> Result<Vec<String>, &'static str> {
        let object = json!({"id": "https://a.example/1", "type": "Note", "attributedTo": to});
        read(&object, &ann())
            .map(|post| post.others.iter().map(ToString::to_string).collect())
            .map_err(|why| why.field)
    }

    #[test]
    fn the_author_is_the_signer_and_others_are_kept_to_be_checked() {
        assert_eq!(attributed(&json!("https://a.example/u/ann")), Ok(vec![]));
        assert_eq!(attributed(&json!(["https://a.example/u/ann"])), Ok(vec![]));
        assert_eq!(
            attributed(
                &json!([{"type": "Person", "id": "https://a.example/u/ann"}, "https://a.example/c/x"])
            ),
            Ok(vec!["https://a.example/c/x".to_owned()])
        );
        for nonsense in [
            json!(1),
            json!("1"),
            json!(null),
            json!({}),
            json!([]),
            json!([1]),
        ] {
            assert_eq!(attributed(&nonsense), Err("object.attributedTo"), "{nonsense}");
        }
        let absent = json!({"id": "https://a.example/1"});
        assert_eq!(read(&absent, &ann()).expect("read").others, []);
    }

    #[test]
    fn of_several_authors_the_first_person_of_its_own_server_counts() {
        let id = Iri::object("https://a.example/1").expect("an id");
        let author = |to: Value| author_of(&json!({ "attributedTo": to }), &id).map(|iri| iri.to_string());
        let (ann, cat) = ("https://a.example/u/ann", "https://a.example/c/cat");
        for to in [
            json!(ann),
            json!([ann, cat]),
            json!([{"type": "Group", "id": cat}, {"type": "Person", "id": ann}]),
            json!([{"type": "Group", "id": cat}, ann]),
            json!([cat, {"type": "Person", "id": ann}]),
            json!(["https://b.example/u/bob", ann]),
            json!(["", {"type": "Person"}, ann]),
        ] {
            assert_eq!(author(to.clone()).as_deref(), Some(ann), "{to}");
        }
        assert_eq!(
            author(json!([{"type": "Group", "id": cat}])).as_deref(),
            Some(cat)
        );
        for nobody in [
            json!(null),
            json!([]),
            json!({}),
            json!("https://b.example/u/bob"),
        ] {
            assert_eq!(author(nobody.clone()), None, "{nobody}");
        }
    }

    #[test]
    fn dates_that_cannot_be_are_absent_and_links_are_http() {
        let object = json!({"id": "https://a.example/1", "published": "+294277-01-01T00:00:00Z",
            "updated": "2026-11-01T10:00:00Z", "url": ["javascript:alert(1)", {"type": "Link", "href": "https://a.example/p"}]});
        let post = read(&object, &ann()).expect("read");
        assert_eq!((post.kind, post.kind()), (None, "Object"));
        assert_eq!(post.published, None);
        assert!(post.updated.is_some());
        assert_eq!(post.url.as_deref(), Some("https://a.example/p"));
    }
}
