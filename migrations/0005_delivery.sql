-- Delivery by many at a time: what is written down once per flush, what makes lanes look, and what operators ask about.

-- A delivery updates one row: the cursor's. How many went through and when the last did stands there too, beside what
-- `destination` counts of letters and of whatever went the careful way.
alter table subscription
    add column delivered bigint not null default 0,
    add column sent_at   timestamptz;

-- A group's subscriptions, page by page.
create index subscription_group on subscription (group_id, id);

-- Counts what may make an entry due for somebody although the log has not grown: a shape that was decided, an inbox
-- that moved, an import. Lanes of a group are looked for when `seq` or `touched` has changed.
alter table group_seq add column touched bigint not null default 0;

-- An operator wants nothing sent there until `queue resume`.
alter table destination add column paused_at timestamptz;

-- What did not go through at once, the newest few per destination: successes are counted, not listed, so that a post
-- inserts the same number of rows however many hear it.
create table outcome (
    id             bigint generated always as identity primary key,
    destination_id bigint not null references destination,
    at             timestamptz not null,
    activity_id    uuid,                        -- what was sent; null: nothing could be
    what           text not null check (what in ('refused', 'later', 'parked')),
    why            text not null,               -- in words, ours
    next_try       timestamptz                  -- of 'later'; null: given up
);
create index outcome_destination on outcome (destination_id, id);
