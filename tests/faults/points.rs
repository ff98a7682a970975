//! The program stops dead at each step of both ways, for each kind of thing that goes along them.
//!
//! One rule: a point that is never reached fails the test, so these lists are the program's. A new point is a word in
//! [`IN`] or [`OUT`]; a new kind of thing an arm in `points/deeds.rs`.

mod deeds;

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::timeout;

use crate::counts::Counts;
use crate::neighbours::BOTH;
use crate::run::Run;
use crate::scene::{FEW, Plan, Scene};
use crate::support::process::Serving;

use deeds::{Kind, Stage};

/// On the way in: verified, transaction begun, some of it written, all of it, committed and not answered.
const IN: [&str; 5] = [
    "in::verified",
    "in::begun",
    "in::mid",
    "in::before-commit",
    "in::committed",
];
/// On the way out: chosen, about to be posted, answered and not written down, written down.
const OUT: [&str; 4] = ["out::picked", "out::before-send", "out::sent", "out::marked"];

/// What comes in.
const IN_KINDS: [Kind; 6] = [
    Kind::Join,
    Kind::Accept,
    Kind::Create,
    Kind::Announce,
    Kind::Leave,
    Kind::Delete,
];
/// What goes out: the answer to a Join, the Follow that an Accept answers, the end of a membership, and what members
/// hear.
const OUT_KINDS: [Kind; 6] = [
    Kind::Join,
    Kind::Follow,
    Kind::Create,
    Kind::Announce,
    Kind::Ban,
    Kind::Delete,
];

/// By Versia one comes in by another door, and what lies behind it is the same; of what goes out only the answer to a Subscribe
/// goes along no other lane.
const IN_BY_VERSIA: [(&str, Kind); 4] = [
    ("in::verified", Kind::Subscribe),
    ("in::committed", Kind::Subscribe),
    ("in::verified", Kind::Note),
    ("in::committed", Kind::Note),
];
const OUT_BY_VERSIA: [(&str, Kind); 3] = [
    ("out::before-send", Kind::Subscribe),
    ("out::sent", Kind::Subscribe),
    ("out::marked", Kind::Subscribe),
];

const PLAN: Plan = Plan {
    private: false,
    servers: FEW,
    guests: &["mastodon", "lemmy"],
    ways: BOTH,
    groups: 2,
};

/// How long a point may take to be reached.
const REACHED: Duration = Duration::from_secs(20);

pub async fn a_stop_at_any_step_in_loses_nothing(run: Run) -> Counts {
    at_each(&run, &IN, &IN_KINDS, &IN_BY_VERSIA).await
}

pub async fn a_stop_at_any_step_out_loses_nothing(run: Run) -> Counts {
    at_each(&run, &OUT, &OUT_KINDS, &OUT_BY_VERSIA).await
}

async fn at_each(run: &Run, points: &[&str], kinds: &[Kind], by_versia: &[(&str, Kind)]) -> Counts {
    let times = run.share(20, 1);
    let each = points
        .iter()
        .flat_map(|point| kinds.iter().map(|kind| (*point, *kind)));
    let stops: Vec<(&str, Kind)> = each.chain(by_versia.iter().copied()).collect();
    let all = stops.len() * times;
    let mut progress = run.progress("stops", all);
    let mut scene = Scene::open(&PLAN).await;
    let mut stage = Stage::set(&scene, run.seed).await;
    let mut causes = 0;
    let mut serving = scene.program.serve().await;
    for (point, kind) in stops.iter().cycle().take(all) {
        serving = stop_at(&mut scene, &mut stage, serving, point, *kind).await;
        causes += usize::from(may_repeat(point));
        progress.step();
    }
    let mut counts = scene.ends(serving, causes).await;
    counts.cycles = all;
    counts
}

/// Before the commit nobody has been sent anything; after it lanes are under way.
fn may_repeat(point: &str) -> bool {
    point == "in::committed" || point.starts_with("out::")
}

/// One thing is done, the program stops there, and is started again.
async fn stop_at(scene: &mut Scene, stage: &mut Stage, serving: Serving, point: &str, kind: Kind) -> Serving {
    let deed = stage.prepares(scene, kind).await;
    scene.settles().await;
    serving.stop().await;

    let failing = ("FAILPOINTS".to_owned(), format!("{point}=return"));
    scene.program.more.push(failing);
    let serving = scene.program.serve().await;
    scene.program.more.pop();
    let restarted = async {
        stops(serving, point, kind).await;
        scene.program.serve().await
    };
    let (serving, ()) = tokio::join!(restarted, stage.does(scene, deed));
    scene.settles().await;
    serving
}

async fn stops(mut serving: Serving, point: &str, kind: Kind) {
    let Ok(ended) = timeout(REACHED, serving.child.wait()).await else {
        panic!("{kind:?} does not reach {point}");
    };
    let signal = ended.unwrap().signal();
    assert_eq!(signal, Some(Signal::SIGABRT as i32), "{kind:?} at {point}");
}
