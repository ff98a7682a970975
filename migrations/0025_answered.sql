-- What a post answers in a group, if that is shown in the other protocol, too: the one place that says so. `there` is how the ids of
-- what came from that protocol begin.
create function answered(of_post uuid, of_group bigint, there text) returns table (id uuid, iri text)
language sql stable parallel safe as $$
    select f.id, f.iri
    from post p
    join post f on f.id = p.parent_id
    join post_group fg on fg.post_id = f.id and fg.group_id = of_group and fg.removed_at is null
    where p.id = of_post and f.deleted_at is null and f.public
      and (starts_with(f.iri, there) or exists (select from may_be_mirrored(f.author_id)))
$$;
