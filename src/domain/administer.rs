//! What the owner and the admins of a group do to others, and to the group.
//!
//! One rule: the owner is put out by nobody, an admin by the owner alone, and whoever is banned does nothing to anybody.
//! One more act is a variant of [`Act`], a line in [`may`], and an arm in [`act`]; `docs/permissions.md` shows it then.

use chrono::{DateTime, Utc};

use crate::domain::{Act, Call, Event, Group, InfoPolicy, InvitePolicy, JoinPolicy, Refusal, Role, Standing};

/// Something is to happen to another one.
///
/// What is decided already stays so, whoever comes second: the first of two admins wins.
pub(super) fn act(
    group: &Group,
    who: &Standing,
    act: &Act,
    them: &Standing,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    may(group, who, act, now)?;
    match act {
        Act::Admit if them.is_banned(now) => Err(Refusal::TheyAreBanned),
        Act::Admit => Ok(when(them.waiting, Event::MemberAccepted)),
        Act::TurnAway if them.waiting => Ok(vec![Event::TurnedAway]),
        Act::TurnAway | Act::Expel => expel(who, them),
        Act::Ban(ban) => {
            is_below(who, them)?;
            Ok(vec![Event::Banned(ban.clone())])
        }
        Act::Unban => Ok(when(them.ban.is_some(), Event::Unbanned)),
        Act::Invite | Act::Call | Act::Offer | Act::Appoint if them.is_banned(now) => {
            Err(Refusal::TheyAreBanned)
        }
        // Else any member could undo what those who run the group decided (GRP07).
        Act::Invite if them.expelled && !who.runs_it() => Err(Refusal::TheyWerePutOut),
        Act::Invite => Ok(when(!them.is_in(), Event::Called(Call::Member))),
        Act::Call => Ok(when(!them.runs_it(), Event::Called(Call::Admin))),
        Act::Offer => Ok(when(them.role != Role::Owner, Event::Called(Call::Owner))),
        Act::Uninvite(call) => Ok(when(has(them, *call), Event::CallEnded(*call))),
        Act::Appoint if them.runs_it() => Ok(vec![]),
        Act::Appoint if !them.member => Err(Refusal::TheyAreNotIn),
        Act::Appoint => Ok(vec![Event::Appointed]),
        Act::Dismiss if them.role == Role::Owner => Err(Refusal::IsTheOwner),
        Act::Dismiss => Ok(when(them.role == Role::Admin, Event::Dismissed)),
        Act::Watch(on) => Ok(when(them.watched != *on, Event::Watched(*on))),
    }
}

/// Who may do that at all, whoever it is done to.
fn may(group: &Group, who: &Standing, act: &Act, now: DateTime<Utc>) -> Result<(), Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    let (allowed, why) = match act {
        // Closed to new members, whomever the other members know.
        Act::Invite if group.policies.join == JoinPolicy::Closed => (who.runs_it(), Refusal::MayNotInvite),
        Act::Invite | Act::Uninvite(Call::Member) if group.policies.invite == InvitePolicy::Members => {
            (who.is_in(), Refusal::MayNotInvite)
        }
        Act::Invite | Act::Uninvite(Call::Member) => (who.runs_it(), Refusal::MayNotInvite),
        Act::Admit | Act::TurnAway | Act::Expel | Act::Ban(_) | Act::Unban | Act::Watch(_) => {
            (who.runs_it(), Refusal::DoesNotRunIt)
        }
        Act::Call | Act::Appoint | Act::Uninvite(Call::Admin) if group.policies.admins_appoint => {
            (who.runs_it(), Refusal::DoesNotRunIt)
        }
        Act::Call | Act::Appoint | Act::Dismiss | Act::Offer | Act::Uninvite(_) => {
            (who.role == Role::Owner, Refusal::NotTheOwner)
        }
    };
    if allowed { Ok(()) } else { Err(why) }
}

fn expel(who: &Standing, them: &Standing) -> Result<Vec<Event>, Refusal> {
    is_below(who, them)?;
    Ok(when(
        them.follower || them.member || them.runs_it(),
        Event::Expelled,
    ))
}

/// Whether one may put the other out.
fn is_below(who: &Standing, them: &Standing) -> Result<(), Refusal> {
    match them.role {
        Role::Owner => Err(Refusal::IsTheOwner),
        Role::Admin if who.role != Role::Owner => Err(Refusal::TheyAreAnAdmin),
        Role::Admin | Role::Member => Ok(()),
    }
}

/// Somebody leaves the admins by themselves.
pub(super) fn resign(who: &Standing) -> Result<Vec<Event>, Refusal> {
    match who.role {
        Role::Owner => Err(Refusal::IsTheOwner),
        Role::Admin => Ok(vec![Event::Dismissed]),
        Role::Member => Ok(vec![]),
    }
}

/// Whoever was asked to become something says yes or no. A no to nothing is nothing.
pub(super) fn answer(
    who: &Standing,
    call: Call,
    says_yes: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    if !says_yes {
        return Ok(when(has(who, call), Event::CallEnded(call)));
    }
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    if !has(who, call) {
        return Err(Refusal::NothingOffered);
    }
    Ok(vec![match call {
        Call::Member => Event::MemberAccepted,
        Call::Admin => Event::Appointed,
        Call::Owner => Event::Owns,
    }])
}

const fn has(who: &Standing, call: Call) -> bool {
    match call {
        Call::Member => who.invited,
        Call::Admin => who.called,
        Call::Owner => who.offered,
    }
}

/// What the group says of itself is its owner's to change, or its admins', by policy.
pub(super) fn describe(group: &Group, who: &Standing, now: DateTime<Utc>) -> Result<Vec<Event>, Refusal> {
    if who.is_banned(now) {
        return Err(Refusal::Banned);
    }
    match group.policies.info {
        _ if who.role == Role::Owner => Ok(vec![Event::Described]),
        InfoPolicy::Admins if who.runs_it() => Ok(vec![Event::Described]),
        InfoPolicy::Admins => Err(Refusal::DoesNotRunIt),
        InfoPolicy::Owner => Err(Refusal::NotTheOwner),
    }
}

/// The owner closes the group.
pub(super) fn close(who: &Standing) -> Result<Vec<Event>, Refusal> {
    if who.role == Role::Owner {
        Ok(vec![Event::Closed])
    } else {
        Err(Refusal::NotTheOwner)
    }
}

fn when(condition: bool, event: Event) -> Vec<Event> {
    if condition { vec![event] } else { vec![] }
}
