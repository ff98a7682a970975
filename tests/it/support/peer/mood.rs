//! How a server meets what is POSTed to it.
//!
//! One rule: a mood is about the wire, never about the document; what a document must look like is `manners`.

use std::time::Duration;

/// What is asked before something is sent does not hold for so long.
const LONG: Duration = Duration::from_millis(1_500);

/// How a server meets a POST. Only [`Mood::Gone`] is about GET, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    /// Every connection ends without a word.
    Gone,
    /// Answers this, and takes nothing.
    Says(u16),
    /// Answers this with `Retry-After`, and takes nothing.
    Later(u16, &'static str),
    /// Sends whoever asks elsewhere.
    Moved(String),
    /// Reads the request and never answers.
    Hangs,
    /// Takes what came, then hangs up without an answer.
    LosesAnswers,
    /// 401 to everything that is not signed by RFC 9421.
    WantsRfc9421,
    /// Answers this to everything that is signed with an Ed25519 key, and takes nothing of it.
    RefusesEd25519(u16),
    /// As the mood says, but the answer takes long.
    Slowly(&'static Mood),
}

impl Mood {
    /// How long its answers take, and what they are.
    pub const fn paced(&self) -> (Duration, &Self) {
        match self {
            Self::Slowly(mood) => (LONG, mood),
            mood => (Duration::ZERO, mood),
        }
    }
}
