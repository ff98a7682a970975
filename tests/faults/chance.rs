//! Chance that can be had again.
//!
//! One rule: every choice of a run follows from its seed, which is printed; `FAULTS_SEED` sets it.

use std::time::Duration;

/// Numbers that look random (xorshift64*, Marsaglia and Vigna).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// Each use of a seed has a number of its own.
    pub fn new(seed: u64, of: u64) -> Self {
        let mut chance = Self((seed ^ of.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1);
        for _ in 0..8 {
            chance.next();
        }
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to one less than this.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or_default() % end.max(1)
    }

    pub fn one_in(&mut self, so_many: usize) -> bool {
        self.below(so_many) == 0
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        (!all.is_empty()).then(|| &all[self.below(all.len())])
    }

    /// All of them, in another order (Fisher and Yates).
    pub fn shuffled<'a, T>(&mut self, all: &'a [T]) -> Vec<&'a T> {
        let mut order: Vec<&T> = all.iter().collect();
        for end in (1..order.len()).rev() {
            order.swap(end, self.below(end + 1));
        }
        order
    }

    pub fn millis(&mut self, from: usize, to: usize) -> Duration {
        Duration::from_millis(u64::try_from(from + self.below(to - from + 1)).unwrap_or_default())
    }
}
