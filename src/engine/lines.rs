//! Waiting in memory for a turn, and who takes it together.
//!
//! One rule: an activity waits here before it takes a connection, so a hot group never holds the pool. Of one line, those
//! before you are decided before you or with you; two that depend on each other are never decided together.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::engine::case::Touches;

/// How many are decided in one transaction, and how much text, in bytes, they may bring.
const MOST: usize = 32;
const MOST_TEXT: usize = 1 << 20;

/// Somebody in a line.
pub(super) trait Waits {
    fn touches(&self) -> &Touches;
    /// Whether it must be decided by itself.
    fn company(&self) -> Company;
    /// Bytes of text that it brings.
    fn text(&self) -> usize;
    /// Nobody waits for the answer any more.
    fn has_left(&self) -> bool;
}

/// How somebody is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    Together,
    Alone,
}

/// All lines. One in which nobody stands takes no room.
pub(super) struct Lines<T> {
    lines: HashMap<String, Line<T>>,
    /// Lines in which somebody waits and nobody is being decided, by who is first in them; the longest waiting first.
    together: VecDeque<String>,
    alone: VecDeque<String>,
}

struct Line<T> {
    waiting: VecDeque<T>,
}

/// Who is decided in one go, and the lines that they stood in: those wait until [`Lines::done`].
pub(super) struct Batch<T> {
    pub(super) cases: Vec<T>,
    pub(super) lines: Vec<String>,
    pub(super) company: Company,
}

impl<T: Waits> Lines<T> {
    pub(super) fn new() -> Self {
        Self {
            lines: HashMap::new(),
            together: VecDeque::new(),
            alone: VecDeque::new(),
        }
    }

    /// Joins the end of a line.
    pub(super) fn join(&mut self, line: &str, who: T) {
        if let Some(line) = self.lines.get_mut(line) {
            line.waiting.push_back(who);
            return;
        }
        let first = Line {
            waiting: VecDeque::from([who]),
        };
        self.lines.insert(line.to_owned(), first);
        self.is_ready(line.to_owned());
    }

    /// Stands first again, in a line of the batch that it was in.
    pub(super) fn put_back(&mut self, line: &str, who: T) {
        if let Some(line) = self.lines.get_mut(line) {
            line.waiting.push_front(who);
        }
    }

    /// They are decided: those behind them come next.
    pub(super) fn done(&mut self, lines: Vec<String>) {
        for name in lines {
            self.is_ready(name);
        }
    }

    /// A line goes on, or ends.
    fn is_ready(&mut self, name: String) {
        let Some(line) = self.lines.get_mut(&name) else {
            return;
        };
        match line.first().map(Waits::company) {
            Some(Company::Together) => self.together.push_back(name),
            Some(Company::Alone) => self.alone.push_back(name),
            None => {
                self.lines.remove(&name);
            }
        }
    }

    /// Who is next, of those who are decided so.
    pub(super) fn take(&mut self, company: Company) -> Option<Batch<T>> {
        match company {
            Company::Together => self.take_together(),
            Company::Alone => self.take_alone(),
        }
    }

    /// As many from the longest waiting line as go together, then from the others.
    fn take_together(&mut self) -> Option<Batch<T>> {
        let mut batch = Batch {
            cases: vec![],
            lines: vec![],
            company: Company::Together,
        };
        let mut together = Together::default();
        let mut passed_over = VecDeque::new();
        while !together.is_full()
            && let Some(name) = self.together.pop_front()
        {
            let Some(line) = self.lines.get_mut(&name) else {
                continue;
            };
            let before = batch.cases.len();
            line.let_go(&mut together, &mut batch.cases);
            if batch.cases.len() > before {
                batch.lines.push(name);
            } else if line
                .first()
                .is_some_and(|first| first.company() == Company::Together)
            {
                passed_over.push_back(name);
            } else {
                self.is_ready(name);
            }
        }
        passed_over.append(&mut self.together);
        self.together = passed_over;
        (!batch.cases.is_empty()).then_some(batch)
    }

    fn take_alone(&mut self) -> Option<Batch<T>> {
        loop {
            let name = self.alone.pop_front()?;
            let Some(line) = self.lines.get_mut(&name) else {
                continue;
            };
            if line
                .first()
                .is_some_and(|first| first.company() == Company::Alone)
            {
                return Some(Batch {
                    cases: line.waiting.pop_front().into_iter().collect(),
                    lines: vec![name],
                    company: Company::Alone,
                });
            }
            self.is_ready(name);
        }
    }
}

impl<T: Waits> Line<T> {
    /// The first who has not left.
    fn first(&mut self) -> Option<&T> {
        while self.waiting.front().is_some_and(Waits::has_left) {
            self.waiting.pop_front();
        }
        self.waiting.front()
    }

    /// Lets those go who may be decided together with the batch so far.
    fn let_go(&mut self, together: &mut Together, batch: &mut Vec<T>) {
        while self.first().is_some_and(|first| together.admits(first))
            && let Some(first) = self.waiting.pop_front()
        {
            together.add(&first);
            batch.push(first);
        }
    }
}

/// What a batch touches so far.
#[derive(Default)]
struct Together {
    count: usize,
    text: usize,
    exclusive: HashSet<i64>,
    shared: HashSet<i64>,
}

impl Together {
    fn is_full(&self) -> bool {
        self.count >= MOST || self.text >= MOST_TEXT
    }

    fn admits(&self, who: &impl Waits) -> bool {
        let Touches { exclusive, shared } = who.touches();
        let fits = self.count == 0 || (!self.is_full() && self.text + who.text() <= MOST_TEXT);
        fits && who.company() == Company::Together
            && exclusive
                .iter()
                .all(|key| !self.exclusive.contains(key) && !self.shared.contains(key))
            && shared.iter().all(|key| !self.exclusive.contains(key))
    }

    fn add(&mut self, who: &impl Waits) {
        self.count += 1;
        self.text += who.text();
        self.exclusive.extend(&who.touches().exclusive);
        self.shared.extend(&who.touches().shared);
    }
}

#[cfg(test)]
mod tests;
