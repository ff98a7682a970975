//! The documents of our own actors: one for all dialects.
//!
//! One rule: `"type":"Group"` is a plain string, and every term is inlined: a context on another host would be fetched by
//! some readers and refused by others. A term is published once its URL answers as specified.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    dialect::{
        Here, able,
        announce::{PUBLIC, date, fields},
        policies, wall,
    },
    domain::{Group, Visibility},
};

/// What a group shows of itself.
#[derive(Clone, Debug)]
pub struct GroupFace {
    pub group: Group,
    pub title: String,
    /// HTML, sanitised.
    pub summary: String,
    /// Markdown, as it was written.
    pub source: String,
    /// Where the pictures are.
    pub icon: Option<String>,
    pub image: Option<String>,
    pub has_rules: bool,
    /// Ids of groups.
    pub related: Vec<String>,
    pub published: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub key_id: String,
    pub public_pem: String,
    pub multikey: Option<Multikey>,
}

/// A second key, as FEP-521a shows keys.
#[derive(Clone, Debug)]
pub struct Multikey {
    pub id: String,
    /// `publicKeyMultibase`.
    pub multibase: String,
}

/// The context of all that a group says.
pub(crate) fn context() -> Value {
    json!([
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/v1"
    ])
}

/// The Group document.
#[must_use]
pub fn group_document(face: &GroupFace, here: &Here) -> Value {
    let name = face.group.name.as_str();
    let id = here.group(name);
    let part = |part: &str| here.part(name, part);
    let private = face.group.policies.visibility == Visibility::Private;
    let mut document = json!({
        "@context": terms(json!({
                "sm": "http://smithereen.software/ns#",
                "toot": "http://joinmastodon.org/ns#",
                "lemmy": "https://join-lemmy.org/ns#",
                "litepub": "http://litepub.social/ns#",
                "grp": "https://swicg.github.io/groups/0.1.0.jsonld#",
                "mz": "https://joinmobilizon.org/ns#",
                "fep5219": "https://w3id.org/fep/5219#",
                "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
                "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
                "featured": {"@id": "toot:featured", "@type": "@id"},
                "discoverable": "toot:discoverable",
                "indexable": "toot:indexable",
                "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
                "moderators": {"@id": "lemmy:moderators", "@type": "@id"},
                "capabilities": "litepub:capabilities",
                "acceptsJoins": "litepub:acceptsJoins",
                "members": {"@id": "sm:members", "@type": "@id"},
                "wall": {"@id": "sm:wall", "@type": "@id"},
                "wallComments": {"@id": "sm:wallComments", "@type": "@id"},
                "admins": {"@id": "grp:admins", "@type": "@id"},
                "pendingActivities": {"@id": "grp:pendingActivities", "@type": "@id"},
                "pendingMembers": {"@id": "grp:pendingMembers", "@type": "@id"},
                "collections": {"@id": "grp:collections", "@type": "@id"},
                "rules": {"@id": "grp:rules", "@type": "@id"},
                "related": {"@id": "grp:related", "@type": "@id"},
                "streams": {"@id": "as:streams", "@type": "@id"},
                "affiliations": {"@id": "fep5219:affiliations", "@type": "@id"},
                "accessType": "sm:accessType",
                "actorToken": {"@id": "sm:actorToken", "@type": "@id"},
                "canView": "fep5219:canView",
                "canCreate": "fep5219:canCreate",
                "openness": "mz:openness",
        })),
        "id": id,
        "type": "Group",
        "preferredUsername": name,
        "webfinger": format!("{name}@{}", here.authority()),
        "name": face.title,
        "summary": face.summary,
        "source": {"content": face.source, "mediaType": "text/markdown"},
        "url": id,
        "inbox": part("inbox"),
        "outbox": part("outbox"),
        "followers": part("followers"),
        "featured": part("featured"),
        // The URL form: Lemmy reads its moderators from it; a list of persons would be ignored.
        "attributedTo": part("moderators"),
        "moderators": part("moderators"),
        "wall": part(wall::WALL),
        "wallComments": part(wall::COMMENTS),
        "members": part("members"),
        "grp:members": {"@id": part("members")},
        "admins": part("admins"),
        "pendingActivities": part("pendingActivities"),
        "pendingMembers": part("pendingMembers"),
        "collections": part("collections"),
        "affiliations": part("affiliations"),
        "audience": if private { part("members") } else { PUBLIC.to_owned() },
        "replies": part("threads"),
        // Each thread as a collection (FEP-f228): no post of another server leads there.
        "streams": [part("contexts")],
        "published": date(face.published),
        "updated": date(face.updated),
        "generator": {"type": "Application", "implements": able::implements()},
        "endpoints": {"sharedInbox": format!("{}/inbox", here.base())},
        "publicKey": {"id": face.key_id, "owner": id, "publicKeyPem": face.public_pem},
    });
    if private {
        // Whoever reads here may read at its members' servers, too (FEP-db0e).
        document["endpoints"]["actorToken"] = json!(part("actorToken"));
    }
    if face.has_rules {
        document["rules"] = json!(part("rules"));
    }
    if !face.related.is_empty() {
        document["related"] = json!(face.related);
    }
    for (field, address) in [("icon", &face.icon), ("image", &face.image)] {
        if let Some(address) = address {
            document[field] = json!({"type": "Image", "url": address});
        }
    }
    if let Value::Object(document) = &mut document {
        policies::write(&face.group.policies, document);
    }
    // Beside `publicKey`, which stays the one key that everybody reads.
    if let Some(Multikey { id: key, multibase }) = &face.multikey {
        document["assertionMethod"] = json!([
            {"id": key, "type": "Multikey", "controller": id, "publicKeyMultibase": multibase},
        ]);
    }
    document
}

/// The instance actor: it signs our fetches, and its key is readable without a signature (GoToSocial signs all GETs).
#[must_use]
pub fn instance_document(public_pem: &str, here: &Here) -> Value {
    let id = here.instance();
    json!({
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            "https://w3id.org/security/v1",
            {
                "memberships": {"@id": "https://swicg.github.io/groups/0.1.0.jsonld#memberships", "@type": "@id"},
                "implements": able::terms(),
            },
        ],
        "id": id,
        "type": "Application",
        "preferredUsername": here.authority(),
        "name": "Folkmoot",
        "url": here.base(),
        "inbox": format!("{}/inbox", here.base()),
        "outbox": format!("{id}/outbox"),
        "manuallyApprovesFollowers": true,
        // Which groups whoever signs a GET of it is in (a term of the task force's draft).
        "memberships": format!("{}/memberships", here.base()),
        "implements": able::implements(),
        "endpoints": {"sharedInbox": format!("{}/inbox", here.base())},
        "publicKey": {"id": format!("{id}#main-key"), "owner": id, "publicKeyPem": public_pem},
    })
}

/// What is left of a group or post that is gone.
#[must_use]
pub fn tombstone(id: &str, former: &str, deleted: DateTime<Utc>) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id,
        "type": "Tombstone",
        "formerType": former,
        "deleted": date(deleted),
    })
}

/// What strangers see of a private group: enough to ask to be let in, and to verify what it says.
#[must_use]
pub fn group_stub(face: &GroupFace, here: &Here) -> Value {
    let whole = group_document(face, here);
    let shown = [
        "id",
        "type",
        "preferredUsername",
        "inbox",
        "publicKey",
        "assertionMethod",
        "manuallyApprovesFollowers",
    ];
    let mut terms = multikey_terms();
    terms["manuallyApprovesFollowers"] = json!("as:manuallyApprovesFollowers");
    let mut stub = json!({"@context": [
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/v1",
        terms,
    ]});
    // What a private group says carries a proof, too: whoever gets its Accept must find the key (FEP-8b32).
    for field in shown {
        if let Some(value) = whole.get(field) {
            stub[field] = value.clone();
        }
    }
    stub
}

/// The rules of a group, in their order.
#[must_use]
pub fn rules_document(name: &str, rules: &[String], here: &Here) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| json!({"type": "Note", "content": rule}))
        .collect();
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": here.part(name, "rules"),
        "type": "OrderedCollection",
        "name": "Rules",
        "attributedTo": here.group(name),
        "totalItems": rules.len(),
        "orderedItems": rules,
    })
}

/// As https://w3id.org/security/multikey/v1 and the DID context have them.
fn multikey_terms() -> Value {
    json!({
        "assertionMethod": {
            "@id": "https://w3id.org/security#assertionMethod", "@type": "@id", "@container": "@set",
        },
        "Multikey": "https://w3id.org/security#Multikey",
        "controller": {"@id": "https://w3id.org/security#controller", "@type": "@id"},
        "publicKeyMultibase": {
            "@id": "https://w3id.org/security#publicKeyMultibase",
            "@type": "https://w3id.org/security#multibase",
        },
    })
}

/// The context of a group's document: these terms, and ours for its policies.
fn terms(known: Value) -> Value {
    let mut terms = fields(known);
    terms.extend(fields(multikey_terms()));
    terms.insert("implements".to_owned(), able::terms());
    terms.insert("folkmoot".to_owned(), json!("urn:folkmoot:"));
    for term in policies::TERMS {
        terms.insert(term.to_owned(), json!(format!("folkmoot:{term}")));
    }
    json!([
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/v1",
        terms
    ])
}
