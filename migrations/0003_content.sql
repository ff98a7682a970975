-- What is said in groups.

-- An activity as it was accepted or as we said it: the exact text, kept once. Ids that we mint are rebuilt from here.
create table activity (
    id          uuid primary key,               -- our own id: announcements of it live at /activities/UUID[/shape]
    group_id    bigint not null references "group",
    iri         text,                           -- the sender's id; null where we have only the object
    kind        text not null,                  -- what happened, see domain::Event::announced_as
    actor_id    bigint references actor,        -- who did it
    post_id     uuid,                           -- what it is about
    retracts    uuid,                           -- the activity that it takes back
    raw         text not null,                  -- byte for byte as it arrived
    accepted_at timestamptz not null
);

create index activity_post on activity (post_id);

-- A post: a thread's first post or a comment.
create table post (
    id           uuid primary key,
    iri          text not null,
    author_id    bigint not null references actor,
    kind         text not null,                 -- Note, Page, Article, ...
    parent_id    uuid references post,
    thread_id    uuid not null,                 -- the thread's first post; itself for a thread
    title        text,
    content      text,                          -- sanitised HTML
    url          text,
    public       boolean not null,
    published_at timestamptz not null,          -- clamped to when we received it
    received_at  timestamptz not null,
    updated_at   timestamptz,
    deleted_at   timestamptz
);
create unique index post_iri on post (iri);
create index post_thread on post (thread_id, received_at, id);
create index post_parent on post (parent_id, received_at, id) where parent_id is not null;
create index post_author on post (author_id);

-- A post in a group: crossposts are one object with several rows here.
create table post_group (
    post_id     uuid not null references post on delete cascade,
    group_id    bigint not null references "group",
    seq         bigint not null,                -- of the entry that announced it
    activity_id uuid not null references activity,
    featured_at timestamptz,
    removed_at  timestamptz,
    primary key (group_id, post_id)
);
create unique index post_group_seq on post_group (group_id, seq);
create index post_group_post on post_group (post_id);

-- One vote per actor, post and kind: a Like and its repeats count once.
create table vote (
    post_id  uuid not null references post on delete cascade,
    actor_id bigint not null references actor on delete cascade,
    kind     text not null check (kind in ('like', 'dislike', 'share')),
    iri      text,
    at       timestamptz not null,
    primary key (post_id, actor_id, kind)
);
create index vote_actor on vote (actor_id);
create index vote_iri on vote (iri) where iri is not null;

-- A Delete that came before its Create keeps the Create out. Pruned after 30 days.
create table tombstone (
    iri_hash bytea not null,
    actor_id bigint not null references actor on delete cascade,
    at       timestamptz not null,
    primary key (iri_hash, actor_id)
);

-- A Flag, kept for whoever handles reports.
create table report (
    id          uuid primary key,
    iri         text,
    group_id    bigint references "group",
    reporter_id bigint not null references actor,
    objects     text[] not null,
    reason      text,
    raw         text not null,
    at          timestamptz not null
);
