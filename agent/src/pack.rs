//! Packs measurements into submissions, sized by their encoded bytes.

use std::collections::HashMap;
use std::sync::Arc;

use prost::Message as _;
use tiendo_shared::wire::v1;

use crate::outbox::record::Places;
use crate::source::cell::{Place, column_of};

/// Largest submission aimed at, in bytes, whatever the server takes.
const AIM_BYTES: usize = 1 << 20;

/// Most measurements of a submission aimed at: bounds the memory they take unpacked.
const AIM_ITEMS: usize = 5_000;

/// Bytes of a message that are not its groups: id, time, options, framing.
const ENVELOPE: usize = 128;

/// Most bytes a measurement adds beside its own and its group's texts: tags and lengths.
const FRAME: usize = 24;

/// How large a submission may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    bytes: usize,
    items: usize,
}

impl Bounds {
    /// The bounds for a server that takes `message_bytes` and `submission_items`;
    /// 0 if it did not say. A submission that must not be divided may use all of it.
    pub(crate) fn of(message_bytes: u64, submission_items: u32, undivided: bool) -> Self {
        let said = |limit: u64| usize::try_from(limit).ok().filter(|limit| *limit > 0);
        let most_bytes = said(message_bytes).unwrap_or(AIM_BYTES);
        let most_items =
            said(submission_items.into()).unwrap_or(tiendo_shared::submission::MOST_ITEMS);
        let (aim_bytes, aim_items) =
            if undivided { (usize::MAX, usize::MAX) } else { (AIM_BYTES, AIM_ITEMS) };
        Self {
            bytes: most_bytes.min(aim_bytes).saturating_sub(ENVELOPE).max(1),
            items: most_items.min(aim_items),
        }
    }
}

/// A measurement on its way into a submission.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Reporting period.
    pub(crate) period: String,
    /// Edition of the index; empty for the latest.
    pub(crate) edition: String,
    /// Territory version; empty for the latest.
    pub(crate) territory: String,
    /// The measurement, with its indicator.
    pub(crate) measurement: v1::Measurement,
    /// Where it stands in the file.
    pub(crate) place: Place,
}

/// The content of a submission, and where it came from.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pack {
    /// What is sent.
    pub(crate) groups: Vec<v1::MeasurementGroup>,
    /// Where each measurement came from, in the order sent.
    pub(crate) places: Places,
    /// Number of measurements.
    pub(crate) items: u32,
}

/// Collects measurements until a submission is full.
#[derive(Debug)]
pub(crate) struct Packer {
    bounds: Bounds,
    file: String,
    items: Vec<Item>,
    bytes: usize,
}

impl Packer {
    /// Packs what comes from `file`.
    pub(crate) fn new(file: &str, bounds: Bounds) -> Self {
        Self { bounds, file: file.to_owned(), items: Vec::new(), bytes: 0 }
    }

    /// Adds a measurement; the answer is a full submission, without it.
    pub(crate) fn push(&mut self, item: Item) -> Option<Pack> {
        let bytes = item.measurement.encoded_len()
            + item.period.len()
            + item.edition.len()
            + item.territory.len()
            + FRAME;
        let full = self.items.len() >= self.bounds.items || self.bytes + bytes > self.bounds.bytes;
        let pack = if full { self.finish() } else { None };
        self.bytes += bytes;
        self.items.push(item);
        pack
    }

    /// What is left; none if nothing is.
    pub(crate) fn finish(&mut self) -> Option<Pack> {
        self.bytes = 0;
        let items = std::mem::take(&mut self.items);
        (!items.is_empty()).then(|| pack(&self.file, items))
    }
}

/// Says once for a group what its measurements share: the period always, the
/// indicator where several of it stand together.
fn pack(file: &str, mut items: Vec<Item>) -> Pack {
    items.sort_by(|one, other| order(one).cmp(&order(other)));
    let mut pack = Pack {
        places: Places { file: file.to_owned(), ..Places::default() },
        items: u32::try_from(items.len()).unwrap_or(u32::MAX),
        ..Pack::default()
    };
    let mut sheets = HashMap::new();
    let of_one_indicator = items.chunk_by(|one, other| order(one) == order(other));
    let (single, several): (Vec<_>, Vec<_>) = of_one_indicator.partition(|run| run.len() == 1);
    for run in several {
        let mut group = group_of(&run[0]);
        group.indicator.clone_from(&run[0].measurement.indicator);
        for item in run {
            let measurement =
                v1::Measurement { indicator: String::new(), ..item.measurement.clone() };
            group.measurements.push(measurement);
            add_place(&mut pack.places, &mut sheets, &item.place);
        }
        pack.groups.push(group);
    }
    let single: Vec<&Item> = single.into_iter().flatten().collect();
    for run in single.chunk_by(|one, other| shared(one) == shared(other)) {
        let mut group = group_of(run[0]);
        for item in run {
            group.measurements.push(item.measurement.clone());
            add_place(&mut pack.places, &mut sheets, &item.place);
        }
        pack.groups.push(group);
    }
    pack
}

fn shared(item: &Item) -> (&str, &str, &str) {
    (&item.period, &item.edition, &item.territory)
}

fn order(item: &Item) -> ((&str, &str, &str), &str) {
    (shared(item), &item.measurement.indicator)
}

fn group_of(item: &Item) -> v1::MeasurementGroup {
    v1::MeasurementGroup {
        period: item.period.clone(),
        edition: item.edition.clone(),
        territory: item.territory.clone(),
        ..Default::default()
    }
}

fn add_place(places: &mut Places, sheets: &mut HashMap<Arc<str>, u32>, place: &Place) {
    let sheet = place.sheet.as_ref().map_or(0, |sheet| {
        *sheets.entry(Arc::clone(sheet)).or_insert_with(|| {
            places.sheets.push(sheet.to_string());
            u32::try_from(places.sheets.len()).unwrap_or(u32::MAX)
        })
    });
    let column = place.column.as_deref().and_then(column_of).map_or(0, |column| column + 1);
    places.sheet.push(sheet);
    places.row.push(place.row.unwrap_or(0));
    places.column.push(column);
    places.raw.push(place.raw.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(period: &str, indicator: &str, row: u32) -> Item {
        Item {
            period: period.to_owned(),
            edition: String::new(),
            territory: String::new(),
            measurement: v1::Measurement {
                indicator: indicator.to_owned(),
                content: Some(v1::measurement::Content::Value(row.to_string())),
                ..Default::default()
            },
            place: Place {
                file: "f.csv".into(),
                sheet: Some("S".into()),
                row: Some(row),
                column: Some("B".to_owned()),
                raw: row.to_string(),
            },
        }
    }

    fn packed(bounds: Bounds, items: impl IntoIterator<Item = Item>) -> Vec<Pack> {
        let mut packer = Packer::new("f.csv", bounds);
        let mut packs: Vec<_> = items.into_iter().filter_map(|item| packer.push(item)).collect();
        packs.extend(packer.finish());
        packs
    }

    #[test]
    fn what_measurements_share_is_said_once() {
        let bounds = Bounds::of(0, 0, false);
        let rows = [("2025", "b"), ("2024", "a"), ("2025", "a"), ("2024", "a"), ("2025", "c")];
        let items = (1..).zip(rows).map(|(row, (period, indicator))| item(period, indicator, row));
        let [pack] = &packed(bounds, items)[..] else { panic!() };
        let groups: Vec<_> = pack
            .groups
            .iter()
            .map(|group| {
                let ids: Vec<_> = group.measurements.iter().map(|one| &*one.indicator).collect();
                (&*group.period, &*group.indicator, ids)
            })
            .collect();
        let expected = [("2024", "a", vec!["", ""]), ("2025", "", vec!["a", "b", "c"])];
        assert_eq!(groups, expected);
        assert_eq!(pack.places.row, [2, 4, 3, 1, 5]);
        assert_eq!(
            (pack.places.sheets.len(), pack.places.sheet[0], pack.places.column[0]),
            (1, 1, 2)
        );
        assert_eq!(pack.items, 5);
    }

    #[test]
    fn submissions_keep_to_bytes_and_items_and_lose_nothing() {
        for (bytes, items) in [(700, 0), (0, 7), (4 << 20, 100_000), (1, 0)] {
            let bounds = Bounds::of(bytes, items, false);
            let all =
                (1..=1_000).map(|row| item("2025-Q1", ["a", "b", "c-d-e"][row as usize % 3], row));
            let packs = packed(bounds, all);
            let mut rows: Vec<_> = packs.iter().flat_map(|pack| pack.places.row.clone()).collect();
            rows.sort_unstable();
            assert_eq!(rows, (1..=1_000).collect::<Vec<_>>());
            for pack in &packs {
                let content = v1::SubmissionContent { groups: pack.groups.clone() };
                assert!(content.encoded_len() <= bounds.bytes || pack.items == 1);
                assert!(pack.items as usize <= bounds.items);
                assert_eq!(pack.items as usize, pack.places.raw.len());
            }
        }
    }

    #[test]
    fn a_submission_that_must_not_be_divided_may_be_as_large_as_the_server_takes() {
        assert_eq!(Bounds::of(0, 0, false).items, AIM_ITEMS);
        assert_eq!(Bounds::of(4 << 20, 80_000, true).items, 80_000);
        assert_eq!(Bounds::of(4 << 20, 80_000, true).bytes, (4 << 20) - ENVELOPE);
        assert_eq!(Bounds::of(64 << 20, 0, false).bytes, AIM_BYTES - ENVELOPE);
    }
}
