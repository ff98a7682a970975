-- What is asked of big groups is looked up, and not walked to; and who runs a group is said in one place.

-- Whoever waits, is in or was in by a request of this id: an admin may answer that.
create index membership_requests on membership using gin (request_iris);

-- The same report counts once. A report may name a hundred ids: more than fits into any other index.
create index report_same on report using hash (objects) where handled_at is null;

-- Other accounts of somebody who is banned, by their own word. The same as `folded`, written out: an index does not find our
-- functions while it is rebuilt (PostgreSQL 17 looks in pg_catalog alone).
create function folded_all(iris text[]) returns text[] language sql immutable strict parallel safe
as $$ select coalesce(array_agg(lower(rtrim(i, '/'))), '{}') from unnest(iris) as i $$;
create index actor_also_known_as on actor using gin (folded_all(also_known_as)) where also_known_as <> '{}';

-- What was decided about is forgotten in the order in which it was decided.
create index held_decided on held (decided_at) where decided_at is not null;

-- Who runs a group: its owner, unless they are gone, and its admins. Inlined where it is asked for, so that indexes are used.
create function who_runs(of_group bigint) returns table (actor_id bigint, is_owner boolean, since timestamptz)
language sql stable parallel safe as $$
    select g.owner_id, true, coalesce(g.owned_at, g.created_at)
    from "group" g where g.id = of_group and g.rule = 'owned'
    union all
    select m.actor_id, false, coalesce(m.ranked_at, m.since)
    from membership m join "group" g on g.id = m.group_id
    where m.group_id = of_group and m.role = 'admin' and m.state <> 'banned' and m.actor_id <> g.owner_id
$$;

create or replace function reviews_for(of_group bigint, reader bigint, host text) returns boolean
language sql stable parallel safe as $$
    select exists (
        select from who_runs(of_group) r join actor w on w.id = r.actor_id
        where w.id = reader or w.host = reviews_for.host)
$$;

create or replace function inside(of_group bigint, viewer bigint, viewer_host text)
returns table (yes boolean)
language sql stable parallel safe as $$
    select true
    where exists (select from membership m
                  where m.group_id = of_group and m.actor_id = viewer and m.state <> 'banned' and m.member)
       or exists (select from who_runs(of_group) r where r.actor_id = viewer)
       or (viewer_host is not null
           and exists (select from "group" g where g.id = of_group and g.visibility = 'private')
           and (exists (select from who_runs(of_group) r join actor a on a.id = r.actor_id where a.host = viewer_host)
                or exists (select from membership m join actor a on a.id = m.actor_id
                           where m.group_id = of_group and m.state <> 'banned' and m.member and a.host = viewer_host)))
$$;
