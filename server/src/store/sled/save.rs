//! Saves the state in the checkpoint, a department at a time, while the engine runs.
//!
//! A department is locked for a few series at a time. Nothing is written before
//! the entries it came from are durable.

use ::sled::Batch;
use tiendo_shared::submission::SubmissionId;

use super::checkpoint::{Checkpoint, Kind, Meta, Root, Unfit, damaged, guarded, key};
use super::core::Core;
use crate::store::derived::department::{Department, SeriesId};
use crate::store::derived::page::{self, Row, encode_rows, seal, unseal};

/// Series that are copied under one lock.
const SERIES_AT_ONCE: usize = 32;

/// Key and body of a value.
type Page = (Vec<u8>, Vec<u8>);

type UnsavedRow = (u32, i64, Option<i64>, SubmissionId);

/// What is not saved of a department.
struct Unsaved {
    meta: Meta,
    /// Sequence, the time it counts from, first receipt if it had been lost, and id of entries.
    rows: Vec<UnsavedRow>,
    series: Vec<SeriesId>,
    /// Pages of moves by number, as far as `meta.last`.
    moves: Vec<(u32, Vec<u8>)>,
}

impl Checkpoint {
    /// Saves what changed since the last time. After an error the checkpoint is
    /// as good as before and this object is not to be used any more.
    pub(super) fn save(&self, core: &Core) -> Result<(), Unfit> {
        guarded(|| {
            let replay_from = core.reader.end();
            for department in core.books.departments_from("") {
                self.save_department(core, &department)?;
            }
            self.write_root(Root { replay_from, burned: core.books.burned }).map_err(damaged)
        })
    }

    fn save_department(&self, core: &Core, department: &Department) -> Result<(), Unfit> {
        let Some(mut unsaved) = Unsaved::take(department)? else { return Ok(()) };
        let mut pages = Self::copy_series(core, department, &mut unsaved)?;
        if !core.is_drained() {
            let barrier = core.barrier().map_err(damaged)?;
            barrier.blocking_recv().map_err(|_| damaged(core.unavailable()))?;
        }
        pages.extend(row_pages(department, &unsaved.rows));
        pages.extend(unsaved.moves.into_iter().map(|(number, body)| {
            (key(&department.id, Kind::Moves, &[&number.to_be_bytes()]), body)
        }));

        let meta_key = key(&department.id, Kind::Meta, &[]);
        let mut meta = unsaved.meta;
        if let Some(before) = self.meta(&meta_key)? {
            (meta.pages, meta.sum) = (before.pages, before.sum);
        }
        let mut batch = Batch::default();
        for (key, body) in pages {
            if let Some(before) = self.db.get(&key).map_err(damaged)? {
                let (_, crc) = unseal(&key, &before).ok_or_else(|| damaged("a page is damaged"))?;
                meta.remove(crc);
            }
            let value = seal(&key, body);
            let (_, crc) = unseal(&key, &value).ok_or_else(|| damaged("a page is damaged"))?;
            meta.add(crc);
            batch.insert(key, value);
        }
        let value = seal(&meta_key, meta.encode());
        batch.insert(meta_key, value);
        self.db.apply_batch(batch).map_err(damaged)
    }

    fn meta(&self, key: &[u8]) -> Result<Option<Meta>, Unfit> {
        let Some(value) = self.db.get(key).map_err(damaged)? else { return Ok(None) };
        let meta = unseal(key, &value).and_then(|(body, _)| Meta::decode(body));
        meta.map(Some).ok_or_else(|| damaged("a department's meta is damaged"))
    }

    fn copy_series(
        core: &Core,
        department: &Department,
        unsaved: &mut Unsaved,
    ) -> Result<Vec<Page>, Unfit> {
        let mut pages = Vec::new();
        for places in unsaved.series.chunks(SERIES_AT_ONCE) {
            let mut state = department.write().map_err(damaged)?;
            unsaved.meta.reach = unsaved.meta.reach.max(state.last);
            for place in places {
                let (series, wide) = state.series_mut(*place);
                let indicator =
                    &core.books.catalogue.indicators()[usize::from(series.indicator)].id;
                let names = format!("{indicator}\0{}\0", series.members);
                for page in series.take_unsaved(wide) {
                    let kind = if page.superseded { Kind::Superseded } else { Kind::Points };
                    let rest = [names.as_bytes(), &page.number.to_be_bytes()];
                    pages.push((key(&department.id, kind, &rest), page.bytes));
                }
            }
        }
        Ok(pages)
    }
}

impl Unsaved {
    fn take(department: &Department) -> Result<Option<Self>, Unfit> {
        let mut state = department.write().map_err(damaged)?;
        let is_saved = state.unsaved_rows.is_empty() && state.unsaved.is_empty();
        if is_saved && state.burned <= state.last {
            return Ok(None);
        }
        let rows = std::mem::take(&mut state.unsaved_rows);
        let rows = rows.into_iter().map(|(sequence, id)| {
            (sequence, state.received_at(sequence), state.first_received(sequence), id)
        });
        let rows = rows.collect();
        let series = std::mem::take(&mut state.unsaved);
        let moves = state.moves.take_unsaved();
        let (last, head, burned) = (state.last, state.head, state.burned);
        let meta = Meta { last, head, burned, reach: last, ..Meta::default() };
        Ok(Some(Self { meta, rows, series, moves }))
    }
}

fn row_pages(department: &Department, rows: &[UnsavedRow]) -> impl Iterator<Item = Page> {
    rows.chunks(page::ROWS).filter_map(|rows| {
        let durable = department.durable();
        let rows: Vec<Row> = rows
            .iter()
            .filter_map(|&(sequence, received, first, id)| {
                let position = durable.position(sequence)?.0;
                Some(Row { sequence, position, received, first, id })
            })
            .collect();
        let first = rows.first()?.sequence.to_be_bytes();
        Some((key(&department.id, Kind::Rows, &[&first]), encode_rows(&rows)))
    })
}
