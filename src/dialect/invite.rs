//! Reading who is asked to become what: a member, an admin, the owner.
//!
//! One rule: what somebody is asked to become is said by the place that is named, a group of ours or one of its lists; whom, by the
//! other of `object` and `target`, else by the only addressee. One more place is an arm of [`is_call`].

use serde_json::Value;

use crate::{
    dialect::{
        Ask, Here, Local, Unreadable,
        activity::{ask, object_id},
        administer::{canonical, optional},
        fields::{embedded, ids_of, kind_of},
    },
    domain::{Call, Iri},
};

/// `Invite{object: group, target: actor}`. Smithereen names the invited one in `to` alone; to be an admin is to be invited to
/// `admins`, or to `moderators`. Either may stand in `object`, the other in `target`.
pub(super) fn invite(document: &Value, here: &Here, wanted: bool) -> Result<Ask, Unreadable> {
    let (object, target) = (object_id(document)?, optional(document, "target")?);
    let ours = |iri: &Iri| here.group_of(iri.as_str()).is_some();
    let named = [Some(&object), target.as_ref()].into_iter().flatten();
    let Some(place) = named
        .clone()
        .find(|iri| ours(iri) && is_call(here, iri).is_some())
    else {
        return Ok(Ask::Nothing); // to a group of another server
    };
    // Where both are ours (object: the group, target: its admins), the one that is more than the group counts.
    let place = named
        .clone()
        .find(|iri| is_call(here, iri) == Some(Call::Admin))
        .unwrap_or(place);
    let whom = match named.clone().find(|iri| !ours(iri)) {
        Some(whom) => whom.clone(),
        None => only_addressee(document, here)?,
    };
    Ok(Ask::Invite {
        group: here.group_of(place.as_str()).unwrap_or_default().to_owned(),
        call: is_call(here, place).unwrap_or(Call::Member),
        told: is_addressed(document, &whom),
        whom: canonical(whom, "target")?,
        wanted,
    })
}

fn is_addressed(document: &Value, whom: &Iri) -> bool {
    let named = |field| document.get(field).map(ids_of).unwrap_or_default();
    named("to")
        .into_iter()
        .chain(named("cc"))
        .any(|id| id == whom.as_str())
}

/// What one is asked to become by an invitation to this place.
fn is_call(here: &Here, place: &Iri) -> Option<Call> {
    match here.local(place.as_str())? {
        Local::Group {
            part: None | Some("members"),
            ..
        } => Some(Call::Member),
        Local::Group {
            part: Some("admins" | "moderators"),
            ..
        } => Some(Call::Admin),
        _ => None,
    }
}

fn only_addressee(document: &Value, here: &Here) -> Result<Iri, Unreadable> {
    let to = document.get("to").map(ids_of).unwrap_or_default();
    let mut people = to.into_iter().filter(|id| here.group_of(id).is_none());
    match (people.next(), people.next()) {
        (Some(id), None) => Iri::activity(id)
            .map_err(|why| Unreadable::new("to", format!("The id of whoever is invited is refused: {why}."))),
        _ => Err(Unreadable::new("target", "It does not say who is meant.")),
    }
}

/// `Offer{object: group, target: actor}`; or, by an admin elsewhere, of a Remove or Delete that the group is to issue.
pub(super) fn offer(document: &Value, actor: &Iri, here: &Here, wanted: bool) -> Result<Ask, Unreadable> {
    let inner = document.get("object").and_then(embedded);
    if let Some(inner) = inner.filter(|inner| kind_of(inner, &["Remove", "Delete"]).is_some()) {
        return Ok(if wanted {
            Ask::Propose(Box::new(ask(inner, actor, here)?))
        } else {
            Ask::Nothing
        });
    }
    let object = object_id(document)?;
    let Some(Local::Group { name, part: None }) = here.local(object.as_str()) else {
        return Ok(Ask::Nothing);
    };
    let whom = match optional(document, "target")? {
        Some(whom) => whom,
        None => only_addressee(document, here)?,
    };
    Ok(Ask::Invite {
        group: name.to_owned(),
        told: is_addressed(document, &whom),
        whom: canonical(whom, "target")?,
        call: Call::Owner,
        wanted,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ANN: &str = "https://a.example/u/ann";
    const BOB: &str = "https://b.example/u/bob";
    const GROUP: &str = "https://g.example/c/rust";

    fn read_it(mut document: Value) -> Result<crate::dialect::Activity, Unreadable> {
        document["id"] = json!("https://a.example/1");
        document["actor"] = json!(ANN);
        crate::dialect::read(
            &document,
            &Here::new(&"https://g.example".parse().expect("a URL")),
        )
    }

    fn asked(document: Value) -> Ask {
        read_it(document).expect("read").ask
    }

    #[test]
    fn an_invitation_comes_in_several_forms() {
        let admins = format!("{GROUP}/admins");
        for (document, call) in [
            (json!({"object": GROUP, "target": BOB}), Call::Member),
            (
                json!({"object": {"id": GROUP, "type": "Group"}, "target": {"id": BOB}}),
                Call::Member,
            ),
            (json!({"object": GROUP, "to": [BOB], "cc": [GROUP]}), Call::Member),
            (json!({"object": BOB, "target": GROUP}), Call::Member),
            (json!({"object": admins, "target": BOB}), Call::Admin),
            (json!({"object": BOB, "target": admins}), Call::Admin),
            (
                json!({"object": GROUP, "target": admins, "to": [BOB, GROUP]}),
                Call::Admin,
            ),
        ] {
            let mut document = document;
            document["type"] = json!("Invite");
            let Ask::Invite {
                group,
                whom,
                call: read,
                wanted: true,
                ..
            } = asked(document.clone())
            else {
                panic!("{document}");
            };
            assert_eq!(
                (group.as_str(), whom.as_str(), read),
                ("rust", BOB, call),
                "{document}"
            );
        }
        for nobody in [
            json!({"type": "Invite", "object": GROUP}),
            json!({"type": "Invite", "object": GROUP, "to": [ANN, BOB]}),
        ] {
            assert_eq!(read_it(nobody).expect_err("refused").field, "target");
        }
        let elsewhere = json!({"type": "Invite", "object": "https://far.example/c/x", "target": BOB});
        assert_eq!(asked(elsewhere), Ask::Nothing);
    }

    #[test]
    fn an_offer_may_be_of_what_the_group_is_to_do() {
        let inner = json!({"type": "Remove", "object": BOB, "target": format!("{GROUP}/members")});
        let Ask::Propose(ask) = asked(json!({"type": "Offer", "object": inner})) else {
            panic!("no proposal");
        };
        assert!(matches!(*ask, Ask::Collect { wanted: false, .. }));
    }
}
