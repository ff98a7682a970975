-- What some shapes need to know of a post.

-- The collection of ours that its author put it into, as they wrote it (FEP-400e): a wall takes what says that it belongs there.
alter table post add column target text;
create index post_target on post (target) where target is not null;

-- The entry that told a thread's id alone, right before the one that announced it: for those who need both.
alter table post_group add column named_id uuid references activity;
