//! What went wrong, in words: one problem, and the list of all.

use askama::Template;

use super::page;
use crate::{
    domain::Refusal,
    store::Viewer,
    web::{
        Answer,
        error::{CODES, Code, Problem, REFUSALS},
    },
};

/// One problem, for somebody with a browser.
#[derive(Template)]
#[template(path = "problem.html", config = "src/web/pages/askama.toml")]
pub(in crate::web) struct ProblemPage<'a> {
    title: &'static str,
    detail: &'a str,
    status: u16,
}

impl<'a> ProblemPage<'a> {
    pub(in crate::web) fn new(problem: &'a Problem) -> Self {
        Self {
            title: problem.title(),
            detail: problem.detail(),
            status: problem.status().as_u16(),
        }
    }
}

#[derive(Template)]
#[template(path = "problems.html", config = "src/web/pages/askama.toml")]
struct Problems {
    requests: [Code; CODES.len()],
    refusals: [Refusal; REFUSALS.len()],
}

/// `GET /problems`: where the `type` of every problem document leads.
pub(in crate::web) async fn problems() -> Answer {
    let problems = Problems {
        requests: CODES,
        refusals: REFUSALS,
    };
    page(&problems, &Viewer::Anyone)
}
