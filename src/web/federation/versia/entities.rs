//! Groups, users, notes and shares of ours, and their collections, for servers that sign with their domain.
//!
//! One rule: who signed is [`Viewer::Host`], and sees what any other server of that name would see; without a signature
//! nobody sees anything. People who come with a browser are led to the page. One more type: an arm in [`entity`].

use axum::{
    extract::{Path, State},
    response::IntoResponse,
};
use http::{HeaderMap, Uri};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AskedBy, votes};
use crate::{
    dialect::{
        self,
        versia::{
            self, Kind, Mirrored, Ours, Part, Reference, Votes, Wanted,
            entity::{self, GroupEntity, NoteEntity, UserEntity},
        },
    },
    store::{Face, GroupView, MirroredPost, MirroredVote, Narrowed, SharedPost, Viewer, Window},
    web::{
        Answer, Web,
        answer::Reply,
        error::{self, Problem},
        federation::{any_group, is_open, may_look_into},
        negotiate::prefers_page,
    },
};

/// What an id of ours names here.
enum Subject {
    Group(Box<GroupView>),
    Sharer(Box<GroupView>),
    User(Box<Face>),
    Note(Box<MirroredPost>),
    Share(Uuid, SharedPost),
    Vote(Uuid, MirroredVote),
}

/// `GET /.versia/v0.6/entities/TYPE/ID` and `.../collections/NAME`
pub(in crate::web) async fn entity(
    State(web): State<Web>,
    Path(path): Path<String>,
    (uri, headers): (Uri, HeaderMap),
    asked: Result<AskedBy, Problem>,
) -> Answer {
    let here = web.engine.here();
    let domain = here.domain().ok_or(Problem::new(error::NOT_FOUND))?;
    let wanted = Wanted::read(&path);
    if prefers_page(&headers) {
        let wanted = wanted.ok_or(Problem::new(error::NOT_FOUND))?;
        return page(&web, &wanted, domain).await;
    }
    let AskedBy(viewer) = asked?;
    let wanted = wanted.ok_or(Problem::new(error::NOT_FOUND))?;
    let reference = Reference::new(domain, &wanted.id).ok_or(Problem::new(error::NOT_FOUND))?;
    let ours = here.referred(&reference).ok_or(Problem::new(error::NOT_FOUND))?;
    let subject = subject(&web, wanted.of, &ours, &viewer).await?;
    let document = match &wanted.collection {
        None => written(&web, &subject, &viewer).await?,
        Some(name) => {
            let part = Part::read(uri.query().unwrap_or_default());
            let window = Window {
                offset: part.offset,
                limit: part.limit,
            };
            collection(&web, &subject, name, &viewer, window).await?
        }
    };
    let document = document.ok_or(Problem::new(error::NOT_FOUND))?;
    Ok(super::entity(&document, &viewer))
}

/// Where people see it.
async fn page(web: &Web, wanted: &Wanted, domain: &str) -> Answer {
    let here = web.engine.here();
    let nothing = || Problem::new(error::NOT_FOUND);
    let reference = Reference::new(domain, &wanted.id).ok_or_else(nothing)?;
    let address = match (wanted.of, here.referred(&reference).ok_or_else(nothing)?) {
        (Kind::Group, Ours::Group(name)) | (Kind::User, Ours::Sharer(name)) => here.group(name),
        (Kind::Note, Ours::Note(id, _)) => format!("{}/post/{id}", here.base()),
        (Kind::User, Ours::Id(id)) => seen(web, id, &Viewer::Anyone).await?.iri,
        _ => return Err(nothing()),
    };
    Ok(Reply::elsewhere(&address).into_response())
}

async fn subject(web: &Web, of: Kind, ours: &Ours<'_>, viewer: &Viewer) -> Result<Subject, Problem> {
    let nothing = || Problem::new(error::NOT_FOUND);
    Ok(match (of, ours) {
        (Kind::Group, Ours::Group(name)) => Subject::Group(Box::new(open(web, name).await?)),
        (Kind::User, Ours::Sharer(name)) => Subject::Sharer(Box::new(open(web, name).await?)),
        (Kind::User, Ours::Id(id)) => Subject::User(Box::new(seen(web, *id, viewer).await?)),
        (Kind::Note, Ours::Note(id, group)) => {
            let there = web.engine.here().mirrors();
            let post = web.engine.store().mirrored_post(*id, group, &there).await?;
            Subject::Note(Box::new(post.ok_or_else(nothing)?))
        }
        (Kind::Share, Ours::Id(id)) => {
            let there = web.engine.here().mirrors();
            let shared = web.engine.store().shared_post(*id, &there).await?;
            Subject::Share(*id, shared.ok_or_else(nothing)?)
        }
        (Kind::Like | Kind::Dislike | Kind::Reaction, Ours::Id(id)) => {
            Subject::Vote(*id, votes::cast(web, *id, of).await?)
        }
        _ => return Err(nothing()),
    })
}

/// To those who ask here, a group that is closed is not there any more: its Delete told them.
async fn open(web: &Web, name: &str) -> Result<GroupView, Problem> {
    is_open(any_group(web, name).await?).map_err(|_| Problem::new(error::NOT_FOUND))
}

/// Somebody from elsewhere, while they may be seen.
async fn seen(web: &Web, id: Uuid, viewer: &Viewer) -> Result<Face, Problem> {
    let store = web.engine.store();
    let face = store.face_of_mirror(Some(id), None).await?;
    let there = web.engine.here().mirrors();
    match face.filter(|face| face.may_be_shown && !face.iri.starts_with(&there)) {
        Some(face) if store.is_seen(face.actor, &there, viewer).await? => Ok(face),
        _ => Err(Problem::new(error::NOT_FOUND)),
    }
}

async fn written(web: &Web, subject: &Subject, viewer: &Viewer) -> Result<Option<Value>, Problem> {
    let here = web.engine.here();
    Ok(match subject {
        Subject::Group(group) | Subject::Sharer(group) => {
            let may_look = may_look_into(web, group, viewer).await?;
            let face = web.engine.face(GroupView::clone(group));
            let face = GroupEntity::of(&face, may_look);
            match subject {
                Subject::Group(_) => entity::group(&face, here),
                _ => entity::sharer(&face, here),
            }
        }
        Subject::User(face) => user(web, face),
        Subject::Note(post) => note(web, post).await?,
        Subject::Share(id, shared) => note_at(web, (shared.post, &shared.iri), &shared.group)
            .and_then(|note| entity::share(*id, shared.at, &shared.group, &note, here)),
        Subject::Vote(id, cast) => votes::written(web, *id, cast).await?,
    })
}

fn user(web: &Web, face: &Face) -> Option<Value> {
    let mirror = face.mirror.as_ref()?;
    let handle = handle(face);
    let of = UserEntity {
        id: mirror.id,
        username: &mirror.username,
        name: face.name.as_deref(),
        iri: &face.iri,
        handle: &handle,
        bio: face.bio.as_deref(),
        icon: (face.icon.as_ref()).map(|(address, kind)| (address.as_str(), kind.as_str())),
        indexable: face.indexable,
        made: mirror.made,
    };
    entity::user(&of, web.engine.here())
}

/// `@name@host`, as it is called at home.
pub(super) fn handle(face: &Face) -> String {
    match face.username.as_deref() {
        Some(username) => format!("@{username}@{}", face.host),
        None => face.iri.clone(),
    }
}

async fn note(web: &Web, post: &MirroredPost) -> Result<Option<Value>, Problem> {
    let here = web.engine.here();
    let mirrors = web.engine.mirrors(std::slice::from_ref(&post.author)).await?;
    let Some(author) = mirrors.get(&post.author) else {
        return Ok(None);
    };
    let carried = post
        .raw
        .as_deref()
        .and_then(|raw| dialect::carried(raw, &post.iri));
    let sent = carried.as_ref().map(|(_, sent)| sent);
    let mentions = sent.map(entity::mentioned).unwrap_or_default();
    let of = NoteEntity {
        id: post.id,
        author: author.id,
        group: &post.group,
        iri: &post.iri,
        url: post.url.as_deref(),
        kind: &post.kind,
        title: post.title.as_deref(),
        content: post.content.as_deref(),
        published: post.published,
        parent: (post.parent.as_ref()).and_then(|(id, iri)| note_at(web, (*id, iri), &post.group)),
        mentions: known_among(web, &mentions).await?,
        sent,
    };
    Ok(entity::note(&of, here))
}

/// The reference of a post of a group, wherever it lives.
pub(super) fn note_at(web: &Web, (id, iri): (Uuid, &str), group: &str) -> Option<String> {
    let note = web.engine.here().reference_of_note(id, iri, group);
    note.map(|note| note.to_string())
}

/// References of those who are mentioned.
async fn known_among(web: &Web, mentioned: &[String]) -> Result<Vec<String>, Problem> {
    let faces = web.engine.store().faces(mentioned).await?;
    let face = |iri: &str| {
        let face = faces.iter().find(|face| face.iri == iri && face.may_be_shown)?;
        Some(face.mirror.as_ref()?.id)
    };
    Ok(entity::references(mentioned, face, web.engine.here()))
}

/// References of people, whose mirrors are made where there are none.
async fn people(web: &Web, iris: &[String]) -> Result<Vec<Value>, Problem> {
    let here = web.engine.here();
    let is_elsewhere = |iri: &&String| here.mirrored(iri).is_none();
    let others: Vec<String> = iris.iter().filter(is_elsewhere).cloned().collect();
    let mirrors = web.engine.mirrors(&others).await?;
    let reference = |iri: &String| match here.mirrored(iri) {
        Some(Mirrored::User(user)) => Some(user),
        _ => here.reference(&Ours::Id(mirrors.get(iri)?.id)),
    };
    let references = iris.iter().filter_map(reference);
    Ok(references.map(|reference| json!(reference.to_string())).collect())
}

async fn collection(
    web: &Web,
    subject: &Subject,
    name: &str,
    viewer: &Viewer,
    window: Window,
) -> Result<Option<Value>, Problem> {
    let here = web.engine.here();
    let of = |ours: &Ours<'_>| here.reference(ours).map(|reference| reference.to_string());
    let (author, (total, items)) = match (subject, name) {
        (Subject::Group(group), "members") => (None, listed(web, group, true, viewer, window).await?),
        (Subject::Group(group), "notes") => (
            None,
            notes(web, group, viewer, Narrowed::default(), window).await?,
        ),
        (Subject::Sharer(group), "followers") => {
            let sharer = of(&Ours::Sharer(&group.group.name));
            (sharer, listed(web, group, false, viewer, window).await?)
        }
        // It says nothing of its own.
        (Subject::Sharer(group), "outbox" | "following" | "featured") => {
            (of(&Ours::Sharer(&group.group.name)), (0, vec![]))
        }
        (Subject::User(face), "outbox") => (self_of(web, face), outbox(web, face, window).await?),
        // Whom they follow is known where they live.
        (Subject::User(face), "followers" | "following" | "featured") => (self_of(web, face), (0, vec![])),
        (Subject::Note(post), "replies") => {
            let group = open(web, &post.group).await?;
            let narrowed = Narrowed {
                parent: Some(post.id),
            };
            (None, notes(web, &group, viewer, narrowed, window).await?)
        }
        (Subject::Note(_), "quotes") => (None, (0, vec![])),
        (Subject::Note(post), name) => match Votes::on_notes(name) {
            Some(of) => (None, votes::on(web, (post.id, &post.group), of, window).await?),
            None => return Ok(None),
        },
        // It votes on nothing.
        (Subject::Sharer(group), name) if Votes::of_users(name).is_some() => {
            (of(&Ours::Sharer(&group.group.name)), (0, vec![]))
        }
        (Subject::User(face), name) => match Votes::of_users(name) {
            Some(of) => (self_of(web, face), votes::by(web, face, of, window).await?),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(versia::collection(author.as_deref(), total, items)))
}

fn self_of(web: &Web, face: &Face) -> Option<String> {
    let reference = web.engine.here().reference(&Ours::Id(face.mirror.as_ref()?.id));
    reference.map(|reference| reference.to_string())
}

/// Members or followers, for whom the group shows them to; everybody else gets their number.
async fn listed(
    web: &Web,
    group: &GroupView,
    members: bool,
    viewer: &Viewer,
    window: Window,
) -> Result<(u64, Vec<Value>), Problem> {
    if !may_look_into(web, group, viewer).await? {
        return Err(Problem::new(error::NOT_FOUND));
    }
    let (store, there) = (web.engine.store(), web.engine.here().mirrors());
    let figures = store.group_figures(group.id, viewer).await?;
    let (total, iris) = store.people_listed(group.id, &there, members, window).await?;
    if figures.shows_members {
        Ok((total, people(web, &iris).await?))
    } else {
        Ok((total, vec![]))
    }
}

async fn notes(
    web: &Web,
    group: &GroupView,
    viewer: &Viewer,
    narrowed: Narrowed,
    window: Window,
) -> Result<(u64, Vec<Value>), Problem> {
    if !may_look_into(web, group, viewer).await? {
        return Err(Problem::new(error::NOT_FOUND));
    }
    let (store, there) = (web.engine.store(), web.engine.here().mirrors());
    let (total, posts) = store.notes(group.id, &there, viewer, narrowed, window).await?;
    let name = &group.group.name;
    let references = posts
        .iter()
        .filter_map(|(id, iri)| note_at(web, (*id, iri), name));
    Ok((total, references.map(|reference| json!(reference)).collect()))
}

/// What somebody from elsewhere has posted, as it is shown here.
async fn outbox(web: &Web, face: &Face, window: Window) -> Result<(u64, Vec<Value>), Problem> {
    let (store, there) = (web.engine.store(), web.engine.here().mirrors());
    let (total, ids) = store.posts_of(face.actor, &there, window).await?;
    let mut items = Vec::with_capacity(ids.len());
    for (id, group) in ids {
        if let Some(post) = store.mirrored_post(id, &group, &there).await? {
            items.extend(note(web, &post).await?);
        }
    }
    Ok((total, items))
}
