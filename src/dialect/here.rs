//! Our own ids: minting them, and knowing them again.
//!
//! One rule: everything that we publish is on one origin, and every id minted here dereferences.

use uuid::Uuid;

use crate::{
    dialect::wall::{COMMENTS, WALL},
    domain::{Iri, Shape, authority_of},
};

/// Our origin.
#[derive(Clone, Debug)]
pub struct Here {
    base: String,
    authority: String,
    /// What those know us by who know servers by their names alone, without a scheme or port.
    domain: Option<String>,
}

/// What one of our ids stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Local<'a> {
    /// A group, or one of its collections.
    Group {
        name: &'a str,
        part: Option<&'a str>,
    },
    /// Something in one of a group's collections.
    Within {
        name: &'a str,
        part: &'a str,
        id: Uuid,
    },
    /// The steward of a group, or one of its addresses.
    Steward {
        group: &'a str,
        part: Option<&'a str>,
    },
    Post(Uuid),
    Activity(Uuid, Option<&'a str>),
    Other,
}

impl Here {
    /// From the public URL: `https://HOST`, without a path.
    #[must_use]
    pub fn new(public_url: &url::Url) -> Self {
        Self {
            base: public_url.origin().ascii_serialization(),
            authority: authority_of(public_url),
            domain: None,
        }
    }

    /// The same, known by a domain, too.
    #[must_use]
    pub fn speaking_for(self, domain: String) -> Self {
        Self {
            domain: Some(domain),
            ..self
        }
    }

    /// The domain that references to us name.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// `https://HOST`, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Host, with the port if it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The group's own id.
    #[must_use]
    pub fn group(&self, name: &str) -> String {
        format!("{}/c/{name}", self.base)
    }

    /// One of a group's collections, or its inbox.
    #[must_use]
    pub fn part(&self, name: &str, part: &str) -> String {
        format!("{}/c/{name}/{part}", self.base)
    }

    /// The steward of a group: a person, for whoever believes only persons (Lemmy). Nobody's account: it has no name of its
    /// own, so it needs no row.
    #[must_use]
    pub fn steward(&self, group: &str) -> String {
        format!("{}/u/{}", self.base, steward_name(group))
    }

    /// Whether an id is a group's of ours, or its steward's: nobody whom a group could let in.
    #[must_use]
    pub fn is_no_person(&self, iri: &str) -> bool {
        self.group_of(iri).is_some() || matches!(self.local(iri), Some(Local::Steward { .. }))
    }

    /// The record of somebody's membership.
    #[must_use]
    pub fn membership(&self, name: &str, id: Uuid) -> String {
        format!("{}/c/{name}/members/{id}", self.base)
    }

    /// One of a group's collections of things.
    #[must_use]
    pub fn album(&self, name: &str, id: Uuid) -> String {
        format!("{}/c/{name}/collections/{id}", self.base)
    }

    /// The instance actor, which signs what no group says.
    #[must_use]
    pub fn instance(&self) -> String {
        format!("{}/actor", self.base)
    }

    /// An activity of ours, in one shape.
    #[must_use]
    pub fn activity(&self, id: Uuid, shape: Option<Shape>) -> String {
        match shape {
            Some(Shape(shape)) => format!("{}/activities/{id}/{shape}", self.base),
            None => format!("{}/activities/{id}", self.base),
        }
    }

    /// A thread's collection of posts.
    #[must_use]
    pub fn thread(&self, name: &str, thread: Uuid) -> String {
        format!("{}/c/{name}/threads/{thread}", self.base)
    }

    /// A thread's collection of activities.
    #[must_use]
    pub fn thread_history(&self, name: &str, thread: Uuid) -> String {
        format!("{}/history", self.thread(name, thread))
    }

    /// Whether an id is on our origin.
    #[must_use]
    pub fn owns(&self, iri: &Iri) -> bool {
        iri.authority() == self.authority
    }

    /// What one of our ids stands for; `None`: it is not ours.
    #[must_use]
    pub fn local<'a>(&self, iri: &'a str) -> Option<Local<'a>> {
        let path = iri.strip_prefix(self.base.as_str())?;
        if !(path.is_empty() || path.starts_with('/')) {
            return None;
        }
        let mut steps = path.split('/').skip(1);
        let found = match (steps.next(), steps.next(), steps.next(), steps.next()) {
            (Some("c"), Some(name), part, None) if !name.is_empty() => Local::Group { name, part },
            (Some("c"), Some(name), Some(part), Some(id)) if !name.is_empty() && steps.next().is_none() => id
                .parse()
                .map_or(Local::Other, |id| Local::Within { name, part, id }),
            (Some("u"), Some(name), part, None) => {
                group_of_steward(name).map_or(Local::Other, |group| Local::Steward { group, part })
            }
            (Some("post"), Some(id), None, None) => id.parse().map_or(Local::Other, Local::Post),
            (Some("activities"), Some(id), shape, None) => {
                id.parse().map_or(Local::Other, |id| Local::Activity(id, shape))
            }
            _ => Local::Other,
        };
        Some(found)
    }

    /// The group that an id belongs to: the group itself, one of its collections, or something in one of them.
    #[must_use]
    pub fn group_of<'a>(&self, iri: &'a str) -> Option<&'a str> {
        match self.local(iri)? {
            Local::Group { name, .. } | Local::Within { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The group that an id names: the group itself, or a collection that stands for it in addressing
    /// (`members`, `followers`, `wall`, `outbox`).
    #[must_use]
    pub fn group_meant<'a>(&self, iri: &'a str) -> Option<&'a str> {
        match self.local(iri)? {
            Local::Group {
                name,
                part: None | Some("members" | "followers" | WALL | COMMENTS | "outbox"),
            } => Some(name),
            _ => None,
        }
    }
}

/// How the name of a steward ends. No new group is called so.
const STEWARD: &str = "_steward";

/// What the steward of a group is called.
#[must_use]
pub fn steward_name(group: &str) -> String {
    format!("{group}{STEWARD}")
}

/// The group whose steward is called so.
#[must_use]
pub fn group_of_steward(name: &str) -> Option<&str> {
    name.strip_suffix(STEWARD).filter(|group| !group.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_ours_are_known_again_and_others_are_not() {
        let here = Here::new(&"https://g.example".parse().expect("a URL"));
        assert_eq!(here.group_meant(&here.group("rust")), Some("rust"));
        assert_eq!(here.group_meant("https://g.example/c/rust/members"), Some("rust"));
        assert_eq!(here.group_meant("https://g.example/c/rust/inbox"), None);
        assert_eq!(here.group_meant("https://g.example.evil/c/rust"), None);
        assert_eq!(here.group_meant("https://other.example/c/rust"), None);
        let id = Uuid::from_u128(7);
        let minted = here.activity(id, Some(Shape("microblog")));
        assert_eq!(here.local(&minted), Some(Local::Activity(id, Some("microblog"))));
        assert_eq!(here.local("https://g.example/c/rust/x/y/z"), Some(Local::Other));
    }
}
