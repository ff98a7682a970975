//! References, and the ids on our own host that stand for them.
//!
//! One rule: both ways are pure. `b.example:u1` is `/bridge/versia/b.example/u1` here, a note `b.example:n1` is
//! `/bridge/versia/b.example/notes/n1`, and nothing else has such an address.

use std::fmt;

use uuid::Uuid;

use crate::dialect::{
    Here, Unreadable,
    versia::address::{Kind, Wanted},
};

/// Longest id that the reference implementation takes, in bytes (versia-pub/server, read 2026-04).
const LONGEST: usize = 512;
/// Longest name of a host (RFC 1035 §2.3.4).
const LONGEST_DOMAIN: usize = 253;
const BRIDGE: &str = "/bridge/versia/";
/// Where a server has its entities.
const ENTITIES: &str = "/.versia/v0.6/entities/";
/// What goes before a group's name in the id of the group; the name alone is the user that shares its posts.
const GROUP: &str = "group-";
/// Length of a UUID as text.
const UUID: usize = 36;

/// `domain:id`. It does not say of what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub domain: String,
    pub id: String,
}

impl Reference {
    /// Of these two, if they are well-formed.
    #[must_use]
    pub fn new(domain: &str, id: &str) -> Option<Self> {
        (is_domain(domain) && is_id(id)).then(|| Self {
            domain: domain.to_owned(),
            id: id.to_owned(),
        })
    }

    /// Reads `domain:id`, or an `id` of `domain`, or the address at which 0.5 would have it.
    ///
    /// # Errors
    /// If it is none of these.
    pub fn read(text: &str, domain: &str, field: &'static str) -> Result<Self, Unreadable> {
        let (of, id) = match text.strip_prefix("https://") {
            Some(address) => {
                let mut steps = address.split('/');
                let of = steps.next().unwrap_or_default();
                let rest: Vec<_> = steps.collect();
                match rest[..] {
                    [".versia", "v0.6", "entities", _, id] => (of, id),
                    _ => ("", ""),
                }
            }
            None => text.rsplit_once(':').unwrap_or((domain, text)),
        };
        Self::new(of, id).ok_or_else(|| {
            Unreadable::new(
                field,
                "This is no reference: it is neither `domain:id` nor an id.",
            )
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.domain, self.id)
    }
}

/// Whether it is a domain as Versia has it: lower case or punycode, no port, no trailing dot.
pub(super) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let is_name = text
        .rsplit('.')
        .next()
        .is_some_and(|top| !top.bytes().all(|byte| byte.is_ascii_digit()));
    text.len() <= LONGEST_DOMAIN && text.contains('.') && is_name && text.split('.').all(is_label)
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What an id on our host stands for, if it is a mirror's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mirrored {
    User(Reference),
    Note(Reference),
}

impl Mirrored {
    /// What the address of an original names, in every spelling that is in use.
    #[must_use]
    pub fn at(address: &str) -> Option<Self> {
        let (domain, path) = address.strip_prefix("https://")?.split_once(ENTITIES)?;
        let wanted = Wanted::read(path).filter(|wanted| wanted.collection.is_none())?;
        let reference = Reference::new(domain, &wanted.id)?;
        match wanted.of {
            Kind::User => Some(Self::User(reference)),
            Kind::Note => Some(Self::Note(reference)),
            _ => None,
        }
    }

    /// Whose or what it is.
    #[must_use]
    pub const fn reference(&self) -> &Reference {
        match self {
            Self::User(reference) | Self::Note(reference) => reference,
        }
    }
}

/// What a reference to our own domain names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ours<'a> {
    /// A group, by its name.
    Group(&'a str),
    /// The user that shares what is posted in the group of this name.
    Sharer(&'a str),
    /// The mirror of an actor, an announcement, a vote.
    Id(Uuid),
    /// A post as this group shows it: the post's own id, and the group's name. A `Note` has one group.
    Note(Uuid, &'a str),
}

impl Here {
    /// The id on our host for a user of another server.
    #[must_use]
    pub fn mirror(&self, user: &Reference) -> String {
        format!("{}{BRIDGE}{}/{}", self.base(), user.domain, user.id)
    }

    /// The id on our host for another server itself. Nobody is shown it: it says who has reported something.
    #[must_use]
    pub fn mirror_of_domain(&self, domain: &str) -> String {
        format!("{}{BRIDGE}{domain}", self.base())
    }

    /// How the ids of all mirrors begin.
    #[must_use]
    pub fn mirrors(&self) -> String {
        format!("{}{BRIDGE}", self.base())
    }

    /// The id on our host for a note of another server.
    #[must_use]
    pub fn mirror_of_note(&self, note: &Reference) -> String {
        format!("{}{BRIDGE}{}/notes/{}", self.base(), note.domain, note.id)
    }

    /// The id on our host for either.
    #[must_use]
    pub fn mirror_of(&self, of: &Mirrored) -> String {
        match of {
            Mirrored::User(user) => self.mirror(user),
            Mirrored::Note(note) => self.mirror_of_note(note),
        }
    }

    /// What one of our ids is the mirror of.
    #[must_use]
    pub fn mirrored(&self, iri: &str) -> Option<Mirrored> {
        let path = iri.strip_prefix(self.base())?.strip_prefix(BRIDGE)?;
        let steps: Vec<_> = path.split('/').collect();
        match steps[..] {
            [domain, id] => Reference::new(domain, id).map(Mirrored::User),
            [domain, "notes", id] => Reference::new(domain, id).map(Mirrored::Note),
            _ => None,
        }
    }

    /// Whether one of our ids is a person's of another server.
    #[must_use]
    pub fn is_mirror(&self, iri: &str) -> bool {
        matches!(self.mirrored(iri), Some(Mirrored::User(_)))
    }

    /// A reference to something of ours; `None` without a domain: then nobody speaks Versia here.
    #[must_use]
    pub fn reference(&self, of: &Ours<'_>) -> Option<Reference> {
        let id = match of {
            Ours::Group(name) => format!("{GROUP}{name}"),
            Ours::Sharer(name) => (*name).to_owned(),
            Ours::Id(id) => id.to_string(),
            Ours::Note(post, group) => format!("{post}-{group}"),
        };
        Reference::new(self.domain()?, &id)
    }

    /// What a reference names, if it is to our own domain.
    #[must_use]
    pub fn referred<'a>(&self, reference: &'a Reference) -> Option<Ours<'a>> {
        if Some(reference.domain.as_str()) != self.domain() {
            return None;
        }
        let id = reference.id.as_str();
        let uuid = |text: &str| Uuid::try_parse(text).ok().filter(|uuid| uuid.to_string() == text);
        let note = id.split_at_checked(UUID).and_then(|(post, group)| {
            let group = group.strip_prefix('-').filter(|group| !group.is_empty())?;
            Some(Ours::Note(uuid(post)?, group))
        });
        Some(match (uuid(id), note, id.strip_prefix(GROUP)) {
            (Some(uuid), ..) => Ours::Id(uuid),
            (_, Some(note), _) => note,
            (.., Some(name)) => Ours::Group(name),
            _ => Ours::Sharer(id),
        })
    }

    /// Where a post of a group is: on its own server, or here. `iri`: its id in our own terms, `post`: its own here.
    #[must_use]
    pub fn reference_of_note(&self, post: Uuid, iri: &str, group: &str) -> Option<Reference> {
        match self.mirrored(iri) {
            Some(Mirrored::Note(note)) => Some(note),
            Some(Mirrored::User(_)) => None,
            None if post.is_nil() => None,
            None => self.reference(&Ours::Note(post, group)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Here {
        Here::new(&"https://g.example".parse().unwrap()).speaking_for("g.example".to_owned())
    }

    #[test]
    fn a_reference_is_read_in_each_of_its_forms() {
        for text in [
            "b.example:u1",
            "u1",
            "https://b.example/.versia/v0.6/entities/User/u1",
        ] {
            let read = Reference::read(text, "b.example", "author").unwrap();
            assert_eq!(read.to_string(), "b.example:u1");
        }
        for text in [
            "",
            ":u1",
            "b.example:",
            "b.example:443:u1",
            "B.example:u1",
            "b:u1",
            "b.example.:u1",
            "a/b",
            "127.0.0.1:u1",
            "[::1]:u1",
            "https://b.example/users/u1",
            "https://b.example:1/.versia/v0.6/entities/User/u1",
            "ü.example:u1",
        ] {
            assert!(Reference::read(text, "b.example", "author").is_err(), "{text}");
        }
    }

    #[test]
    fn a_mirror_leads_back_to_what_it_mirrors() {
        let here = here();
        let of = Reference::new("b.example", "u1").unwrap();
        assert_eq!(here.mirrored(&here.mirror(&of)), Some(Mirrored::User(of.clone())));
        assert_eq!(here.mirrored(&here.mirror_of_note(&of)), Some(Mirrored::Note(of)));
        for other in [
            "https://g.example/c/garden",
            "https://g.example/bridge/versia/b.example",
            "https://g.example/bridge/versia/b/u1",
            "https://a.example/bridge/versia/b.example/u1",
            "https://g.example/bridge/versia/b.example/u1/inbox",
        ] {
            assert_eq!(here.mirrored(other), None, "{other}");
        }
    }

    #[test]
    fn the_address_of_an_original_leads_to_its_mirror() {
        let here = here();
        let at = |address: &str| Mirrored::at(address).map(|of| here.mirror_of(&of));
        for kind in [
            "Note",
            "note",
            "pub.versia:notes/Note",
            "pub.versia%3Anotes%2FNote",
        ] {
            let address = format!("https://b.example/.versia/v0.6/entities/{kind}/n1");
            let mirror = at(&address).unwrap();
            assert_eq!(mirror, "https://g.example/bridge/versia/b.example/notes/n1");
        }
        let user = "https://b.example/.versia/v0.6/entities/User/u1";
        let mirror = "https://g.example/bridge/versia/b.example/u1";
        assert_eq!(at(user).as_deref(), Some(mirror));
        for other in [
            "https://b.example/users/u1",
            "http://b.example/.versia/v0.6/entities/User/u1",
            "https://b.example:1/.versia/v0.6/entities/User/u1",
            "https://b.example/.versia/v0.6/entities/User/u1/collections/outbox",
            "https://b.example/.versia/v0.6/entities/Group/g1",
        ] {
            assert_eq!(at(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_ours_is_known_again() {
        let here = here();
        let id = Uuid::from_u128(7);
        for ours in [
            Ours::Group("garden"),
            Ours::Sharer("garden"),
            Ours::Id(id),
            Ours::Note(id, "garden"),
        ] {
            let reference = here.reference(&ours).unwrap();
            assert_eq!(here.referred(&reference), Some(ours));
        }
        assert_eq!(
            here.referred(&Reference::new("b.example", "garden").unwrap()),
            None
        );
    }
}
