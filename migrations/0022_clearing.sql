-- Whoever banned somebody may want all that they wrote in the group gone, too: from then on it is taken out, some posts at a time.
alter table membership add column cleared_until timestamptz;    -- what came up to here is to go; null: nothing is
create index membership_cleared on membership (group_id, actor_id) where cleared_until is not null;
