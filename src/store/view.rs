//! Who reads.

use crate::store::ActorId;

/// Who is asking, as far as their signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    Anyone,
    /// One actor, by its own key.
    Actor(ActorId),
    /// A server, by its instance actor's key.
    Host(String),
}
