//! The paths that a source names: `crate::store::log`, `use super::{a, b::C}`, and where each leads.

use super::tokens::Token;

/// A path as it is written, with groups taken apart: `use a::{b, c}` is two.
#[derive(Debug)]
pub(crate) struct Path {
    /// The last may be `*`.
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// Whether it stands in a module under `#[cfg(test)]`.
    pub(crate) in_test: bool,
    /// How many `mod name { ... }` of this file are around it.
    inner: usize,
}

/// What a path reaches beyond its own room.
#[derive(Debug, PartialEq)]
pub(crate) enum Named {
    Room(String),
    /// `use crate::*`, or the crate under another name.
    Everything,
}

impl Path {
    /// Where the path leads if it starts or ends at the crate's root, from a file `depth` modules deep.
    pub(crate) fn reaches(&self, depth: usize) -> Option<Named> {
        let mut segments = self.segments.iter().map(String::as_str).peekable();
        let mut depth = match segments.next()? {
            "crate" | "folkmoot" => 0,
            "self" => depth + self.inner,
            "super" => (depth + self.inner).saturating_sub(1),
            _ => return None,
        };
        while let Some(step) = segments.next_if(|step| matches!(*step, "super" | "self")) {
            depth = if step == "super" {
                depth.saturating_sub(1)
            } else {
                depth
            };
        }
        match segments.next() {
            _ if depth > 0 => None,
            None | Some("*") => Some(Named::Everything),
            Some(room) => Some(Named::Room(room.to_owned())),
        }
    }
}

/// Every path in the tokens: those of `use`, and every other that has at least one `::`.
pub(crate) fn named_paths(tokens: &[(usize, Token)]) -> Vec<Path> {
    let mut walk = Walk {
        tokens,
        at: 0,
        scopes: Vec::new(),
        paths: Vec::new(),
    };
    while walk.at < tokens.len() {
        walk.step();
    }
    walk.paths
}

struct Walk<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    /// The braces around: `None` for a plain one, else a module, and whether it is for tests.
    scopes: Vec<Option<bool>>,
    paths: Vec<Path>,
}

impl Walk<'_> {
    fn step(&mut self) {
        if self.is_mark(0, "{") {
            self.scopes.push(self.module_here());
            self.at += 1;
        } else if self.is_mark(0, "}") {
            self.scopes.pop();
            self.at += 1;
        } else if self.ident(0) == Some("use") && !self.is_mark(1, "<") {
            self.at += 1;
            self.tree(&[]);
        } else if self.ident(0).is_some() && self.is_mark(1, "::") && !self.continues_a_path() {
            self.straight();
        } else {
            self.at += 1;
        }
    }

    /// A path in an expression or a type.
    fn straight(&mut self) {
        let mut segments = Vec::new();
        let line = self.line();
        while let Some(name) = self.ident(0) {
            segments.push(name.to_owned());
            self.at += 1;
            if !self.is_mark(0, "::") {
                break;
            }
            self.at += 1;
        }
        self.found(segments, line);
    }

    /// What follows `use`, or stands between the commas of a group.
    fn tree(&mut self, before: &[String]) {
        let mut segments = before.to_vec();
        let line = self.line();
        if self.is_mark(0, "::") {
            self.at += 1;
        }
        loop {
            if self.is_mark(0, "{") {
                return self.group(&segments);
            }
            match self.ident(0) {
                Some(name) => segments.push(name.to_owned()),
                None if self.is_mark(0, "*") => segments.push("*".to_owned()),
                None => break,
            }
            self.at += 1;
            if !self.is_mark(0, "::") {
                break;
            }
            self.at += 1;
        }
        if self.ident(0) == Some("as") {
            self.at += 2;
        }
        self.found(segments, line);
    }

    fn group(&mut self, before: &[String]) {
        self.at += 1;
        while self.at < self.tokens.len() && !self.is_mark(0, "}") {
            let start = self.at;
            self.tree(before);
            if self.is_mark(0, ",") || self.at == start {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn found(&mut self, segments: Vec<String>, line: usize) {
        let inner = self.scopes.iter().flatten().count();
        let in_test = self.scopes.contains(&Some(true));
        self.paths.push(Path {
            segments,
            line,
            in_test,
            inner,
        });
    }

    /// Whether the brace here opens a module, and if so, whether `#[cfg(test)]` stands before it.
    fn module_here(&self) -> Option<bool> {
        let keyword = self.at.checked_sub(2)?;
        if self.tokens[keyword].1 != Token::Ident("mod".to_owned()) {
            return None;
        }
        // Back over visibility and attributes, to the end of whatever came before.
        let before = &self.tokens[..keyword];
        let start = before
            .iter()
            .rposition(|(_, token)| matches!(token, Token::Punct(";" | "{" | "}")));
        let attributes = &before[start.map_or(0, |start| start + 1)..];
        let cfg_test = [
            Token::Ident("cfg".to_owned()),
            Token::Punct("("),
            Token::Ident("test".to_owned()),
            Token::Punct(")"),
        ];
        Some(
            attributes
                .windows(4)
                .any(|window| window.iter().map(|(_, token)| token).eq(&cfg_test)),
        )
    }

    /// Whether the `::` before belongs to a path: `a::HERE`, but not `use ::HERE` or `(::HERE`.
    fn continues_a_path(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map(|at| &self.tokens[at].1);
        before(1) == Some(&Token::Punct("::"))
            && matches!(before(2), Some(Token::Ident(_) | Token::Punct(">")))
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(line, _)| *line)
    }

    fn ident(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.at + ahead) {
            Some((_, Token::Ident(name))) => Some(name),
            _ => None,
        }
    }

    fn is_mark(&self, ahead: usize, mark: &str) -> bool {
        matches!(self.tokens.get(self.at + ahead), Some((_, Token::Punct(here))) if *here == mark)
    }
}
