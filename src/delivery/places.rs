//! How many lanes may be under way, and whose.
//!
//! One rule: whoever hangs takes places from nobody who answers. A lane that has waited for long keeps its request and
//! gives its place away; those who hung or failed last time have places of their own; and one domain has only so many,
//! however many hosts it has (CVE-2022-46405). A new kind of lane is a [`Class`].

use std::collections::{HashMap, HashSet, VecDeque};

use crate::delivery::Settings;

/// What a lane's place is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Prompt,
    /// Its last try failed or was slow.
    Doubtful,
    /// It has been waiting for an answer for long.
    Slow,
}

/// The places, and who waits for one.
#[derive(Debug)]
pub(super) struct Places {
    prompt: usize,
    doubtful: usize,
    all: usize,
    of_domain: HashMap<String, usize>,
    most: Settings,
    waiting: Waiting,
}

/// Lanes for which there was no place: each once.
#[derive(Debug, Default)]
struct Waiting {
    lanes: HashSet<i64>,
    no_place: VecDeque<i64>,
    of_domain: HashMap<String, VecDeque<i64>>,
}

impl Places {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            prompt: 0,
            doubtful: 0,
            all: 0,
            of_domain: HashMap::new(),
            most: settings.clone(),
            waiting: Waiting::default(),
        }
    }

    /// Places that are free for a class.
    pub(super) fn free(&self, class: Class) -> usize {
        let free = match class {
            Class::Prompt => self.most.lanes.saturating_sub(self.prompt),
            Class::Doubtful => self.most.doubtful_lanes.saturating_sub(self.doubtful),
            Class::Slow => usize::MAX,
        };
        free.min(self.most.under_way.saturating_sub(self.all))
    }

    /// Takes a place for a lane; where there is none, the lane waits here until somebody like it leaves.
    pub(super) fn take(&mut self, lane: i64, class: Class, domain: &str) -> bool {
        let of_domain = self.of_domain.get(domain).copied().unwrap_or(0);
        if of_domain >= self.most.of_one_domain {
            self.wait(lane, Some(domain));
            return false;
        }
        if self.free(class) == 0 {
            self.wait(lane, None);
            return false;
        }
        self.all += 1;
        *self.count(class) += 1;
        *self.of_domain.entry(domain.to_owned()).or_insert(0) += 1;
        true
    }

    /// A lane's place goes to others; its request goes on.
    pub(super) fn slow_down(&mut self, class: Class) {
        let count = self.count(class);
        *count = count.saturating_sub(1);
    }

    /// A lane has ended. Gives those who may have its place.
    pub(super) fn leave(&mut self, class: Class, domain: &str) -> Vec<i64> {
        self.all = self.all.saturating_sub(1);
        if class != Class::Slow {
            self.slow_down(class);
        }
        if let Some(count) = self.of_domain.get_mut(domain) {
            *count -= 1;
            if *count == 0 {
                self.of_domain.remove(domain);
            }
        }
        let mut next = vec![];
        if let Some(others) = self.waiting.of_domain.get_mut(domain) {
            next.extend(others.pop_front());
            if others.is_empty() {
                self.waiting.of_domain.remove(domain);
            }
        }
        if self.free(Class::Doubtful) > 0 {
            next.extend(self.waiting.no_place.pop_front());
        }
        for lane in &next {
            self.waiting.lanes.remove(lane);
        }
        next
    }

    /// Those who wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = i64> {
        self.waiting.lanes.iter().copied()
    }

    /// One of each domain of which some wait although there is a place: whoever was called last had nothing left to send,
    /// and so called nobody.
    pub(super) fn stranded(&mut self) -> Vec<i64> {
        let (of_domain, most) = (&self.of_domain, self.most.of_one_domain);
        let has_place = |domain: &String| of_domain.get(domain).copied().unwrap_or(0) < most;
        let mut next = vec![];
        self.waiting.of_domain.retain(|domain, lanes| {
            if has_place(domain) {
                next.extend(lanes.pop_front());
            }
            !lanes.is_empty()
        });
        if self.free(Class::Doubtful) > 0 && self.free(Class::Prompt) > 0 {
            next.extend(self.waiting.no_place.pop_front());
        }
        for lane in &next {
            self.waiting.lanes.remove(lane);
        }
        next
    }

    /// Nobody waits any more: all are looked for anew.
    pub(super) fn forget(&mut self) {
        self.waiting = Waiting::default();
    }

    fn wait(&mut self, lane: i64, domain: Option<&str>) {
        if !self.waiting.lanes.insert(lane) {
            return;
        }
        match domain {
            Some(domain) => self.waiting.of_domain.entry(domain.to_owned()).or_default(),
            None => &mut self.waiting.no_place,
        }
        .push_back(lane);
    }

    fn count(&mut self, class: Class) -> &mut usize {
        match class {
            Class::Prompt | Class::Slow => &mut self.prompt,
            Class::Doubtful => &mut self.doubtful,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places::new(&Settings {
            lanes: 3,
            doubtful_lanes: 1,
            under_way: 5,
            of_one_domain: 2,
            ..Settings::default()
        })
    }

    #[test]
    fn whoever_waits_for_long_gives_its_place_to_others() {
        let mut places = places();
        for (lane, domain) in [(1, "a"), (2, "b"), (3, "c")] {
            assert!(places.take(lane, Class::Prompt, domain));
        }
        assert!(!places.take(4, Class::Prompt, "d"));
        places.slow_down(Class::Prompt);
        assert!(places.take(5, Class::Prompt, "e"));
        assert_eq!(places.free(Class::Prompt), 0);
        places.slow_down(Class::Prompt);
        assert!(places.take(6, Class::Prompt, "f"));
        places.slow_down(Class::Prompt);
        assert_eq!(
            places.free(Class::Prompt),
            0,
            "requests under way are bounded in all"
        );
    }

    #[test]
    fn one_domain_cannot_take_all_places() {
        let mut places = places();
        assert!(places.take(1, Class::Prompt, "a"));
        assert!(places.take(2, Class::Prompt, "a"));
        assert!(!places.take(3, Class::Prompt, "a"));
        assert!(!places.take(3, Class::Prompt, "a"), "it waits once");
        assert!(!places.take(4, Class::Prompt, "a"));
        assert!(places.take(5, Class::Prompt, "b"));
        assert_eq!(places.leave(Class::Prompt, "b"), [] as [i64; 0]);
        places.slow_down(Class::Prompt);
        assert_eq!(places.leave(Class::Slow, "a"), [3]);
        assert_eq!(places.leave(Class::Prompt, "a"), [4]);
        assert_eq!((places.all, places.prompt, places.of_domain.len()), (0, 0, 0));
    }

    #[test]
    fn the_doubtful_wait_for_each_other_only() {
        let mut places = places();
        assert!(places.take(1, Class::Doubtful, "a"));
        assert!(!places.take(2, Class::Doubtful, "b"));
        assert!(places.take(3, Class::Prompt, "c"));
        assert_eq!(places.leave(Class::Doubtful, "a"), [2]);
    }
}
