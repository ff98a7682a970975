//! `group export`: a group's members as a list that `group import` takes.
//!
//! One rule: a list is whole or it is not there: a file gets its name when all of it is written. Only its owner may read
//! it: who is in a group is not everybody's business.

use std::fs::{File, OpenOptions, remove_file, rename};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use futures_util::TryStreamExt;
use serde_json::json;

use super::list::HEADER;
use crate::cli::print::{Out, count};
use crate::server::House;

pub(in crate::cli) async fn export(
    house: &House,
    name: &str,
    file: Option<&Path>,
    out: Out,
) -> anyhow::Result<()> {
    if !house.store.group_exists(name).await? {
        bail!("there is no group named {name}; `folkmoot group list` shows those that there are");
    }
    let Some(file) = file else {
        let written = write(house, name, BufWriter::new(io::stdout().lock())).await;
        return match written {
            Ok(members) => told(house, name, members).await.map(|text| eprintln!("{text}")),
            Err(error) if is_broken_pipe(&error) => Ok(()),
            Err(error) => Err(error),
        };
    };
    let cannot = |why: io::Error| anyhow!("{} cannot be written: {why}", file.display());
    let (part, target) = Part::of(file).map_err(cannot)?;
    let members = write(house, name, BufWriter::new(target)).await?;
    part.finish().map_err(cannot)?;
    let answer = json!({"group": name, "members": members, "file": file.display().to_string()});
    let text = told(house, name, members).await?;
    out.answer(&answer, &format!("{text}\nThe list is in {}.", file.display()))
}

async fn write(house: &House, name: &str, target: impl Write) -> anyhow::Result<u64> {
    let mut list = csv::Writer::from_writer(target);
    list.write_record(HEADER)?;
    let mut members = 0;
    let mut listed = house.store.listed(name, house.here.authority());
    while let Some(row) = listed.try_next().await? {
        let shared = row.shared_inbox.as_deref().unwrap_or_default();
        let dialect = row.dialect.as_deref().unwrap_or_default();
        list.write_record([row.actor.as_str(), row.inbox.as_str(), shared, dialect])?;
        members += 1;
    }
    list.flush()?;
    Ok(members)
}

/// How many are on the list, and who is not.
async fn told(house: &House, name: &str, members: u64) -> anyhow::Result<String> {
    let (followers, ours) = house.store.not_listed(name, house.here.authority()).await?;
    let members = i64::try_from(members).unwrap_or(i64::MAX);
    let mut text = format!("Wrote {} of {name}.", count(members, "member", "members"));
    if followers > 0 {
        let who = count(followers, "actor who only follows", "actors who only follow");
        text.push_str(&format!(
            "\nNot on the list: {who}, since whoever is imported becomes a member."
        ));
    }
    if ours > 0 {
        let who = count(ours, "group of this server", "groups of this server");
        text.push_str(&format!("\nNot on the list: {who}."));
    }
    Ok(text)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<csv::Error>()
        .map(csv::Error::kind)
        .is_some_and(|kind| matches!(kind, csv::ErrorKind::Io(why) if why.kind() == ErrorKind::BrokenPipe))
        || error
            .downcast_ref::<io::Error>()
            .is_some_and(|why| why.kind() == ErrorKind::BrokenPipe)
}

/// A file under way, beside the place that it gets in the end; gone if it is not finished.
struct Part(Option<(PathBuf, PathBuf)>);

impl Part {
    /// What is no ordinary file (a pipe, a device) is written to where it is.
    fn of(file: &Path) -> io::Result<(Self, File)> {
        if file.symlink_metadata().is_ok_and(|there| !there.is_file()) {
            return Ok((
                Self(None),
                OpenOptions::new().write(true).truncate(true).open(file)?,
            ));
        }
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = file.with_file_name(name);
        let mut options = OpenOptions::new();
        // What an earlier run left there, or somebody else put there, is not written into.
        match remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let target = options.write(true).create_new(true).mode(0o600).open(&part)?;
        Ok((Self(Some((part, file.to_owned()))), target))
    }

    fn finish(mut self) -> io::Result<()> {
        match self.0.take() {
            Some((part, file)) => rename(&part, &file).inspect_err(|_| drop(remove_file(&part))),
            None => Ok(()),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.0 {
            let _ = remove_file(part);
        }
    }
}
