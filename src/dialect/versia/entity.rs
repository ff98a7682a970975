//! Our side as Versia sees it: a group, the user that shares its posts, and the mirrors of people and posts of elsewhere.
//!
//! One rule: each optional field of 0.6 is there, if only as null, and nothing else is, but below `extensions`: the reference
//! implementation refuses keys that it does not know (versia-pub/server 14bb2676, run 2026-04). A text holds `content` and
//! `remote` and no more, for the same reason. One more entity: a function here, and an arm in `address.rs`.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    dialect::{
        GroupFace, Here,
        announce::date,
        fields::{list, text_of},
        picture::{is_media, is_web, picture_type},
        versia::{Mirrored, Ours},
    },
    domain::JoinPolicy,
    text,
};

/// Where in `extensions` a mirror says what it mirrors. Whoever sees it never mirrors the entity again.
pub const BRIDGE: &str = "org.folkmoot:bridge";
/// Where a group and the user that shares its posts name each other.
const FACES: &str = "org.folkmoot:faces";

/// A group, for its two faces.
#[derive(Clone, Copy, Debug)]
pub struct GroupEntity<'a> {
    pub name: &'a str,
    /// Plain text.
    pub title: &'a str,
    /// HTML, sanitised.
    pub summary: &'a str,
    /// Where the pictures are.
    pub icon: Option<&'a str>,
    pub image: Option<&'a str>,
    pub made: DateTime<Utc>,
    /// Whoever asks to join is let in.
    pub open: bool,
    /// Nothing but its name may be shown to whoever asks.
    pub private: bool,
}

/// Somebody from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct UserEntity<'a> {
    pub id: Uuid,
    /// Here.
    pub username: &'a str,
    pub name: Option<&'a str>,
    /// The actor's own id, and its handle there.
    pub iri: &'a str,
    pub handle: &'a str,
    /// As they show themselves there: HTML, sanitised; the address of a picture, and its media type.
    pub bio: Option<&'a str>,
    pub icon: Option<(&'a str, &'a str)>,
    pub indexable: bool,
    pub made: DateTime<Utc>,
}

/// A post from elsewhere.
#[derive(Clone, Debug)]
pub struct NoteEntity<'a> {
    pub id: Uuid,
    /// Of the author's mirror.
    pub author: Uuid,
    pub group: &'a str,
    pub iri: &'a str,
    /// Where people read it.
    pub url: Option<&'a str>,
    pub kind: &'a str,
    pub title: Option<&'a str>,
    /// HTML, sanitised.
    pub content: Option<&'a str>,
    pub published: DateTime<Utc>,
    /// References: what it answers, whom it names.
    pub parent: Option<String>,
    pub mentions: Vec<String>,
    /// The object as its author sent it, if that is kept.
    pub sent: Option<&'a Value>,
}

impl<'a> GroupEntity<'a> {
    /// As its document shows it. `may_look`: whoever asks may look into it.
    #[must_use]
    pub fn of(face: &'a GroupFace, may_look: bool) -> Self {
        Self {
            name: &face.group.name,
            title: &face.title,
            summary: &face.summary,
            icon: face.icon.as_deref(),
            image: face.image.as_deref(),
            made: face.published,
            open: face.group.policies.join == JoinPolicy::Open,
            private: !may_look,
        }
    }
}

/// Whom a post names: their ids.
#[must_use]
pub fn mentioned(sent: &Value) -> Vec<String> {
    list(sent.get("tag"))
        .iter()
        .filter(|tag| tag["type"] == "Mention")
        .filter_map(|tag| text_of(tag, "href").map(ToOwned::to_owned))
        .take(MOST)
        .collect()
}

/// References of those who are mentioned, as far as they have one already: nobody is shown here for being named. `faces`: who has
/// a mirror here.
#[must_use]
pub fn references(mentioned: &[String], faces: impl Fn(&str) -> Option<Uuid>, here: &Here) -> Vec<String> {
    let reference = |iri: &String| {
        let reference = match (here.mirrored(iri), here.group_of(iri)) {
            (Some(Mirrored::User(user)), _) => Some(user),
            (_, Some(group)) if here.group(group) == *iri => here.reference(&Ours::Sharer(group)),
            _ => here.reference(&Ours::Id(faces(iri)?)),
        };
        reference.map(|reference| reference.to_string())
    };
    mentioned.iter().filter_map(reference).collect()
}

/// The group's own entity. `None`: we speak no Versia.
#[must_use]
pub fn group(face: &GroupEntity<'_>, here: &Here) -> Option<Value> {
    let (group, sharer) = (Ours::Group(face.name), Ours::Sharer(face.name));
    let summary = Some(face.summary).filter(|html| !html.is_empty() && !face.private);
    Some(json!({
        "type": "pub.versia:groups/Group",
        "id": here.reference(&group)?.id,
        "created_at": date(face.made),
        "name": if face.private { Value::Null } else { words(face.title) },
        "description": summary.map(html),
        "open": face.open && !face.private,
        "extensions": {FACES: {
            "activitypub": here.group(face.name),
            "user": here.reference(&sharer)?.to_string(),
        }},
    }))
}

/// The user that shares what is posted in a group, for whoever knows no groups.
#[must_use]
pub fn sharer(face: &GroupEntity<'_>, here: &Here) -> Option<Value> {
    let (group, sharer) = (Ours::Group(face.name), Ours::Sharer(face.name));
    let shown = |address: Option<&str>| address.filter(|_| !face.private).and_then(picture);
    let summary = Some(face.summary).filter(|html| !html.is_empty() && !face.private);
    Some(json!({
        "type": "User",
        "id": here.reference(&sharer)?.id,
        "created_at": date(face.made),
        "username": face.name,
        "display_name": if face.private { face.name } else { face.title },
        "bio": summary.map(html),
        "avatar": shown(face.icon),
        "header": shown(face.image),
        "fields": [row("Group", &here.group(face.name))],
        "manually_approves_followers": !face.open || face.private,
        "indexable": false,
        "extensions": {FACES: {
            "activitypub": here.group(face.name),
            "group": here.reference(&group)?.to_string(),
        }},
    }))
}

/// Somebody from elsewhere, and labelled so.
#[must_use]
pub fn user(of: &UserEntity<'_>, here: &Here) -> Option<Value> {
    let label = link(of.iri, of.handle);
    let bio = format!("{}<p>mirrored from {label}</p>", of.bio.unwrap_or_default());
    Some(json!({
        "type": "User",
        "id": here.reference(&Ours::Id(of.id))?.id,
        "created_at": date(of.made),
        "username": of.username,
        "display_name": of.name.unwrap_or(of.username),
        "bio": html(&bio),
        "avatar": of.icon.map(|(address, kind)| picture_of(address, kind)),
        "header": null,
        "fields": [row("Profile", of.iri)],
        // Nobody can follow a mirror.
        "manually_approves_followers": true,
        "indexable": of.indexable,
        "extensions": {BRIDGE: {"protocol": "activitypub", "id": of.iri, "handle": of.handle}},
    }))
}

/// A post from elsewhere.
#[must_use]
pub fn note(of: &NoteEntity<'_>, here: &Here) -> Option<Value> {
    let warning = warning(of);
    // With a warning there is no room for a title but ahead of the text.
    let title = of.title.filter(|title| !title.is_empty());
    let heading = title.filter(|_| warning.is_some()).map(|title| {
        let title = escaped(title);
        format!("<p><strong>{title}</strong></p>")
    });
    let content = match (heading, of.content) {
        (None, None) => None,
        (heading, content) => Some(heading.unwrap_or_default() + content.unwrap_or_default()),
    };
    let is_sensitive = warning.is_some() || of.sent.is_some_and(|sent| sent["sensitive"] == true);
    let (attachments, previews) = of.sent.map(|sent| attached(sent, title)).unwrap_or_default();
    Some(json!({
        "type": "Note",
        "id": here.reference(&Ours::Note(of.id, of.group))?.id,
        "created_at": date(of.published),
        "author": here.reference(&Ours::Id(of.author))?.to_string(),
        "category": "forum",
        "content": content.as_deref().map(html),
        "subject": warning.as_deref().or(title),
        "is_sensitive": is_sensitive,
        "group": here.reference(&Ours::Group(of.group))?.to_string(),
        "replies_to": of.parent,
        "quotes": null,
        "mentions": of.mentions,
        "attachments": attachments,
        "previews": previews,
        "device": null,
        "extensions": {BRIDGE: {"protocol": "activitypub", "id": of.iri, "url": of.url.unwrap_or(of.iri)}},
    }))
}

/// The user that shares a group's posts shares this one. `note`: its reference.
#[must_use]
pub fn share(id: Uuid, at: DateTime<Utc>, group: &str, note: &str, here: &Here) -> Option<Value> {
    Some(json!({
        "type": "pub.versia:share/Share",
        "id": id.to_string(),
        "created_at": date(at),
        "author": here.reference(&Ours::Sharer(group))?.to_string(),
        "shared": note,
        "extensions": {},
    }))
}

/// HTML in its two renderings.
fn html(html: &str) -> Value {
    rendered(html, &text::plain(html))
}

/// Plain text in its two renderings.
fn words(plain: &str) -> Value {
    rendered(&escaped(plain), plain)
}

fn rendered(html: &str, plain: &str) -> Value {
    json!({
        "text/html": {"content": html, "remote": false},
        "text/plain": {"content": plain, "remote": false},
    })
}

/// A row of a profile, with a link.
fn row(key: &str, address: &str) -> Value {
    json!({"key": words(key), "value": rendered(&link(address, address), address)})
}

fn link(address: &str, name: &str) -> String {
    let (address, name) = (escaped(address), escaped(name));
    format!("<a href=\"{address}\" rel=\"nofollow noopener noreferrer\">{name}</a>")
}

fn escaped(plain: &str) -> String {
    plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// What its author warns of. The summary of an article is no warning, unless it says that it is.
fn warning(of: &NoteEntity<'_>) -> Option<String> {
    let sent = of.sent?;
    let warns = sent["sensitive"] == true || matches!(of.kind, "Note" | "Question");
    let summary = text_of(sent, "summary").filter(|_| warns)?;
    Some(text::plain(summary)).filter(|words| !words.is_empty())
}

/// Of attachments and previews we pass on so many each.
const MOST: usize = 32;

/// A picture by its address; `None` where its name does not tell its type.
fn picture(address: &str) -> Option<Value> {
    Some(picture_of(address, &picture_type(None, address)?))
}

fn picture_of(address: &str, kind: &str) -> Value {
    json!({kind: {"content": address, "remote": true}})
}

/// What comes with a post: files, and links to pages.
fn attached(sent: &Value, title: Option<&str>) -> (Vec<Value>, Vec<Value>) {
    let (mut files, mut pages) = (Vec::new(), Vec::new());
    for one in list(sent.get("attachment")) {
        let address = ["url", "href"].into_iter().find_map(|field| text_of(one, field));
        let Some(address) = address.filter(|address| is_web(address)) else {
            continue;
        };
        match file(one, address) {
            Some(file) => files.push(file),
            // The reference implementation takes no text as an attachment (2026-04).
            None if one["type"] == "Link" || one["type"] == "Page" => pages.push(json!({
                "link": address,
                "title": text_of(one, "name").or(title).unwrap_or(address),
            })),
            None => {}
        }
    }
    files.truncate(MOST);
    pages.truncate(MOST);
    (files, pages)
}

fn file(one: &Value, address: &str) -> Option<Value> {
    let kind = text_of(one, "mediaType")
        .filter(|kind| is_media(kind, &["image/", "video/", "audio/"]))
        .map(ToOwned::to_owned);
    let is_picture = matches!(one["type"].as_str(), Some("Image" | "Document"));
    let kind = kind.or_else(|| picture_type(None, address).filter(|_| is_picture))?;
    let mut held = Map::new();
    held.insert("content".to_owned(), json!(address));
    held.insert("remote".to_owned(), json!(true));
    if let Some(words) = text_of(one, "name").or_else(|| text_of(one, "summary")) {
        held.insert("description".to_owned(), json!(words));
    }
    for side in ["width", "height"] {
        if let Some(length) = one[side].as_u64().filter(|length| (1..=1 << 20).contains(length)) {
            held.insert(side.to_owned(), json!(length));
        }
    }
    Some(json!({kind: held}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Here {
        Here::new(&"https://g.example".parse().unwrap()).speaking_for("g.example".to_owned())
    }

    fn face(private: bool) -> GroupEntity<'static> {
        GroupEntity {
            name: "garden",
            title: "Gardeners & co",
            summary: "<p>All about <b>soil</b>.</p>",
            icon: Some("https://x.example/leek.PNG?size=2"),
            image: Some("https://x.example/leek"),
            made: DateTime::UNIX_EPOCH,
            open: true,
            private,
        }
    }

    #[test]
    fn a_group_has_two_faces_that_name_each_other() {
        let (group, sharer) = (
            group(&face(false), &here()).unwrap(),
            sharer(&face(false), &here()).unwrap(),
        );
        assert_eq!(group["id"], "group-garden");
        assert_eq!(group["name"]["text/html"]["content"], "Gardeners &amp; co");
        assert_eq!(
            group["name"]["text/plain"],
            json!({"content": "Gardeners & co", "remote": false})
        );
        assert_eq!(group["description"]["text/plain"]["content"], "All about soil.");
        assert_eq!(group["open"], true);
        assert_eq!(group["extensions"][FACES]["user"], "g.example:garden");
        assert_eq!(sharer["id"], "garden");
        assert_eq!(sharer["extensions"][FACES]["group"], "g.example:group-garden");
        assert_eq!(
            sharer["avatar"]["image/png"]["content"],
            "https://x.example/leek.PNG?size=2"
        );
        assert_eq!(sharer["header"], Value::Null);
    }

    #[test]
    fn a_private_group_shows_that_it_is_there() {
        let shown = group(&face(true), &here()).unwrap().to_string()
            + &sharer(&face(true), &here()).unwrap().to_string();
        assert!(!shown.contains("Gardeners") && !shown.contains("soil") && !shown.contains("leek"));
    }

    fn post<'a>(sent: &'a Value) -> NoteEntity<'a> {
        NoteEntity {
            id: Uuid::from_u128(1),
            author: Uuid::from_u128(2),
            group: "garden",
            iri: "https://m.example/1",
            url: Some("https://m.example/@carol/1"),
            kind: "Note",
            title: Some("Leeks"),
            content: Some("<p>Hi</p>"),
            published: DateTime::UNIX_EPOCH,
            parent: None,
            mentions: vec![],
            sent: Some(sent),
        }
    }

    #[test]
    fn a_title_is_the_subject_unless_there_is_a_warning() {
        let plain = note(&post(&json!({})), &here()).unwrap();
        assert_eq!(
            (&plain["subject"], &plain["is_sensitive"]),
            (&json!("Leeks"), &json!(false))
        );
        assert_eq!(plain["content"]["text/html"]["content"], "<p>Hi</p>");
        let warned = note(&post(&json!({"summary": "smells", "sensitive": true})), &here()).unwrap();
        assert_eq!(
            (&warned["subject"], &warned["is_sensitive"]),
            (&json!("smells"), &json!(true))
        );
        assert_eq!(warned["content"]["text/plain"]["content"], "Leeks Hi");
    }

    #[test]
    fn files_are_attached_and_pages_are_previews() {
        let sent = json!({"attachment": [
            {"type": "Document", "mediaType": "image/webp", "url": "https://m.example/a", "name": "a leek", "width": 640, "height": 0},
            {"type": "Image", "url": "https://m.example/b.jpg"},
            {"type": "Link", "href": "https://news.example/"},
            {"type": "Document", "mediaType": "text/plain", "url": "https://m.example/c.txt"},
            {"type": "Document", "mediaType": "image/png", "url": "javascript:alert(1)"},
            "https://m.example/d",
        ]});
        let note = note(&post(&sent), &here()).unwrap();
        assert_eq!(
            note["attachments"],
            json!([
                {"image/webp": {"content": "https://m.example/a", "remote": true, "description": "a leek", "width": 640}},
                {"image/jpeg": {"content": "https://m.example/b.jpg", "remote": true}},
            ])
        );
        assert_eq!(
            note["previews"],
            json!([{"link": "https://news.example/", "title": "Leeks"}])
        );
    }

    #[test]
    fn a_mirror_says_whose_it_is() {
        let of = UserEntity {
            id: Uuid::from_u128(2),
            username: "carol_m_example",
            name: None,
            iri: "https://m.example/u/carol",
            handle: "@carol@m.example",
            bio: Some("<p>Digs.</p>"),
            icon: Some(("https://m.example/a", "image/png")),
            indexable: true,
            made: DateTime::UNIX_EPOCH,
        };
        let user = user(&of, &here()).unwrap();
        assert_eq!(user["display_name"], "carol_m_example");
        assert_eq!(
            user["bio"]["text/plain"]["content"],
            "Digs. mirrored from @carol@m.example"
        );
        assert_eq!(user["extensions"][BRIDGE]["id"], "https://m.example/u/carol");
        assert_eq!(user["manually_approves_followers"], true);
    }
}
