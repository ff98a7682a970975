//! What a group says, in the words of Versia: two shapes, one for each way in which somebody hears it.
//!
//! One rule: an entity names what was posted, and holds nothing of it: whoever hears of it asks its origin, which may be us. Who knows
//! no groups has no word that makes them ask again: an edit of what we host is the whole note.
//! Who subscribed hears `Federate` (the groups extension); who follows the user that shares the group's posts hears `Share`,
//! for software that has no groups (versia-pub/server, measured 2026-05). To say one more thing: an arm in [`federates`] or
//! [`shares`].

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::{
    dialect::{
        GroupFace, Here, Said, What, Written,
        announce::date,
        fields::kind_of,
        versia::{
            entity::{self, GroupEntity},
            instance::{INBOX, at},
            kind,
            reference::{Mirrored, Ours, Reference},
            vote,
        },
    },
    domain::{Shape, Visibility},
};

/// For those who subscribed.
pub(in crate::dialect) const SHAPE: Shape = Shape("versia");
/// For those who follow.
pub(in crate::dialect) const SHARES: Shape = Shape("versia-share");

/// Both of these.
pub(in crate::dialect) const SHAPES: [Shape; 2] = [SHAPE, SHARES];

/// What sets the lane of those who follow apart from that of those who subscribed: a fragment is never sent.
const FOLLOWING: &str = "#share";

/// Where a user of another server hears a group, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ear {
    pub inbox: String,
    pub shape: Shape,
}

impl Ear {
    /// Where that is sent: a lane is nobody's to know.
    #[must_use]
    pub fn address(&self) -> &str {
        self.inbox.split('#').next().unwrap_or(&self.inbox)
    }
}

/// Where the user hears a group whose mirror has this id: as one who subscribed, or else as one who follows. `None`: it is no
/// mirror.
#[must_use]
pub fn ear(iri: &str, subscribed: bool, here: &Here) -> Option<Ear> {
    let Some(Mirrored::User(user)) = here.mirrored(iri) else {
        return None;
    };
    let (lane, shape) = if subscribed {
        ("", SHAPE)
    } else {
        (FOLLOWING, SHARES)
    };
    let inbox = format!("{}{lane}", at(&user.domain, INBOX));
    Some(Ear { inbox, shape })
}

/// Whether somebody who asked to be let in by this subscribed; else they follow.
#[must_use]
pub fn subscribes(request: &str) -> bool {
    serde_json::from_str(request).is_ok_and(|request: Value| kind_of(&request, &["Join"]).is_some())
}

/// The request by which a user would have come to hear a group at this ear, and its id: whoever comes in by a list has sent none.
#[must_use]
pub fn request(iri: &str, ear: &Ear, group: &str, here: &Here) -> (String, String) {
    let id = format!("{iri}#imported-{group}");
    let kind = if ear.shape == SHAPE { "Join" } else { "Follow" };
    let request = json!({"id": id, "type": kind, "actor": iri, "object": here.group(group)});
    (request.to_string(), id)
}

/// What is written for whoever hears at this destination.
#[must_use]
pub fn shape_at(inbox: &str) -> Shape {
    if inbox.ends_with(FOLLOWING) { SHARES } else { SHAPE }
}

/// Whether telling this in this shape takes it over the bridge: what came in one protocol, told in the other.
pub(in crate::dialect) fn crosses(shape: Shape, said: &Said<'_>, here: &Here) -> bool {
    let is_content = !said.object.is_empty();
    let is_ours = SHAPES.contains(&shape);
    // These are about the post alone, whoever says so.
    let is_of_post = matches!(
        said.what,
        What::Posted
            | What::Edited
            | What::Named
            | What::Unnamed
            | What::Unhosted
            | What::Deleted
            | What::Removed
            | What::TakenOut
    );
    let from_there = |iri: &str| here.mirrored(iri).is_some();
    let is_theirs = if is_of_post {
        from_there(said.object)
    } else if is_vote(said.what) && is_ours {
        // There a vote is told by the server of whoever votes.
        from_there(said.object) && from_there(said.author)
    } else {
        from_there(said.object) || from_there(said.author)
    };
    is_content && is_theirs != is_ours
}

const fn is_vote(what: What) -> bool {
    matches!(what, What::Voted | What::Unvoted | What::Outvoted)
}

/// For those who subscribed.
pub(in crate::dialect) fn federates(said: &Said<'_>, here: &Here) -> Option<Written> {
    let group = here.reference(&Ours::Group(said.group))?;
    let entity = match said.what {
        What::Posted | What::Edited if said.is_for_readers() => json!({
            "type": kind::FEDERATE,
            "created_at": moment(said.at),
            "note": note(said, here)?.to_string(),
            "group": group.to_string(),
        }),
        // A note of another server is its own server's to take back.
        What::Deleted | What::Removed | What::TakenOut
            if said.was_public && here.mirrored(said.object).is_none() =>
        {
            delete(said, here, kind::NOTE, &note(said, here)?)?
        }
        What::Closed => delete(said, here, kind::GROUP, &group)?,
        what if is_vote(what) => vote::told(said, here)?,
        _ => return None,
    };
    Some(whole(&entity))
}

/// For those who follow. Of votes they hear where it is a note of Versia's: its author may be one of them.
pub(in crate::dialect) fn shares(said: &Said<'_>, here: &Here) -> Option<Written> {
    let entity = match said.what {
        What::Posted if said.public => {
            let note = note(said, here)?.to_string();
            entity::share(said.id, said.at, said.group, &note, here)?
        }
        // The note, too, was fetched from here, and nobody else sends it again.
        What::Edited if said.public => entity::note(said.note.as_ref()?, here)?,
        What::Unhosted if said.was_public && here.mirrored(said.object).is_none() => {
            delete(said, here, kind::NOTE, &note(said, here)?)?
        }
        What::Deleted | What::Removed | What::TakenOut if said.was_public => {
            let (shared, _) = said.retracts?;
            let shared = here.reference(&Ours::Id(shared))?;
            delete(said, here, kind::SHARE, &shared)?
        }
        What::Closed => {
            let sharer = here.reference(&Ours::Sharer(said.group))?;
            delete(said, here, kind::USER, &sharer)?
        }
        what if is_vote(what) && here.mirrored(said.object).is_some() => vote::told(said, here)?,
        _ => return None,
    };
    Some(whole(&entity))
}

/// The group as it is now, to those who know it by one of its two faces: the whole entity again. What strangers to a private one
/// are told is its name.
pub(in crate::dialect) fn described(face: &GroupFace, public: bool, here: &Here) -> Vec<(Shape, Written)> {
    let is_private = face.group.policies.visibility == Visibility::Private;
    let face = GroupEntity::of(face, !(is_private && public));
    let faces = [
        (SHAPE, entity::group(&face, here)),
        (SHARES, entity::sharer(&face, here)),
    ];
    let faces = faces.into_iter();
    faces
        .filter_map(|(shape, entity)| Some((shape, whole(&entity?))))
        .collect()
}

/// A time as exact as the log has it. A note and its edit are told in the same words but for this: in the words of the same second
/// the one would be signed as the other was, and whoever takes no signature twice would miss the edit.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The post that it is about: on its own server, or here.
pub(super) fn note(said: &Said<'_>, here: &Here) -> Option<Reference> {
    here.reference_of_note(said.post, said.object, said.group)
}

/// By the user that shares the group's posts: a Delete is some user's (reference server, measured 2026-05).
fn delete(said: &Said<'_>, here: &Here, of: &str, deleted: &Reference) -> Option<Value> {
    Some(json!({
        "type": kind::DELETE,
        "created_at": date(said.at),
        "author": here.reference(&Ours::Sharer(said.group))?.to_string(),
        "deleted_type": of,
        "deleted": deleted.to_string(),
    }))
}

fn whole(entity: &Value) -> Written {
    Written {
        head: entity.to_string(),
        tail: None,
        skip_author: false,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::dialect::{VoteSaid, VoteTold, write};

    const AP: &str = "https://m.example/posts/1";
    const NOTE: &str = "https://g.example/bridge/versia/b.example/notes/n1";

    fn here() -> Here {
        Here::new(&"https://g.example".parse().unwrap()).speaking_for("g.example".to_owned())
    }

    fn said(what: What, object: &'static str) -> Said<'static> {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Said {
            id: Uuid::from_u128(1),
            group: "garden",
            what,
            at,
            object,
            post: Uuid::from_u128(7),
            object_kind: "Note",
            published: at,
            is_comment: false,
            thread: Uuid::from_u128(7),
            target: None,
            public: true,
            private_group: false,
            was_public: true,
            bridged: true,
            author: "https://m.example/users/carol",
            raw: "{}",
            retracts: Some((Uuid::from_u128(2), at)),
            vote: None,
            note: None,
        }
    }

    fn written(shape: Shape, said: &Said<'_>) -> Option<Value> {
        let written = write(shape, said, &here())?;
        assert!(written.tail.is_none() && !written.skip_author);
        Some(serde_json::from_str(&written.head).unwrap())
    }

    #[test]
    fn a_post_is_federated_by_reference_to_where_it_is() {
        for what in [What::Posted, What::Edited] {
            assert_eq!(
                written(SHAPE, &said(what, NOTE)).unwrap(),
                json!({"type": "pub.versia:groups/Federate", "created_at": "2027-01-15T08:00:00Z", "note": "b.example:n1",
                    "group": "g.example:group-garden"})
            );
            let ours = written(SHAPE, &said(what, AP)).unwrap();
            assert_eq!(ours["note"], format!("g.example:{}-garden", Uuid::from_u128(7)));
        }
    }

    #[test]
    fn who_follows_hears_of_a_post_once_and_that_it_is_gone() {
        let share = written(SHARES, &said(What::Posted, NOTE)).unwrap();
        assert_eq!(
            (&share["author"], &share["shared"]),
            (&json!("g.example:garden"), &json!("b.example:n1"))
        );
        assert_eq!(share["id"], Uuid::from_u128(1).to_string());
        assert_eq!(written(SHARES, &said(What::Edited, NOTE)), None);
        let gone = written(SHARES, &said(What::Removed, NOTE)).unwrap();
        assert_eq!(gone["deleted"], format!("g.example:{}", Uuid::from_u128(2)));
        assert_eq!(gone["deleted_type"], "pub.versia:share/Share");
    }

    #[test]
    fn only_what_we_host_is_ours_to_delete() {
        let ours = written(SHAPE, &said(What::Deleted, AP)).unwrap();
        assert_eq!(
            (&ours["author"], &ours["deleted_type"]),
            (&json!("g.example:garden"), &json!("Note"))
        );
        assert_eq!(written(SHAPE, &said(What::Removed, NOTE)), None);
        let closed = Said {
            object: "",
            post: Uuid::nil(),
            bridged: false,
            ..said(What::Closed, "")
        };
        assert_eq!(
            written(SHAPE, &closed).unwrap()["deleted"],
            "g.example:group-garden"
        );
        assert_eq!(written(SHARES, &closed).unwrap()["deleted"], "g.example:garden");
    }

    #[test]
    fn without_a_bridge_each_world_hears_its_own() {
        let apart = |what, object| Said {
            bridged: false,
            ..said(what, object)
        };
        // What was told is taken back, and nothing else.
        for what in [What::Posted, What::Edited, What::Deleted, What::Removed] {
            for shape in crate::dialect::shapes() {
                let is_ours = SHAPES.contains(&shape);
                assert!(
                    is_ours || write(shape, &apart(what, NOTE), &here()).is_none(),
                    "{shape:?}"
                );
                assert!(
                    !is_ours || write(shape, &apart(what, AP), &here()).is_none(),
                    "{shape:?}"
                );
            }
            let brings = matches!(what, What::Posted | What::Edited);
            assert_eq!(written(SHAPE, &apart(what, NOTE)).is_some(), brings);
        }
        let private = Said {
            private_group: true,
            public: false,
            was_public: false,
            ..apart(What::Deleted, NOTE)
        };
        assert_eq!(write(Shape("threadiverse"), &private, &here()), None);
        let told = said(What::Deleted, NOTE);
        assert!(write(Shape("threadiverse"), &told, &here()).is_some());
        let voted = Said {
            author: "https://g.example/bridge/versia/b.example/u1",
            ..apart(What::Voted, AP)
        };
        assert_eq!(write(Shape("threadiverse"), &voted, &here()), None);
    }

    #[test]
    fn a_vote_is_told_where_the_bridge_is_open_and_taken_back_where_it_was_told() {
        let told_in = ["versia".to_owned()];
        let ended = |shapes| VoteTold {
            id: Uuid::from_u128(3),
            raw: r#"{"type": "Dislike"}"#,
            shapes,
        };
        let vote = |what, object, ends| Said {
            raw: r#"{"type": "Like"}"#,
            vote: Some(VoteSaid {
                voter: Some(Uuid::from_u128(9)),
                ends,
            }),
            ..said(what, object)
        };
        let like = written(SHAPE, &vote(What::Voted, NOTE, None)).unwrap();
        let voter = json!(format!("g.example:{}", Uuid::from_u128(9)));
        assert_eq!(
            (&like["liked"], &like["author"]),
            (&json!("b.example:n1"), &voter)
        );
        assert_eq!(written(SHARES, &vote(What::Voted, NOTE, None)), Some(like));
        assert_eq!(written(SHARES, &vote(What::Voted, AP, None)), None);
        let alone = |said| Said {
            bridged: false,
            ..said
        };
        for object in [AP, NOTE] {
            assert!(written(SHAPE, &vote(What::Voted, object, None)).is_some());
            assert_eq!(written(SHAPE, &alone(vote(What::Voted, object, None))), None);
            let private = Said {
                public: false,
                private_group: true,
                ..alone(vote(What::Voted, object, None))
            };
            assert_eq!(written(SHAPE, &private), None);
        }
        let theirs = Said {
            author: "https://g.example/bridge/versia/c.example/u1",
            ..vote(What::Voted, NOTE, None)
        };
        assert_eq!(written(SHAPE, &theirs), None, "it is c.example's to tell");
        for what in [What::Unvoted, What::Outvoted] {
            let back = |shapes| alone(vote(what, AP, Some(ended(shapes))));
            for shapes in [Some(&told_in[..]), None] {
                let delete = written(SHAPE, &back(shapes)).unwrap();
                assert_eq!(
                    (&delete["deleted_type"], &delete["author"]),
                    (&json!("pub.versia:likes/Dislike"), &voter)
                );
                assert_eq!(delete["deleted"], format!("g.example:{}", Uuid::from_u128(3)));
            }
            assert_eq!(written(SHAPE, &back(Some(&[]))), None, "nobody heard of it");
        }
    }

    #[test]
    fn who_speaks_no_versia_says_nothing_in_it() {
        let here = Here::new(&"https://g.example".parse().unwrap());
        for what in [What::Posted, What::Edited, What::Deleted, What::Closed] {
            for shape in SHAPES {
                assert_eq!(write(shape, &said(what, AP), &here), None);
            }
        }
    }

    #[test]
    fn each_way_in_has_a_lane_of_its_own() {
        let u1 = "https://g.example/bridge/versia/b.example/u1";
        let (member, follower) = (ear(u1, true, &here()).unwrap(), ear(u1, false, &here()).unwrap());
        assert_eq!(member.inbox, "https://b.example/.versia/v0.6/inbox");
        assert_eq!(follower.inbox, "https://b.example/.versia/v0.6/inbox#share");
        for ear in [member, follower] {
            assert_eq!(shape_at(&ear.inbox), ear.shape);
        }
        for subscribed in [true, false] {
            let ear = ear(u1, subscribed, &here()).unwrap();
            let (request, _) = request(u1, &ear, "garden", &here());
            assert_eq!(subscribes(&request), subscribed);
        }
        assert_eq!(ear(NOTE, true, &here()), None);
        assert_eq!(ear("https://m.example/users/carol", true, &here()), None);
    }
}
