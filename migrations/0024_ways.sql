-- Two ways into a group that are two relations, and what has been told in the other protocol.

-- Of one who subscribed and follows, too (who speaks Versia can): the Follow, and where it is answered by what the group says.
-- `request` and `destination_id` are the other way's then; whoever came in one way only has no more than these. It ends with
-- `follower`.
alter table membership
    add column follow_request        text,
    add column follow_destination_id bigint references destination,
    add constraint membership_follow_check check (follow_request is not null or follow_destination_id is null);
create index membership_follow_destination on membership (follow_destination_id, group_id)
    where follow_destination_id is not null;

-- Whether the group has told of the post in the protocol that it did not come from: then that is where its end is told, whatever
-- the bridge and its author say by then.
alter table post_group add column crossed boolean not null default false;
update post_group pg set crossed = true
from post p
where p.id = pg.post_id and p.public
  and exists (select from bridges(pg.group_id)) and exists (select from may_be_mirrored(p.author_id));

-- Whether something that was done to a post (`kind` is the log's word) may be told in the protocol that it did not come from: a
-- row, or none. `doer` is whoever did it; `crossed` is of the post in that group.
create function crosses(kind text, of_group bigint, doer bigint, author bigint, crossed boolean) returns table (yes boolean)
language sql stable parallel safe as $$
    select true where case
        when kind in ('deleted', 'removed', 'unnamed', 'unhosted') then crossed
        else exists (select from bridges(of_group)) and exists (select from may_be_mirrored(author))
            -- Whoever runs the group says what becomes of a post for the group.
            and (kind not in ('posted', 'edited', 'named', 'voted', 'unvoted', 'answered')
                 or exists (select from may_be_mirrored(doer)))
        end
$$;

-- Whether the members of a group are shown to somebody: a row, or none. To the server of a member as to them. The one place that
-- says so.
create function shows_members(of_group bigint, viewer bigint, viewer_host text) returns table (yes boolean)
language sql stable parallel safe as $$
    select true from "group" g
    where g.id = of_group and (
        g.members_list = 'public'
            and (g.visibility = 'public' or exists (select from inside(g.id, viewer, viewer_host)))
        or g.members_list = 'members'
            and exists (select from membership m join actor a on a.id = m.actor_id
                        where m.group_id = g.id and m.member and (a.id = viewer or a.host = viewer_host))
        or g.owner_id = viewer
        or exists (select from membership m
                   where m.group_id = g.id and m.actor_id = viewer and m.role in ('admin', 'owner') and m.state <> 'banned'))
$$;

-- Whoever is known by what is signed for their whole domain: to everybody else they, and what they write, are shown by mirrors here.
alter table actor add column by_domain boolean not null default false;
update actor set by_domain = true where inbox = 'https://' || host || '/.versia/v0.6/inbox';
create index actor_by_domain on actor (id) where by_domain;

-- Whether somebody is on the lists that a group shows to those who do not sign by their domain: a row, or none.
create function is_listed(of_group bigint, who bigint) returns table (yes boolean)
language sql stable parallel safe as $$
    select true from actor a join "group" g on g.id = of_group
    where a.id = who
      and (not a.by_domain
           or exists (select from may_be_mirrored(a.id))
              and (g.visibility = 'private' or exists (select from bridges(g.id))))
$$;

-- As in 0012; and what is shown by a mirror is not, once its author's domain is blocked.
create or replace function readable(of_group bigint, author bigint, is_public boolean, viewer bigint, viewer_host text)
returns table (yes boolean)
language sql stable parallel safe as $$
    select true
    where ((is_public and exists (select from "group" g where g.id = of_group and g.visibility = 'public'))
           or author = viewer
           or exists (select from inside(of_group, viewer, viewer_host)))
      and not exists (select from actor a
                      where a.id = author and a.by_domain
                        and exists (select from peer b
                                    where b.host = any(host_and_parents(a.host)) and b.blocked_at is not null))
$$;
