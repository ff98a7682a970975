-- What a lane must know to begin: each subscription that the log has gone past.
--
-- `plain`: nothing but public entries in their order stands between its cursor and the end of the log: it is open, no
-- letter goes first, nothing is parked or refused early, no older shape is to drain, and the destination is well. Such
-- a lane needs no look at the tables between two requests; every other one is looked at for each item.
create view ear as
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
join group_seq q on q.group_id = s.group_id
join "group" g on g.id = s.group_id
join destination d on d.id = s.destination_id
left join peer p on p.host = d.host
where s.shape is not null and s.cursor < least(q.seq, s.until_seq) and d.parked_at is null and d.paused_at is null;
