//! How a server meets what is POSTed to it.
//!
//! One rule: a mood is about the wire, never about the document; what a document must look like is `manners`.

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
}
