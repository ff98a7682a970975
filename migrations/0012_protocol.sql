-- The groups protocol: what a group allows, who was asked to become what in it, what waits for review, what is collected.

alter table "group"
    add column visibility     text not null default 'public' check (visibility in ('public', 'private')),
    add column invite_policy  text not null default 'members' check (invite_policy in ('members', 'admins')),
    add column info_policy    text not null default 'owner' check (info_policy in ('owner', 'admins')),
    add column review         text not null default 'none' check (review in ('none', 'first', 'non-members', 'all')),
    add column review_count   integer not null default 1 check (review_count between 1 and 1000),
    add column admins_appoint boolean not null default false,
    add column vote_policy    text not null default 'anyone' check (vote_policy in ('anyone', 'members')),
    -- Whether somebody is there to decide: 'orphaned' when the owner's account is gone and admins are left, 'frozen' when
    -- none are.
    add column rule           text not null default 'owned' check (rule in ('owned', 'orphaned', 'frozen')),
    add column owned_at       timestamptz,      -- since when its owner owns it; null: since it was made
    add column icon           text,             -- where the picture is
    add column image          text,
    add column rules          text[] not null default '{}',
    add column related        text[] not null default '{}'; -- ids of groups, here or elsewhere

alter table membership
    -- Its own URL; nothing is decided by it.
    add column id        uuid not null default gen_random_uuid(),
    add column ranked_at timestamptz,           -- since when admin
    add column expelled  boolean not null default false, -- put out; whoever asks again waits for an admin
    add column ban_iri   text,                  -- of the Block as it came: an Undo may name nothing else
    add column watched   boolean not null default false; -- whatever they post waits for an admin
create unique index membership_id on membership (id);
create index membership_ban on membership (ban_iri) where ban_iri is not null;
create index membership_admins on membership (group_id, ranked_at desc) where role = 'admin';

-- What an actor says it is called elsewhere: a ban of one is a ban of the other, by the word of whoever is let in. Of ids that
-- differ in case or by a slash at the end we believe that they are the same.
alter table actor add column also_known_as text[] not null default '{}';
create function folded(iri text) returns text language sql immutable strict parallel safe
as $$ select lower(rtrim(iri, '/')) $$;
create index actor_folded on actor (folded(iri));
create function other_bans(of_group bigint, who bigint) returns table (banned_until timestamptz, ban_reason text)
language sql stable parallel safe as $$
    select b.banned_until, b.ban_reason
    from actor me
    cross join lateral unnest(me.also_known_as || me.iri) as n(iri)
    join actor o on folded(o.iri) = folded(n.iri)
    join membership b on b.group_id = of_group and b.actor_id = o.id
    where me.id = who and o.id <> who and b.state = 'banned'
    order by b.banned_until desc nulls first limit 1
$$;

-- Whoever was asked to become something: a member (Invite), an admin (Invite to `admins`), the owner (Offer).
create table invitation (
    id       uuid primary key,                  -- if it is ours, it dereferences at /activities/UUID
    group_id bigint not null references "group",
    actor_id bigint not null references actor on delete cascade,
    call     text not null check (call in ('member', 'admin', 'owner')),
    by_id    bigint references actor on delete set null, -- null: the operator, or the group itself
    iri      text,                              -- of the Invite or Offer as it came; null: it is ours
    at       timestamptz not null,
    ended_at timestamptz,
    ending   text check (ending in ('accepted', 'declined', 'withdrawn'))
);
-- Asked twice is asked once.
create unique index invitation_open on invitation (group_id, actor_id, call) where ended_at is null;
create index invitation_iri on invitation (iri) where iri is not null;
create index invitation_by on invitation (by_id, at);
create index invitation_of on invitation (actor_id, group_id);

-- What waits for an admin, and what became of it: posts and edits (`pendingActivities`), joins (`pendingMembers`).
-- Whether somebody waits to be let in is `membership.state`; the row here is how admins hear of it and answer.
create table held (
    id         uuid primary key,                -- dereferences at /activities/UUID, for admins
    group_id   bigint not null references "group",
    queue      text not null check (queue in ('activities', 'members')),
    actor_id   bigint not null references actor on delete cascade, -- whoever asks
    kind       text not null,                   -- type of the activity: Create, Update, Announce, Join, Follow
    iri        text not null,                   -- its id
    object     text,                            -- id of the post
    public     boolean not null default true,   -- whom that is for: everybody, or members
    raw        text not null,                   -- byte for byte as it arrived; empty: only the object is known
    fetched    text,                            -- the object as its origin told it, where `raw` does not carry it
    at         timestamptz not null,
    told_at    timestamptz,                     -- when admins were told of it
    decided_at timestamptz,
    -- 'replaced' by a later version, 'withdrawn' by its author
    outcome    text check (outcome in ('accepted', 'rejected', 'replaced', 'withdrawn')),
    decider_id bigint references actor on delete set null, -- null: the operator
    reason     text
);
create index held_waiting on held (group_id, queue, at, id) where decided_at is null;
create index held_iri on held (iri);
create index held_object on held (object) where decided_at is null;
create index held_actor on held (actor_id) where decided_at is null;
create index held_untold on held (at) where told_at is null and decided_at is null;

-- Who may see what waits: whoever runs the group, and the server of one who does, by its instance actor (PRV07).
create function reviews_for(of_group bigint, reader bigint, host text) returns boolean
language sql stable parallel safe as $$
    select exists (
        select from "group" g join actor w on w.id = g.owner_id
        where g.id = of_group and g.rule = 'owned' and (w.id = reader or w.host = reviews_for.host))
    or exists (
        select from membership m join actor w on w.id = m.actor_id
        where m.group_id = of_group and m.role = 'admin' and m.state <> 'banned'
          and (w.id = reader or w.host = reviews_for.host))
$$;

-- When a group last told its admins that something waits: at most once a minute for each queue.
create table notice (
    group_id bigint not null references "group",
    queue    text not null check (queue in ('activities', 'members')),
    at       timestamptz not null,
    primary key (group_id, queue)
);

-- Albums, documents, links: collections of a group, and what is in them.
create table collection (
    id         uuid primary key,                -- /c/NAME/collections/UUID
    group_id   bigint not null references "group",
    name       text not null,
    summary    text,                            -- HTML, sanitised
    policy     text not null default 'members' check (policy in ('members', 'admins')),
    made_at    timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);
create index collection_of_group on collection (group_id, made_at desc, id) where deleted_at is null;

create table collected (
    id            bigint generated always as identity primary key, -- the order in which they came
    collection_id uuid not null references collection on delete cascade,
    iri           text not null,
    object        text,                         -- as whoever added it described it, if they did
    actor_id      bigint references actor on delete set null, -- who added it
    public        boolean not null,             -- else it is for those inside
    at            timestamptz not null
);
create unique index collected_once on collected (collection_id, iri);

-- A report that was handled. One and the same counts once.
alter table report add column handled_at timestamptz;
create index report_open on report (group_id, at) where handled_at is null;
create index report_about on report (reporter_id, at);

-- Whether somebody is inside a group: a row, or none. Members are, and whoever runs it; the server of such a one (by its
-- instance actor's key) where the group is private. Functions that give rows are inlined, so that indexes are used.
create function inside(of_group bigint, viewer bigint, viewer_host text)
returns table (yes boolean)
language sql stable parallel safe as $$
    select true
    where exists (select from membership m
                  where m.group_id = of_group and m.actor_id = viewer and m.state <> 'banned'
                    and (m.member or m.role = 'admin'))
       or exists (select from "group" g where g.id = of_group and g.owner_id = viewer and g.rule = 'owned')
       or (viewer_host is not null and exists (
              select from "group" g
              where g.id = of_group and g.visibility = 'private'
                and (exists (select from actor a where a.id = g.owner_id and a.host = viewer_host and g.rule = 'owned')
                     or exists (select from membership m join actor a on a.id = m.actor_id
                                where m.group_id = g.id and m.state <> 'banned' and (m.member or m.role = 'admin')
                                  and a.host = viewer_host))))
$$;

-- Whether somebody may read a post in a group: a row, or none. The one place that says so. What is public in a public
-- group is everybody's; its author reads it wherever it is; else whoever is inside. What was posted for members stays so
-- when a private group becomes public: `post.public` says for whom it was.
create function readable(of_group bigint, author bigint, is_public boolean, viewer bigint, viewer_host text)
returns table (yes boolean)
language sql stable parallel safe as $$
    select true
    where (is_public and exists (select from "group" g where g.id = of_group and g.visibility = 'public'))
       or author = viewer
       or exists (select from inside(of_group, viewer, viewer_host))
$$;
create index group_owner on "group" (owner_id);
