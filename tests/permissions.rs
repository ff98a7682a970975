//! `docs/permissions.md`: who may do what, asked of the domain itself, one question for each cell.
//!
//! One rule: nothing stands there that the code did not say. A new command is a row in [`rows`], a new policy a case of
//! that row. `UPDATE_DOCS=1 cargo test --test permissions` writes the page anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use folkmoot::domain::{
    Act, Ban, Call, CollectPolicy, Command, Event, FollowMeans, Group, Held, InfoPolicy, InvitePolicy, Iri,
    Item, JoinPolicy, Mark, Policies, PostPolicy, Refusal, Restored, Review, Role, Rule, Standing, Subject,
    Submission, Visibility, Vote, VotePolicy, Way, admits, decide,
};

const BEGIN: &str = "<!-- permissions: written by `UPDATE_DOCS=1 cargo test --test permissions` -->\n";
const END: &str = "<!-- end of permissions -->";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Who asks: a column each.
fn columns() -> Vec<(&'static str, Standing)> {
    let stranger = Standing::stranger;
    let ban = Ban {
        until: None,
        reason: None,
    };
    vec![
        (
            "owner",
            Standing {
                role: Role::Owner,
                ..stranger()
            },
        ),
        (
            "admin",
            Standing {
                role: Role::Admin,
                member: true,
                ..stranger()
            },
        ),
        (
            "member",
            Standing {
                member: true,
                ..stranger()
            },
        ),
        (
            "follower",
            Standing {
                follower: true,
                ..stranger()
            },
        ),
        ("stranger", stranger()),
        (
            "invited",
            Standing {
                invited: true,
                called: true,
                offered: true,
                ..stranger()
            },
        ),
        (
            "was in",
            Standing {
                left: true,
                ..stranger()
            },
        ),
        (
            "expelled",
            Standing {
                left: true,
                expelled: true,
                ..stranger()
            },
        ),
        (
            "banned",
            Standing {
                ban: Some(ban),
                ..stranger()
            },
        ),
    ]
}

/// What is asked, under which policy.
struct Row {
    command: &'static str,
    policy: &'static str,
    group: Group,
    ask: Command,
    /// Their server keeps what is private.
    discreet: bool,
}

impl Row {
    fn decided(&self, who: &Standing) -> Result<Vec<Event>, Refusal> {
        admits(&self.group, self.discreet)?;
        decide(&self.group, who, &self.ask, now())
    }
}

fn group(change: impl FnOnce(&mut Policies)) -> Group {
    let mut policies = Policies::default();
    change(&mut policies);
    Group {
        name: "garden".to_owned(),
        owner: Iri::object("https://good.example/u/ann").unwrap(),
        policies,
        rule: Rule::Owned,
        closed: false,
    }
}

fn row(command: &'static str, policy: &'static str, group: Group, ask: Command) -> Row {
    Row {
        command,
        policy,
        group,
        ask,
        discreet: true,
    }
}

fn rows() -> Vec<Row> {
    let mut rows = joining();
    rows.extend(posting());
    rows.extend(deciding());
    rows.extend(others());
    rows.extend(ruling());
    rows
}

fn joining() -> Vec<Row> {
    let by = |join| group(|policies| policies.join = join);
    let private = || group(|policies| policies.visibility = Visibility::Private);
    let frozen = || Group {
        rule: Rule::Frozen,
        ..group(|_| ())
    };
    let closed = || Group {
        closed: true,
        ..group(|_| ())
    };
    vec![
        row(
            "Join",
            "`--join open`",
            by(JoinPolicy::Open),
            Command::Join(Way::Join),
        ),
        row(
            "Join",
            "`--join approval`",
            by(JoinPolicy::Approval),
            Command::Join(Way::Join),
        ),
        row(
            "Join",
            "`--join invite`",
            by(JoinPolicy::Invite),
            Command::Join(Way::Join),
        ),
        row(
            "Join",
            "`--join closed`",
            by(JoinPolicy::Closed),
            Command::Join(Way::Join),
        ),
        row(
            "Join",
            "nobody left to decide",
            frozen(),
            Command::Join(Way::Join),
        ),
        row("Join", "the group is closed", closed(), Command::Join(Way::Join)),
        row(
            "Follow",
            "`--join open`",
            by(JoinPolicy::Open),
            Command::Join(Way::Follow),
        ),
        row(
            "Follow",
            "`--join approval`",
            by(JoinPolicy::Approval),
            Command::Join(Way::Follow),
        ),
        row(
            "Follow",
            "`--visibility private`",
            private(),
            Command::Join(Way::Follow),
        ),
        row(
            "Follow",
            "`--join invite`",
            by(JoinPolicy::Invite),
            Command::Join(Way::Follow),
        ),
        row(
            "Follow",
            "`--join closed`",
            by(JoinPolicy::Closed),
            Command::Join(Way::Follow),
        ),
        row(
            "Follow",
            "`--follow reads`",
            group(|policies| policies.follow = FollowMeans::Reads),
            Command::Join(Way::Follow),
        ),
        row(
            "Follow",
            "the group is closed",
            closed(),
            Command::Join(Way::Follow),
        ),
        Row {
            discreet: false,
            ..row(
                "Join or Follow from a server that shows others what is private",
                "`--visibility private`",
                private(),
                Command::Join(Way::Join),
            )
        },
        row("Leave", "", group(|_| ()), Command::Leave),
        row("resign", "", group(|_| ()), Command::Resign),
        row(
            "say yes to an invitation",
            "",
            group(|_| ()),
            Command::Answer(Call::Member, true),
        ),
        row(
            "say yes to becoming an admin",
            "",
            group(|_| ()),
            Command::Answer(Call::Admin, true),
        ),
        row(
            "say yes to owning the group",
            "",
            group(|_| ()),
            Command::Answer(Call::Owner, true),
        ),
    ]
}

const THREAD: Submission = Submission {
    is_comment: false,
    public: true,
    was_public: false,
    known: false,
    parent_is_here: false,
    parent_is_private: false,
    parent_is_locked: false,
    relayed: false,
    vouched: false,
    approved: false,
};

const COMMENT: Submission = Submission {
    is_comment: true,
    parent_is_here: true,
    ..THREAD
};

const INSIDE: Submission = Submission {
    public: false,
    ..THREAD
};

const MINE: Subject = Subject {
    is_here: true,
    is_mine: true,
    widens: false,
    deleted: false,
    was_public: false,
    names_public: false,
    voted: false,
    marked: false,
    approved: false,
};

const THEIRS: Subject = Subject {
    is_mine: false,
    ..MINE
};

const MARKED: Subject = Subject {
    marked: true,
    ..THEIRS
};

const LATE: Submission = Submission {
    parent_is_locked: true,
    ..COMMENT
};

fn posting() -> Vec<Row> {
    let by = |post| group(|policies| policies.post = post);
    let reviewed = |review| {
        group(|policies| {
            policies.post = PostPolicy::Anyone;
            policies.review = review;
        })
    };
    let private = || group(|policies| policies.visibility = Visibility::Private);
    vec![
        row(
            "start a thread",
            "`--post anyone`",
            by(PostPolicy::Anyone),
            Command::Post(THREAD),
        ),
        row(
            "start a thread",
            "`--post followers`",
            by(PostPolicy::Followers),
            Command::Post(THREAD),
        ),
        row(
            "start a thread",
            "`--post members`",
            by(PostPolicy::Members),
            Command::Post(THREAD),
        ),
        row(
            "start a thread",
            "`--post admins`",
            by(PostPolicy::Admins),
            Command::Post(THREAD),
        ),
        row(
            "comment",
            "`--post anyone`",
            by(PostPolicy::Anyone),
            Command::Post(COMMENT),
        ),
        row(
            "comment",
            "`--post members`",
            by(PostPolicy::Members),
            Command::Post(COMMENT),
        ),
        row(
            "comment",
            "`--post admins`",
            by(PostPolicy::Admins),
            Command::Post(COMMENT),
        ),
        row(
            "comment in a locked thread",
            "",
            group(|_| ()),
            Command::Post(LATE),
        ),
        row(
            "start a thread",
            "`--post anyone --review first`",
            reviewed(Review::First),
            Command::Post(THREAD),
        ),
        row(
            "start a thread",
            "`--post anyone --review non-members`",
            reviewed(Review::NonMembers),
            Command::Post(THREAD),
        ),
        row(
            "start a thread",
            "`--post anyone --review all`",
            reviewed(Review::All),
            Command::Post(THREAD),
        ),
        row(
            "post for members only",
            "`--post anyone`",
            by(PostPolicy::Anyone),
            Command::Post(INSIDE),
        ),
        row(
            "post for members only",
            "`--visibility private`",
            private(),
            Command::Post(INSIDE),
        ),
        row(
            "post for everybody",
            "`--visibility private`",
            private(),
            Command::Post(THREAD),
        ),
        row(
            "comment on what is not in the group",
            "`--post anyone`",
            by(PostPolicy::Anyone),
            Command::Post(Submission {
                parent_is_here: false,
                ..COMMENT
            }),
        ),
        row(
            "comment for everybody on what is for members",
            "`--post anyone`",
            by(PostPolicy::Anyone),
            Command::Post(Submission {
                parent_is_private: true,
                ..COMMENT
            }),
        ),
        row(
            "hide from others what was public",
            "",
            group(|_| ()),
            Command::Edit(Subject {
                was_public: true,
                ..MINE
            }),
        ),
        row("edit one's own post", "", group(|_| ()), Command::Edit(MINE)),
        row(
            "edit one's own post",
            "`--review all`",
            reviewed(Review::All),
            Command::Edit(MINE),
        ),
        row("edit another's post", "", group(|_| ()), Command::Edit(THEIRS)),
        row("delete one's own post", "", group(|_| ()), Command::Delete(MINE)),
        row(
            "vote",
            "`--vote anyone`",
            group(|_| ()),
            Command::Vote(Vote::Like, THEIRS),
        ),
        row(
            "vote",
            "`--vote members`",
            group(|policies| policies.vote = VotePolicy::Members),
            Command::Vote(Vote::Like, THEIRS),
        ),
        row(
            "take back a vote",
            "",
            group(|_| ()),
            Command::Unvote(
                Vote::Like,
                Subject {
                    voted: true,
                    ..THEIRS
                },
            ),
        ),
        row("report", "", group(|_| ()), Command::Report),
    ]
}

fn deciding() -> Vec<Row> {
    let held = Held {
        is_decided: false,
        changed: false,
        is_version: false,
    };
    let changed = Held {
        changed: true,
        ..held
    };
    let any = || group(|_| ());
    vec![
        row("remove another's post", "", any(), Command::Remove(THEIRS)),
        row(
            "put back what was removed",
            "",
            any(),
            Command::Restore(Restored {
                is_out: true,
                names_public: false,
            }),
        ),
        row(
            "lock a thread",
            "",
            any(),
            Command::Mark(Mark::Locked, THEIRS, true),
        ),
        row(
            "unlock a thread",
            "",
            any(),
            Command::Mark(Mark::Locked, MARKED, false),
        ),
        row("pin a post", "", any(), Command::Mark(Mark::Pinned, THEIRS, true)),
        row(
            "unpin a post",
            "",
            any(),
            Command::Mark(Mark::Pinned, MARKED, false),
        ),
        row("accept what is held", "", any(), Command::Review(held, true)),
        row(
            "accept what is held, changed since",
            "",
            any(),
            Command::Review(changed, true),
        ),
        row("reject what is held", "", any(), Command::Review(held, false)),
        row(
            "accept who waits",
            "",
            any(),
            Command::Administer(
                Act::Admit,
                Standing {
                    waiting: true,
                    ..Standing::stranger()
                },
            ),
        ),
        row(
            "reject who waits",
            "",
            any(),
            Command::Administer(
                Act::TurnAway,
                Standing {
                    waiting: true,
                    ..Standing::stranger()
                },
            ),
        ),
        row("make, rename, delete a collection", "", any(), Command::Arrange),
        row(
            "add to a collection",
            "for members",
            any(),
            Command::Collect(item(CollectPolicy::Members, true)),
        ),
        row(
            "add to a collection",
            "for admins",
            any(),
            Command::Collect(item(CollectPolicy::Admins, true)),
        ),
        row(
            "take out what another added",
            "for members",
            any(),
            Command::Collect(item(CollectPolicy::Members, false)),
        ),
        row(
            "take out what one added",
            "for members",
            any(),
            Command::Collect(Item {
                is_mine: true,
                ..item(CollectPolicy::Members, false)
            }),
        ),
    ]
}

const fn item(policy: CollectPolicy, wanted: bool) -> Item {
    Item {
        names_public: false,
        policy,
        is_in: !wanted,
        wanted,
        is_mine: false,
    }
}

fn others() -> Vec<Row> {
    let member = || Standing {
        member: true,
        ..Standing::stranger()
    };
    let admin = || Standing {
        role: Role::Admin,
        ..member()
    };
    let owner = || Standing {
        role: Role::Owner,
        ..Standing::stranger()
    };
    let ban = Ban {
        until: None,
        reason: None,
    };
    let for_good = ban.clone();
    let banned = || Standing {
        ban: Some(for_good.clone()),
        ..Standing::stranger()
    };
    let invited = || Standing {
        invited: true,
        called: true,
        offered: true,
        ..Standing::stranger()
    };
    let on = |act, them| Command::Administer(act, them);
    let any = || group(|_| ());
    let invites = |invite| group(|policies| policies.invite = invite);
    let appoints = || group(|policies| policies.admins_appoint = true);
    vec![
        row(
            "invite",
            "`--invite members`",
            invites(InvitePolicy::Members),
            on(Act::Invite, Standing::stranger()),
        ),
        row(
            "invite",
            "`--invite admins`",
            invites(InvitePolicy::Admins),
            on(Act::Invite, Standing::stranger()),
        ),
        row(
            "invite",
            "`--join closed`",
            group(|policies| policies.join = JoinPolicy::Closed),
            on(Act::Invite, Standing::stranger()),
        ),
        row(
            "invite somebody who was put out",
            "",
            any(),
            on(
                Act::Invite,
                Standing {
                    expelled: true,
                    ..Standing::stranger()
                },
            ),
        ),
        row(
            "invite somebody who is banned",
            "",
            any(),
            on(Act::Invite, banned()),
        ),
        row(
            "take back an invitation",
            "`--invite members`",
            invites(InvitePolicy::Members),
            on(Act::Uninvite(Call::Member), invited()),
        ),
        row(
            "take back an invitation",
            "`--invite admins`",
            invites(InvitePolicy::Admins),
            on(Act::Uninvite(Call::Member), invited()),
        ),
        row(
            "take back an invitation to the admins",
            "",
            any(),
            on(Act::Uninvite(Call::Admin), invited()),
        ),
        row(
            "take back the offer of the group",
            "",
            any(),
            on(Act::Uninvite(Call::Owner), invited()),
        ),
        row("expel a member", "", any(), on(Act::Expel, member())),
        row("expel an admin", "", any(), on(Act::Expel, admin())),
        row("expel the owner", "", any(), on(Act::Expel, owner())),
        row("ban a member", "", any(), on(Act::Ban(ban.clone()), member())),
        row("ban an admin", "", any(), on(Act::Ban(ban), admin())),
        row("end a ban", "", any(), on(Act::Unban, banned())),
        row(
            "let in somebody who is banned",
            "",
            any(),
            on(Act::Admit, banned()),
        ),
        row(
            "have a member's posts held",
            "",
            any(),
            on(Act::Watch(true), member()),
        ),
        row("make a member an admin", "", any(), on(Act::Appoint, member())),
        row(
            "make a member an admin",
            "`--admins-appoint`",
            appoints(),
            on(Act::Appoint, member()),
        ),
        row(
            "make a stranger an admin",
            "",
            any(),
            on(Act::Appoint, Standing::stranger()),
        ),
        row(
            "ask a member to become an admin",
            "",
            any(),
            on(Act::Call, member()),
        ),
        row("end an admin's office", "", any(), on(Act::Dismiss, admin())),
        row("offer the group to a member", "", any(), on(Act::Offer, member())),
    ]
}

fn ruling() -> Vec<Row> {
    let info = |info| group(|policies| policies.info = info);
    vec![
        row(
            "change the group",
            "`--info owner`",
            info(InfoPolicy::Owner),
            Command::Describe,
        ),
        row(
            "change the group",
            "`--info admins`",
            info(InfoPolicy::Admins),
            Command::Describe,
        ),
        row("close the group", "", group(|_| ()), Command::Close),
    ]
}

/// One word for what comes of it.
fn outcome(decided: &Result<Vec<Event>, Refusal>) -> String {
    let events = match decided {
        Err(refusal) => return format!("no: {}", refusal.code()),
        Ok(events) => events,
    };
    let words = events.iter().map(|event| match event {
        Event::FollowerAccepted => "follows",
        Event::MemberAccepted => "is a member",
        Event::MembershipRequested => "waits",
        Event::Held => "waits for review",
        _ => "yes",
    });
    let words: Vec<_> = words.collect();
    if words.is_empty() {
        "nothing to do".to_owned()
    } else {
        words.join(", ")
    }
}

fn table() -> String {
    let columns = columns();
    let mut table = String::from("| what | policy |");
    for (name, _) in &columns {
        write!(table, " {name} |").unwrap();
    }
    table.push_str("\n|---|---|");
    table.push_str(&"---|".repeat(columns.len()));
    table.push('\n');
    for row in rows() {
        write!(table, "| {} | {} |", row.command, row.policy).unwrap();
        for (_, who) in &columns {
            write!(table, " {} |", outcome(&row.decided(who))).unwrap();
        }
        table.push('\n');
    }
    table
}

fn refusals() -> String {
    let mut said: Vec<(&str, String)> = vec![];
    for row in rows() {
        for (_, who) in columns() {
            if let Err(refusal) = row.decided(&who) {
                said.push((refusal.code(), refusal.to_string()));
            }
        }
    }
    said.sort();
    said.dedup();
    let mut table = String::from("| answer | in words |\n|---|---|\n");
    for (code, words) in said {
        writeln!(table, "| {code} | {words} |").unwrap();
    }
    table
}

#[test]
fn the_page_says_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/permissions.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let written = format!("{before}{BEGIN}\n{}\n{}\n{END}{after}", table(), refusals());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, written).unwrap();
    } else {
        assert!(
            page == written,
            "docs/permissions.md says something else: UPDATE_DOCS=1 cargo test --test permissions"
        );
    }
}

/// Each refusal that there is comes of some row.
#[test]
fn every_refusal_is_on_the_page() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/refusal.rs");
    let source = fs::read_to_string(source).unwrap();
    let (_, codes) = source.split_once("const fn code").unwrap();
    let (codes, _) = codes.split_once("const fn field").unwrap();
    let page = refusals();
    let missing: Vec<_> = codes
        .lines()
        .filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","))
        .filter(|code| !page.contains(&format!("| {code} |")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
