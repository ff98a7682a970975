//! What waits for an admin, and who decides on it.

use super::*;
use crate::domain::command::Held;

#[test]
fn a_review_holds_whom_it_names_and_never_those_who_run_the_group() {
    // stranger, follower, member, admin; then a member of whom one post was accepted.
    let table = [
        (Review::None, [false, false, false, false], false),
        (Review::First, [true, true, true, false], false),
        (Review::NonMembers, [true, true, false, false], false),
        (Review::All, [true, true, true, false], true),
    ];
    let known = Standing {
        member: true,
        accepted: 1,
        ..Standing::stranger()
    };
    for (review, held, known_is_held) in table {
        let group = with(Policies {
            post: PostPolicy::Anyone,
            review,
            ..Policies::default()
        });
        let is_held = |who: &Standing| {
            decide(&group, who, &Command::Post(THREAD), now()).expect("taken") == [Event::Held]
        };
        for ((name, who), held) in standings().iter().zip(held) {
            assert_eq!(is_held(who), held, "{name} under {review}");
        }
        assert_eq!(is_held(&known), known_is_held, "a known member under {review}");
        let watched = Standing {
            watched: true,
            ..known.clone()
        };
        assert!(is_held(&watched), "{review}");
        let approved = Submission {
            approved: true,
            ..THREAD
        };
        assert_eq!(
            decide(&group, &watched, &Command::Post(approved), now()),
            Ok(vec![Event::Posted])
        );
    }
}

#[test]
fn the_first_to_decide_on_what_is_held_wins_and_nobody_approves_what_they_did_not_see() {
    let admin = Standing {
        role: Role::Admin,
        ..Standing::stranger()
    };
    let held = Held {
        is_decided: false,
        changed: false,
        is_version: false,
    };
    let review = |who: &Standing, held, yes| decide(&group(), who, &Command::Review(held, yes), now());
    assert_eq!(review(&admin, held, true), Ok(vec![Event::Reviewed(true)]));
    let decided = Held {
        is_decided: true,
        ..held
    };
    assert_eq!(review(&admin, decided, false), Ok(vec![]));
    let changed = Held {
        changed: true,
        ..held
    };
    assert_eq!(review(&admin, changed, true), Err(Refusal::ChangedSince));
    assert_eq!(review(&admin, changed, false), Ok(vec![Event::Reviewed(false)]));
    let replaced = Held {
        is_version: true,
        ..changed
    };
    assert_eq!(
        review(&admin, replaced, false),
        Ok(vec![]),
        "the newer one was not read"
    );
    assert_eq!(review(&admin, replaced, true), Err(Refusal::ChangedSince));
    let member = Standing {
        member: true,
        ..Standing::stranger()
    };
    assert_eq!(review(&member, decided, true), Err(Refusal::DoesNotRunIt));
}
