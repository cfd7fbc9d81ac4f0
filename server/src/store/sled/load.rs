//! Loads the state from the checkpoint, and believes none of it unchecked.

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::journal::Position;

use super::checkpoint::{Checkpoint, Kind, Meta, ROOT, Unfit, damaged, guarded, split_key};
use super::replay::{Derived, Replayed};
use crate::store::derived::department::State;
use crate::store::derived::page::{decode_points, decode_rows, unseal};

/// The state of the checkpoint, and the reach of each department.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) replayed: Replayed,
    /// Departments whose pages are ahead of their last entry, and up to which one.
    pub(super) ahead: Vec<(String, u32)>,
    /// Bytes of its keys and values.
    pub(super) bytes: u64,
}

/// A department whose pages are being read.
struct Loading {
    id: String,
    meta: Meta,
    seen: Meta,
    derived: Derived,
}

impl Checkpoint {
    /// Reads everything.
    pub(super) fn load(&self, catalogue: &Catalogue) -> Result<Loaded, Unfit> {
        guarded(|| self.try_load(catalogue))
    }

    fn try_load(&self, catalogue: &Catalogue) -> Result<Loaded, Unfit> {
        let mut loaded = Loaded::default();
        let mut loading: Option<Loading> = None;
        for item in self.db.iter() {
            let (key, value) = item.map_err(damaged)?;
            loaded.bytes += (key.len() + value.len()) as u64;
            if *key == *ROOT {
                continue;
            }
            let damage = || Unfit::Damaged(format!("the value of {key:?} is damaged"));
            let (id, kind, rest) = split_key(&key).ok_or_else(damage)?;
            let (body, crc) = unseal(&key, &value).ok_or_else(damage)?;
            if kind == Kind::Meta {
                let meta = Meta::decode(body).ok_or_else(damage)?;
                loaded.add(loading.replace(Loading::new(id, meta)))?;
                continue;
            }
            let loading = loading.as_mut().filter(|loading| loading.id == id);
            let loading = loading.ok_or_else(damage)?;
            loading.seen.add(crc);
            loading.page(catalogue, kind, rest, body).ok_or_else(damage)?;
        }
        loaded.add(loading)?;
        Ok(loaded)
    }
}

impl Loaded {
    fn add(&mut self, loading: Option<Loading>) -> Result<(), Unfit> {
        let Some(Loading { id, meta, seen, derived }) = loading else { return Ok(()) };
        let whole =
            meta.pages == seen.pages && meta.sum == seen.sum && derived.durable.last == meta.last;
        if !whole {
            return Err(Unfit::Damaged(format!("pages of `{id}` are missing or out of date")));
        }
        if meta.reach > meta.last {
            self.ahead.push((id.clone(), meta.reach));
        }
        self.replayed.departments.insert(id, derived);
        Ok(())
    }
}

impl Loading {
    fn new(id: &str, meta: Meta) -> Self {
        let Meta { last, head, burned, .. } = meta;
        let state = State::new(last, head, burned);
        let derived = Derived { state, ..Derived::default() };
        Self { id: id.to_owned(), meta, seen: Meta::default(), derived }
    }

    fn page(&mut self, catalogue: &Catalogue, kind: Kind, rest: &[u8], body: &[u8]) -> Option<()> {
        let Derived { state, durable } = &mut self.derived;
        if kind == Kind::Rows {
            for row in decode_rows(body)? {
                if row.sequence <= durable.last {
                    return None;
                }
                state.note(row.sequence, row.id, row.received, row.first);
                durable.add(row.sequence, self.meta.head, Position(row.position));
            }
            return Some(());
        }
        if kind == Kind::Moves {
            return state.moves.load(body);
        }
        let (names, _) = rest.split_last_chunk::<4>()?;
        let (indicator, members) = std::str::from_utf8(names).ok()?.split_once('\0')?;
        let indicator = catalogue.indicator_index(indicator)?;
        let (series, wide) = state.load(indicator, members.strip_suffix('\0')?);
        let page = decode_points(body, wide)?;
        if kind == Kind::Points { series.load(&page) } else { series.load_superseded(&page) }
    }
}
