//! Waiting for what somebody should hear.
//!
//! One rule: what should come is waited for, with a limit; what should not come is asked for once nothing is due.

use super::actor::Actor;
use super::manners::{Said, Shape};
use super::{Heard, Server};

/// What somebody hears of some activities.
pub struct Hearing {
    actor: Actor,
    said: Vec<Said>,
    once: bool,
    in_order: bool,
}

impl Hearing {
    pub(super) fn new(actor: Actor, said: Vec<Said>) -> Self {
        Self {
            actor,
            said,
            once: false,
            in_order: false,
        }
    }

    /// Each exactly once.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// In the order in which they were said.
    pub fn in_order(mut self) -> Self {
        self.in_order = true;
        self
    }

    /// Of nothing, so far. Ask when no lane has anything due.
    ///
    /// # Panics
    /// If any of it came.
    pub fn nothing(self) {
        for said in &self.said {
            let tells = |shape: &Shape| shape.is_for(said.kind()) && !self.tellings(said, *shape).is_empty();
            let came: Vec<Shape> = Shape::ALL.into_iter().filter(tells).collect();
            assert_eq!(came, [], "{} heard of {}", self.actor.id(), said.text);
        }
    }

    /// Where in the record each telling of this stands.
    fn tellings(&self, said: &Said, shape: Shape) -> Vec<(usize, Heard)> {
        let tells = |heard: &Heard| heard.came() && shape.tells(&heard.document, &heard.text, said);
        let heard = self.actor.heard().into_iter().enumerate();
        heard.filter(|(_, heard)| tells(heard)).collect()
    }

    async fn wait(self) -> Vec<Heard> {
        let mut places = Vec::new();
        let mut tellings = Vec::new();
        for said in &self.said {
            let shape = self.shape_of(said);
            let what = format!(
                "{shape:?} {} for {}, {}",
                said.id(),
                self.actor.name(),
                self.actor.id()
            );
            let server: &Server = self.actor.server();
            server
                .0
                .record
                .until(&what, |_| !self.tellings(said, shape).is_empty())
                .await;
            let mut told = self.tellings(said, shape);
            assert!(!self.once || told.len() == 1, "{what} came {} times", told.len());
            let (place, heard) = told.swap_remove(0);
            places.push(place);
            tellings.push(heard);
        }
        assert!(
            !self.in_order || places.is_sorted(),
            "the order of arrival was {places:?}"
        );
        tellings
    }

    fn shape_of(&self, said: &Said) -> Shape {
        let software = self.actor.server().software();
        let shape = software.manners.hears(said);
        shape.unwrap_or_else(|| panic!("{} hears nothing of a {}", software.name, said.kind()))
    }
}

/// In which shapes this was told, each as often as it came.
pub fn tellings(heard: &[Heard], said: &Said) -> Vec<Shape> {
    let shapes = Shape::ALL.into_iter().filter(|shape| shape.is_for(said.kind()));
    let shapes: Vec<Shape> = shapes.collect();
    let taken = heard.iter().filter(|heard| heard.taken);
    let told = taken.flat_map(|heard| {
        let tells = |shape: &&Shape| shape.tells(&heard.document, &heard.text, said);
        shapes.iter().filter(tells).copied()
    });
    told.collect()
}

impl Actor {
    /// In which shapes this was told here so far.
    pub fn tellings(&self, said: &Said) -> Vec<Shape> {
        tellings(&self.heard(), said)
    }
}

impl IntoFuture for Hearing {
    type Output = Vec<Heard>;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.wait())
    }
}
