-- Groups and people in the other protocol: who is shown there, and under which name.

-- Somebody's second face, on our host: of an actor elsewhere for those who know servers by their domains, and of a user there for
-- everybody else. Made when it is first shown.
create table mirror (
    actor_id bigint primary key references actor on delete cascade,
    id       uuid not null,
    username text not null,                     -- lower case; no group is called so when it is given out
    made_at  timestamptz not null
);
create unique index mirror_id on mirror (id);
create unique index mirror_username on mirror (username);

-- Whether what is said in a group is shown in both protocols. A private group never is, whatever this says.
alter table "group" add column bridge boolean not null default true;
-- An actor's own word that it is not to be shown elsewhere.
alter table actor
    add column unbridged boolean not null default false,
    -- How it looks: what its mirror shows, too.
    add column bio       text,                  -- HTML, sanitised
    add column icon      text,                  -- address of a picture
    add column icon_type text,                  -- that picture's media type; null only where there is none
    add column indexable boolean not null default false; -- its own word that it may be searched

-- Whether a group shows its posts in both protocols: the one place that says so.
create function bridges(of_group bigint) returns table (yes boolean)
language sql stable parallel safe as $$
    select true from "group" g
    where g.id = of_group and g.bridge and g.visibility = 'public'
$$;

-- Whether somebody may be shown in the other protocol: not who has said no, is gone, or is at a host that an operator has blocked.
create function may_be_mirrored(who bigint) returns table (yes boolean)
language sql stable parallel safe as $$
    select true from actor a
    where a.id = who and not a.unbridged and a.gone_at is null
      and not exists (select from peer b where b.host = any(host_and_parents(a.host)) and b.blocked_at is not null)
$$;
