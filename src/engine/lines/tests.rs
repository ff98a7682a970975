use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Somebody in a line, with a number by which they are known again.
#[derive(Clone, Debug)]
struct Who {
    number: usize,
    touches: Touches,
    company: Company,
    text: usize,
    has_left: bool,
}

impl Waits for Who {
    fn touches(&self) -> &Touches {
        &self.touches
    }

    fn company(&self) -> Company {
        self.company
    }

    fn text(&self) -> usize {
        self.text
    }

    fn has_left(&self) -> bool {
        self.has_left
    }
}

fn who(number: usize, exclusive: &[i64], shared: &[i64]) -> Who {
    Who {
        number,
        touches: Touches {
            exclusive: exclusive.to_vec(),
            shared: shared.to_vec(),
        },
        company: Company::Together,
        text: 1_000,
        has_left: false,
    }
}

/// A key of somebody's own.
fn key(number: usize) -> i64 {
    i64::try_from(number).expect("a small number")
}

fn alone(number: usize) -> Who {
    Who {
        company: Company::Alone,
        ..who(number, &[], &[])
    }
}

fn numbers(batch: &Batch<Who>) -> Vec<usize> {
    batch.cases.iter().map(|who| who.number).collect()
}

/// Takes everything, one batch after the other.
fn all(lines: &mut Lines<Who>) -> Vec<Vec<usize>> {
    let mut taken = vec![];
    while let Some(batch) = lines
        .take(Company::Together)
        .or_else(|| lines.take(Company::Alone))
    {
        taken.push(numbers(&batch));
        lines.done(batch.lines);
    }
    assert!(
        lines.lines.is_empty(),
        "a line in which nobody stands takes no room"
    );
    taken
}

#[test]
fn a_line_goes_together_as_far_as_nobody_depends_on_another() {
    let mut lines = Lines::new();
    // Two votes on one post, its deletion, and a vote on another post.
    for next in [
        who(0, &[10], &[1]),
        who(1, &[11], &[1]),
        who(2, &[1], &[]),
        who(3, &[12], &[2]),
    ] {
        lines.join("garden", next);
    }
    assert_eq!(all(&mut lines), [vec![0, 1], vec![2, 3]]);
}

#[test]
fn of_one_line_nobody_overtakes() {
    let mut lines = Lines::new();
    // The third would go with the first, but stands behind the second.
    for next in [who(0, &[1], &[]), who(1, &[1], &[]), who(2, &[2], &[])] {
        lines.join("garden", next);
    }
    assert_eq!(all(&mut lines), [vec![0], vec![1, 2]]);
}

#[test]
fn a_line_waits_while_some_of_it_are_decided() {
    let mut lines = Lines::new();
    lines.join("garden", who(0, &[1], &[]));
    let batch = lines.take(Company::Together).expect("somebody");
    lines.join("garden", who(1, &[2], &[]));
    assert!(lines.take(Company::Together).is_none());
    lines.done(batch.lines);
    assert_eq!(all(&mut lines), [vec![1]]);
}

#[test]
fn several_lines_share_a_batch_and_the_longest_waiting_comes_first() {
    let mut lines = Lines::new();
    for number in 0..40 {
        lines.join("hot", who(number, &[100 + key(number)], &[]));
    }
    lines.join("garden", who(40, &[1], &[]));
    let first = lines.take(Company::Together).expect("somebody");
    assert_eq!(numbers(&first), (0..32).collect::<Vec<_>>());
    let second = lines.take(Company::Together).expect("somebody");
    assert_eq!(numbers(&second), [40]);
    lines.done(first.lines);
    lines.done(second.lines);
    lines.join("garden", who(41, &[1], &[]));
    let third = lines.take(Company::Together).expect("somebody");
    assert_eq!(numbers(&third), [32, 33, 34, 35, 36, 37, 38, 39, 41]);
}

#[test]
fn whoever_is_decided_alone_is_first_of_its_line_then() {
    let mut lines = Lines::new();
    for next in [who(0, &[1], &[]), alone(1), alone(2), who(3, &[1], &[])] {
        lines.join("garden", next);
    }
    lines.join("wood", alone(4));
    let first = lines.take(Company::Together).expect("somebody");
    assert_eq!(numbers(&first), [0]);
    let elsewhere = lines.take(Company::Alone).expect("somebody");
    assert_eq!(numbers(&elsewhere), [4]);
    lines.done(first.lines);
    lines.done(elsewhere.lines);
    assert_eq!(all(&mut lines), [vec![1], vec![2], vec![3]]);
}

#[test]
fn whoever_is_put_back_comes_first_and_by_itself() {
    let mut lines = Lines::new();
    for number in 0..4 {
        lines.join("garden", who(number, &[key(number)], &[]));
    }
    let mut batch = lines.take(Company::Together).expect("somebody");
    lines.join("garden", who(4, &[4], &[]));
    for mut back in batch.cases.drain(1..3).rev() {
        back.company = Company::Alone;
        lines.put_back("garden", back);
    }
    lines.done(batch.lines);
    assert_eq!(all(&mut lines), [vec![1], vec![2], vec![4]]);
}

#[test]
fn nobody_is_decided_who_has_left() {
    let mut lines = Lines::new();
    let left = |mut who: Who| {
        who.has_left = true;
        who
    };
    for next in [
        left(who(0, &[1], &[])),
        alone(1),
        left(alone(2)),
        who(3, &[1], &[]),
        left(alone(4)),
    ] {
        lines.join("garden", next);
    }
    assert_eq!(all(&mut lines), [vec![1], vec![3]]);
}

#[test]
fn much_text_is_split_but_never_refused() {
    let mut lines = Lines::new();
    for number in 0..4 {
        let long = Who {
            text: MOST_TEXT / 2,
            ..who(number, &[key(number)], &[])
        };
        lines.join("garden", long);
    }
    let huge = Who {
        text: MOST_TEXT * 2,
        ..who(4, &[4], &[])
    };
    lines.join("garden", huge);
    assert_eq!(all(&mut lines), [vec![0, 1], vec![2, 3], vec![4]]);
}

fn some_who() -> impl Strategy<Value = (usize, Who)> {
    let key = 0..6_i64;
    let keys = || prop::collection::vec(key.clone(), 0..3);
    let company = prop::bool::weighted(0.15);
    (
        0..4_usize,
        keys(),
        keys(),
        company,
        0..400_000_usize,
        prop::bool::weighted(0.1),
    )
        .prop_map(|(line, exclusive, shared, alone, text, has_left)| {
            let company = if alone { Company::Alone } else { Company::Together };
            (
                line,
                Who {
                    text,
                    has_left,
                    company,
                    ..who(0, &exclusive, &shared)
                },
            )
        })
}

/// Whether one of them touches exclusively what the other touches.
fn depend(one: &Touches, other: &Touches) -> bool {
    let meets = |keys: &[i64], all: &Touches| {
        keys.iter()
            .any(|key| all.exclusive.contains(key) || all.shared.contains(key))
    };
    meets(&one.exclusive, other) || meets(&other.exclusive, one)
}

/// Lines, and what became of everybody who joined one.
struct Stage {
    lines: Lines<Who>,
    at_work: Vec<Batch<Who>>,
    line_of: Vec<usize>,
    joined: BTreeMap<usize, Vec<usize>>,
    decided: BTreeMap<usize, Vec<usize>>,
}

impl Stage {
    fn new() -> Self {
        Self {
            lines: Lines::new(),
            at_work: vec![],
            line_of: vec![],
            joined: BTreeMap::new(),
            decided: BTreeMap::new(),
        }
    }

    fn joins(&mut self, line: usize, who: Who) {
        let number = self.line_of.len();
        self.line_of.push(line);
        if !who.has_left {
            self.joined.entry(line).or_default().push(number);
        }
        self.lines.join(&line.to_string(), Who { number, ..who });
    }

    fn takes(&mut self, company: Company) -> bool {
        let Some(batch) = self.lines.take(company) else {
            return false;
        };
        check(&batch, company);
        let busy = self.at_work.iter().flat_map(|batch| &batch.lines);
        assert!(!busy.into_iter().any(|line| batch.lines.contains(line)));
        self.at_work.push(batch);
        true
    }

    /// Whether somebody's group is held up, so that its batch goes on without it.
    fn is_held_up(number: usize) -> bool {
        number.is_multiple_of(5)
    }

    fn finishes(&mut self, which: usize) {
        let batch = self.at_work.swap_remove(which);
        let (back, done): (Vec<_>, Vec<_>) = batch
            .cases
            .into_iter()
            .partition(|who| who.company == Company::Together && Self::is_held_up(who.number));
        for who in done {
            let line = self.line_of[who.number];
            self.decided.entry(line).or_default().push(who.number);
        }
        for mut who in back.into_iter().rev() {
            who.company = Company::Alone;
            let line = self.line_of[who.number].to_string();
            self.lines.put_back(&line, who);
        }
        self.lines.done(batch.lines);
    }
}

fn check(batch: &Batch<Who>, company: Company) {
    assert!(batch.cases.len() <= MOST && batch.company == company);
    assert!(company == Company::Together || batch.cases.len() == 1);
    let text: usize = batch.cases.iter().map(|who| who.text).sum();
    assert!(batch.cases.len() == 1 || text <= MOST_TEXT);
    for (index, who) in batch.cases.iter().enumerate() {
        assert!(!who.has_left && who.company == company);
        let others = &mut batch.cases[..index].iter();
        assert!(others.all(|other| !depend(&who.touches, &other.touches)));
    }
}

proptest! {
    /// Whoever comes, and whichever of what was taken is done first: nobody is lost or taken twice, nobody overtakes in a
    /// line but whoever is held up, a line is in one batch at a time, and no two of a batch depend on each other.
    #[test]
    fn batches_keep_their_rules(steps in prop::collection::vec((some_who(), 0..6_usize), 1..120)) {
        let mut stage = Stage::new();
        for ((line, who), then) in steps {
            stage.joins(line, who);
            match then {
                0 | 1 => drop(stage.takes(Company::Together)),
                2 => drop(stage.takes(Company::Alone)),
                3 if !stage.at_work.is_empty() => stage.finishes(line % stage.at_work.len()),
                _ => {}
            }
        }
        while !stage.at_work.is_empty() || stage.takes(Company::Alone) || stage.takes(Company::Together) {
            stage.finishes(0);
        }
        for (line, joined) in &stage.joined {
            let mut decided = stage.decided.remove(line).unwrap_or_default();
            let in_order = |all: &[usize]| all.iter().copied().filter(|n| !Stage::is_held_up(*n)).collect::<Vec<_>>();
            prop_assert_eq!(in_order(&decided), in_order(joined));
            decided.sort_unstable();
            prop_assert_eq!(&decided, joined);
        }
        prop_assert!(stage.decided.is_empty());
        prop_assert!(stage.lines.lines.is_empty());
    }
}
