-- What those who run a group do to posts, and what people answer to questions.

-- Since when a post takes no comments in a group; of a thread: since when nothing in it does. And the id of the Lock that said
-- so: an Undo may name nothing else.
alter table post_group
    add column locked_at timestamptz,
    add column lock_iri  text;
create index post_group_lock on post_group (lock_iri) where lock_iri is not null;
create index post_group_featured on post_group (group_id, featured_at desc) where featured_at is not null;

-- An answer to a Question: one per actor, as every vote.
alter table vote drop constraint vote_kind_check;
alter table vote add constraint vote_kind_check check (kind in ('like', 'dislike', 'share', 'answer'));
