//! The schema is brought up to date, and the server is killed in the middle of it.
//!
//! One rule: every command that changes the schema is a step; whichever it was killed at, the next start ends where an
//! undisturbed one does, with whatever was there before.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use crate::counts::Counts;
use crate::run::Run;
use crate::support::database::Database;
use crate::support::peer::LIMIT;
use crate::support::process::Program;

/// An empty database that counts the steps, and sleeps at one of them.
const STALLING: &str = "
    create schema faults;
    create sequence faults.step;
    create table faults.stall (at bigint not null);
    insert into faults.stall values (0);
    create function faults.count() returns event_trigger language plpgsql as $$
    begin
        if nextval('faults.step') = (select at from faults.stall) then perform pg_sleep(0.5); end if;
    end $$;
    create event trigger faults on ddl_command_start execute function faults.count()";

/// Somebody's data, as the first released schema holds it.
const DATA: &str = r#"
    insert into actor (iri, host, kind, inbox, fetched_at)
        values ('https://a.example/u/ann', 'a.example', 'Person', 'https://a.example/inbox', now());
    insert into "group" (name, title, owner_id, created_at, updated_at)
        select 'old', 'Old', id, now(), now() from actor;
    insert into group_seq (group_id, seq) select id, 1 from "group";
    insert into activity (id, group_id, iri, kind, actor_id, raw, accepted_at)
        select '00000000-0000-7000-8000-000000000001', g.id, 'https://a.example/1', 'posted', a.id, '{}', now()
        from "group" g, actor a;
    insert into entry (group_id, seq, activity_id, at)
        select g.id, 1, a.id, now() from "group" g, activity a;
    insert into entry_shape (group_id, seq, shape, head) select id, 1, 'microblog', '{}' from "group";
    insert into destination (inbox, host) values ('https://b.example/inbox', 'b.example');
    insert into subscription (group_id, destination_id, shape, from_seq, cursor)
        select g.id, d.id, 'microblog', 0, 1 from "group" g, destination d"#;
const DATA_IS_THERE: &str = r#"
    select count(*) from "group" g join group_seq q on q.group_id = g.id join entry e on e.group_id = g.id
    join entry_shape x on x.group_id = g.id and x.seq = e.seq join activity a on a.id = e.activity_id
    join subscription s on s.group_id = g.id join destination d on d.id = s.destination_id
    where g.name = 'old' and q.seq = 1 and s.cursor = 1 and d.host = 'b.example' and a.raw = '{}'"#;
/// The migrations of the first release.
const RELEASED: i64 = 4;
const APPLIED: &str = "select count(*) from _sqlx_migrations where success";

/// Everything that a schema consists of, as text.
const SCHEMA: &str = "
    select string_agg(line, e'\\n' order by line) from (
        select concat_ws(' ', c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid)) as line
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace
        union all select pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = 'public'::regnamespace
        union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace
        union all select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace
        union all select viewname || ' ' || definition from pg_views where schemaname = 'public') all_of_it";

/// kill -9 at each step, or in a short run at every so many.
pub async fn a_migration_that_was_cut_short_is_completed(run: Run) -> Counts {
    let template = template().await;
    let (whole, steps) = undisturbed(&template).await;
    let chosen: Vec<i64> = every(steps, if run.is_whole() { 1 } else { 8 });
    let mut counts = Counts {
        cycles: chosen.len(),
        ..Counts::default()
    };
    let mut progress = run.progress("steps", chosen.len());
    for step in &chosen {
        if let Err(why) = cut_short(&template, *step, &whole).await {
            counts
                .wrong
                .push(format!("killed at step {step} of {steps}: {why}"));
        }
        progress.step();
    }
    counts.note(&format!("{steps} steps, killed at {}", chosen.len()));
    counts
}

/// Every so many of them, the first and the last ones included.
fn every(steps: i64, so_many: usize) -> Vec<i64> {
    let mut chosen: Vec<i64> = (1..=steps).step_by(so_many).collect();
    if chosen.last() != Some(&steps) {
        chosen.push(steps);
    }
    chosen
}

async fn template() -> Database {
    let any = Database::create().await;
    create(&any, "stalling", "template0").await;
    let template = Database {
        name: "stalling".to_owned(),
    };
    let mut look = template.connect().await;
    sqlx::raw_sql(STALLING).execute(&mut look).await.unwrap();
    look.close().await.unwrap();
    template
}

async fn create(through: &Database, name: &str, template: &str) -> Database {
    let statement = sqlx::AssertSqlSafe(format!("create database {name} template {template}"));
    let mut connection = through.connect().await;
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    Database {
        name: name.to_owned(),
    }
}

/// The schema in the end, and how many steps it took.
async fn undisturbed(template: &Database) -> (String, i64) {
    let any = Database::create().await;
    let database = create(&any, "undisturbed", &template.name).await;
    let program = Program::on(Some(database.clone()));
    program.serve().await.stop().await;
    let mut look = database.connect().await;
    let steps = one(&mut look, "select last_value from faults.step").await;
    (text(&mut look, SCHEMA).await, steps)
}

/// Kills the server at this step, starts it again, and says what is not as it should be.
async fn cut_short(template: &Database, step: i64, whole: &str) -> Result<(), String> {
    let any = Database::create().await;
    let database = create(&any, &format!("stalls_{step}"), &template.name).await;
    let mut look = database.connect().await;
    sqlx::query("update faults.stall set at = $1")
        .bind(step)
        .execute(&mut look)
        .await
        .unwrap();
    let program = Program::on(Some(database.clone()));
    let serving = program.start(&["serve"]);
    let stalled =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    becomes(&mut look, stalled, 1).await;
    serving.kill().await;
    becomes(&mut look, stalled, 0).await;
    let is_old = step > 1 && one(&mut look, APPLIED).await == RELEASED;
    if is_old {
        sqlx::raw_sql(DATA).execute(&mut look).await.unwrap();
    }
    let serving = program.serve().await;
    let (applied, schema) = (one(&mut look, APPLIED).await, text(&mut look, SCHEMA).await);
    let kept = !is_old || one(&mut look, DATA_IS_THERE).await == 1;
    serving.stop().await;
    let all = i64::try_from(folkmoot::store::migrations()).unwrap();
    match () {
        () if applied != all => Err(format!("{applied} of {all} migrations are there")),
        () if schema != whole => Err("the schema is another one".to_owned()),
        () if !kept => Err("what was there before is gone".to_owned()),
        () => Ok(()),
    }
}

async fn one(look: &mut PgConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(look).await.unwrap()
}

async fn text(look: &mut PgConnection, query: &'static str) -> String {
    sqlx::query_scalar(query).fetch_one(look).await.unwrap()
}

async fn becomes(look: &mut PgConnection, query: &'static str, number: i64) {
    let waiting = async {
        while one(look, query).await != number {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(LIMIT, waiting).await.is_ok(), "not {number}: {query}");
}
