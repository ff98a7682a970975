//! Marks that those who run a group put on posts: locked, pinned.
//!
//! One rule: a mark changes nothing of what is there already: a locked thread is edited, deleted and voted on as before, and
//! takes no comments, by nobody. One more mark is a variant of [`Mark`] and what it means for others.

use chrono::{DateTime, Utc};

use crate::domain::{Event, Refusal, Standing, command::Subject};

/// What a post can be in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It takes no comments; of a thread: nor does anything in it.
    Locked,
    /// The group shows it first.
    Pinned,
}

/// Somebody wants a mark on a post, or off it. The author as such has no say in it.
pub(super) fn mark(
    who: &Standing,
    mark: Mark,
    subject: &Subject,
    wanted: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if !who.runs_it() {
        return Err(Refusal::DoesNotRunIt);
    }
    Ok(
        if subject.is_here && !subject.deleted && subject.marked != wanted {
            vec![Event::Marked(mark, wanted)]
        } else {
            vec![]
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::domain::{
        Ban, Command, Policies, PostPolicy, Role, Submission, decide, posting::tests::group,
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a date")
    }

    fn anybody() -> impl Strategy<Value = Standing> {
        (select(Role::ALL), any::<[bool; 3]>()).prop_map(|(role, [member, follower, banned])| Standing {
            role,
            member,
            follower,
            ban: banned.then_some(Ban {
                until: None,
                reason: None,
            }),
            ..Standing::stranger()
        })
    }

    fn any_post() -> impl Strategy<Value = Subject> {
        any::<[bool; 4]>().prop_map(|[is_here, is_mine, deleted, marked]| Subject {
            is_here,
            is_mine,
            widens: false,
            deleted,
            was_public: false,
            names_public: true,
            voted: false,
            marked,
            approved: false,
        })
    }

    proptest! {
        /// Owner and admins alone, whoever wrote it; and only where it changes something.
        #[test]
        fn only_those_who_run_it_mark(
            who in anybody(), post in any_post(), wanted in any::<bool>(), mark in select(&[Mark::Locked, Mark::Pinned][..]),
        ) {
            let decided = decide(&group(), &who, &Command::Mark(mark, post, wanted), now());
            let may = who.runs_it() && !who.is_banned(now());
            prop_assert_eq!(decided.is_ok(), may);
            let changes = may && post.is_here && !post.deleted && post.marked != wanted;
            prop_assert_eq!(decided.is_ok_and(|events| events == [Event::Marked(mark, wanted)]), changes);
        }

        /// Nobody comments on what is locked, whatever the policy; edits, deletions and votes go on.
        #[test]
        fn what_is_locked_takes_no_comments(
            who in anybody(), post in select(PostPolicy::ALL), relayed in any::<bool>(), approved in any::<bool>(),
        ) {
            let group = crate::domain::Group { policies: Policies { post, ..Policies::default() }, ..group() };
            let comment = |parent_is_locked| Submission {
                is_comment: true, public: true, was_public: false, known: false, parent_is_here: true,
                parent_is_private: false, parent_is_locked, relayed, approved, vouched: false,
            };
            let locked = decide(&group, &who, &Command::Post(comment(true)), now());
            let open = decide(&group, &who, &Command::Post(comment(false)), now());
            match (&locked, &open) {
                (Err(locked), Err(open)) => prop_assert_eq!(locked, open),
                (Err(locked), Ok(_)) => prop_assert_eq!(*locked, Refusal::Locked),
                (Ok(events), _) => prop_assert!(relayed && *events == [Event::AlreadyPosted]),
            }
        }

        /// Of two marks the later holds, and one that is there is put on once.
        #[test]
        fn a_mark_is_as_it_was_said_last(asked in proptest::collection::vec(any::<bool>(), 1..20)) {
            let admin = Standing { role: Role::Admin, ..Standing::stranger() };
            let mut marked = false;
            for wanted in asked {
                let post = Subject {
                    is_here: true, is_mine: false, widens: false, deleted: false, was_public: false, names_public: true, voted: false,
                    marked, approved: false,
                };
                let events = decide(&group(), &admin, &Command::Mark(Mark::Locked, post, wanted), now()).expect("taken");
                prop_assert_eq!(events.len(), usize::from(marked != wanted));
                marked = wanted;
            }
        }
    }
}
