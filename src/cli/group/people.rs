//! `group invite`, `expel`, `transfer`, `admin`: what an operator does to the people of a group.
//!
//! One rule: what was so already is said to be so, and is no error. What nobody would hear of is said to be so, too, and what could
//! only wait for an answer that never comes is not begun.

use anyhow::bail;
use serde_json::json;

use crate::cli::args::{Admin, People};
use crate::cli::print::Out;
use crate::cli::{Usage, names};
use crate::dialect::domains::faces_of_group;
use crate::domain::{Act, Iri};
use crate::server::House;

pub(super) async fn run(house: &House, command: People, out: Out) -> anyhow::Result<()> {
    let (name, actor, act, reason) = match command {
        People::Invite {
            name,
            actor,
            admin: false,
        } => (name, actor, Act::Invite, None),
        People::Invite {
            name,
            actor,
            admin: true,
        } => (name, actor, Act::Call, None),
        People::Expel { name, actor, reason } => (name, actor, Act::Expel, reason),
        People::Transfer { name, actor } => (name, actor, Act::Offer, None),
        People::Admin(Admin::Add { name, actor }) => (name, actor, Act::Appoint, None),
        People::Admin(Admin::Remove { name, actor }) => (name, actor, Act::Dismiss, None),
    };
    let (name, actor) = (
        names::group(&name, &house.here).map_err(Usage)?,
        actor.id(&house.here)?,
    );
    let untold = untold(house, &act, &name, &actor)?;
    let changed = house.engine.do_to(&name, &act, &actor, reason.as_deref()).await?;
    let (word, done, was) = said(&act, &name, &actor);
    let mut answer = json!({"group": name, word: actor.as_str(), "changed": changed});
    let mut text = if changed { done } else { was };
    if let Some(why) = untold.filter(|_| changed) {
        answer["told"] = json!(false);
        text = format!("{text}\n{why}");
    }
    out.answer(&answer, &text)
}

/// Why somebody does not hear of what is done to them, if so: Versia has words for who is in, and for nothing else.
fn untold(house: &House, act: &Act, name: &str, actor: &Iri) -> anyhow::Result<Option<String>> {
    if !house.here.is_mirror(actor.as_str()) {
        return Ok(None);
    }
    match act {
        Act::Invite => {
            let face = faces_of_group(name, &house.here).map_or_else(|| name.to_owned(), |faces| faces.group);
            Ok(Some(format!(
                "They are not told, since Versia has no invitations: tell them yourself to subscribe to {face}."
            )))
        }
        Act::Call => bail!(
            "{actor} could never accept: Versia has no invitations. `folkmoot group admin add {name} ...` makes a member an admin at \
             once"
        ),
        Act::Offer => bail!("{actor} could never accept: Versia has no word for the offer of a group"),
        Act::Appoint => Ok(in_vain(house, actor)),
        Act::Dismiss => Ok(Some("They are not told: Versia has no word for it.".to_owned())),
        _ => Ok(None),
    }
}

/// Why it is of no use to somebody to run a group, if so.
pub(super) fn in_vain(house: &House, actor: &Iri) -> Option<String> {
    house.here.is_mirror(actor.as_str()).then(|| {
        "They are not told, and cannot run the group from where they are: Versia has no words for what an admin does.".to_owned()
    })
}

/// The word for it in JSON, what is so now, and what was so before.
fn said(act: &Act, name: &str, actor: &Iri) -> (&'static str, String, String) {
    match act {
        Act::Invite => (
            "invited",
            format!("{actor} is invited to {name}: they are in once they ask to join."),
            format!("{actor} is in {name} already."),
        ),
        Act::Call => (
            "invited",
            format!("{actor} is asked to be an admin of {name}: they are once they accept."),
            format!("{actor} runs {name} already."),
        ),
        Act::Expel => (
            "expelled",
            format!("{actor} was put out of {name}."),
            format!("{actor} is not in {name}."),
        ),
        Act::Offer => (
            "offered",
            format!("{name} is offered to {actor}. Nothing changes until they accept."),
            format!("{actor} owns {name} already."),
        ),
        Act::Appoint => (
            "admin",
            format!("{actor} is an admin of {name} now."),
            format!("{actor} runs {name} already."),
        ),
        _ => (
            "dismissed",
            format!("{actor} is no admin of {name} any more."),
            format!("{actor} is no admin of {name}."),
        ),
    }
}
