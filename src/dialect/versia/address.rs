//! What is asked for: the type, the id and the collection that a path names.
//!
//! One rule: a type is read in every spelling that is in use, and in any case; who may see it is not asked here.

use std::borrow::Cow;

/// Something of ours that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub of: Kind,
    pub id: String,
    /// In lower case.
    pub collection: Option<String>,
}

/// The types that have an address here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Group,
    User,
    Note,
    Share,
    Like,
    Dislike,
    Reaction,
}

/// Spellings, in lower case. `pub.versia:users/User` and its like are where the reference implementation serves its own
/// (2026-04), `Group` is of the draft of 2024.
const SPELLINGS: [(&str, Kind); 12] = [
    ("pub.versia:groups/group", Kind::Group),
    ("group", Kind::Group),
    ("user", Kind::User),
    ("pub.versia:users/user", Kind::User),
    ("note", Kind::Note),
    ("pub.versia:notes/note", Kind::Note),
    ("pub.versia:share/share", Kind::Share),
    ("pub.versia:shares/share", Kind::Share),
    ("share", Kind::Share),
    ("pub.versia:likes/like", Kind::Like),
    ("pub.versia:likes/dislike", Kind::Dislike),
    ("pub.versia:reactions/reaction", Kind::Reaction),
];

impl Wanted {
    /// Reads what follows `entities/`, decoded once: `TYPE/ID`, `TYPE/ID/collections/NAME`. The slash of a type may have been
    /// decoded on the way, or encoded twice.
    #[must_use]
    pub fn read(path: &str) -> Option<Self> {
        let path = decoded_again(path);
        let mut steps = path.split('/').peekable();
        let of = kind(&mut steps)?;
        let id = steps.next().filter(|id| !id.is_empty())?.to_owned();
        let collection = match steps.next() {
            None => None,
            Some("collections") => {
                let name = steps.collect::<Vec<_>>().join("/").to_ascii_lowercase();
                Some(name).filter(|name| !name.is_empty()).map(Some)?
            }
            Some(_) => return None,
        };
        Some(Self { of, id, collection })
    }
}

fn kind<'a>(steps: &mut impl Iterator<Item = &'a str>) -> Option<Kind> {
    let mut name = steps.next()?.to_ascii_lowercase();
    if name.contains(':') {
        name = format!("{name}/{}", steps.next()?.to_ascii_lowercase());
    }
    let known = SPELLINGS.into_iter().find(|(spelling, _)| *spelling == name);
    known.map(|(_, kind)| kind)
}

/// Only the two signs that a type has and an id has not.
fn decoded_again(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let path = path.replace("%3A", ":").replace("%3a", ":");
    Cow::Owned(path.replace("%2F", "/").replace("%2f", "/"))
}

/// Which part of a collection: `offset` and `limit`, clamped to what is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub offset: i64,
    pub limit: i64,
}

/// The largest page.
const MOST: i64 = 40;
/// No collection of ours is longer.
const FURTHEST: i64 = 1 << 40;

impl Part {
    /// From the query. What is no number is as if it were not there; 41 is 40, and 0 is 1.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let asked = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            let (_, value) = pairs.find(|(key, _)| key == name)?;
            value.trim().parse::<i64>().ok()
        };
        Self {
            offset: asked("offset").unwrap_or(0).clamp(0, FURTHEST),
            limit: asked("limit").unwrap_or(MOST).clamp(1, MOST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_in_every_spelling() {
        for path in [
            "pub.versia:groups/Group/g1",
            "pub.versia%3Agroups%2FGroup/g1",
            "Pub.Versia:Groups/group/g1",
            "Group/g1",
        ] {
            let wanted = Wanted::read(path).unwrap();
            assert_eq!(
                (wanted.of, wanted.id.as_str(), wanted.collection),
                (Kind::Group, "g1", None),
                "{path}"
            );
        }
        for path in ["User/u1", "user/u1", "pub.versia:users/User/u1"] {
            assert_eq!(Wanted::read(path).unwrap().of, Kind::User, "{path}");
        }
        let of = |path: &str| Wanted::read(path).unwrap().collection;
        assert_eq!(
            of("pub.versia:groups/Group/g1/collections/Members").as_deref(),
            Some("members")
        );
        assert_eq!(
            of("Note/n1/collections/pub.versia:share/Shares").as_deref(),
            Some("pub.versia:share/shares")
        );
        for path in [
            "",
            "User",
            "User/",
            "Users/u1",
            "User/u1/",
            "User/u1/x",
            "User/u1/collections",
            "User/u1/collections/",
            "pub.versia:groups",
            "pub.versia:groups/Group",
            "pub.versia:groups/Groups/g1",
        ] {
            assert_eq!(Wanted::read(path), None, "{path}");
        }
    }

    #[test]
    fn a_page_is_as_large_as_we_serve() {
        let part = |query| {
            let Part { offset, limit } = Part::read(query);
            (offset, limit)
        };
        assert_eq!(part(""), (0, 40));
        assert_eq!(part("offset=5&limit=3"), (5, 3));
        assert_eq!(part("limit=41"), (0, 40));
        assert_eq!(part("limit=0"), (0, 1));
        assert_eq!(part("limit=-1&offset=-7"), (0, 1));
        assert_eq!(part("limit=x&offset=99999999999999999999"), (0, 40));
    }
}
