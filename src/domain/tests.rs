//! What must hold whatever is asked by whom in which order.

use chrono::{DateTime, Utc};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

const PEOPLE: usize = 4;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a date")
}

/// A group and what a few people are to it; the first owns it at first.
#[derive(Clone, Debug)]
struct World {
    group: Group,
    people: Vec<Standing>,
    held: Held,
}

impl World {
    fn of(policies: Policies) -> Self {
        let mut people = vec![Standing::stranger(); PEOPLE];
        people[0].role = Role::Owner;
        Self {
            group: Group {
                policies,
                ..posting::tests::group()
            },
            people,
            held: Held {
                is_decided: false,
                changed: false,
                is_version: false,
            },
        }
    }

    /// Asks, and if the group takes it, lets it happen.
    fn ask(&mut self, step: &Step) -> Result<Vec<Event>, Refusal> {
        let command = step.command(self);
        let events = decide(&self.group, &self.people[step.who], &command, now())?;
        let about = if matches!(command, Command::Administer(..)) {
            step.whom
        } else {
            step.who
        };
        for event in &events {
            self.happens(about, event);
        }
        Ok(events)
    }

    fn happens(&mut self, about: usize, event: &Event) {
        if *event == Event::Owns {
            for other in &mut self.people {
                other.offered = false;
                if other.role == Role::Owner {
                    other.role = Role::Admin;
                }
            }
        }
        let them = &mut self.people[about];
        match event {
            Event::FollowerAccepted => them.follower = true,
            Event::MemberAccepted => {
                (them.member, them.waiting, them.invited, them.left) = (true, false, false, false);
                them.expelled = false;
            }
            Event::MembershipRequested => them.waiting = true,
            Event::TurnedAway => them.waiting = false,
            Event::Left => *them = out(them),
            Event::Expelled => {
                *them = Standing {
                    expelled: true,
                    ..out(them)
                };
            }
            Event::Banned(ban) => {
                *them = Standing {
                    ban: Some(ban.clone()),
                    expelled: true,
                    ..out(them)
                };
            }
            Event::Unbanned => (them.ban, them.expelled) = (None, false),
            Event::Called(Call::Member) => them.invited = true,
            Event::Called(Call::Admin) => them.called = true,
            Event::Called(Call::Owner) => them.offered = true,
            Event::CallEnded(_) => (them.invited, them.called, them.offered) = (false, false, false),
            Event::Appointed => (them.role, them.called) = (Role::Admin, false),
            Event::Dismissed => them.role = Role::Member,
            Event::Owns => them.role = Role::Owner,
            Event::Watched(on) => them.watched = *on,
            Event::Posted => them.accepted += 1,
            Event::Reviewed(_) => self.held.is_decided = true,
            Event::Closed => self.group.closed = true,
            _ => {}
        }
    }
}

/// What somebody is who is out; the owner stays the owner.
fn out(them: &Standing) -> Standing {
    Standing {
        role: if them.role == Role::Owner {
            Role::Owner
        } else {
            Role::Member
        },
        left: true,
        watched: them.watched,
        accepted: them.accepted,
        expelled: them.expelled,
        ban: them.ban.clone(),
        ..Standing::stranger()
    }
}

#[derive(Clone, Debug)]
enum Ask {
    Join(Way),
    Leave,
    Act(Act),
    Answer(Call, bool),
    Post { public: bool },
    Review(bool),
    Close,
}

#[derive(Clone, Debug)]
struct Step {
    who: usize,
    whom: usize,
    ask: Ask,
}

impl Step {
    fn command(&self, world: &World) -> Command {
        match &self.ask {
            Ask::Join(way) => Command::Join(*way),
            Ask::Leave => Command::Leave,
            Ask::Act(act) => Command::Administer(act.clone(), world.people[self.whom].clone()),
            Ask::Answer(call, yes) => Command::Answer(*call, *yes),
            Ask::Post { public } => Command::Post(Submission {
                is_comment: false,
                public: *public,
                was_public: false,
                known: false,
                parent_is_here: false,
                parent_is_private: false,
                parent_is_locked: false,
                relayed: false,
                vouched: false,
                approved: false,
            }),
            Ask::Review(yes) => Command::Review(world.held, *yes),
            Ask::Close => Command::Close,
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let ban = Ban {
        until: None,
        reason: None,
    };
    let calls = [Call::Member, Call::Admin, Call::Owner];
    let mut asks = vec![
        Ask::Join(Way::Follow),
        Ask::Join(Way::Join),
        Ask::Leave,
        Ask::Post { public: true },
        Ask::Post { public: false },
        Ask::Review(true),
        Ask::Review(false),
        Ask::Close,
    ];
    asks.extend(
        [
            Act::Admit,
            Act::TurnAway,
            Act::Expel,
            Act::Ban(ban),
            Act::Unban,
            Act::Invite,
            Act::Call,
            Act::Appoint,
            Act::Dismiss,
            Act::Offer,
            Act::Watch(true),
            Act::Watch(false),
        ]
        .map(Ask::Act),
    );
    asks.extend(calls.map(|call| Ask::Act(Act::Uninvite(call))));
    asks.extend(calls.map(|call| Ask::Answer(call, true)));
    asks.extend(calls.map(|call| Ask::Answer(call, false)));
    (0..PEOPLE, 0..PEOPLE, select(asks)).prop_map(|(who, whom, ask)| Step { who, whom, ask })
}

fn policies() -> impl Strategy<Value = Policies> {
    (
        select(JoinPolicy::ALL),
        select(PostPolicy::ALL),
        select(Visibility::ALL),
        select(InvitePolicy::ALL),
        select(Review::ALL),
        any::<bool>(),
    )
        .prop_map(
            |(join, post, visibility, invite, review, admins_appoint)| Policies {
                join,
                post,
                visibility,
                invite,
                review,
                admins_appoint,
                ..Policies::default()
            },
        )
}

proptest! {
    /// There is always one owner, and nobody else lost it without saying yes to it first.
    #[test]
    fn a_group_always_has_one_owner(policies in policies(), steps in vec(step(), 1..60)) {
        let mut world = World::of(policies);
        for step in &steps {
            let owner_before = world.people[0].role == Role::Owner;
            let events = world.ask(step).unwrap_or_default();
            let owners = world.people.iter().filter(|one| one.role == Role::Owner).count();
            prop_assert_eq!(owners, 1, "after {:?}", step);
            if owner_before && world.people[0].role != Role::Owner {
                prop_assert!(events.contains(&Event::Owns));
                prop_assert!(matches!(step.ask, Ask::Answer(Call::Owner, true)));
            }
        }
    }

    /// Nobody posts where they may not, and nobody's post passes a review that they are subject to.
    #[test]
    fn nobody_posts_where_only_others_may(policies in policies(), steps in vec(step(), 1..60)) {
        let mut world = World::of(policies);
        for step in &steps {
            let before = world.people[step.who].clone();
            let events = world.ask(step).unwrap_or_default();
            if events.iter().any(|event| matches!(event, Event::Posted | Event::Held)) {
                prop_assert!(!before.is_banned(now()));
                prop_assert!(!world.group.closed);
                prop_assert!(before.is_in() || world.group.policies.post != PostPolicy::Members);
                prop_assert!(before.runs_it() || world.group.policies.post != PostPolicy::Admins);
                if world.group.policies.visibility == Visibility::Private {
                    prop_assert!(before.is_in());
                    let inside = matches!(step.ask, Ask::Post { public: false });
                    prop_assert!(inside);
                }
            }
            if events.contains(&Event::Posted) {
                prop_assert!(before.runs_it() || !before.watched);
                prop_assert!(before.runs_it() || world.group.policies.review != Review::All);
            }
        }
    }

    /// Whoever is banned is in by nobody's word until the ban is taken back, and does nothing to others.
    #[test]
    fn a_ban_holds(policies in policies(), steps in vec(step(), 1..60)) {
        let mut world = World::of(policies);
        for step in &steps {
            let before = world.people.clone();
            let events = world.ask(step).unwrap_or_default();
            for (was, is) in before.iter().zip(&world.people) {
                if was.is_banned(now()) && is.is_banned(now()) {
                    prop_assert!(!is.member && !is.follower && is.role != Role::Admin, "{:?}", step);
                }
            }
            if before[step.who].is_banned(now()) && before[step.who].role != Role::Owner {
                let takes_back = matches!(step.ask, Ask::Leave | Ask::Answer(_, false));
                prop_assert!(events.is_empty() || takes_back, "{:?}: {:?}", step, events);
            }
        }
    }

    /// Whoever was put out is in again by the word of those who run the group, and by nobody else's (GRP07); in a group that
    /// is closed to new members that is so of everybody.
    #[test]
    fn nobody_undoes_what_those_who_run_it_decided(policies in policies(), steps in vec(step(), 1..80)) {
        let mut world = World::of(policies);
        let mut may_come = [false; PEOPLE];
        for step in &steps {
            let before = world.people.clone();
            let events = world.ask(step).unwrap_or_default();
            let asks_in = matches!(step.ask, Ask::Act(Act::Invite | Act::Admit | Act::Call | Act::Offer | Act::Appoint | Act::Unban));
            if asks_in && !events.is_empty() && before[step.who].runs_it() {
                may_come[step.whom] = true;
            }
            for (one, (was, is)) in before.iter().zip(&world.people).enumerate() {
                let keeps_out = was.expelled || world.group.policies.join == JoinPolicy::Closed;
                if keeps_out && !was.is_in() && is.is_in() {
                    prop_assert!(may_come[one], "{:?}", step);
                }
                if is.expelled && !was.expelled {
                    may_come[one] = false;
                }
            }
        }
    }

    /// The first of two admins wins: on one who waits, and on what is held.
    #[test]
    fn the_first_click_wins(first in any::<bool>(), second in any::<bool>()) {
        let mut world = World::of(Policies { join: JoinPolicy::Approval, ..Policies::default() });
        (world.people[1].role, world.people[2].role, world.people[3].waiting) = (Role::Admin, Role::Admin, true);
        let click = |who, yes: bool| [
            Step { who, whom: 3, ask: Ask::Act(if yes { Act::Admit } else { Act::TurnAway }) },
            Step { who, whom: 3, ask: Ask::Review(yes) },
        ];
        for step in click(1, first) {
            prop_assert_eq!(world.ask(&step).map(|events| events.len()), Ok(1));
        }
        for step in click(2, second) {
            let events = world.ask(&step).expect("taken");
            // To turn away whoever was let in is to expel them.
            let expels = first && !second && matches!(step.ask, Ask::Act(_));
            prop_assert_eq!(events, if expels { vec![Event::Expelled] } else { vec![] });
        }
    }
}
