//! What people write for a group, an actor or a host, and what we make of it.
//!
//! One rule: what is not understood is answered with what to write instead. A new kind of name is a function here that
//! says so, and a row in the tests.

mod elsewhere;
mod hosts;

use url::{Host, Url};
use uuid::Uuid;

use crate::cli::Usage;
use crate::dialect::Here;
use crate::domain::{Iri, NotCanonical};
use crate::engine::Whom;

pub(super) use elsewhere::Named;
pub(super) use hosts::host;

/// Longest name of a group, in characters.
const LONGEST: usize = 64;

/// A new group's name: lower-case letters, digits and `_`, 1 to 64 of them.
///
/// # Errors
/// What is wrong with it, and the nearest name that could be had.
pub(super) fn new_group(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("a group needs a name: lower-case letters, digits and `_`".to_owned());
    }
    if text.chars().all(is_in_names) {
        return match text.len() {
            ..=LONGEST => Ok(text.to_owned()),
            long => Err(format!(
                "a group's name has at most {LONGEST} characters, and this one has {long}"
            )),
        };
    }
    Err(match nearest_name(text) {
        Some(near) => format!("a group's name has only lower-case letters, digits and `_`: write {near}"),
        None => "a group's name has only lower-case letters (a to z), digits and `_`".to_owned(),
    })
}

/// A group of ours: its name, `!name@host`, `name@host`, `acct:name@host`, or its URL.
///
/// # Errors
/// If it is another server's, or no name at all.
pub(super) fn group(text: &str, here: &Here) -> Result<String, String> {
    if text.contains("://") {
        return match here.group_meant(text) {
            Some(name) if text == here.group(name) => Ok(name.to_owned()),
            Some(name) => Err(format!("this is a part of a group: write {}", here.group(name))),
            None => Err(format!(
                "{text} is no group of this server, whose address is {}",
                here.base()
            )),
        };
    }
    let handle = text.strip_prefix("acct:").unwrap_or(text);
    let handle = handle.strip_prefix(['!', '@']).unwrap_or(handle);
    match handle.split_once('@') {
        None => new_group(handle),
        Some((name, host)) if host.eq_ignore_ascii_case(here.authority()) => new_group(name),
        Some((_, host)) => Err(format!(
            "{host} is another server; the groups here are at {}",
            here.authority()
        )),
    }
}

/// Somebody who waits to be let in, or an entry of what waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    Actor(Named),
    Entry(Uuid),
}

/// An entry by its id, as `group pending` shows it, or by its URL; else an actor.
///
/// # Errors
/// As [`actor`].
pub(super) fn waits(text: &str) -> Result<Waits, String> {
    let last = text.rsplit("/activities/").next().unwrap_or(text);
    match Uuid::try_parse(last) {
        Ok(id) => Ok(Waits::Entry(id)),
        Err(_) if text.contains(':') => actor(text).map(Waits::Actor),
        Err(_) => Err(
            "what waits is named by the id of its entry, as `folkmoot group pending` shows it, or by the URL of whoever asks \
             to be let in"
                .to_owned(),
        ),
    }
}

/// A report or a collection, by the id that its list shows.
///
/// # Errors
/// What an id looks like.
pub(super) fn id(text: &str) -> Result<Uuid, String> {
    Uuid::try_parse(text).map_err(|_| {
        "this is not an id as the list shows it, such as 019e830e-1a00-7426-95ae-8a3e196d0bbc".to_owned()
    })
}

/// A post: its canonical URL, at its origin or here, or a reference.
///
/// # Errors
/// What is wrong with it, and what to write if that can be told.
pub(super) fn post(text: &str) -> Result<Named, String> {
    if let Some(note) = elsewhere::note(text)? {
        return Ok(note);
    }
    let iri = Iri::object(text).map_err(|why| match (why, canonical(text)) {
        (NotCanonical::Spelling | NotCanonical::Fragment | NotCanonical::Host, Some(near)) => {
            format!("a post is named by its URL in canonical form: write {near}")
        }
        (NotCanonical::NotHttp, _) => {
            "a post is named by its URL, at its origin or here, such as https://your.server/notes/1; in Versia, by its \
             reference, such as your.server:ID"
                .to_owned()
        }
        _ => format!("this cannot be a post's URL: {why}"),
    });
    iri.map(Named::Id)
}

/// An actor of any server: its canonical URL, or a reference.
///
/// # Errors
/// What is wrong with it, and what to write if that can be told.
pub(super) fn actor(text: &str) -> Result<Named, String> {
    match elsewhere::user(text)? {
        Some(user) => Ok(user),
        None => actor_url(text).map(Named::Id),
    }
}

/// An actor that speaks ActivityPub: its canonical URL.
///
/// # Errors
/// As [`actor`].
pub(super) fn actor_url(text: &str) -> Result<Iri, String> {
    if text.starts_with("acct:") || (!text.contains("://") && text.contains('@')) {
        return Err(
            "an actor is named by its URL, such as https://your.server/users/you: open the profile and copy its address"
                .to_owned(),
        );
    }
    Iri::object(text).map_err(|why| match (why, canonical(text)) {
        (NotCanonical::Spelling | NotCanonical::Fragment | NotCanonical::Host, Some(near)) => {
            format!("an actor is named by its URL in canonical form: write {near}")
        }
        (NotCanonical::NotHttp, _) => {
            "an actor is named by its URL, such as https://your.server/users/you; in Versia, by a reference, such as \
             your.server:ID"
                .to_owned()
        }
        _ => format!("this cannot be an actor's URL: {why}"),
    })
}

/// A picture, by its address; nothing stands for none.
///
/// # Errors
/// What to write instead.
pub(super) fn picture(text: &str) -> Result<String, String> {
    let is_address = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if text.is_empty() || (is_address && text.len() <= 2048) {
        return Ok(text.to_owned());
    }
    Err("a picture is named by its address, such as https://your.server/picture.png".to_owned())
}

/// Yes or no, as people write it of something that is switched.
///
/// # Errors
/// What to write instead.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is either `on` or `off`".to_owned()),
    }
}

/// A group that another one has to do with, by its URL; nothing stands for none.
///
/// # Errors
/// As [`actor`].
pub(super) fn related(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    actor_url(text).map(|iri| iri.to_string())
}

/// Whom a ban is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Barred {
    Actor(Named),
    Host(String),
}

impl Barred {
    /// With the id that an actor has here.
    ///
    /// # Errors
    /// As [`Named::id`].
    pub(super) fn whom(&self, here: &Here) -> Result<Whom, Usage> {
        Ok(match self {
            Self::Actor(actor) => Whom::Actor(actor.id(here)?),
            Self::Host(host) => Whom::Host(host.clone()),
        })
    }
}

/// Whom a ban is about: an actor by its URL or a reference, else a host. A number behind a colon is a port.
///
/// # Errors
/// As [`actor`] and [`host`]; a URL without a path is taken for a host written as a URL.
pub(super) fn barred(text: &str) -> Result<Barred, String> {
    if !text.contains("://") {
        return match host(text) {
            Ok(host) => Ok(Barred::Host(host)),
            Err(why) => elsewhere::user(text)?.map(Barred::Actor).ok_or(why),
        };
    }
    match Url::parse(text) {
        Ok(url) if url.path() == "/" && url.query().is_none() => host(text).map(Barred::Host),
        _ => actor(text).map(Barred::Actor),
    }
}

fn is_in_names(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

fn nearest_name(text: &str) -> Option<String> {
    let near: String = text
        .trim_start_matches(['!', '@'])
        .to_ascii_lowercase()
        .chars()
        .map(|c| if matches!(c, '-' | ' ' | '.') { '_' } else { c })
        .take(LONGEST)
        .collect();
    (!near.is_empty() && near.chars().all(is_in_names)).then_some(near)
}

/// The same id as it should have been written, if that is an id.
fn canonical(text: &str) -> Option<Iri> {
    let mut url = Url::parse(text.trim()).ok()?;
    url.set_fragment(None);
    if let Some(Host::Domain(name)) = url.host() {
        let name = name.trim_end_matches('.').to_owned();
        url.set_host(Some(&name)).ok()?;
    }
    Iri::object(url.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Here {
        Here::new(&"https://g.example:8443".parse().expect("a URL"))
    }

    #[test]
    fn a_group_of_ours_is_known_in_each_of_its_spellings() {
        for text in [
            "garden",
            "!garden@g.example:8443",
            "@garden@G.example:8443",
            "garden@g.example:8443",
            "acct:garden@g.example:8443",
            "https://g.example:8443/c/garden",
        ] {
            assert_eq!(group(text, &here()), Ok("garden".to_owned()), "{text}");
        }
    }

    #[test]
    fn a_group_elsewhere_is_not_taken_for_ours() {
        for text in [
            "!garden@g.example",
            "!garden@evil.example",
            "https://g.example/c/garden",
            "https://g.example:8443.evil.example/c/garden",
            "https://evil.example/c/garden",
        ] {
            assert!(group(text, &here()).is_err(), "{text}");
        }
        let part = group("https://g.example:8443/c/garden/followers", &here());
        assert!(part.is_err_and(|said| said.ends_with("write https://g.example:8443/c/garden")));
    }

    #[test]
    fn a_name_that_cannot_be_had_is_answered_with_one_that_can() {
        for (text, near) in [
            ("Garden", "write garden"),
            ("rust-lang", "write rust_lang"),
            ("my garden", "write my_garden"),
            ("!Garden", "write garden"),
        ] {
            assert!(new_group(text).is_err_and(|said| said.ends_with(near)), "{text}");
        }
        for text in ["", "gärten", "a/b", "a\0b", &"a".repeat(65)] {
            assert!(new_group(text).is_err(), "{text}");
        }
        assert_eq!(new_group(&"a".repeat(64)), Ok("a".repeat(64)));
    }

    #[test]
    fn an_actor_is_its_canonical_url() {
        assert!(actor("https://social.example/users/ann").is_ok());
        assert!(actor("http://127.0.0.1:4001/u/ann").is_ok());
        for (text, said) in [
            (
                "https://Social.Example/users/ann",
                "write https://social.example/users/ann",
            ),
            (
                "https://social.example:443/users/ann",
                "write https://social.example/users/ann",
            ),
            (
                "https://social.example/users/ann#main-key",
                "write https://social.example/users/ann",
            ),
            (
                "https://social.example./users/ann",
                "write https://social.example/users/ann",
            ),
        ] {
            assert!(actor(text).is_err_and(|why| why.ends_with(said)), "{text}");
        }
        for text in [
            "@ann@social.example",
            "acct:ann@social.example",
            "ann",
            "",
            "mailto:ann@x.example",
        ] {
            assert!(
                actor(text).is_err_and(|why| why.contains("https://your.server/users/you")),
                "{text}"
            );
        }
        assert!(actor("https://me:secret@social.example/users/ann").is_err());
    }

    #[test]
    fn ids_and_posts_are_told_from_what_they_are_not() {
        let entry = "019e830e-1a00-7426-95ae-8a3e196d0bbc";
        assert!(matches!(waits(entry), Ok(Waits::Entry(_))));
        assert!(waits("019e830e").is_err_and(|why| why.contains("group pending")));
        assert!(id(entry).is_ok());
        assert!(id("7").is_err_and(|why| why.contains(entry)));
        assert!(post("https://social.example/notes/1").is_ok());
        assert!(post("x").is_err_and(|why| why.contains("a post is named by its URL")));
        assert!(
            post("https://Social.example/1")
                .is_err_and(|why| why.ends_with("write https://social.example/1"))
        );
    }

    #[test]
    fn a_ban_tells_an_actor_from_a_server() {
        let is_host =
            |text: &str, authority: &str| matches!(barred(text), Ok(Barred::Host(host)) if host == authority);
        assert!(is_host("evil.example", "evil.example"));
        assert!(is_host("evil.example:8443", "evil.example:8443"));
        for actor in [
            "https://evil.example/u/a",
            "https://evil.example/?author=0",
            "evil.example:u1",
            "https://evil.example/.versia/v0.6/entities/User/8443",
        ] {
            assert!(matches!(barred(actor), Ok(Barred::Actor(_))), "{actor}");
        }
        assert!(barred("https://evil.example/").is_err_and(|why| why.ends_with("write evil.example")));
    }
}
