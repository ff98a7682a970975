-- Groups, who is in them, and who may not be.

create table "group" (
    id           bigint generated always as identity primary key,
    name         text not null,
    title        text not null,
    summary      text not null default '',      -- Markdown
    owner_id     bigint not null references actor,
    join_policy  text not null default 'open' check (join_policy in ('open', 'approval', 'invite', 'closed')),
    post_policy  text not null default 'members' check (post_policy in ('anyone', 'followers', 'members', 'admins')),
    follow_means text not null default 'joins' check (follow_means in ('joins', 'reads')),
    members_list text not null default 'public' check (members_list in ('public', 'members', 'admins')),
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    closed_at    timestamptz,
    constraint group_name_taken unique (name)
);

-- The narrow row that a group's turn locks; `seq` is gapless and in commit order because of that lock.
create table group_seq (
    group_id bigint primary key references "group",
    seq      bigint not null default 0
) with (fillfactor = 50);

-- An inbox that we deliver to. One lane each.
create table destination (
    id           bigint generated always as identity primary key,
    inbox        text not null,
    host         text not null,
    failures     integer not null default 0,    -- temporary failures in a row
    failing_since timestamptz,
    next_try     timestamptz,                   -- null: not backing off
    parked_at    timestamptz,                   -- given up after 7 days, until `queue retry` or signed traffic
    gone_at      timestamptz,                   -- answered 410 or 404; a chore asks the actors themselves
    redirected_at timestamptz,                  -- answered 3xx; a chore reads the actors again for a new inbox
    checked_at   timestamptz,                   -- when that chore last asked
    last_error   text,                          -- in words, ours
    last_try     timestamptz,
    last_success timestamptz,
    slow         boolean not null default false, -- the last answer took over 2 s, or did not come
    hurried_at   timestamptz,                   -- when signed traffic from there last brought `next_try` forward
    stuck_on     uuid,                          -- activity that keeps being answered with 5xx or 401
    stuck_answers integer not null default 0,   -- how many such answers it got
    stuck_since  timestamptz,                   -- when it got the first
    refused      bigint not null default 0,     -- entries and letters refused for good
    delivered    bigint not null default 0
);
create unique index destination_inbox on destination (inbox);
create index destination_host on destination (host);
create index destination_to_check on destination (checked_at) where gone_at is not null or redirected_at is not null;
create index destination_next_try on destination (next_try) where next_try is not null;

-- One actor's relation to one group: follower (reads), member (posts), a role and a state.
create table membership (
    group_id       bigint not null references "group",
    actor_id       bigint not null references actor on delete cascade,
    follower       boolean not null default false,
    member         boolean not null default false,
    role           text not null default 'member' check (role in ('member', 'admin', 'owner')),
    state          text not null check (state in ('in', 'pending', 'invited', 'banned', 'out')),
    banned_until   timestamptz,                 -- null with state 'banned': for good
    ban_reason     text,
    request        text,                        -- the Follow or Join as it arrived: Accepts embed it
    request_iris   text[] not null default '{}', -- its id, and those before it: an Undo may name only one of them
    destination_id bigint references destination, -- where this reader hears the group; null: nowhere
    since          timestamptz not null,
    primary key (group_id, actor_id)
);
create index membership_actor on membership (actor_id);
create index membership_destination on membership (destination_id, group_id) where destination_id is not null;
create index membership_newest on membership (group_id, since desc, actor_id desc) where member;

-- Whole servers that one group does not let in.
create table group_ban (
    group_id bigint not null references "group",
    host     text not null,
    since    timestamptz not null,
    primary key (group_id, host)
);

-- Groups elsewhere that a group of ours follows: what they announce is submitted here.
create table following (
    group_id    bigint not null references "group",
    actor_id    bigint not null references actor on delete cascade,
    follow_id   uuid not null,                  -- our Follow dereferences at /activities/UUID
    accepted_at timestamptz,
    since       timestamptz not null,
    primary key (group_id, actor_id)
);
