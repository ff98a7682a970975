-- As in 0006, with each lookup by itself, in the order in which it is written (`offset 0`): a plan that is made without
-- statistics, or while the tables are small, read all destinations for every row of a page.
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
        as plain
from subscription s
cross join lateral (select seq from group_seq where group_id = s.group_id offset 0) q
cross join lateral (select name from "group" where id = s.group_id offset 0) g
cross join lateral (select * from destination where id = s.destination_id offset 0) d
left join lateral (select scheme from peer where host = d.host offset 0) p on true
where s.shape is not null and s.cursor < least(q.seq, s.until_seq) and d.parked_at is null and d.paused_at is null;
