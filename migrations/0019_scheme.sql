-- Destinations that are signed for in a way of their own, whatever their host takes elsewhere.

-- null: as `peer.scheme` says, and in the shape of the host. `domain`: signed for our whole domain, in a shape of its own; no
-- look-up of the host changes either.
alter table destination add column scheme text constraint destination_scheme_check check (scheme in ('domain'));

-- `signs`: it signs for its whole domain. How its actors hear, if it has any, that does not say.
alter table peer
    drop constraint peer_evidence_check,
    add constraint peer_evidence_check check (evidence in ('wraps', 'joins', 'signs'));

-- As in 0017, with the destination's own scheme. Who of a host hears a group is counted for its actors, all of them, wherever
-- they hear it: a destination with a scheme of its own is not told.
create or replace view ear as
select s.id as subscription_id, s.destination_id, s.group_id, g.name as group_name, s.shape, s.cursor, q.seq,
    d.host, d.inbox, coalesce(d.scheme, p.scheme, 'cavage') as scheme, d.next_try, d.last_try,
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
    from reach where group_id = s.group_id and host = d.host and d.scheme is null
        and (follower_count > 0 or member_count > 0) offset 0) c on true
where s.shape is not null and s.cursor < least(q.seq, s.until_seq) and d.parked_at is null and d.paused_at is null;
