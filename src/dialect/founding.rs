//! Reading what is done to groups themselves: making, changing and closing them, and their collections.
//!
//! One rule: a new group's id is given out by the server that it is on. A Create that has one already tells of a group that is
//! there, and asks nothing of us.

use serde_json::Value;

use crate::{
    dialect::{
        Ask, Here, Local, Unreadable,
        fields::{embedded, id_of, ids_of, kind_of, text_of},
    },
    domain::{CollectPolicy, Iri},
};

/// A group that somebody wants to have here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// `preferredUsername`.
    pub name: Option<String>,
    /// As it came.
    pub title: Option<String>,
    /// All else that it says of the group, for [`describe`](super::describe).
    pub rest: Value,
}

/// What is to become of a collection of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arranging {
    Make(Album),
    /// By its id here.
    Change(Iri, Album),
    Delete(Iri),
}

/// A collection as it is described. `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Album {
    pub name: Option<String>,
    /// HTML as it came; `Some(None)`: none any more.
    pub summary: Option<Option<String>>,
    pub policy: Option<CollectPolicy>,
}

const COLLECTIONS: [&str; 2] = ["OrderedCollection", "Collection"];

/// Create or Update of a group or collection that is embedded; `None`: it is of something else.
pub(super) fn read(
    document: &Value,
    actor: &Iri,
    here: &Here,
    edit: bool,
) -> Result<Option<Ask>, Unreadable> {
    let Some(object) = document.get("object").and_then(embedded) else {
        return Ok(None);
    };
    let id = object.get("id").filter(|id| !id.is_null());
    let local = id.and_then(Value::as_str).and_then(|id| here.local(id));
    if edit {
        return Ok(match local {
            Some(Local::Group { part: None, .. }) => id_in(object).map(|group| Ask::Describe {
                group,
                object: Box::new(object.clone()),
            }),
            Some(Local::Within {
                part: "collections", ..
            }) => match id_in(object) {
                Some(id) => Some(Ask::Arrange {
                    group: here.group_of(id.as_str()).map(ToOwned::to_owned),
                    what: Arranging::Change(id, album(object)?),
                }),
                None => None,
            },
            _ => None,
        });
    }
    if kind_of(object, &["Group"]).is_some() {
        return match (id, local) {
            (None, _) => Ok(Some(Ask::Found(Box::new(founding(object, actor))))),
            (Some(_), Some(_)) => Err(Unreadable::new(
                "object.id",
                "The id of a new group is given out by this server: leave it out.",
            )),
            // Made elsewhere, and told about.
            (Some(_), None) => Ok(Some(Ask::Nothing)),
        };
    }
    if kind_of(object, &COLLECTIONS).is_some() {
        let named = [
            document.get("target"),
            object.get("attributedTo"),
            object.get("partOf"),
        ];
        let group = named
            .into_iter()
            .flatten()
            .find_map(|place| here.group_of(id_of(place)?));
        return Ok(Some(Ask::Arrange {
            group: group.map(ToOwned::to_owned),
            what: Arranging::Make(album(object)?),
        }));
    }
    Ok(None)
}

/// Delete of a group or a collection of ours; `None`: of something else.
pub(super) fn delete(object: &Iri, here: &Here) -> Option<Ask> {
    match here.local(object.as_str())? {
        Local::Group { part: None, .. } => Some(Ask::Close {
            group: object.clone(),
        }),
        Local::Within {
            part: "collections", ..
        } => Some(Ask::Arrange {
            group: here.group_of(object.as_str()).map(ToOwned::to_owned),
            what: Arranging::Delete(object.clone()),
        }),
        _ => None,
    }
}

fn id_in(object: &Value) -> Option<Iri> {
    object
        .get("id")
        .and_then(id_of)
        .and_then(|id| Iri::object(id).ok())
}

fn founding(object: &Value, actor: &Iri) -> Founding {
    let mut rest = object.clone();
    if let Some(fields) = rest.as_object_mut() {
        for taken in ["preferredUsername", "name", "id"] {
            fields.remove(taken);
        }
        // Whoever makes it owns it; other owners are refused with all that nobody may choose.
        if fields
            .get("attributedTo")
            .is_some_and(|owner| ids_of(owner) == [actor.as_str()])
        {
            fields.remove("attributedTo");
        }
    }
    Founding {
        name: text_of(object, "preferredUsername").map(ToOwned::to_owned),
        title: text_of(object, "name").map(ToOwned::to_owned),
        rest,
    }
}

fn album(object: &Value) -> Result<Album, Unreadable> {
    let policy = match object.get("addPolicy") {
        None => None,
        Some(Value::Null) => Some(CollectPolicy::Members),
        Some(value) => Some(
            value
                .as_str()
                .and_then(|word| word.parse().ok())
                .ok_or_else(|| Unreadable::new("object.addPolicy", "This is members or admins."))?,
        ),
    };
    let text = |field: &'static str| match object.get(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(text.clone()).filter(|text| !text.is_empty()))),
        Some(_) => Err(field),
    };
    let wrong = |field| {
        let field = if field == "name" {
            "object.name"
        } else {
            "object.summary"
        };
        Unreadable::new(field, "This is a text.")
    };
    Ok(Album {
        name: text("name").map_err(wrong)?.flatten(),
        summary: text("summary").map_err(wrong)?,
        policy,
    })
}
