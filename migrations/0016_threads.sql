-- Threads that are read at their origins, and actors that are gone.

-- What admins said no to stays out, also when somebody answers it.
create index held_rejected on held (object) where outcome = 'rejected';

-- When what a gone actor had said was taken out of all groups; null while that is still to be done.
alter table actor add column cleared_at timestamptz;
create index actor_to_clear on actor (id) where gone_at is not null and cleared_at is null;
create index post_of_gone on post (author_id) where deleted_at is null;

-- The post that a document which waits brings: what answers that waits behind it.
alter table received add column object text;
create index received_object on received (object) where object is not null;
