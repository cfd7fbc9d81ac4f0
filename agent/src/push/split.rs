//! Halves a submission that is too long for the server.

use prost::Message as _;
use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::v1;

use crate::outbox::record::{Places, Prepared};

/// The two halves of a submission, under new ids; none if it has one measurement,
/// or is to be taken as a whole or not at all.
pub(crate) fn halves(whole: &Prepared, ids: [SubmissionId; 2]) -> Option<[Prepared; 2]> {
    let mut request = v1::SubmitMeasurementsRequest::decode(&*whole.request).ok()?;
    let items = request.groups.iter().map(|group| group.measurements.len()).sum::<usize>();
    let middle = items / 2;
    if middle == 0 || request.all_or_nothing {
        return None;
    }
    let (first, second) = split_groups(std::mem::take(&mut request.groups), middle);
    let places = whole.places.clone().map(|places| split_places(places, middle));
    let (first_places, second_places) = places.unzip();
    let [one, other] = ids;
    let piece = |id: SubmissionId, groups: Vec<v1::MeasurementGroup>, places| {
        let items = groups.iter().map(|group| group.measurements.len()).sum::<usize>();
        let submission_id = id.to_string();
        let request = v1::SubmitMeasurementsRequest { submission_id, groups, ..request.clone() };
        Prepared {
            id: id.as_bytes().to_vec(),
            act: whole.act.clone(),
            department: whole.department.clone(),
            request: request.encode_to_vec(),
            items: u32::try_from(items).unwrap_or(u32::MAX),
            at_us: whole.at_us,
            places,
            replaces: whole.id.clone(),
        }
    };
    Some([piece(one, first, first_places), piece(other, second, second_places)])
}

fn split_groups(
    groups: Vec<v1::MeasurementGroup>,
    middle: usize,
) -> (Vec<v1::MeasurementGroup>, Vec<v1::MeasurementGroup>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut left = middle;
    for mut group in groups {
        let rest = group.measurements.split_off(left.min(group.measurements.len()));
        left -= group.measurements.len();
        if !rest.is_empty() {
            second.push(v1::MeasurementGroup { measurements: rest, ..group.clone() });
        }
        if !group.measurements.is_empty() {
            first.push(group);
        }
    }
    (first, second)
}

fn split_places(mut first: Places, middle: usize) -> (Places, Places) {
    fn behind<T>(list: &mut Vec<T>, middle: usize) -> Vec<T> {
        list.split_off(middle.min(list.len()))
    }
    let second = Places {
        file: first.file.clone(),
        sheets: first.sheets.clone(),
        sheet: behind(&mut first.sheet, middle),
        row: behind(&mut first.row, middle),
        column: behind(&mut first.column, middle),
        raw: behind(&mut first.raw, middle),
    };
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(groups: &[&[&str]], all_or_nothing: bool) -> Prepared {
        let groups = (2020..).zip(groups).map(|(year, values)| v1::MeasurementGroup {
            period: year.to_string(),
            measurements: values
                .iter()
                .map(|value| v1::Measurement {
                    content: Some(v1::measurement::Content::Value((*value).to_owned())),
                    ..Default::default()
                })
                .collect(),
            ..Default::default()
        });
        let request = v1::SubmitMeasurementsRequest {
            submission_id: "old".to_owned(),
            groups: groups.collect(),
            all_or_nothing,
            ..Default::default()
        };
        Prepared {
            id: vec![1; 16],
            act: vec![9; 16],
            request: request.encode_to_vec(),
            places: Some(Places { row: (1..).take(5).collect(), ..Places::default() }),
            ..Prepared::default()
        }
    }

    fn ids() -> [SubmissionId; 2] {
        [2, 3].map(|number| SubmissionId::from_bytes([number; 16]))
    }

    #[test]
    fn no_measurement_is_lost_or_doubled_and_places_go_along() {
        let whole = whole(&[&["a", "b", "c"], &["d", "e"]], false);
        let pieces = halves(&whole, ids()).unwrap();
        let described = pieces.each_ref().map(|piece| {
            let request = v1::SubmitMeasurementsRequest::decode(&*piece.request).unwrap();
            assert_eq!(request.submission_id, crate::outbox::id_of(&piece.id).to_string());
            assert_eq!((&piece.act, &piece.replaces), (&vec![9; 16], &vec![1; 16]));
            let groups = request.groups.iter().map(|group| {
                let values = group.measurements.iter().map(|one| match &one.content {
                    Some(v1::measurement::Content::Value(value)) => value.as_str(),
                    other => panic!("{other:?}"),
                });
                format!("{}:{}", group.period, values.collect::<String>())
            });
            let rows = &piece.places.as_ref().unwrap().row;
            (groups.collect::<Vec<_>>().join(" "), rows.clone(), piece.items)
        });
        let expected = [
            ("2020:ab".to_owned(), vec![1, 2], 2),
            ("2020:c 2021:de".to_owned(), vec![3, 4, 5], 3),
        ];
        assert_eq!(described, expected);
    }

    #[test]
    fn one_measurement_cannot_be_split_nor_all_or_nothing() {
        assert_eq!(halves(&whole(&[&["a"]], false), ids()), None);
        assert_eq!(halves(&whole(&[], false), ids()), None);
        assert_eq!(halves(&whole(&[&["a", "b"]], true), ids()), None);
    }
}
