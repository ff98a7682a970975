//! Which groups' ears are to be looked through, and how far that has come.
//!
//! One rule: a group is looked through from its first subscription to its last whenever its mark changes; one whose mark
//! changes in the middle is looked through once more. What is missed by that is found by looking through all, now and then.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use crate::store::Mark;

/// Looking through everything takes this part of our time at most ...
const PART: u32 = 500;
/// ... and happens this often at most, and at least.
const SELDOM: Duration = Duration::from_secs(600);
const OFTEN: Duration = Duration::from_secs(5);

/// The groups to be looked through, taking turns.
#[derive(Debug)]
pub(super) struct Scans {
    marks: HashMap<i64, Mark>,
    queue: VecDeque<Scan>,
    /// When everything was last begun to be looked through, and how long statements have taken since.
    all_at: Instant,
    took: Duration,
}

/// One group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    pub group: i64,
    /// The subscription that was looked at last.
    pub after: i64,
    /// Its mark has changed since it was begun.
    again: bool,
}

impl Scans {
    pub(super) fn new() -> Self {
        Self {
            marks: HashMap::new(),
            queue: VecDeque::new(),
            all_at: Instant::now(),
            took: Duration::ZERO,
        }
    }

    /// What the marks are now.
    pub(super) fn marked(&mut self, marks: Vec<Mark>) {
        let since = self.all_at.elapsed();
        if self.queue.is_empty() && since >= (self.took * PART).clamp(OFTEN, SELDOM) {
            self.forget();
        }
        for mark in marks {
            if self.marks.insert(mark.group, mark) != Some(mark) {
                self.begin(mark.group);
            }
        }
    }

    /// Everything is to be looked through.
    pub(super) fn forget(&mut self) {
        self.marks.clear();
        self.all_at = Instant::now();
        self.took = Duration::ZERO;
    }

    /// Whose page comes next.
    pub(super) fn next(&mut self) -> Option<Scan> {
        self.queue.pop_front()
    }

    pub(super) fn is_done(&self) -> bool {
        self.queue.is_empty()
    }

    /// A page was looked at, up to this subscription; without one there are no more.
    pub(super) fn looked(&mut self, scan: Scan, upto: Option<i64>, took: Duration) {
        self.took += took;
        // The mark may have changed while the page was being read.
        let again = scan.again || self.take_again(scan.group);
        match upto {
            Some(after) => self.queue.push_back(Scan { after, again, ..scan }),
            None if again => self.begin(scan.group),
            None => {}
        }
    }

    fn begin(&mut self, group: i64) {
        match self.queue.iter_mut().find(|scan| scan.group == group) {
            Some(scan) => scan.again |= scan.after > 0,
            None => self.queue.push_back(Scan {
                group,
                after: 0,
                again: false,
            }),
        }
    }

    fn take_again(&mut self, group: i64) -> bool {
        let Some(at) = self.queue.iter().position(|scan| scan.group == group) else {
            return false;
        };
        self.queue.remove(at).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(group: i64, seq: i64) -> Mark {
        Mark {
            group,
            seq,
            touched: 0,
        }
    }

    fn next(scans: &mut Scans) -> Option<(Scan, i64, i64)> {
        scans.next().map(|scan| (scan, scan.group, scan.after))
    }

    #[tokio::test]
    async fn groups_take_turns_until_each_is_looked_through() {
        let mut scans = Scans::new();
        scans.marked(vec![mark(1, 5), mark(2, 7)]);
        let (one, group, after) = next(&mut scans).unwrap();
        assert_eq!((group, after), (1, 0));
        scans.looked(one, Some(40), Duration::ZERO);
        let (two, group, _) = next(&mut scans).unwrap();
        assert_eq!(group, 2);
        scans.looked(two, None, Duration::ZERO);
        let (one, group, after) = next(&mut scans).unwrap();
        assert_eq!((group, after), (1, 40));
        scans.looked(one, None, Duration::ZERO);
        assert!(scans.is_done());
        scans.marked(vec![mark(1, 5), mark(2, 7)]);
        assert!(scans.is_done(), "nothing has changed");
    }

    #[tokio::test]
    async fn a_group_that_grows_in_the_middle_is_looked_through_once_more() {
        let mut scans = Scans::new();
        scans.marked(vec![mark(1, 5)]);
        let (one, ..) = next(&mut scans).unwrap();
        scans.looked(one, Some(40), Duration::ZERO);
        scans.marked(vec![mark(1, 6)]);
        scans.marked(vec![mark(1, 7)]);
        let (one, _, after) = next(&mut scans).unwrap();
        assert_eq!(after, 40);
        scans.looked(one, None, Duration::ZERO);
        let (one, _, after) = next(&mut scans).unwrap();
        assert_eq!(after, 0);
        // While that page was being read.
        scans.marked(vec![mark(1, 8)]);
        scans.looked(one, None, Duration::ZERO);
        assert_eq!(next(&mut scans).unwrap().2, 0);
        assert!(scans.is_done());
    }

    #[tokio::test]
    async fn a_change_of_subscriptions_counts_as_well() {
        let mut scans = Scans::new();
        scans.marked(vec![mark(1, 5)]);
        let (one, ..) = next(&mut scans).unwrap();
        scans.looked(one, None, Duration::ZERO);
        scans.marked(vec![Mark {
            touched: 1,
            ..mark(1, 5)
        }]);
        assert!(!scans.is_done());
    }

    #[tokio::test(start_paused = true)]
    async fn now_and_then_everything_is_looked_through() {
        let mut scans = Scans::new();
        let all = || vec![mark(1, 5), mark(2, 5)];
        scans.marked(all());
        while let Some(scan) = scans.next() {
            scans.looked(scan, None, Duration::from_millis(10));
        }
        tokio::time::advance(Duration::from_secs(9)).await;
        scans.marked(all());
        assert!(scans.is_done(), "20 ms of statements: not within 10 s");
        tokio::time::advance(Duration::from_secs(2)).await;
        scans.marked(all());
        assert!(!scans.is_done());
    }
}
