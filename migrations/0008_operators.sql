-- What operators see and do.

-- How far subscriptions are behind: `entries_due`, counted for all of them in one walk over the log instead of one walk
-- each. Ten thousand that are a thousand entries behind are ten million rows to `due_entry`, and eleven thousand here.
--
-- The log of a group and shape and the places of its subscriptions are laid into one row, by seq; what a subscription is
-- still to get is what lies beyond its place. Whoever has an exception (it closes, refused something early, skips what
-- its own people said) is asked by itself. What is for members counts where the same question as in `entries_due` says so.
create view lag as
with behind as (
    select s.id, s.group_id, s.shape, s.cursor, s.until_seq, s.left_at, s.destination_id, d.host
    from subscription s
    join group_seq q on q.group_id = s.group_id
    join destination d on d.id = s.destination_id
    where s.shape is not null and s.cursor < least(q.seq, s.until_seq)
), written as (
    select x.group_id, x.shape, x.seq, e.at, e.audience, case when x.skip_author then e.author_host end as not_for
    from (select group_id, shape, min(cursor) as cursor from behind group by group_id, shape) b
    join entry_shape x on x.group_id = b.group_id and x.shape = b.shape and x.seq > b.cursor
    join entry e on e.group_id = x.group_id and e.seq = x.seq
), counted as (
    select ear, count(at) filter (where audience = 'public') over beyond as for_all,
        min(at) filter (where audience = 'public') over beyond as oldest_for_all,
        count(at) filter (where audience = 'members') over beyond as for_members,
        min(at) filter (where audience = 'members') over beyond as oldest_for_members
    from (select group_id, shape, seq, at, audience, null::bigint as ear from written
          union all
          select group_id, shape, cursor, null, null, id from behind where until_seq is null) as log_and_places
    window beyond as (partition by group_id, shape order by seq desc, ear nulls last rows unbounded preceding)
), exceptions as (
    select id from behind where until_seq is not null
    union
    select subscription_id from refused_early
    union
    select b.id from behind b join written w
        on w.group_id = b.group_id and w.shape = b.shape and w.not_for = b.host and w.seq > b.cursor
), by_themselves as materialized ( -- or all are asked, and most answers thrown away
    select * from behind where id in (select id from exceptions)
)
select b.id as subscription_id, b.destination_id, b.group_id,
    c.for_all + case when r.are_members then c.for_members else 0 end as entries,
    least(c.oldest_for_all, case when r.are_members then c.oldest_for_members end) as oldest
from behind b
join counted c on c.ear = b.id
left join lateral (
    select bool_and(m.member) as are_members from membership m
    where c.for_members > 0 and m.group_id = b.group_id and m.destination_id = b.destination_id
        and (m.follower or m.member)) r on true
where b.id not in (select id from exceptions)
union all
select b.id, b.destination_id, b.group_id, v.entries, v.oldest
from by_themselves b
cross join lateral (
    select count(*) as entries, min(v.at) as oldest
    from entries_due(b.id, b.group_id, b.shape, b.cursor, b.until_seq, b.left_at, b.destination_id, b.host) v) v;

-- An operator may give up what waits.
alter table outcome drop constraint outcome_what_check,
    add constraint outcome_what_check check (what in ('refused', 'later', 'parked', 'dropped'));

-- A pause is about a host. An inbox of it that is heard of later is paused, too, whoever writes the row.
create function paused_like_its_host() returns trigger language plpgsql as $$
begin
    new.paused_at := coalesce(new.paused_at, (select min(paused_at) from destination where host = new.host));
    return new;
end
$$;
create trigger paused_like_its_host before insert on destination
    for each row execute function paused_like_its_host();
