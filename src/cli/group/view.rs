//! `group list`, `group show`, `group members`: what an operator sees of a group.
//!
//! One rule: text and JSON tell the same. A new setting or number is a line in [`described`]; JSON has it from its row.

use anyhow::bail;
use serde_json::{Value, json};

use crate::cli::print::{Out, Side, count, date, sheet, table};
use crate::dialect::domains::{Faces, faces_of_group};
use crate::domain::Visibility;
use crate::server::House;
use crate::store::{FollowingRow, GroupRow, HostBanRow, MemberRow};

const PRIVATE: &str = Visibility::Private.word();

pub(super) async fn list(house: &House, out: Out) -> anyhow::Result<()> {
    let rows = house.store.list_groups(None).await?;
    let answers: Vec<Value> = rows
        .iter()
        .map(|row| answer(house, row))
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        let text =
            "There are no groups yet. Make one: folkmoot group create NAME --title TITLE --owner ACTOR_URL";
        return out.answer(&answers, text);
    }
    let columns = [
        ("NAME", Side::Left),
        ("TITLE", Side::Left),
        ("MEMBERS", Side::Right),
        ("FOLLOWERS", Side::Right),
        ("PENDING", Side::Right),
        ("THREADS", Side::Right),
        ("JOIN", Side::Left),
        ("POST", Side::Left),
        ("SINCE", Side::Left),
        ("", Side::Left),
    ];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.name.clone(),
                row.title.clone(),
                row.members.to_string(),
                row.followers.to_string(),
                row.pending.to_string(),
                row.threads.to_string(),
                row.join.clone(),
                row.post.clone(),
                date(row.created_at),
                row.closed_at.map(|_| "closed".to_owned()).unwrap_or_default(),
            ]
        })
        .collect();
    out.answer(&answers, &table(&columns, &cells))
}

pub(super) async fn show(house: &House, name: &str, out: Out) -> anyhow::Result<()> {
    let row = find(house, name).await?;
    let following = house.store.list_following(name).await?;
    let hosts = house.store.list_host_bans(name).await?;
    let banned = house.store.list_members(name, "banned").await?;
    let mut answer = answer(house, &row)?;
    answer["following"] = serde_json::to_value(&following)?;
    answer["banned_hosts"] = serde_json::to_value(&hosts)?;
    answer["banned_actors"] = serde_json::to_value(&banned)?;
    out.answer(&answer, &described(house, &row, &following, &hosts, &banned))
}

/// How it is joined from there. Nobody follows a private group there, and nobody joins one that is closed.
fn in_versia(house: &House, row: &GroupRow) -> Option<String> {
    let faces = faces_of_group(&row.name, &house.here).filter(|_| row.closed_at.is_none())?;
    if row.visibility == PRIVATE {
        return Some(faces.group);
    }
    let Faces { group, user, handle } = faces;
    Some(format!(
        "{group}; to follow where software has no groups: {user} ({handle})"
    ))
}

fn bridge(row: &GroupRow) -> &'static str {
    match (row.bridge, row.visibility.as_str()) {
        (_, PRIVATE) => "off (the group is private)",
        (true, _) => "on",
        (false, _) => "off",
    }
}

/// The review, with its number where that counts.
fn reviewed(row: &GroupRow) -> String {
    match (row.review.as_str(), row.review_count) {
        ("first", 1) => "first (until 1 post of an author is accepted)".to_owned(),
        ("first", posts) => format!("first (until {posts} posts of an author are accepted)"),
        (word, _) => word.to_owned(),
    }
}

fn described(
    house: &House,
    row: &GroupRow,
    following: &[FollowingRow],
    hosts: &[HostBanRow],
    banned: &[MemberRow],
) -> String {
    let mut lines = vec![
        ("name", Some(format!("!{}@{}", row.name, house.here.authority()))),
        ("id", Some(house.here.group(&row.name))),
        ("in Versia", in_versia(house, row)),
        ("title", Some(row.title.clone())),
        (
            "summary",
            Some(row.summary.clone()).filter(|summary| !summary.is_empty()),
        ),
        ("owner", Some(row.owner.clone())),
        ("join", Some(row.join.clone())),
        ("post", Some(row.post.clone())),
        ("follow", Some(row.follow.clone())),
        ("review", Some(reviewed(row))),
        ("visibility", Some(row.visibility.clone())),
        ("members-list", Some(row.members_list.clone())),
        ("invite", Some(row.invite.clone())),
        ("info", Some(row.info.clone())),
        ("vote", Some(row.vote.clone())),
        ("admins-appoint", Some(row.admins_appoint.to_string())),
        ("rule", Some(row.rule.clone()).filter(|rule| rule != "owned")),
        (
            "rules",
            Some(row.rules.join("; ")).filter(|rules| !rules.is_empty()),
        ),
        ("icon", row.icon.clone()),
        ("image", row.image.clone()),
        (
            "related",
            Some(row.related.join("\n")).filter(|related| !related.is_empty()),
        ),
        ("bridge", Some(bridge(row).to_owned())),
        ("members", Some(row.members.to_string())),
        ("followers", Some(row.followers.to_string())),
        ("pending", Some(row.pending.to_string())),
        ("threads", Some(row.threads.to_string())),
        ("comments", Some(row.comments.to_string())),
        ("made", Some(date(row.created_at))),
        ("changed", Some(date(row.updated_at))),
        ("closed", row.closed_at.map(date)),
    ];
    lines.extend(following.iter().map(|followed| {
        let since = followed.accepted_at.map_or_else(
            || "not accepted yet".to_owned(),
            |at| format!("since {}", date(at)),
        );
        ("follows", Some(format!("{} ({since})", followed.actor)))
    }));
    lines.extend(hosts.iter().map(|ban| {
        (
            "keeps out",
            Some(format!("{} (since {})", ban.host, date(ban.since))),
        )
    }));
    lines.extend(banned.iter().map(|ban| {
        (
            "keeps out",
            Some(format!(
                "{} (since {}{})",
                ban.actor,
                date(ban.since),
                ban.banned_until
                    .map(|end| format!(", until {}", date(end)))
                    .unwrap_or_default(),
            )),
        )
    }));
    sheet(&lines)
}

pub(super) async fn members(house: &House, name: &str, state: &str, out: Out) -> anyhow::Result<()> {
    let group = find(house, name).await?;
    let rows = match state {
        "invited" => house.store.list_invited(name).await?,
        "all" => {
            let mut rows = house.store.list_members(name, state).await?;
            rows.extend(house.store.list_invited(name).await?);
            rows
        }
        _ => house.store.list_members(name, state).await?,
    };
    let columns = [
        ("ACTOR", Side::Left),
        ("NAME", Side::Left),
        ("STANDING", Side::Left),
        ("SINCE", Side::Left),
    ];
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.actor.clone(),
                row.name.clone().unwrap_or_else(|| "-".to_owned()),
                standing(row),
                date(row.since),
            ]
        })
        .collect();
    let mut text = match (rows.is_empty(), state) {
        (false, _) => table(&columns, &cells),
        (true, "members") => format!("{name} has no members yet.\n"),
        (true, _) => format!("{name} has nobody in the state {state}.\n"),
    };
    if state == "members" && group.pending > 0 {
        let waiting = count(group.pending, "actor waits", "actors wait");
        text.push_str(&format!(
            "{waiting} to be let in: folkmoot group members {name} --state pending\n"
        ));
    }
    out.answer(&rows, &text)
}

async fn find(house: &House, name: &str) -> anyhow::Result<GroupRow> {
    match house.store.list_groups(Some(name)).await?.pop() {
        Some(row) => Ok(row),
        None => bail!("there is no group named {name}; `folkmoot group list` shows those that there are"),
    }
}

/// A group for programs: the row, its id and handle, and the settings that have one value only so far.
fn answer(house: &House, row: &GroupRow) -> anyhow::Result<Value> {
    let mut answer = serde_json::to_value(row)?;
    answer["id"] = house.here.group(&row.name).into();
    answer["handle"] = format!("!{}@{}", row.name, house.here.authority()).into();
    answer["closed"] = row.closed_at.is_some().into();
    if let Some(faces) = faces_of_group(&row.name, &house.here).filter(|_| row.closed_at.is_none()) {
        let shared = (row.visibility != PRIVATE).then_some((faces.user, faces.handle));
        let (user, handle) = shared.unzip();
        answer["versia"] = json!({"group": faces.group, "user": user, "handle": handle});
    }
    Ok(answer)
}

/// What somebody is to the group, in words: `owner, member, follower`.
fn standing(row: &MemberRow) -> String {
    let mut words = Vec::new();
    if row.role != "member" {
        words.push(row.role.as_str());
    }
    if row.member {
        words.push("member");
    }
    if row.follower {
        words.push("follower");
    }
    if row.state == "invited" && row.role != "member" {
        return format!("invited as {}", row.role);
    }
    let until = row.banned_until.map(|end| format!("banned until {}", date(end)));
    match (row.state.as_str(), &until) {
        ("in" | "out", _) => {}
        ("banned", Some(until)) => words.push(until),
        (state, _) => words.push(state),
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn member() -> MemberRow {
        MemberRow {
            actor: "https://a.example/u/ann".to_owned(),
            name: None,
            host: "a.example".to_owned(),
            role: "member".to_owned(),
            member: true,
            follower: true,
            state: "in".to_owned(),
            banned_until: None,
            ban_reason: None,
            since: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_standing_is_told_in_words() {
        assert_eq!(standing(&member()), "member, follower");
        let owner = MemberRow {
            role: "owner".to_owned(),
            follower: false,
            ..member()
        };
        assert_eq!(standing(&owner), "owner, member");
        let waiting = MemberRow {
            member: false,
            state: "pending".to_owned(),
            ..member()
        };
        assert_eq!(standing(&waiting), "follower, pending");
        let banned = MemberRow {
            member: false,
            follower: false,
            state: "banned".to_owned(),
            banned_until: Some(DateTime::UNIX_EPOCH),
            ..member()
        };
        assert_eq!(standing(&banned), "banned until 1970-01-01T00:00:00Z");
    }
}
