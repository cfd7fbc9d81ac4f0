//! What departments reported behind a status: the latest of it, and the evidence sent with sources.

use std::collections::HashMap;

use jiff::civil::Date;
use tiendo_shared::wire::v1;

use crate::failure::Failure;
use crate::figures::Figures;
use crate::store::Series;

/// Most measurements in one answer; `ListMeasurements` pages through more.
const MOST: usize = 1_000;

/// The latest measurements of some series, in their order, and how many are left out.
pub(super) async fn latest(
    figures: &Figures,
    series: &[Series],
) -> Result<(Vec<v1::StoredMeasurement>, usize), Failure> {
    let ends = || series.iter().flat_map(|one| &one.measurements).map(|it| it.period.last_day());
    let mut days: Vec<Date> = ends().collect();
    let all = days.len();
    // Everything after this day is listed, and of this day as much as there is room for.
    let (mut since, mut room) = (Date::MIN, MOST);
    if all > MOST {
        let (later, day, _) = days.select_nth_unstable_by(MOST - 1, |one, other| other.cmp(one));
        since = *day;
        room = MOST - later.iter().filter(|it| **it > since).count();
    }
    let mut listed = Vec::with_capacity(all.min(MOST));
    for one in series {
        for measurement in &one.measurements {
            let end = measurement.period.last_day();
            if end < since || (end == since && room == 0) {
                continue;
            }
            room -= usize::from(end == since);
            listed.push(figures.stored(&one.key, measurement).await?);
        }
    }
    let left_out = all - listed.len();
    Ok((listed, left_out))
}

/// Adds to each source the evidence sent with it.
pub(super) async fn add_evidence(
    figures: &Figures,
    series: &[Series],
    sources: &mut [v1::Source],
) -> Result<(), Failure> {
    let totals = series.iter().filter(|one| one.key.members.is_empty());
    let by_key: HashMap<(&str, &str), &Series> = totals
        .map(|one| ((one.key.department.as_str(), one.key.indicator.as_str()), one))
        .collect();
    for source in sources {
        let found = by_key.get(&(source.department.as_str(), source.indicator.as_str()));
        let Some((one, Ok(period))) = found.zip(Some(source.period.parse())) else { continue };
        let Ok(place) = one.measurements.binary_search_by_key(&period, |it| it.period) else {
            continue;
        };
        let measurement = &one.measurements[place];
        if measurement.observation.notes != 0 {
            source.evidence = figures.stored(&one.key, measurement).await?.evidence;
        }
    }
    Ok(())
}
