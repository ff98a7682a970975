//! What a note holds, as others read it: its text, its title or warning, what is attached to it.
//!
//! One rule: nothing of it is believed. HTML is sanitised before it leaves here, a text that is elsewhere is not fetched, and
//! what is not as the specification has it is an error that names the field.

use serde_json::{Map, Value, json};

use crate::{
    dialect::{Unreadable, fields::text_of},
    text,
};

/// Longest text, in characters: what the specification names as acceptable (`app/federation/validation`).
const LONGEST: usize = 100_000;
/// Attachments beyond this many are not passed on.
const MOST_ATTACHED: usize = 64;

/// The text of a note, as HTML, made of the best of its renderings.
///
/// # Errors
/// If it is no content format.
pub(super) fn html(note: &Value) -> Result<Option<String>, Unreadable> {
    let Some(format) = note.get("content").filter(|content| !content.is_null()) else {
        return Ok(None);
    };
    let mut texts = vec![];
    for (media_type, of) in texts_of(format, "content")? {
        let (content, is_remote) = rendering(of, "content")?;
        if content.chars().count() > LONGEST {
            return Err(Unreadable::new("content", "The text is too long."));
        }
        if media_type.starts_with("text/") && !is_remote {
            texts.push((media_type.as_str(), content));
        }
    }
    let of_type = |wanted: &str| texts.iter().find(|(media_type, _)| *media_type == wanted);
    Ok(
        match (of_type("text/html"), of_type("text/markdown"), texts.first()) {
            (Some((_, html)), ..) => Some(text::sanitize(html)),
            (None, Some((_, markdown)), _) => Some(text::sanitize(&text::markdown(markdown))),
            (None, None, Some((_, plain))) => Some(paragraphs(plain)),
            (None, None, None) => None,
        },
    )
}

/// The subject of a note: a warning, or else a title.
pub(super) fn subject(note: &Value, into: &mut Map<String, Value>) -> Result<(), Unreadable> {
    let sensitive = match note.get("is_sensitive") {
        Some(Value::Bool(sensitive)) => *sensitive,
        _ => return Err(Unreadable::new("is_sensitive", "is_sensitive is not a boolean.")),
    };
    if !matches!(note.get("subject"), None | Some(Value::Null | Value::String(_))) {
        return Err(Unreadable::new("subject", "The subject is not a string."));
    }
    let subject = text_of(note, "subject").map(|subject| text::truncate(subject, LONGEST));
    if sensitive {
        into.insert("sensitive".to_owned(), json!(true));
    }
    if let Some(subject) = subject {
        let field = if sensitive { "summary" } else { "name" };
        into.insert(field.to_owned(), json!(subject));
    }
    Ok(())
}

/// What is attached, as links to where it is.
///
/// # Errors
/// If it is no list of content formats.
pub(super) fn attached(note: &Value) -> Result<Vec<Value>, Unreadable> {
    let bad = || Unreadable::new("attachments", "The attachments are not a list.");
    let attachments = note
        .get("attachments")
        .and_then(Value::as_array)
        .ok_or_else(bad)?;
    let mut links = vec![];
    for attachment in attachments {
        let mut link = None;
        for (media_type, of) in formats(attachment, "attachments")? {
            let (content, is_remote) = rendering(of, "attachments")?;
            if !is_remote {
                return Err(Unreadable::new(
                    "attachments",
                    "What is attached is elsewhere: a URL.",
                ));
            }
            if is_link(content) && link.is_none() {
                link = Some(linked(media_type, content, of));
            }
        }
        links.extend(link);
    }
    links.truncate(MOST_ATTACHED);
    Ok(links)
}

/// What nobody here is shown has its shape all the same: `previews`, `category`, `device`.
///
/// # Errors
/// By the field.
pub(super) fn unshown(note: &Value) -> Result<(), Unreadable> {
    let is_preview = |of: &Value| text_of(of, "link").zip(text_of(of, "title")).is_some();
    if !matches!(note.get("previews"), Some(Value::Array(all)) if all.iter().all(is_preview)) {
        let why = "The previews are no list of links with their titles.";
        return Err(Unreadable::new("previews", why));
    }
    // There may be more of them one day.
    if !matches!(note.get("category"), None | Some(Value::Null | Value::String(_))) {
        return Err(Unreadable::new("category", "The category is not a string."));
    }
    match note.get("device") {
        None | Some(Value::Null) => Ok(()),
        Some(device) if text_of(device, "name").is_some() => Ok(()),
        Some(_) => Err(Unreadable::new("device", "The device has no name.")),
    }
}

/// What somebody shows of themselves: `bio`, `avatar`, `header`, `fields`.
///
/// # Errors
/// By the field.
pub(super) fn profile(user: &Value) -> Result<(), Unreadable> {
    let given = |field: &str| user.get(field).filter(|value| !value.is_null());
    if let Some(bio) = given("bio") {
        texts_of(bio, "bio").map(drop)?;
    }
    for picture in ["avatar", "header"] {
        if let Some(format) = given(picture) {
            formats(format, picture).map(drop)?;
        }
    }
    let bad = || Unreadable::new("fields", "The fields are no list of keys and values.");
    for field in user.get("fields").and_then(Value::as_array).ok_or_else(bad)? {
        for part in ["key", "value"] {
            texts_of(field.get(part).ok_or_else(bad)?, "fields").map(drop)?;
        }
    }
    Ok(())
}

fn linked(media_type: &str, url: &str, of: &Value) -> Value {
    let kind = match media_type.split('/').next() {
        Some("image") => "Image",
        Some("video") => "Video",
        Some("audio") => "Audio",
        _ => "Document",
    };
    let mut link = json!({"type": kind, "mediaType": media_type, "url": url});
    if let Some(description) = text_of(of, "description") {
        link["name"] = json!(text::truncate(description, LONGEST));
    }
    for size in ["width", "height"] {
        if let Some(pixels) = of.get(size).and_then(Value::as_u64) {
            link[size] = json!(pixels);
        }
    }
    link
}

/// A content format: at least one rendering, each under its media type.
fn formats<'v>(
    format: &'v Value,
    field: &'static str,
) -> Result<impl Iterator<Item = (&'v String, &'v Value)>, Unreadable> {
    let bad = || Unreadable::new(field, "This is no content by media types.");
    let formats = format.as_object().filter(|formats| !formats.is_empty());
    let formats = formats.ok_or_else(bad)?;
    if formats.keys().all(|media_type| is_media_type(media_type)) {
        Ok(formats.iter())
    } else {
        Err(bad())
    }
}

/// The same, of something that is to be read: one of them is a text.
fn texts_of<'v>(
    format: &'v Value,
    field: &'static str,
) -> Result<impl Iterator<Item = (&'v String, &'v Value)>, Unreadable> {
    if formats(format, field)?.any(|(media_type, _)| media_type.starts_with("text/")) {
        formats(format, field)
    } else {
        Err(Unreadable::new(field, "None of the renderings is a text."))
    }
}

fn rendering<'v>(of: &'v Value, field: &'static str) -> Result<(&'v str, bool), Unreadable> {
    let content = of.get("content").and_then(Value::as_str);
    let is_remote = of.get("remote").and_then(Value::as_bool);
    content.zip(is_remote).ok_or_else(|| {
        Unreadable::new(
            field,
            "A rendering has its content, a string, and whether that is remote.",
        )
    })
}

fn is_media_type(text: &str) -> bool {
    let is_token = |part: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.bytes().all(is_allowed)
    };
    text.split_once('/')
        .is_some_and(|(kind, of)| is_token(kind) && is_token(of))
}

fn is_link(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && url::Url::parse(text).is_ok()
}

/// Plain text as HTML: paragraphs and lines.
pub(super) fn paragraphs(plain: &str) -> String {
    let escaped = plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    let paragraphs = escaped.split("\n\n").filter(|part| !part.trim().is_empty());
    let paragraphs = paragraphs.map(|part| format!("<p>{}</p>", part.trim().replace('\n', "<br>")));
    paragraphs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(content: &Value) -> Value {
        json!({"content": content})
    }

    fn text(media_type: &str, content: &str) -> Value {
        json!({media_type: {"content": content, "remote": false}})
    }

    #[test]
    fn the_best_rendering_is_taken_and_made_harmless() {
        let mut all = text("text/plain", "plain");
        all["text/markdown"] = json!({"content": "**mark**", "remote": false});
        assert_eq!(
            html(&note(&all)).unwrap().unwrap().trim(),
            "<p><strong>mark</strong></p>"
        );
        all["text/html"] = json!({"content": "<p onclick=x>html<script>1</script></p>", "remote": false});
        assert_eq!(html(&note(&all)).unwrap().unwrap(), "<p>html</p>");
        assert_eq!(
            html(&note(&text("text/plain", "<b>&\nx\n\ny"))).unwrap().unwrap(),
            "<p>&lt;b&gt;&amp;<br>x</p><p>y</p>"
        );
        assert_eq!(html(&json!({"content": null})).unwrap(), None);
        let elsewhere = json!({"text/html": {"content": "https://b.example/x", "remote": true}});
        assert_eq!(html(&note(&elsewhere)).unwrap(), None, "nothing is fetched");
    }

    #[test]
    fn odd_content_is_refused_by_its_field() {
        for odd in [
            json!(1),
            json!("text"),
            json!([]),
            json!({}),
            json!({"text": {"content": "x", "remote": false}}),
            json!({"text/html": "x"}),
            json!({"text/html": {"content": 1, "remote": false}}),
            json!({"text/html": {"content": "x", "remote": "no"}}),
            json!({"image/webp": {"content": "https://b.example/x.webp", "remote": true}}),
            text("text/plain", &"x".repeat(LONGEST + 1)),
        ] {
            assert_eq!(html(&note(&odd)).unwrap_err().field, "content", "{odd:.60}");
        }
        let inline = json!([{"image/webp": {"content": "UklGR", "remote": false}}]);
        for odd in [json!({}), inline] {
            let failed = attached(&json!({ "attachments": odd })).unwrap_err();
            assert_eq!(failed.field, "attachments");
        }
    }

    #[test]
    fn attachments_are_links_with_their_description() {
        let attachments = json!({"attachments": [
            {"image/webp": {"content": "https://b.example/x.webp", "remote": true, "description": "a leek", "width": 640, "fps": 2}},
            {"image/webp": {"content": "javascript:alert(1)", "remote": true}},
            {"application/zip": {"content": "https://b.example/x.zip", "remote": true}},
        ]});
        assert_eq!(
            attached(&attachments).unwrap(),
            [
                json!({"type": "Image", "mediaType": "image/webp", "url": "https://b.example/x.webp", "name": "a leek", "width": 640}),
                json!({"type": "Document", "mediaType": "application/zip", "url": "https://b.example/x.zip"}),
            ]
        );
    }
}
