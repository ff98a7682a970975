//! Being found: WebFinger, NodeInfo, host-meta.
//!
//! One rule: whoever asks must know the name; nothing here can be searched (FET18). Closed groups are not found.

use axum::{
    extract::{Path, Query, State},
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    dialect::{self, Here, Local, group_of_steward, steward_name},
    store::{Face, Viewer},
    text::parse_acct,
    web::{
        Answer, Web,
        answer::{ACTIVITY, Reply},
        error::{self, Problem},
    },
};

const JRD: &str = "application/jrd+json";
const XRD: &str = "application/xrd+xml; charset=utf-8";
/// The type, in JSON-LD's words: some readers know no other.
const LD: &str = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";
const ONE_HOUR: &str = "public, max-age=3600";

#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    resource: Option<String>,
}

/// What a resource stands for.
#[derive(Debug, PartialEq, Eq)]
enum Sought {
    Group(String),
    /// Of the group of this name.
    Steward(String),
    /// Somebody from elsewhere, by what they are called here.
    Called(String),
    /// The same, by the id that they have here.
    Mirror(String),
    Instance,
    /// A well-formed name of something that is not ours.
    Nothing,
}

/// `GET /.well-known/webfinger` (RFC 7033)
pub(in crate::web) async fn webfinger(State(web): State<Web>, Query(asked): Query<Asked>) -> Answer {
    let here = web.engine.here();
    let sought = asked
        .resource
        .as_deref()
        .and_then(|resource| sought(resource, here));
    let document = match sought {
        None => {
            let words = "The resource is missing, or is neither acct:NAME@HOST nor a URL.";
            return Err(Problem::because(error::BAD_REQUEST, words).about("resource"));
        }
        Some(Sought::Nothing) => return Err(Problem::new(error::NOT_FOUND)),
        Some(Sought::Instance) => instance(here),
        Some(Sought::Group(name)) if is_open(&web, &name).await? => group_links(&name, here),
        // No group is called so, but its steward may be, or somebody from elsewhere.
        Some(Sought::Group(name)) => match group_of_steward(&name) {
            Some(group) => steward(&web, group).await?,
            None => called(&web, &name).await?,
        },
        Some(Sought::Called(name)) => called(&web, &name).await?,
        Some(Sought::Mirror(iri)) => mirror(&web, iri).await?,
        Some(Sought::Steward(group)) => steward(&web, &group).await?,
    };
    Ok(Reply::new(JRD, document.to_string())
        .for_every_site()
        .into_response())
}

async fn is_open(web: &Web, name: &str) -> Result<bool, Problem> {
    let group = web.engine.store().group_face(name).await?;
    Ok(group.is_some_and(|group| group.closed_at.is_none()))
}

async fn steward(web: &Web, group: &str) -> Result<Value, Problem> {
    if !is_open(web, group).await? {
        return Err(Problem::new(error::NOT_FOUND));
    }
    let here = web.engine.here();
    let id = here.steward(group);
    let subject = format!("acct:{}@{}", steward_name(group), here.authority());
    Ok(json!({"subject": subject, "aliases": [id], "links": links(&id)}))
}

async fn called(web: &Web, name: &str) -> Result<Value, Problem> {
    // `@id@domain` is an address there, too.
    let id = Uuid::try_parse(name).ok().filter(|id| id.to_string() == name);
    let face = web.engine.store().face_of_mirror(id, Some(name)).await?;
    somebody(web, face).await
}

/// Whoever is asked for by id may not have a name here yet.
async fn mirror(web: &Web, iri: String) -> Result<Value, Problem> {
    let (store, iris) = (web.engine.store(), [iri]);
    let seen = match store.faces(&iris).await?.pop() {
        Some(face) => is_seen(web, &face).await?,
        None => false,
    };
    if seen {
        web.engine.mirrors(&iris).await?;
    }
    somebody(web, store.faces(&iris).await?.pop()).await
}

async fn is_seen(web: &Web, face: &Face) -> Result<bool, Problem> {
    let there = web.engine.here().mirrors();
    let seen = web.engine.store().is_seen(face.actor, &there, &Viewer::Anyone);
    Ok(seen.await?)
}

/// Those who have an id here are found by it, the others by the face that they have in the other protocol.
async fn somebody(web: &Web, face: Option<Face>) -> Result<Value, Problem> {
    let here = web.engine.here();
    let nothing = || Problem::new(error::NOT_FOUND);
    let face = face.filter(|face| face.may_be_shown).ok_or_else(nothing)?;
    if !is_seen(web, &face).await? {
        return Err(nothing());
    }
    let mirror = face.mirror.as_ref().ok_or_else(nothing)?;
    if here.mirrored(&face.iri).is_some() {
        let subject = format!("acct:{}@{}", mirror.username, here.authority());
        return Ok(json!({"subject": subject, "aliases": [face.iri], "links": links(&face.iri)}));
    }
    let link = dialect::link_of_user(mirror.id, here).ok_or_else(nothing)?;
    let domain = here.domain().unwrap_or_else(|| here.authority());
    let profile =
        json!({"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": face.iri});
    Ok(json!({"subject": format!("acct:{}@{domain}", mirror.username), "links": [link, profile]}))
}

/// What a resource names; `None` if it is no resource.
fn sought(resource: &str, here: &Here) -> Option<Sought> {
    let authority = here.authority();
    if resource.strip_prefix("acct:") == Some(format!("{authority}@{authority}").as_str()) {
        return Some(Sought::Instance);
    }
    if resource.starts_with("https://") || resource.starts_with("http://") {
        let is_instance = [here.base(), &format!("{}/", here.base()), &here.instance()].contains(&resource);
        return Some(match here.local(resource) {
            _ if is_instance => Sought::Instance,
            _ if here.mirrored(resource).is_some() => Sought::Mirror(resource.to_owned()),
            Some(Local::Group { name, part: None }) => group_named(name),
            Some(Local::Steward { group, part: None }) => match group_named(group) {
                Sought::Group(group) => Sought::Steward(group),
                nothing => nothing,
            },
            _ => Sought::Nothing,
        });
    }
    let (name, host) = parse_acct(resource)?;
    let is_ours = host == authority || Some(host.as_str()) == here.domain();
    Some(if is_ours {
        match group_named(&name.to_lowercase()) {
            Sought::Nothing => Sought::Called(name.to_lowercase()),
            found => found,
        }
    } else {
        Sought::Nothing
    })
}

fn group_named(name: &str) -> Sought {
    // The name of a steward is longer than its group's.
    let of = group_of_steward(name).unwrap_or(name);
    match crate::text::group_name(of) {
        Ok(_) => Sought::Group(name.to_owned()),
        Err(_) => Sought::Nothing,
    }
}

fn group_links(name: &str, here: &Here) -> Value {
    let id = here.group(name);
    let mut links = links(&id);
    // One name may be a person and a group to some; they tell them apart by this.
    links[0]["properties"] = json!({"https://www.w3.org/ns/activitystreams#type": "Group"});
    if let Value::Array(links) = &mut links {
        links.extend(dialect::links_of_group(name, here));
    }
    json!({"subject": format!("acct:{name}@{}", here.authority()), "aliases": [id], "links": links})
}

fn instance(here: &Here) -> Value {
    let authority = here.authority();
    json!({
        "subject": format!("acct:{authority}@{authority}"),
        "aliases": [here.instance()],
        "links": [
            {"rel": "self", "type": ACTIVITY, "href": here.instance()},
            {"rel": "self", "type": LD, "href": here.instance()},
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": format!("{}/", here.base())},
        ],
    })
}

fn links(id: &str) -> Value {
    json!([
        {"rel": "self", "type": ACTIVITY, "href": id},
        {"rel": "self", "type": LD, "href": id},
        {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": id},
    ])
}

/// `GET /.well-known/nodeinfo`
pub(in crate::web) async fn nodeinfo_links(State(web): State<Web>) -> impl IntoResponse {
    let base = web.engine.here().base();
    let link = |version: &str| {
        json!({
            "rel": format!("http://nodeinfo.diaspora.software/ns/schema/{version}"),
            "href": format!("{base}/nodeinfo/{version}"),
        })
    };
    let document = json!({"links": [link("2.0"), link("2.1")]});
    Reply::new("application/json", document.to_string())
        .kept(ONE_HOUR)
        .for_every_site()
}

/// `GET /nodeinfo/2.0` and `/nodeinfo/2.1`
pub(in crate::web) async fn nodeinfo(State(web): State<Web>, Path(version): Path<String>) -> Answer {
    let kind = match version.as_str() {
        "2.0" => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"",
        "2.1" => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"",
        _ => return Err(Problem::new(error::NOT_FOUND)),
    };
    let figures = web.engine.store().host_figures().await?;
    let document = json!({
        "version": version,
        "software": {"name": "folkmoot", "version": env!("CARGO_PKG_VERSION")},
        "protocols": dialect::protocols(web.engine.here()),
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": false,
        "usage": {
            // Nobody has an account here: what lives here are groups.
            "users": {"total": figures.groups},
            "localPosts": figures.threads,
            "localComments": figures.comments,
        },
        // What it can do, for those who know no actor of it yet: as its actor says it (FEP-844e), and as FEDERATION.md lists it.
        "metadata": {
            "groups": figures.groups,
            "feps": dialect::FEPS,
            "implements": dialect::implements(),
        },
    });
    Ok(Reply::new(kind, document.to_string())
        .for_every_site()
        .into_response())
}

/// `GET /.well-known/host-meta` (RFC 6415): where WebFinger is, for old readers.
pub(in crate::web) async fn host_meta(State(web): State<Web>) -> impl IntoResponse {
    let base = web.engine.here().base();
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n\
         \x20 <Link rel=\"lrdd\" template=\"{base}/.well-known/webfinger?resource={{uri}}\"/>\n\
         </XRD>\n"
    );
    Reply::new(XRD, document).kept(ONE_HOUR).for_every_site()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(resource: &str) -> Option<Sought> {
        sought(
            resource,
            &Here::new(&"https://g.example:8443".parse().expect("a URL")),
        )
    }

    #[test]
    fn a_group_is_found_by_handle_and_by_url() {
        let rust = Some(Sought::Group("rust".to_owned()));
        for resource in [
            "acct:rust@g.example:8443",
            "acct:Rust@G.example:8443",
            "rust@g.example:8443",
            "https://g.example:8443/c/rust",
        ] {
            assert_eq!(found(resource), rust, "{resource}");
        }
    }

    #[test]
    fn a_steward_is_found_by_url() {
        let steward = Some(Sought::Steward("rust".to_owned()));
        assert_eq!(found("https://g.example:8443/u/rust_steward"), steward);
    }

    #[test]
    fn the_host_has_a_name_of_its_own() {
        for resource in [
            "acct:g.example:8443@g.example:8443",
            "https://g.example:8443",
            "https://g.example:8443/",
            "https://g.example:8443/actor",
        ] {
            assert_eq!(found(resource), Some(Sought::Instance), "{resource}");
        }
    }

    #[test]
    fn what_is_not_ours_is_nothing_and_what_is_no_name_is_an_error() {
        for resource in [
            "acct:rust@other.example",
            "acct:rust@g.example",
            "https://g.example:8443/c/rust/outbox",
            "https://g.example:8443.evil.test/c/rust",
            "https://other.example/c/rust",
            "https://g.example:8443/c/RUST",
            "https://g.example:8443/c/%72ust",
            "https://g.example:8443/u/rust",
            "https://g.example:8443/u/_steward",
            "https://g.example:8443/u/rust_steward/inbox",
        ] {
            assert_eq!(found(resource), Some(Sought::Nothing), "{resource}");
        }
        for resource in ["", "acct:", "acct:*@g.example:8443", "rust", "mailto:", "a@b@c"] {
            assert_eq!(found(resource), None, "{resource}");
        }
    }
}
