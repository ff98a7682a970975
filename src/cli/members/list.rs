//! A list of members as people and programs write it: CSV with the header `actor,inbox,shared_inbox,dialect`.
//!
//! One rule: all of a list is read and checked before anything is done with it, and what is wrong is told by line and
//! column. A further column is a name in [`HEADER`] and a step in [`Reader::member`].

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead};

use serde::Serialize;
use url::Url;

use super::fields::Fields;
use super::lines::{Line, Lines};
use crate::cli::names;
use crate::cli::print::plain;
use crate::dialect::domains::{self, Ear};
use crate::dialect::{Dialect, Here, dialect_named, dialects};
use crate::domain::{Iri, authority_of};
use crate::engine::NewMember;
use crate::net::{Rules, check};

pub(super) const HEADER: [&str; 4] = ["actor", "inbox", "shared_inbox", "dialect"];
/// So many problems are told; all are counted.
const TOLD: usize = 100;

/// The column that something is wrong with, if it is not the whole line; and what.
type Wrong = (Option<&'static str>, String);

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    pub(super) line: u64,
    /// None: it is the whole line.
    pub(super) column: Option<&'static str>,
    pub(super) why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "line {}, column {column}: {}", self.line, self.why),
            None => write!(f, "line {}: {}", self.line, self.why),
        }
    }
}

/// A list that was read.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Whom it names, each once, in its order; with the line.
    pub(super) members: Vec<(u64, NewMember)>,
    /// Lines that name somebody whom an earlier one names.
    pub(super) duplicates: u64,
    /// The first of what is wrong, and how much it is in all.
    pub(super) problems: Vec<Problem>,
    pub(super) bad: u64,
}

/// Why a list cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("{0}")]
    Input(#[from] io::Error),
    #[error("{0}")]
    Header(String),
}

/// What a list is held against.
pub(super) struct Reader<'a> {
    pub(super) here: &'a Here,
    pub(super) rules: &'a Rules,
}

impl List {
    pub(super) fn note(&mut self, problem: Problem) {
        self.bad += 1;
        if self.problems.len() < TOLD {
            self.problems.push(problem);
        }
    }

    /// Of lines that name the same actor the first one counts.
    fn keep_each_once(&mut self) {
        let before = self.members.len();
        self.members
            .sort_by(|(line, one), (other, next)| (&one.actor, line).cmp(&(&next.actor, other)));
        self.members
            .dedup_by(|(_, next), (_, one)| next.actor == one.actor);
        self.members.sort_unstable_by_key(|(line, _)| *line);
        self.duplicates = (before - self.members.len()) as u64;
    }
}

impl Reader<'_> {
    /// Reads a list to its end. `tell` hears now and then how many bytes were read.
    pub(super) fn read(&self, reader: impl BufRead, tell: impl Fn(u64)) -> Result<List, Unreadable> {
        let (mut lines, mut fields) = (Lines::of(reader), Fields::new());
        header(&mut fields, lines.next()?)?;
        let mut list = List::default();
        let mut named: HashMap<String, (Dialect, u64)> = HashMap::new();
        loop {
            let number = lines.number + 1;
            let Some(line) = lines.next()? else { break };
            match self.line(&mut fields, line) {
                Ok(None) => {}
                Ok(Some(member)) => match contradicts(&mut named, number, &member) {
                    None => list.members.push((number, member)),
                    Some(why) => list.note(problem(number, Some("dialect"), why)),
                },
                Err((column, why)) => list.note(problem(number, column, why)),
            }
            if number.is_multiple_of(1_000) {
                tell(lines.read);
            }
        }
        list.keep_each_once();
        Ok(list)
    }

    /// Nobody on a line that is blank.
    fn line(&self, fields: &mut Fields, line: Line<'_>) -> Result<Option<NewMember>, Wrong> {
        let Line::Text(text) = line else {
            return Err((
                None,
                "it is longer than any line with three ids can be".to_owned(),
            ));
        };
        let record = fields.of(text).map_err(|why| (None, why))?;
        let named: Vec<&str> = record.iter().collect();
        match named.as_slice() {
            [] => Ok(None),
            [actor, inbox, shared, dialect] => {
                let member = self.member([actor, inbox, shared, dialect]);
                member.map(Some).map_err(|(column, why)| (Some(column), why))
            }
            other => {
                let why = format!(
                    "it has {} columns, and the header has {}",
                    other.len(),
                    HEADER.len()
                );
                Err((None, why))
            }
        }
    }

    fn member(&self, fields: [&str; 4]) -> Result<NewMember, (&'static str, String)> {
        let [actor, inbox, shared, dialect] = fields;
        let of = |column: usize| move |why: String| (HEADER[column], why);
        let actor = self.actor(actor).map_err(of(0))?;
        let ear = self.ear(&actor, inbox).map_err(of(1))?;
        let heard = ear.as_ref().map_or(inbox, |ear| ear.address());
        let host = self.host_of(if ear.is_some() { heard } else { actor.as_str() });
        let host = host.map_err(of(0))?;
        if host == self.here.authority() {
            return Err((HEADER[0], "this is an actor of this server itself".to_owned()));
        }
        let inbox = self.inbox(heard, &host).map_err(of(1))?;
        let shared_inbox = Some(shared).filter(|shared| !shared.is_empty());
        let shared_inbox = shared_inbox.map(|shared| self.inbox(shared, &host));
        let shared_inbox = shared_inbox.transpose().map_err(of(2))?;
        let dialect = Some(dialect).filter(|dialect| !dialect.is_empty());
        let dialect = dialect.map(named_dialect).transpose().map_err(of(3))?;
        Ok(NewMember {
            actor,
            host,
            inbox,
            shared_inbox,
            dialect,
            ear,
        })
    }

    fn actor(&self, text: &str) -> Result<Iri, String> {
        names::actor(text)?.id(self.here).map_err(|why| why.to_string())
    }

    /// Where somebody on a Versia server hears the group: as one who subscribed, or who follows; without an inbox as the former.
    /// `None`: it is nobody there.
    fn ear(&self, actor: &Iri, inbox: &str) -> Result<Option<Ear>, String> {
        let ears = [true, false].map(|subscribed| domains::ear(actor.as_str(), subscribed, self.here));
        let [Some(subscribed), Some(follows)] = ears else {
            return Ok(None);
        };
        if self.here.domain().is_none() {
            return Err("this is somebody on a Versia server, and Versia is off here".to_owned());
        }
        if inbox.is_empty() || inbox == subscribed.inbox {
            return Ok(Some(subscribed));
        }
        if inbox == follows.inbox {
            return Ok(Some(follows));
        }
        let (subscribed, follows) = (subscribed.inbox, follows.inbox);
        Err(format!(
            "in Versia it is {subscribed} for who subscribed, and {follows} for who follows"
        ))
    }

    fn inbox(&self, text: &str, server: &str) -> Result<Iri, String> {
        if text.is_empty() {
            return Err("there is none".to_owned());
        }
        let inbox = Iri::object(text).map_err(|why| format!("this cannot be an inbox: {why}"))?;
        let host = self.host_of(inbox.as_str())?;
        if host != server {
            return Err(format!(
                "it is on {host}, and the actor on {server}: an actor's inbox is on its own server"
            ));
        }
        Ok(inbox)
    }

    /// The authority of an id. What is never asked for cannot be delivered to either.
    fn host_of(&self, address: &str) -> Result<String, String> {
        let url = Url::parse(address).map_err(|_| "it is not a URL")?;
        check(&url, self.rules).map_err(|why| why.to_string())?;
        Ok(authority_of(&url))
    }
}

fn problem(line: u64, column: Option<&'static str>, why: String) -> Problem {
    Problem { line, column, why }
}

/// A host speaks one dialect: what an earlier line says of it, if that is another one.
fn contradicts(named: &mut HashMap<String, (Dialect, u64)>, line: u64, member: &NewMember) -> Option<String> {
    let dialect = member.dialect?;
    let host = &member.host;
    let Some((before, at)) = named.get(host) else {
        named.insert(host.clone(), (dialect, line));
        return None;
    };
    (*before != dialect).then(|| {
        format!(
            "{host} is {} by line {at}, and a server speaks one dialect",
            before.name
        )
    })
}

fn named_dialect(name: &str) -> Result<Dialect, String> {
    dialect_named(name).ok_or_else(|| {
        let known: Vec<_> = dialects().map(|dialect| dialect.name).collect();
        format!(
            "there is no dialect named '{}'; it is one of {}, or nothing: then it is looked up",
            plain(name),
            known.join(", ")
        )
    })
}

fn header(fields: &mut Fields, line: Option<Line<'_>>) -> Result<(), Unreadable> {
    let must = HEADER.join(",");
    let wrong = |what: &str| Unreadable::Header(format!("{what}; a list begins with the line {must}"));
    let text = match line {
        None => return Err(wrong("it is empty")),
        Some(Line::TooLong) => return Err(wrong("line 1 is longer than any header")),
        Some(Line::Text(text)) => text,
    };
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(wrong("it is text in UTF-16: save it as UTF-8"));
    }
    let record = fields.of(text);
    if record
        .map_err(|why| wrong(&format!("line 1 cannot be read: {why}")))?
        .iter()
        .eq(HEADER)
    {
        return Ok(());
    }
    let shown: String = plain(&String::from_utf8_lossy(text)).chars().take(80).collect();
    Err(wrong(&format!("line 1 is '{shown}'")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Result<List, Unreadable> {
        let here = Here::new(&"https://g.example".parse().expect("a URL"));
        let rules = Rules::strict("tests");
        let reader = Reader {
            here: &here,
            rules: &rules,
        };
        reader.read(text, |_| {})
    }

    fn below_header(lines: &[u8]) -> List {
        let text = [HEADER.join(",").as_bytes(), b"\n", lines].concat();
        read(&text).expect("a list")
    }

    #[test]
    fn of_lines_that_name_one_actor_the_first_counts() {
        let line = |who: &str, inbox: &str| format!("https://a.example/{who},https://a.example/{inbox},,\n");
        let lines = [
            line("b", "1"),
            line("a", "2"),
            line("b", "3"),
            line("c", "4"),
            line("a", "5"),
        ];
        let list = below_header(lines.concat().as_bytes());
        let kept: Vec<_> = list
            .members
            .iter()
            .map(|(at, member)| (*at, member.inbox.as_str()))
            .collect();
        let inbox = |n: u8| format!("https://a.example/{n}");
        assert_eq!(kept, [(2, inbox(1).as_str()), (3, &inbox(2)), (5, &inbox(4))]);
        assert_eq!((list.duplicates, list.bad), (2, 0));
    }

    #[test]
    fn all_that_is_wrong_is_counted_and_the_first_of_it_told() {
        let list = below_header("x\n".repeat(500).as_bytes());
        assert_eq!((list.bad, list.problems.len()), (500, TOLD));
        assert_eq!(list.problems.last().map(|problem| problem.line), Some(101));
    }

    fn any_member() -> impl Strategy<Value = [String; 4]> {
        let word = || "[a-z0-9,\"'=&?]{0,12}";
        let dialect = prop::sample::select(dialects().map(|dialect| dialect.name).collect::<Vec<_>>());
        (
            0u8..200,
            word(),
            word(),
            prop::option::of(word()),
            prop::option::of(dialect),
        )
            .prop_filter_map("canonical", |(host, actor, inbox, shared, dialect)| {
                let of = |path: &str| format!("https://h{host}.example/{path}");
                // One dialect a host: that of the even ones is looked up.
                let dialect = dialect.filter(|_| host % 2 == 1).map(|_| "wall");
                let fields = [
                    of(&actor),
                    of(&inbox),
                    shared.map(|shared| of(&shared)).unwrap_or_default(),
                    dialect.unwrap_or_default().to_owned(),
                ];
                let canonical = |text: &String| text.is_empty() || Iri::object(text).is_ok();
                fields[..3].iter().all(canonical).then_some(fields)
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(members in prop::collection::vec(any_member(), 0..30)) {
            let mut text = csv::Writer::from_writer(Vec::new());
            text.write_record(HEADER).expect("written");
            for fields in &members {
                text.write_record(fields).expect("written");
            }
            let list = read(&text.into_inner().expect("written")).expect("a list");
            prop_assert_eq!(list.bad, 0, "{:?}", list.problems);
            let read: Vec<[String; 4]> = list.members.iter().map(|(_, member)| [
                member.actor.to_string(),
                member.inbox.to_string(),
                member.shared_inbox.as_ref().map(Iri::to_string).unwrap_or_default(),
                member.dialect.map(|dialect| dialect.name).unwrap_or_default().to_owned(),
            ]).collect();
            let mut named = std::collections::HashSet::new();
            let once: Vec<_> = members.into_iter().filter(|fields| named.insert(fields[0].clone())).collect();
            prop_assert_eq!(read, once);
        }

        #[test]
        fn every_line_is_somebody_or_a_problem(lines in "([a-z0-9:/.,\"\r@ ]{0,40}\n){0,20}") {
            let list = below_header(lines.as_bytes());
            let said = lines.lines().filter(|line| !line.trim().is_empty()).count() as u64;
            prop_assert_eq!(list.members.len() as u64 + list.duplicates + list.bad, said);
        }
    }
}
