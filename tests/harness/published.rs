//! The figures of An Giang that somebody published; no others may be invented.

use tiendo_shared::wire::v1;

use super::words::{group, number, submission};

/// The department that reports them.
pub(crate) const DEPARTMENT: &str = "thong-ke-tinh";

/// Indicator, period, value, status: as published by the statistics office and the province.
pub(crate) const FIGURES: [(&str, &str, &str, v1::ObservationStatus); 11] = {
    use v1::ObservationStatus::{Final, Provisional};
    [
        ("income-per-head", "2010", "1319", Final),
        ("income-per-head-national", "2010", "1387", Final),
        ("income-per-head", "2012", "1871", Final),
        ("income-per-head-national", "2012", "2000", Final),
        ("income-per-head", "2014", "2472", Final),
        ("income-per-head-national", "2014", "2637", Final),
        ("income-per-head", "2016", "2909", Provisional),
        ("income-per-head-national", "2016", "3049", Provisional),
        ("tfp-growth-share", "2022", "53.8", Final),
        ("digital-economy-share", "2023", "5.28", Final),
        ("digital-economy-share", "2024", "5.99", Final),
    ]
};

/// Submission of those figures, of the old territory where the series has one.
pub(crate) fn published() -> v1::SubmitMeasurementsRequest {
    submission(FIGURES.map(|(indicator, period, value, status)| {
        let national = indicator.ends_with("-national");
        v1::MeasurementGroup {
            territory: if national { "" } else { "an-giang-old" }.to_owned(),
            status: status as i32,
            ..group(period, [number(indicator, value)])
        }
    }))
}
