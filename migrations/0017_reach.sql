-- Who of one server hears a group, as one number (FEP-8fcf): the exclusive or of the SHA-256 of their ids. It goes with what
-- is delivered there, so that a server whose idea of it differs can ask.
create table reach (
    group_id       bigint not null references "group",
    host           text not null,
    followers      bit(256) not null,
    follower_count bigint not null,
    members        bit(256) not null,
    member_count   bigint not null,
    primary key (group_id, host)
) with (fillfactor = 70);

create function digest_of(iri text) returns bit(256) language sql immutable parallel safe
return ('x' || encode(sha256(convert_to(iri, 'UTF8')), 'hex'))::bit(256);

-- Adds what changed. A server where nobody changed is not written.
create function turn_reach(changes reach[]) returns void language sql as $$
    insert into reach as c (group_id, host, followers, follower_count, members, member_count)
    select n.group_id, n.host, bit_xor(n.followers), sum(n.follower_count)::bigint, bit_xor(n.members), sum(n.member_count)::bigint
    from unnest(changes) n
    group by n.group_id, n.host
    having bit_xor(n.followers) <> 0::bit(256) or bit_xor(n.members) <> 0::bit(256)
    order by n.group_id, n.host
    on conflict (group_id, host) do update
    set followers = c.followers # excluded.followers, follower_count = c.follower_count + excluded.follower_count,
        members = c.members # excluded.members, member_count = c.member_count + excluded.member_count
$$;

-- Whoever is banned is in no list.
create function as_reach(m membership, change int) returns reach language sql stable as $$
    select row(m.group_id, a.host,
        case when m.follower and m.state <> 'banned' then digest_of(a.iri) else 0::bit(256) end,
        case when m.follower and m.state <> 'banned' then change else 0 end::bigint,
        case when m.member and m.state <> 'banned' then digest_of(a.iri) else 0::bit(256) end,
        case when m.member and m.state <> 'banned' then change else 0 end::bigint)::reach
    from actor a where a.id = m.actor_id
$$;

create function reach_grows() returns trigger language plpgsql as $$
begin
    perform turn_reach(array(select as_reach(m, 1) from now_there m));
    return null;
end $$;

create function reach_shrinks() returns trigger language plpgsql as $$
begin
    perform turn_reach(array(select as_reach(m, -1) from was_there m));
    return null;
end $$;

create function reach_changes() returns trigger language plpgsql as $$
begin
    perform turn_reach(array(
        select as_reach(m, 1) from now_there m union all select as_reach(m, -1) from was_there m));
    return null;
end $$;

create trigger reach_grows after insert on membership referencing new table as now_there
    for each statement execute function reach_grows();
create trigger reach_shrinks after delete on membership referencing old table as was_there
    for each statement execute function reach_shrinks();
create trigger reach_changes after update on membership referencing new table as now_there old table as was_there
    for each statement execute function reach_changes();

select turn_reach(array(select as_reach(m, 1) from membership m));

-- As in 0011, with the reach that is told: of followers, or where there are none, of members.
create or replace view ear as
select s.id as subscription_id, s.destination_id, s.group_id, g.name as group_name, s.shape, s.cursor, q.seq,
    d.host, d.inbox, coalesce(p.scheme, 'cavage') as scheme, d.next_try, d.last_try,
    d.failures > 0 or d.slow as doubtful,
    s.until_seq is null and d.failures = 0 and not d.slow and d.next_try is null and d.last_error is null
        and d.gone_at is null and d.redirected_at is null and d.stuck_on is null
        and not exists (select from letter l where l.destination_id = d.id
            and l.sent_at is null and l.refused_at is null and l.parked_at is null)
        and not exists (select from parked k where k.destination_id = d.id)
        and not exists (select from refused_early r where r.subscription_id = s.id)
        -- Whatever its group: one condition that only one index serves, so that no plan reads a whole group for a row.
        and not exists (select from subscription other
            where other.destination_id = d.id and other.shape is not null and other.cursor < other.until_seq)
        as plain,
    c.part as reach_part, c.digest::text as reach_digest
from subscription s
cross join lateral (select seq from group_seq where group_id = s.group_id offset 0) q
cross join lateral (select name from "group" where id = s.group_id offset 0) g
cross join lateral (select * from destination where id = s.destination_id offset 0) d
left join lateral (select scheme from peer where host = d.host offset 0) p on true
left join lateral (select case when follower_count > 0 then 'followers' else 'members' end as part,
        case when follower_count > 0 then followers else members end as digest
    from reach where group_id = s.group_id and host = d.host and (follower_count > 0 or member_count > 0) offset 0) c on true
where s.shape is not null and s.cursor < least(q.seq, s.until_seq) and d.parked_at is null and d.paused_at is null;
