//! What groups said lately, written once per shape and shared by all lanes.
//!
//! One rule: bounded in bytes; what is not here is loaded, and loaded once for all who ask at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use moka::{
    future::Cache,
    ops::compute::{CompResult, Op},
};

use crate::{
    delivery::{
        keys::{Keys, NoKey},
        prepare, proofs,
    },
    store::{Ear, Mark, Piece, Store},
};

/// Entries that are loaded at a time: those whose places share everything but the last five bits.
const BLOCK: i64 = 32;
/// Bytes that are kept in all.
const AT_MOST: u64 = 24 * 1024 * 1024;
const FOR: Duration = Duration::from_secs(60);

/// An entry and its body, ready to be sent.
#[derive(Debug)]
pub(super) struct Cut {
    /// Without its bytes: they are in `body`.
    pub piece: Piece,
    pub body: Bytes,
}

/// What comes next in a run.
#[derive(Debug)]
pub(super) enum Next {
    Cut(Arc<Cut>),
    /// Nothing up to here.
    Nothing(i64),
}

/// The runs, and how long each group's log is.
pub(super) struct Runs {
    store: Store,
    keys: Arc<Keys>,
    blocks: Cache<Key, Arc<Block>>,
    ends: Mutex<HashMap<i64, i64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    group: i64,
    shape: String,
    block: i64,
}

/// Part of a run: complete up to `upto`.
#[derive(Debug)]
struct Block {
    upto: i64,
    cuts: Vec<Arc<Cut>>,
}

impl Runs {
    pub(super) fn new(store: Store, keys: Arc<Keys>) -> Self {
        let weight = |_: &Key, block: &Arc<Block>| {
            let bytes: usize = block.cuts.iter().map(|cut| cut.body.len() + 400).sum();
            u32::try_from(bytes + 200).unwrap_or(u32::MAX)
        };
        let blocks = Cache::builder()
            .weigher(weight)
            .max_capacity(AT_MOST)
            .time_to_idle(FOR)
            .build();
        Self {
            store,
            keys,
            blocks,
            ends: Mutex::new(HashMap::new()),
        }
    }

    /// The logs are this long now.
    pub(super) fn grown(&self, marks: &[Mark]) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.extend(marks.iter().map(|mark| (mark.group, mark.seq)));
    }

    /// The first entry after `after` that a run has for somebody.
    pub(super) async fn next(&self, ear: &Ear, key: &str, mut after: i64) -> Result<Next, NoKey> {
        let (group, host) = (ear.group, ear.host.as_str());
        let end = self.end(group);
        while after < end {
            let number = after.div_euclid(BLOCK);
            let upto = end.min((number + 1) * BLOCK);
            let block = self.block(ear, key, number, upto).await?;
            let is_next = |cut: &&Arc<Cut>| {
                cut.piece.seq > after && cut.piece.seq <= end && cut.piece.not_for.as_deref() != Some(host)
            };
            if let Some(cut) = block.cuts.iter().find(is_next) {
                return Ok(Next::Cut(Arc::clone(cut)));
            }
            after = upto;
        }
        Ok(Next::Nothing(after))
    }

    /// Where a group's log ended when the dispatcher last looked.
    pub(super) fn end(&self, group: i64) -> i64 {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.get(&group).copied().unwrap_or(0)
    }

    async fn block(&self, ear: &Ear, key: &str, block: i64, upto: i64) -> Result<Arc<Block>, NoKey> {
        let run = Key {
            group: ear.group,
            shape: ear.shape.clone(),
            block,
        };
        if let Some(block) = self.blocks.get(&run).await
            && block.upto >= upto
        {
            return Ok(block);
        }
        let loaded = self
            .blocks
            .entry(run)
            .and_try_compute_with(async |kept| -> Result<_, NoKey> {
                let kept = kept.map(moka::Entry::into_value);
                if kept.as_ref().is_some_and(|kept| kept.upto >= upto) {
                    return Ok(Op::Nop);
                }
                let after = kept.as_ref().map_or(block * BLOCK, |kept| kept.upto);
                let more = self.store.pieces(ear.group, &ear.shape, after, upto).await?;
                let mut cuts: Vec<_> = kept.iter().flat_map(|kept| kept.cuts.iter().cloned()).collect();
                for piece in more {
                    cuts.push(Arc::new(self.cut(piece, key).await?));
                }
                Ok(Op::Put(Arc::new(Block { upto, cuts })))
            })
            .await?;
        Ok(match loaded {
            CompResult::Inserted(entry)
            | CompResult::ReplacedWith(entry)
            | CompResult::Unchanged(entry)
            | CompResult::Removed(entry) => entry.into_value(),
            CompResult::StillNone(_) => Arc::new(Block {
                upto: block * BLOCK,
                cuts: vec![],
            }),
        })
    }

    async fn cut(&self, mut piece: Piece, key: &str) -> Result<Cut, NoKey> {
        let body = prepare::body(&piece.head, piece.raw.as_deref(), piece.tail.as_deref());
        let body = proofs::proven(&self.store, &self.keys, key, body).await?;
        (piece.head, piece.raw, piece.tail) = (String::new(), None, None);
        Ok(Cut { piece, body })
    }
}
