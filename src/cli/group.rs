//! `group`: making groups, changing them, and who is in them.
//!
//! One rule: what changes something goes through the engine, as what peers send does; what only looks asks the store.

mod collection;
mod people;
pub(super) mod posts;
mod view;

use std::path::Path;

use serde_json::json;

use crate::cli::args::{self, Group, Policies};
use crate::cli::names::Barred;
use crate::cli::print::Out;
use crate::cli::{Usage, members, names, reports};
use crate::domain::{self, Iri, PolicyChange};
use crate::engine::{NewGroup, Whom};
use crate::server::House;
use crate::store::group::Change;

pub(super) async fn run(house: &House, command: Group, out: Out) -> anyhow::Result<()> {
    let engine = &house.engine;
    let known = |name: &str| names::group(name, &house.here).map_err(Usage);
    let done = |name: &str, what: &str, whom: &str, text: String| {
        out.answer(&json!({"group": name, what: whom}), &text)
    };
    match command {
        Group::Create {
            name,
            title,
            owner,
            bridge,
            policies,
        } => {
            let new = NewGroup {
                name,
                title,
                policies: allowed(&policies).of(domain::Policies::default()),
                summary: policies.summary.unwrap_or_default(),
                owner: owner.id(&house.here)?,
                bridge,
            };
            create(house, new, out).await
        }
        Group::List => view::list(house, out).await,
        Group::Show { name } => view::show(house, &known(&name)?, out).await,
        Group::Members { name, state } => view::members(house, &known(&name)?, &state, out).await,
        Group::Set { name, change } => {
            let name = known(&name)?;
            let (change, policies) = changed(change);
            engine.change_group(&name, change, &policies).await?;
            view::show(house, &name, out).await
        }
        Group::Collection(command) => collection::run(house, command, out).await,
        Group::Reports { name, done } => reports::run(house, Some(&known(&name)?), done, out).await,
        Group::Close { name } => {
            let name = known(&name)?;
            engine.close_group(&name).await?;
            out.answer(
                &json!({"group": name, "closed": true}),
                &format!("{name} is closed."),
            )
        }
        // Its list is read before the house is opened.
        Group::Import { .. } => Ok(()),
        Group::Export { name, file } => {
            members::export(house, &known(&name)?, named_file(file.as_deref()), out).await
        }
        Group::Accept { name, what, reason } => {
            posts::decide(house, &known(&name)?, &what, true, reason.as_deref(), out).await
        }
        Group::Reject { name, what, reason } => {
            posts::decide(house, &known(&name)?, &what, false, reason.as_deref(), out).await
        }
        Group::Posts(command) => posts::run(house, command, out).await,
        Group::Follow { name, actor } => follow(house, &known(&name)?, &actor, out).await,
        Group::Unfollow { name, actor } => {
            let name = known(&name)?;
            engine.unfollow(&name, &actor).await?;
            done(
                &name,
                "unfollowed",
                actor.as_str(),
                format!("{name} does not follow {actor} any more."),
            )
        }
        Group::Ban {
            name,
            whom,
            reason,
            until,
        } => {
            let (name, whom) = (known(&name)?, whom.whom(&house.here)?);
            engine.ban(&name, &whom, reason, until).await?;
            let whom = written(&whom);
            done(&name, "banned", &whom, format!("{whom} is kept out of {name}."))
        }
        Group::Unban { name, whom } => {
            let (name, whom) = (known(&name)?, whom.whom(&house.here)?);
            engine.unban(&name, &whom).await?;
            let whom = written(&whom);
            done(
                &name,
                "unbanned",
                &whom,
                format!("{whom} may come back to {name}."),
            )
        }
        Group::People(command) => people::run(house, command, out).await,
    }
}

async fn create(house: &House, new: NewGroup, out: Out) -> anyhow::Result<()> {
    let (name, owner) = (new.name.clone(), new.owner.clone());
    let created = house.engine.create_group(new).await?;
    let handle = format!("!{name}@{}", house.here.authority());
    let mut text = format!("Made {name}: {}\nPeople find it as {handle}", created.id);
    if !created.owner_known {
        text.push_str(&format!(
            "\nThe owner, {owner}, could not be read from its server yet; that is tried again when it first speaks to us."
        ));
    }
    if let Some(why) = people::in_vain(house, &owner) {
        text.push_str(&format!("\n{why}"));
    }
    let answer =
        json!({"name": name, "id": created.id, "handle": handle, "owner_known": created.owner_known});
    out.answer(&answer, &text)
}

/// A group of ours accepts at once; another server answers when it answers.
async fn follow(house: &House, name: &str, actor: &Iri, out: Out) -> anyhow::Result<()> {
    house.engine.follow(name, actor).await?;
    let following = house.store.list_following(name).await?;
    let accepted = following
        .iter()
        .any(|row| row.actor == actor.as_str() && row.accepted_at.is_some());
    let text = if accepted {
        format!("{name} follows {actor}.")
    } else {
        format!("{name} asks to follow {actor}; `folkmoot group show {name}` says when that is accepted.")
    };
    let answer = json!({"group": name, "follows": actor.as_str(), "accepted": accepted});
    out.answer(&answer, &text)
}

/// What can be told to be bad usage by the words alone, before anything is opened.
///
/// # Errors
/// What is wrong, and what to write.
pub(super) fn check(command: &Group, out: Out) -> Result<(), Usage> {
    match command {
        Group::Export { file, .. } if out.json && named_file(file.as_deref()).is_none() => Err(Usage(
            "the list and the answer in JSON would both go to standard output: name a file for the list"
                .to_owned(),
        )),
        Group::Ban {
            whom: Barred::Host(_),
            until: Some(_),
            ..
        } => Err(Usage(
            "a whole server is kept out for good, or until `group unban`: leave out --until".to_owned(),
        )),
        Group::Set { change, .. } if changes_nothing(change) => Err(Usage(
            "nothing is given that should change; `folkmoot group set --help` shows what can".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// `-` and nothing stand for standard output.
fn named_file(file: Option<&Path>) -> Option<&Path> {
    file.filter(|file| *file != Path::new("-"))
}

fn changes_nothing(given: &args::Change) -> bool {
    let policies = &given.policies;
    let says_nothing = given.title.is_none()
        && policies.summary.is_none()
        && given.icon.is_none()
        && given.image.is_none()
        && given.rules.is_none()
        && given.related.is_none()
        && given.bridge.is_none();
    says_nothing && allowed(policies) == PolicyChange::default()
}

/// What is to be changed.
fn changed(given: args::Change) -> (Change, PolicyChange) {
    let policies = allowed(&given.policies);
    let change = Change {
        title: given.title,
        summary: given.policies.summary,
        icon: given.icon.map(some_text),
        image: given.image.map(some_text),
        rules: given.rules.map(some_texts),
        related: given.related.map(some_texts),
        bridge: given.bridge,
        policies: None,
    };
    (change, policies)
}

/// Empty text stands for nothing.
fn some_text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn some_texts(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter_map(some_text).collect()
}

fn allowed(given: &Policies) -> PolicyChange {
    PolicyChange {
        join: given.join,
        post: given.post,
        follow: given.follow,
        visibility: given.visibility,
        members_list: given.members_list,
        invite: given.invite,
        info: given.info,
        review: given.review,
        review_count: given.review_count,
        admins_appoint: given.admins_appoint,
        vote: given.vote,
    }
}

fn written(whom: &Whom) -> String {
    match whom {
        Whom::Actor(actor) => actor.to_string(),
        Whom::Host(host) => host.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> args::Change {
        args::Change {
            title: None,
            rules: None,
            icon: None,
            image: None,
            related: None,
            bridge: None,
            policies: Policies {
                summary: None,
                join: None,
                post: None,
                follow: None,
                members_list: None,
                review: None,
                review_count: None,
                visibility: None,
                invite: None,
                info: None,
                vote: None,
                admins_appoint: None,
            },
        }
    }

    #[test]
    fn a_change_of_nothing_is_bad_usage() {
        assert!(changes_nothing(&given()));
        let emptied = args::Change {
            policies: Policies {
                summary: Some(String::new()),
                ..given().policies
            },
            ..given()
        };
        assert!(!changes_nothing(&emptied));
        assert_eq!(changed(emptied).0.summary.as_deref(), Some(""));
    }
}
