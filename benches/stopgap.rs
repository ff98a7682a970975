//! Until `folkmoot group import` is there.

use sqlx::PgConnection;

pub(crate) async fn import(
    db: &mut PgConnection,
    group: &str,
    rows: &[(String, String, String)],
) -> anyhow::Result<()> {
    let actors: Vec<String> = rows.iter().map(|row| row.0.clone()).collect();
    let inboxes: Vec<String> = rows.iter().map(|row| row.1.clone()).collect();
    let hosts: Vec<String> = rows.iter().map(|row| row.2.clone()).collect();
    let sql = [
        "insert into peer (host, class, class_shape, looked_up_at, shape) select distinct h, 'threadiverse', 'threadiverse', now(), 'threadiverse' from unnest($3::text[]) h where $1::text is not null and $2::text[] is not null and $4::text[] is not null on conflict do nothing",
        "insert into actor (iri, host, kind, username, inbox, shared_inbox, fetched_at) select a, h, 'Person', 'x', i, i, now() from unnest($2::text[], $3::text[], $4::text[]) as t(a, h, i) where $1::text is not null on conflict do nothing",
        "insert into destination (inbox, host) select distinct i, h from unnest($2::text[], $3::text[], $4::text[]) as t(a, h, i) where $1::text is not null on conflict do nothing",
        "insert into membership (group_id, actor_id, follower, member, state, since, destination_id) select g.id, a.id, true, true, 'in', now(), d.id from unnest($2::text[], $3::text[], $4::text[]) as t(a, h, i) join actor a on a.iri = t.a join destination d on d.inbox = t.i cross join \"group\" g where g.name = $1 on conflict do nothing",
        "insert into subscription (group_id, destination_id, shape, from_seq, cursor) select distinct g.id, d.id, 'threadiverse', s.seq, s.seq from unnest($2::text[], $3::text[], $4::text[]) as t(a, h, i) join destination d on d.inbox = t.i cross join \"group\" g join group_seq s on s.group_id = g.id where g.name = $1 on conflict do nothing",
        "update group_seq set touched = touched + 1 where $1::text is not null and $2::text[] is not null and $3::text[] is not null and $4::text[] is not null",
    ];
    for sql in sql {
        sqlx::query(sql)
            .bind(group)
            .bind(&actors)
            .bind(&hosts)
            .bind(&inboxes)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
