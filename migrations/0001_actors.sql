-- Other servers and their people, as far as we know them.

-- Another server, by its authority (host, with the port if it is not the default).
create table peer (
    host         text primary key,
    software     text,                          -- NodeInfo's software.name, lower case; null: not known
    version      text,
    evidence     text check (evidence in ('wraps', 'joins')), -- what it has shown of how it speaks
    class        text not null default 'unknown', -- how it speaks, see dialect::class
    class_shape  text,                          -- what the class is written in; counts once looked up
    class_reason text not null default 'never looked up',
    looked_up_at timestamptz,                   -- null: the look-up is still to be done
    shape        text,                          -- an operator's override of class_shape
    scheme       text not null default 'cavage' check (scheme in ('cavage', 'rfc9421')),
    blocked_at   timestamptz                    -- an operator's block; covers sub-domains
);
create index peer_looked_up on peer (looked_up_at); -- both the new and those whose look-up has aged
create index peer_blocked on peer (host) where blocked_at is not null;

-- What a block or an allowance may be called that holds for this authority: itself, its host without the port, and
-- every parent domain. The same as domain::host_and_parents.
create function host_and_parents(authority text) returns text[] language sql immutable parallel safe return (
    select array_agg(name) from (
        select authority as name
        union
        select array_to_string(labels[i:], '.')
        from string_to_array(regexp_replace(authority, ':[0-9]+$', ''), '.') as labels, generate_subscripts(labels, 1) as i
        where i = 1 or array_to_string(labels[i:], '.') ~ '[a-zA-Z]'
    ) as names
);

-- An actor, remote or ours. `iri` is the canonical id; ids are at most 2,048 bytes: a B-tree key is at most 2,704.
create table actor (
    id              bigint generated always as identity primary key,
    iri             text not null,
    host            text not null,
    kind            text not null,              -- Person, Group, Service, Application, Organization
    username        text,
    name            text,
    inbox           text not null,
    shared_inbox    text,
    followers       text,                       -- id of the followers collection, for addressing
    fetched_at      timestamptz not null,
    gone_at         timestamptz                 -- the origin said that it is gone, or it deleted itself
);
create unique index actor_iri on actor (iri);

-- The keys that an actor's own document lists; nothing else may sign for it.
create table actor_key (
    iri        text not null,
    actor_id   bigint not null references actor on delete cascade,
    pem        text not null,
    fetched_at timestamptz not null
);
-- Two actors of one host may list one key id, one of them falsely: neither takes the other's place.
create unique index actor_key_iri on actor_key (iri, actor_id);
create index actor_key_actor on actor_key (actor_id);

-- Keys of our own actors: each group's and the instance's (group_id null).
create table own_key (
    iri        text primary key,                -- key id, as published
    purpose    text not null unique,            -- 'instance' or 'group:NAME'
    pkcs8      bytea not null,
    public_pem text not null,
    created_at timestamptz not null
);
