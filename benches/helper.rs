//! Processes beside the server: the sink, the load, the floor. Each is this program again, under another name.
//!
//! One rule: a line in, a line out, both JSON; whose questions end (because the asker did, however) ends itself.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The asker's end.
pub(crate) struct Helper {
    name: &'static str,
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    /// Starts this program as `name`, for the world in `dir`.
    pub(crate) fn start(name: &'static str, dir: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(name)
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let questions = child.stdin.take().context("no way to ask")?;
        let answers = child.stdout.take().context("no way to hear")?;
        Ok(Self {
            name,
            child,
            questions,
            answers: BufReader::new(answers).lines(),
        })
    }

    /// Asks, and waits for the answer, but not for ever.
    pub(crate) async fn ask<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        question: &Q,
        limit: Duration,
    ) -> anyhow::Result<A> {
        let mut line = serde_json::to_vec(question)?;
        line.push(b'\n');
        self.questions.write_all(&line).await?;
        let answer = timeout(limit, self.answers.next_line()).await;
        let answer = answer.with_context(|| format!("the {} did not answer in {limit:?}", self.name))??;
        let answer = answer.with_context(|| format!("the {} ended", self.name))?;
        match serde_json::from_str(&answer)? {
            Ok(answer) => Ok(answer),
            Err(why) => {
                let why: String = why;
                anyhow::bail!("the {} says: {why}", self.name)
            }
        }
    }

    /// Lets it go, and waits until it is gone.
    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        drop(self.questions);
        timeout(Duration::from_secs(5), self.child.wait()).await??;
        Ok(())
    }
}

/// The helper's end: the questions that come in.
pub(crate) struct Questions(mpsc::UnboundedReceiver<std::io::Result<String>>);

impl Questions {
    pub(crate) fn new() -> Self {
        let (asked, questions) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                if asked.send(line).is_err() {
                    return;
                }
            }
        });
        Self(questions)
    }

    /// The next question; none when the asker is gone.
    pub(crate) async fn next<Q: DeserializeOwned>(&mut self) -> anyhow::Result<Option<Q>> {
        match self.0.recv().await {
            Some(line) => Ok(Some(serde_json::from_str(&line?)?)),
            None => Ok(None),
        }
    }
}

/// Answers one question, or says why not.
pub(crate) fn answer<A: Serialize>(answer: anyhow::Result<A>) -> anyhow::Result<()> {
    let answer = answer.map_err(|error| format!("{error:#}"));
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&line)?;
    Ok(out.flush()?)
}
