-- The way in and the way out.

-- Activity ids that we have decided about. Kept 30 days.
create table seen (
    iri_hash bytea primary key,
    at       timestamptz not null
);
create index seen_at on seen (at);

-- Received, durable, not decided yet: something must be fetched first.
create table received (
    id        uuid primary key,
    iri_hash  bytea not null unique,            -- of the activity's id; of id and group where it came by a followed group
    inbox     text,                             -- name of the group whose inbox it came to
    via       text,                             -- name of the group that follows whoever announced it
    actor_id  bigint not null references actor,
    host      text not null,
    needs     text not null,                    -- what to fetch
    raw       text not null,
    at        timestamptz not null,
    tries     integer not null default 0,
    next_try  timestamptz not null
);
create index received_due on received (next_try);
create index received_host on received (host);

-- What a group tells its members, in the order in which it happened. One row per event, however many members:
-- who has heard what is a cursor in `subscription`.
create table entry (
    group_id    bigint not null references "group",
    seq         bigint not null,                -- from group_seq, under its lock: gapless, and in commit order
    activity_id uuid not null references activity,
    thread_id   uuid,                           -- the thread that it belongs to; null for group changes
    audience    text not null default 'public' check (audience in ('public', 'members')),
    author_host text,                           -- some classes skip the author's own server
    retracts    bigint,                         -- seq of the entry that this one takes back
    at          timestamptz not null,
    primary key (group_id, seq)                 -- a lane reads a run of seqs of one group: this order, no other index
);
create index entry_activity on entry (activity_id);
create index entry_at on entry (at);

-- The bytes around the activity's raw text, one row per shape that was subscribed. No row: this shape says nothing.
create table entry_shape (
    group_id bigint not null,
    seq      bigint not null,
    shape    text not null,
    head     text not null,
    tail     text,                              -- null: `head` is the whole document, the raw text is not in it
    skip_author boolean not null default false, -- not for the author's own server: entry.author_host
    primary key (group_id, seq, shape),
    foreign key (group_id, seq) references entry on delete cascade
);

-- A destination's ear for one group. Closed, never deleted.
create table subscription (
    id             bigint generated always as identity primary key,
    group_id       bigint not null references "group",
    destination_id bigint not null references destination,
    shape          text,                        -- null: the host's class is still being looked up
    shape_wanted   timestamptz,                 -- since when we look it up
    from_seq       bigint not null,
    cursor         bigint not null,             -- the last entry that needs no more sending
    until_seq      bigint,                      -- closed: entries after it are not due
    left_at        bigint,                      -- closed by leaving: the last entry that it got; only retractions of entries up to it are still due
    withheld       bigint not null default 0    -- entries for members that the cursor passed and that were not sent
) with (fillfactor = 70);
create unique index one_open_subscription on subscription (group_id, destination_id) where until_seq is null;
create index subscription_destination on subscription (destination_id);
create index subscription_undecided on subscription (destination_id) where shape is null;

-- Refused for good while an earlier entry of the same subscription is still tried: a cursor has no holes. Gone when the
-- cursor passes.
create table refused_early (
    subscription_id bigint not null references subscription,
    seq             bigint not null,
    primary key (subscription_id, seq)
);

-- Entries that were dropped before a subscription got them: it had been away for too long. Stays, to be shown.
create table gap (
    subscription_id bigint not null references subscription,
    from_seq        bigint not null,            -- the first that it was still to get; a lane that is back begins another gap
    to_seq          bigint not null,            -- the last that was dropped
    entries         bigint not null,            -- how many of those between were for it
    from_at         timestamptz not null,       -- when the first and the last of them were written
    to_at           timestamptz not null,
    primary key (subscription_id, from_seq)
);

-- Goes to one destination only: Accept, Reject, Follow. Sent before the destination's entries, in order of `id`.
create table letter (
    id             bigint generated always as identity primary key,
    activity_id    uuid not null unique,        -- dereferences at /activities/UUID
    group_id       bigint not null references "group",
    destination_id bigint not null references destination,
    kind           text not null,               -- Accept, Reject, ...
    body           text not null,
    at             timestamptz not null,
    sent_at        timestamptz,
    refused_at     timestamptz,
    parked_at      timestamptz                  -- given up until `queue retry`: see `parked`
);
create index letter_waiting on letter (destination_id, id)
    where sent_at is null and refused_at is null and parked_at is null;
create index letter_at on letter (at);

-- Which entries a subscription is still to be sent: the one place that says so. Windows, turns, blocks and back-off are
-- not its business. A function, because only an inlined one lets `order by seq limit 1` stop at the first row.
create function entries_due(
    ear bigint, of_group bigint, in_shape text, after bigint, until bigint, left_at bigint, destination bigint, host text)
returns table (seq bigint, activity_id uuid, at timestamptz, head text, tail text)
language sql stable parallel safe as $$
    select x.seq, e.activity_id, e.at, x.head, x.tail
    from entry_shape x join entry e on e.group_id = x.group_id and e.seq = x.seq
    where x.group_id = of_group and x.shape = in_shape and x.seq > after and (until is null or x.seq <= until)
        and (left_at is null or e.retracts <= left_at)
        and not (x.skip_author and e.author_host is not distinct from host)
        and not exists (select from refused_early r where r.subscription_id = ear and r.seq = x.seq)
        -- What is for members goes only to an inbox where somebody reads the group and everybody who does is a member;
        -- elsewhere it is withheld. Where nobody reads it any more, they still hear that what they got is taken back.
        and (e.audience = 'public' or coalesce(
            (select bool_and(m.member) from membership m
             where m.group_id = of_group and m.destination_id = destination and (m.follower or m.member)),
            left_at is not null))
$$;

-- The same for all subscriptions; one without a shape has no rows here.
create view due_entry as
select s.id as subscription_id, s.destination_id, s.group_id, v.*
from subscription s
join destination d on d.id = s.destination_id
cross join lateral entries_due(
    s.id, s.group_id, s.shape, s.cursor, s.until_seq, s.left_at, s.destination_id, d.host) v;

-- Entries for members between two places of a subscription. Those that its cursor passes and that were not sent are
-- withheld: not all who read there are members, or its shape cannot say who may read. The author's own server has what
-- its author said.
create function entries_for_members(
    ear bigint, of_group bigint, in_shape text, after bigint, until bigint, host text)
returns table (seq bigint)
language sql stable parallel safe as $$
    select e.seq
    from entry e left join entry_shape x on x.group_id = e.group_id and x.seq = e.seq and x.shape = in_shape
    where e.group_id = of_group and e.seq > after and e.seq <= until and e.audience = 'members'
        and not (coalesce(x.skip_author, true) and e.author_host is not distinct from host)
        and not exists (select from refused_early r where r.subscription_id = ear and r.seq = e.seq)
$$;

-- Entries that one destination will not get unless an operator says so; counted and shown.
create table parked (
    destination_id  bigint not null references destination,
    group_id        bigint not null,
    seq             bigint not null,
    subscription_id bigint not null references subscription, -- whose shape it is written in
    reason          text not null,
    at              timestamptz not null,
    retry_at        timestamptz,                -- an operator wants it tried once more, before all other entries
    primary key (destination_id, group_id, seq)
);
create index parked_to_retry on parked (destination_id) where retry_at is not null;
