//! `group invite`, `expel`, `transfer`, `admin`: what an operator does to the people of a group.
//!
//! One rule: what was so already is said to be so, and is no error.

use serde_json::json;

use crate::cli::args::{Admin, People};
use crate::cli::print::Out;
use crate::cli::{Usage, names};
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
    let name = names::group(&name, &house.here).map_err(Usage)?;
    let changed = house.engine.do_to(&name, &act, &actor, reason.as_deref()).await?;
    let (word, done, was) = said(&act, &name, &actor);
    let answer = json!({"group": name, word: actor.as_str(), "changed": changed});
    out.answer(&answer, if changed { &done } else { &was })
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
