//! Who may post, edit, delete, vote and review what.

mod review;

use super::*;
use crate::domain::{Command, Iri, Policies, Role, Rule, decide, standing::Ban};

pub(crate) fn group() -> Group {
    Group {
        name: "garden".to_owned(),
        owner: Iri::object("https://good.example/u/ann").expect("an id"),
        policies: Policies::default(),
        rule: Rule::Owned,
        closed: false,
    }
}

fn with(policies: Policies) -> Group {
    Group { policies, ..group() }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a date")
}

const THREAD: Submission = Submission {
    is_comment: false,
    public: true,
    known: false,
    parent_is_here: false,
    parent_is_private: false,
    parent_is_locked: false,
    was_public: false,
    relayed: false,
    vouched: false,
    approved: false,
};
const COMMENT: Submission = Submission {
    is_comment: true,
    parent_is_here: true,
    ..THREAD
};

fn standings() -> [(&'static str, Standing); 4] {
    [
        ("stranger", Standing::stranger()),
        (
            "follower",
            Standing {
                follower: true,
                ..Standing::stranger()
            },
        ),
        (
            "member",
            Standing {
                member: true,
                ..Standing::stranger()
            },
        ),
        (
            "admin",
            Standing {
                role: Role::Admin,
                ..Standing::stranger()
            },
        ),
    ]
}

/// Who may start a thread and who may comment, by policy: stranger, follower, member, admin.
#[test]
fn each_policy_lets_post_whom_it_names() {
    let table = [
        (
            PostPolicy::Anyone,
            [true, true, true, true],
            [true, true, true, true],
        ),
        (
            PostPolicy::Followers,
            [false, true, true, true],
            [false, true, true, true],
        ),
        (
            PostPolicy::Members,
            [false, false, true, true],
            [false, false, true, true],
        ),
        (
            PostPolicy::Admins,
            [false, false, false, true],
            [false, false, true, true],
        ),
    ];
    for (policy, threads, comments) in table {
        let group = with(Policies {
            post: policy,
            ..Policies::default()
        });
        for (i, (name, who)) in standings().iter().enumerate() {
            let thread = decide(&group, who, &Command::Post(THREAD), now());
            assert_eq!(
                thread.is_ok(),
                threads[i],
                "{name} starts a thread under {policy}"
            );
            let comment = decide(&group, who, &Command::Post(COMMENT), now());
            assert_eq!(comment.is_ok(), comments[i], "{name} comments under {policy}");
        }
    }
}

#[test]
fn a_banned_author_takes_back_but_does_nothing_else() {
    let banned = Standing {
        member: true,
        ban: Some(Ban {
            until: None,
            reason: None,
        }),
        ..Standing::stranger()
    };
    let mine = Subject {
        is_here: true,
        is_mine: true,
        widens: false,
        deleted: false,
        was_public: false,
        names_public: false,
        voted: true,
        marked: false,
        approved: false,
    };
    let tries = [
        Command::Post(THREAD),
        Command::Edit(mine),
        Command::Vote(Vote::Like, mine),
        Command::Unvote(Vote::Like, mine),
        Command::Report,
    ];
    for command in tries {
        assert_eq!(
            decide(&group(), &banned, &command, now()),
            Err(Refusal::Banned),
            "{command:?}"
        );
    }
    assert_eq!(
        decide(&group(), &banned, &Command::Delete(mine), now()),
        Ok(vec![Event::Deleted])
    );
}

#[test]
fn nobody_changes_what_another_wrote() {
    let admin = Standing {
        role: Role::Admin,
        ..Standing::stranger()
    };
    let theirs = Subject {
        is_here: true,
        is_mine: false,
        widens: false,
        deleted: false,
        was_public: false,
        names_public: false,
        voted: false,
        marked: false,
        approved: false,
    };
    for command in [Command::Edit(theirs), Command::Delete(theirs)] {
        assert_eq!(
            decide(&group(), &admin, &command, now()),
            Err(Refusal::NotTheAuthor)
        );
    }
}

#[test]
fn a_post_is_announced_once_and_a_vote_counts_once() {
    let member = Standing {
        member: true,
        ..Standing::stranger()
    };
    let again = Submission {
        known: true,
        ..THREAD
    };
    assert_eq!(
        decide(&group(), &member, &Command::Post(again), now()),
        Ok(vec![Event::AlreadyPosted])
    );
    let voted = Subject {
        is_here: true,
        is_mine: false,
        widens: false,
        deleted: false,
        was_public: false,
        names_public: false,
        voted: true,
        marked: false,
        approved: false,
    };
    assert_eq!(
        decide(&group(), &member, &Command::Vote(Vote::Like, voted), now()),
        Ok(vec![])
    );
}

#[test]
fn a_private_post_is_for_members_by_members_and_its_answers_are_no_wider() {
    let anyone = with(Policies {
        post: PostPolicy::Anyone,
        ..Policies::default()
    });
    let private = Submission {
        public: false,
        ..THREAD
    };
    let member = Standing {
        member: true,
        ..Standing::stranger()
    };
    assert_eq!(
        decide(&anyone, &member, &Command::Post(private.clone()), now()),
        Ok(vec![Event::Posted])
    );
    let stranger = Standing::stranger();
    assert_eq!(
        decide(&anyone, &stranger, &Command::Post(private), now()),
        Err(Refusal::NotAMember)
    );
    let wider = Submission {
        parent_is_private: true,
        ..COMMENT
    };
    assert_eq!(
        decide(&anyone, &member, &Command::Post(wider), now()),
        Err(Refusal::WiderThanItsThread)
    );
    let mine = Subject {
        is_here: true,
        is_mine: true,
        widens: false,
        deleted: false,
        was_public: false,
        names_public: false,
        voted: false,
        approved: false,
        marked: false,
    };
    let opened = Subject { widens: true, ..mine };
    for (edit, decided) in [
        (mine, Ok(vec![Event::Edited])),
        (opened, Err(Refusal::WiderThanItsThread)),
    ] {
        assert_eq!(decide(&anyone, &member, &Command::Edit(edit), now()), decided);
    }
}

#[test]
fn what_a_followed_group_announces_is_taken_once() {
    let relayed = Submission {
        relayed: true,
        ..THREAD
    };
    let stranger = Standing::stranger();
    assert_eq!(
        decide(&group(), &stranger, &Command::Post(relayed.clone()), now()),
        Ok(vec![Event::Posted])
    );
    let again = Submission {
        known: true,
        ..relayed
    };
    assert_eq!(
        decide(&group(), &stranger, &Command::Post(again), now()),
        Ok(vec![Event::AlreadyPosted])
    );
}

#[test]
fn a_closed_group_hears_nobody_but_those_who_leave() {
    let closed = Group {
        closed: true,
        ..group()
    };
    let member = Standing {
        member: true,
        ..Standing::stranger()
    };
    assert_eq!(
        decide(&closed, &member, &Command::Post(THREAD), now()),
        Err(Refusal::Closed)
    );
    assert_eq!(
        decide(&closed, &member, &Command::Leave, now()),
        Ok(vec![Event::Left])
    );
}

#[test]
fn a_private_group_hears_members_and_names_nobody_else() {
    let private = with(Policies {
        visibility: Visibility::Private,
        post: PostPolicy::Anyone,
        ..Policies::default()
    });
    let member = Standing {
        member: true,
        ..Standing::stranger()
    };
    assert_eq!(
        decide(&private, &member, &Command::Post(THREAD), now()),
        Err(Refusal::PublicInPrivate)
    );
    let inside = Submission {
        public: false,
        ..THREAD
    };
    assert_eq!(
        decide(&private, &member, &Command::Post(inside.clone()), now()),
        Ok(vec![Event::Posted])
    );
    assert_eq!(
        decide(&private, &Standing::stranger(), &Command::Post(inside), now()),
        Err(Refusal::NotAMember)
    );
}

/// Somebody answers it: that stands for membership, and for nothing else that a group asks.
#[test]
fn what_is_answered_needs_no_membership() {
    let vouched = Submission {
        vouched: true,
        ..THREAD
    };
    let try_in = |group: &Group, who: &Standing, post: &Submission| {
        decide(group, who, &Command::Post(post.clone()), now())
    };
    let stranger = Standing::stranger();
    assert_eq!(try_in(&group(), &stranger, &THREAD), Err(Refusal::NotAMember));
    assert_eq!(try_in(&group(), &stranger, &vouched), Ok(vec![Event::Posted]));
    let comment = Submission {
        parent_is_here: false,
        is_comment: true,
        ..vouched.clone()
    };
    assert_eq!(
        try_in(&group(), &stranger, &comment),
        Err(Refusal::ParentElsewhere)
    );
    let banned = Standing {
        ban: Some(Ban {
            until: None,
            reason: None,
        }),
        ..Standing::stranger()
    };
    assert_eq!(try_in(&group(), &banned, &vouched), Err(Refusal::Banned));
    let of_admins = with(Policies {
        post: PostPolicy::Admins,
        ..Policies::default()
    });
    assert_eq!(try_in(&of_admins, &stranger, &vouched), Err(Refusal::NotAnAdmin));
    let reviewed = with(Policies {
        review: Review::NonMembers,
        ..Policies::default()
    });
    assert_eq!(try_in(&reviewed, &stranger, &vouched), Ok(vec![Event::Held]));
    let private = Submission {
        public: false,
        ..vouched
    };
    assert_eq!(try_in(&group(), &stranger, &private), Err(Refusal::NotAMember));
}
