//! Waiting in memory for a turn, and who takes it together.
//!
//! One rule: an activity waits here before it takes a connection, so a hot group never holds the pool. Of one line, those
//! before you are decided before you or with you; two that depend on each other are never decided together.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::engine::case::Touches;

/// How many are decided in one transaction, and how much text, in bytes, they may bring.
pub(super) const MOST: usize = 32;
const MOST_TEXT: usize = 1 << 20;

/// Somebody in a line.
pub(super) trait Waits {
    fn touches(&self) -> &Touches;
    /// It must be decided by itself.
    fn alone(&self) -> bool;
    /// Bytes of text that it brings.
    fn text(&self) -> usize;
    /// Nobody waits for the answer any more.
    fn has_left(&self) -> bool;
}

/// All lines. One in which nobody stands takes no room.
pub(super) struct Lines<T> {
    lines: HashMap<String, Line<T>>,
    /// Lines in which somebody waits and nobody is being decided; the longest waiting first.
    ready: VecDeque<String>,
}

struct Line<T> {
    waiting: VecDeque<T>,
    /// Some of it are being decided now.
    busy: bool,
}

/// Who is decided together, and the lines that they stood in: those wait until [`Lines::done`].
pub(super) struct Batch<T> {
    pub(super) cases: Vec<T>,
    pub(super) lines: Vec<String>,
}

impl<T: Waits> Lines<T> {
    pub(super) fn new() -> Self {
        Self {
            lines: HashMap::new(),
            ready: VecDeque::new(),
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
            busy: false,
        };
        self.lines.insert(line.to_owned(), first);
        self.ready.push_back(line.to_owned());
    }

    /// Who is next: as many from the longest waiting line as go together, then from the others; none, if nobody waits.
    pub(super) fn take(&mut self) -> Option<Batch<T>> {
        let mut batch = Batch {
            cases: vec![],
            lines: vec![],
        };
        let mut together = Together::default();
        let mut passed_over = VecDeque::new();
        while let Some(name) = self.ready.pop_front() {
            let before = batch.cases.len();
            let Some(line) = self.lines.get_mut(&name) else {
                continue;
            };
            line.go_on(&mut together, &mut batch.cases);
            if batch.cases.len() > before {
                line.busy = true;
                batch.lines.push(name);
            } else if line.waiting.is_empty() {
                self.lines.remove(&name);
            } else {
                passed_over.push_back(name);
            }
            if together.is_full() {
                break;
            }
        }
        passed_over.append(&mut self.ready);
        self.ready = passed_over;
        (!batch.cases.is_empty()).then_some(batch)
    }

    /// They are decided: those behind them come next.
    pub(super) fn done(&mut self, lines: &[String]) {
        for name in lines {
            let Some(line) = self.lines.get_mut(name) else {
                continue;
            };
            line.busy = false;
            if line.waiting.is_empty() {
                self.lines.remove(name);
            } else {
                self.ready.push_back(name.clone());
            }
        }
    }
}

impl<T: Waits> Line<T> {
    /// Lets those go who may be decided together with the batch so far.
    fn go_on(&mut self, together: &mut Together, batch: &mut Vec<T>) {
        while let Some(next) = self.waiting.front() {
            if !next.has_left() && !together.admits(next) {
                return;
            }
            if let Some(next) = self.waiting.pop_front()
                && !next.has_left()
            {
                together.add(&next);
                batch.push(next);
            }
        }
    }
}

/// What a batch touches so far.
#[derive(Default)]
struct Together {
    count: usize,
    text: usize,
    alone: bool,
    exclusive: HashSet<i64>,
    shared: HashSet<i64>,
}

impl Together {
    fn is_full(&self) -> bool {
        self.alone || self.count >= MOST || self.text >= MOST_TEXT
    }

    fn admits(&self, who: &impl Waits) -> bool {
        if self.count == 0 {
            return true;
        }
        let Touches { exclusive, shared } = who.touches();
        !self.is_full()
            && !who.alone()
            && self.text + who.text() <= MOST_TEXT
            && exclusive
                .iter()
                .all(|key| !self.exclusive.contains(key) && !self.shared.contains(key))
            && shared.iter().all(|key| !self.exclusive.contains(key))
    }

    fn add(&mut self, who: &impl Waits) {
        self.count += 1;
        self.text += who.text();
        self.alone |= who.alone();
        self.exclusive.extend(&who.touches().exclusive);
        self.shared.extend(&who.touches().shared);
    }
}

#[cfg(test)]
mod tests;
