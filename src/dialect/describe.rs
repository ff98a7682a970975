//! Reading an Update of a group: what is to change of it.
//!
//! One rule: only what is on the list changes (GRP17). A field that says what the group's document says already means
//! nothing; one that says something else, and is not on the list, is refused by its name.

use serde_json::Value;

use crate::{
    dialect::{
        GroupFace, Here, Unreadable,
        fields::{embedded, id_of, list, text_of},
        group_document, policies,
    },
    domain::{Iri, PolicyChange},
};

/// What is to change. `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// As it came.
    pub title: Option<String>,
    pub summary: Option<Summary>,
    /// `Some(None)`: no picture any more.
    pub icon: Option<Option<String>>,
    pub image: Option<Option<String>>,
    /// As they came: HTML or plain text.
    pub rules: Option<Vec<String>>,
    pub related: Option<Vec<String>>,
    pub policies: PolicyChange,
}

/// What the group is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Summary {
    Html(String),
    Markdown(String),
    Nothing,
}

/// Why a group is not to be changed so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSo {
    Unreadable(Unreadable),
    /// What nobody may change; the name of the field.
    Fixed(&'static str),
}

impl From<Unreadable> for NotSo {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

/// Fields of a group that nobody may change from outside. What is not in its document and not here means nothing.
const FIXED: [&str; 34] = [
    "object.accessType",
    "object.admins",
    "object.affiliations",
    "object.alsoKnownAs",
    "object.assertionMethod",
    "object.attributedTo",
    "object.audience",
    "object.capabilities",
    "object.closed",
    "object.collections",
    "object.discoverable",
    "object.endpoints",
    "object.featured",
    "object.followers",
    "object.following",
    "object.grp:members",
    "object.inbox",
    "object.indexable",
    "object.members",
    "object.moderators",
    "object.movedTo",
    "object.outbox",
    "object.owner",
    "object.pendingActivities",
    "object.pendingMembers",
    "object.preferredUsername",
    "object.publicKey",
    "object.publicKeyPem",
    "object.replies",
    "object.sharedInbox",
    "object.type",
    "object.url",
    "object.wall",
    "object.webfinger",
];

const MOST_RULES: usize = 100;
const MOST_RELATED: usize = 100;
/// The longest address of a picture, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// What an Update asks for, of a group as it is now.
///
/// # Errors
/// [`NotSo`] names the field.
pub fn describe(object: &Value, now: &GroupFace, here: &Here) -> Result<Description, NotSo> {
    let current = group_document(now, here);
    let mut wanted = Description::default();
    let Some(fields) = object.as_object() else {
        return Ok(wanted);
    };
    let changed = || {
        fields
            .iter()
            .filter(|(name, value)| !is_as_now(name, value, &current))
    };
    for (name, value) in changed() {
        if policies::read(name, value, &mut wanted.policies)? {
            continue;
        }
        match name.as_str() {
            "name" => wanted.title = Some(title(value)?),
            "summary" => wanted.summary = wanted.summary.or(Some(summary(value)?)),
            // What was written counts before what it looks like.
            "source" => wanted.summary = source(value).or(wanted.summary),
            "icon" => wanted.icon = Some(picture("object.icon", value)?),
            "image" => wanted.image = Some(picture("object.image", value)?),
            "rules" => wanted.rules = Some(rules(value)?),
            "related" => wanted.related = Some(related(value)?),
            _ => {}
        }
    }
    for (name, value) in changed() {
        let policies = &now.group.policies;
        if policies::read_of_others(name, value, policies, &mut wanted.policies)? {
            continue;
        }
        let fixed = FIXED
            .iter()
            .find(|field| field.strip_prefix("object.") == Some(name));
        if let Some(field) = fixed {
            return Err(NotSo::Fixed(field));
        }
    }
    Ok(wanted)
}

/// Whether a field says what the group's document says already; an embedded thing by its id, a list of one as the one.
fn is_as_now(name: &str, value: &Value, current: &Value) -> bool {
    let now = current.get(name).unwrap_or(&Value::Null);
    if value == now || list(Some(value)) == list(Some(now)) {
        return true;
    }
    name == "type" && list(Some(value)).contains(now) || now.is_string() && id_of(value) == now.as_str()
}

fn title(value: &Value) -> Result<String, Unreadable> {
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    text.map(ToOwned::to_owned)
        .ok_or_else(|| Unreadable::new("object.name", "A group has a name: a text that is not empty."))
}

fn summary(value: &Value) -> Result<Summary, Unreadable> {
    match value {
        Value::Null => Ok(Summary::Nothing),
        Value::String(text) => Ok(Summary::Html(text.clone())),
        _ => Err(Unreadable::new("object.summary", "This is a text, or null.")),
    }
}

fn source(value: &Value) -> Option<Summary> {
    let is_markdown = text_of(value, "mediaType").is_none_or(|kind| kind.starts_with("text/markdown"));
    let content = value.get("content").and_then(Value::as_str)?;
    is_markdown.then(|| Summary::Markdown(content.to_owned()))
}

/// An address, or an Image or Link with one.
fn picture(field: &'static str, value: &Value) -> Result<Option<String>, Unreadable> {
    if value.is_null() || list(Some(value)).is_empty() {
        return Ok(None);
    }
    let first = list(Some(value)).first();
    let address = first.and_then(|one| match one {
        Value::String(address) => Some(address.as_str()),
        other => other
            .get("href")
            .or_else(|| other.get("url"))
            .and_then(|url| match embedded(url) {
                Some(link) => text_of(link, "href"),
                None => id_of(url),
            }),
    });
    let is_one = |address: &&str| {
        address.len() <= LONGEST_ADDRESS
            && url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    match address.filter(is_one) {
        Some(address) => Ok(Some(address.to_owned())),
        None => Err(Unreadable::new(
            field,
            "This is the address of a picture, or an Image or Link with one.",
        )),
    }
}

/// Texts, or Notes, or a collection of these.
fn rules(value: &Value) -> Result<Vec<String>, Unreadable> {
    let items = embedded(value).and_then(|value| value.get("orderedItems").or_else(|| value.get("items")));
    let rules: Option<Vec<String>> = match items.unwrap_or(value) {
        Value::Null => Some(vec![]),
        items => list(Some(items)).iter().map(rule).collect(),
    };
    match rules.filter(|rules| rules.len() <= MOST_RULES) {
        Some(rules) => Ok(rules),
        None => Err(Unreadable::new(
            "object.rules",
            "These are texts, Notes, or a collection of these, at most 100.",
        )),
    }
}

fn rule(value: &Value) -> Option<String> {
    let text = value
        .as_str()
        .or_else(|| text_of(value, "content"))
        .or_else(|| text_of(value, "name"));
    text.map(ToOwned::to_owned)
}

fn related(value: &Value) -> Result<Vec<String>, Unreadable> {
    let ids: Option<Vec<String>> = match value {
        Value::Null => Some(vec![]),
        value => list(Some(value))
            .iter()
            .map(|one| Iri::object(id_of(one)?).ok().map(|id| id.to_string()))
            .collect(),
    };
    match ids.filter(|ids| ids.len() <= MOST_RELATED) {
        Some(ids) => Ok(ids),
        None => Err(Unreadable::new(
            "object.related",
            "These are the ids of groups, at most 100.",
        )),
    }
}
