//! What SDMX has to know of the figures: dimensions, attributes and codes, from the catalogue.

use std::collections::BTreeMap;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::{Kind, MILESTONE_LEVELS, Text};
use tiendo_shared::wire::v1;
use v1::stored_measurement::Content;

use super::{instant, one_line};

/// Who maintains the structure, and its parts.
pub(super) const AGENCY: &str = "TIENDO";
/// Id of the data flow and of the data structure.
pub(super) const FIGURES: &str = "FIGURES";
/// Version of the structure.
pub(super) const VERSION: &str = "1.0";

/// Dimensions that stand before those of the catalogue.
const FIXED: usize = 4;

/// The structure of the figures of one catalogue.
#[derive(Debug)]
pub(super) struct Structure {
    /// Name of the plan.
    pub(super) name: Text,
    /// All but the period, in the order of keys.
    pub(super) dimensions: Vec<Component>,
    /// Of each figure.
    pub(super) attributes: Vec<Component>,
    /// Position of each dimension of the catalogue among [`Self::dimensions`].
    members: BTreeMap<String, usize>,
    /// Unit of each indicator.
    units: BTreeMap<String, String>,
    /// Of each indicator with levels, their ids from the lowest.
    levels: BTreeMap<String, Vec<String>>,
}

/// A dimension or an attribute.
#[derive(Debug)]
pub(super) struct Component {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: Text,
    /// The codes it takes; empty if it takes any text.
    pub(super) codes: Vec<Code>,
}

/// A code.
#[derive(Debug, Clone)]
pub(super) struct Code {
    /// As it stands in data.
    pub(super) id: String,
    /// Its name.
    pub(super) name: Text,
}

/// A figure by the structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Observation {
    /// A code for each dimension.
    pub(super) key: Vec<String>,
    /// `2026`, `2026-S1`, `2026-Q3` or `2026-09`.
    pub(super) period: String,
    /// An exact decimal; `NaN` where there is none.
    pub(super) value: String,
    /// A text for each attribute.
    pub(super) attributes: Vec<String>,
}

/// `OBS_STATUS`: the codes of `CL_OBS_STATUS` 2.2 and one of our own.
const STATUSES: [(&str, &str, &str); 9] = [
    ("A", "Chính thức", "Normal"),
    ("P", "Sơ bộ", "Provisional"),
    ("E", "Ước tính", "Estimated"),
    ("B", "Bắt đầu chuỗi mới", "Time series break"),
    ("L", "Không thu thập", "Missing; not collected"),
    ("O", "Chưa có số liệu", "Missing; not yet available"),
    ("M", "Không áp dụng", "Missing; data cannot exist"),
    ("Q", "Không công bố", "Missing; confidential"),
    ("WITHDRAWN", "Đã rút lại", "Taken back by the department"),
];

const ATTRIBUTES: [(&str, &str, &str); 10] = [
    ("OBS_STATUS", "Tình trạng", "Observation status"),
    ("LEVEL", "Mức, mã trong danh mục", "Level, id in the catalogue"),
    ("RANKED_AMONG", "Số đơn vị được xếp hạng", "How many were ranked"),
    ("EDITION", "Kỳ của bộ chỉ số", "Edition of the index"),
    ("TERRITORY", "Địa giới", "Boundaries"),
    ("COMMENT_OBS", "Ghi chú", "Comment"),
    ("EVIDENCE", "Minh chứng", "Evidence"),
    ("REVISION", "Lần sửa", "Revision, 0 for the first value"),
    ("SEQUENCE", "Số thứ tự trong sổ", "Sequence in the department's ledger"),
    ("RECEIVED", "Thời điểm nhận", "When the server received it"),
];

fn text(vi: &str, en: &str) -> Text {
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

fn code((id, vi, en): (&str, &str, &str)) -> Code {
    Code { id: id.to_owned(), name: text(vi, en) }
}

impl Structure {
    /// The structure of what this catalogue's departments report.
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let mut dimensions = fixed(catalogue);
        let mut members = BTreeMap::new();
        for dimension in catalogue.indicators().iter().flat_map(|it| &it.dimensions) {
            let place = *members.entry(dimension.id.clone()).or_insert_with(|| {
                dimensions.push(Component {
                    id: dimension.id.to_uppercase().replace('-', "_"),
                    name: dimension.name.clone(),
                    codes: vec![code(("_T", "Tổng", "Total"))],
                });
                dimensions.len() - 1
            });
            let codes = &mut dimensions[place].codes;
            for (id, name) in dimension.members.iter().zip(&dimension.labels) {
                if codes.iter().all(|known| known.id != *id) {
                    codes.push(Code { id: id.clone(), name: name.clone() });
                }
            }
        }
        let attributes = ATTRIBUTES.map(|(id, vi, en)| Component {
            id: id.to_owned(),
            name: text(vi, en),
            codes: if id == "OBS_STATUS" { STATUSES.map(code).to_vec() } else { Vec::new() },
        });
        let units = catalogue.indicators().iter().map(|it| (it.id.clone(), it.unit.clone()));
        let levels = catalogue.indicators().iter().filter_map(|indicator| {
            let ids = match &indicator.kind {
                Kind::Level(scale) => scale.levels.iter().map(|level| level.id.clone()).collect(),
                Kind::Milestone => MILESTONE_LEVELS.map(str::to_owned).into(),
                Kind::Quantity | Kind::Rank => return None,
            };
            Some((indicator.id.clone(), ids))
        });
        Self {
            name: catalogue.name.clone(),
            dimensions,
            attributes: attributes.into(),
            members,
            units: units.collect(),
            levels: levels.collect(),
        }
    }

    /// A figure by this structure.
    pub(super) fn observation(&self, figure: &v1::StoredMeasurement) -> Observation {
        let unit = self.units.get(&figure.indicator).cloned().unwrap_or_default();
        let frequency = frequency(&figure.period).to_owned();
        let mut key = vec![frequency, figure.department.clone(), figure.indicator.clone(), unit];
        key.resize(self.dimensions.len(), "_T".to_owned());
        for member in &figure.dimensions {
            if let Some(place) = self.members.get(&member.dimension) {
                key[*place].clone_from(&member.member);
            }
        }
        let (value, status, level) = self.content(figure);
        let ranked = figure.ranked_among.map_or_else(String::new, |among| among.to_string());
        let attributes = vec![
            status.to_owned(),
            level,
            ranked,
            figure.edition.clone(),
            figure.territory.clone(),
            one_line(&figure.comment),
            one_line(&figure.evidence),
            figure.revision.to_string(),
            figure.sequence.to_string(),
            instant(figure.received_at.as_ref()),
        ];
        Observation { key, period: figure.period.clone(), value, attributes }
    }

    /// Value, status and level of a figure. A level's value is its place from 0.
    fn content(&self, figure: &v1::StoredMeasurement) -> (String, &'static str, String) {
        use v1::{MissingReason, ObservationStatus};
        let firm = match figure.status() {
            ObservationStatus::Provisional => "P",
            ObservationStatus::Estimated => "E",
            ObservationStatus::Break => "B",
            ObservationStatus::Final | ObservationStatus::Unspecified => "A",
        };
        let none = || "NaN".to_owned();
        match &figure.content {
            Some(Content::Value(value)) => (value.clone(), firm, String::new()),
            Some(Content::Level(level)) => {
                let levels = self.levels.get(&figure.indicator);
                let place = levels.and_then(|ids| ids.iter().position(|id| id == level));
                (place.map_or_else(none, |place| place.to_string()), firm, level.clone())
            }
            Some(Content::Missing(reason)) => {
                let status = match MissingReason::try_from(*reason) {
                    Ok(MissingReason::NotCollected) => "L",
                    Ok(MissingReason::NotApplicable) => "M",
                    Ok(MissingReason::Confidential) => "Q",
                    _ => "O",
                };
                (none(), status, String::new())
            }
            Some(Content::Withdrawn(_)) | None => (none(), "WITHDRAWN", String::new()),
        }
    }
}

/// The dimensions every figure has.
fn fixed(catalogue: &Catalogue) -> Vec<Component> {
    let frequencies = [
        ("A", "Năm", "Annual"),
        ("S", "Nửa năm", "Half-yearly"),
        ("Q", "Quý", "Quarterly"),
        ("M", "Tháng", "Monthly"),
    ];
    let departments = catalogue.departments().iter();
    let indicators = catalogue.indicators().iter().filter(|it| it.formula.is_none());
    let component = |id: &str, vi: &str, en: &str, codes: Vec<Code>| Component {
        id: id.to_owned(),
        name: text(vi, en),
        codes,
    };
    let all: [Component; FIXED] = [
        component("FREQ", "Tần suất", "Frequency", frequencies.map(code).to_vec()),
        component(
            "DEPARTMENT",
            "Đơn vị báo cáo",
            "Reporting department",
            departments.map(|it| Code { id: it.id.clone(), name: it.name.clone() }).collect(),
        ),
        component(
            "INDICATOR",
            "Chỉ tiêu",
            "Indicator",
            indicators.map(|it| Code { id: it.id.clone(), name: it.name.clone() }).collect(),
        ),
        component(
            "UNIT_MEASURE",
            "Đơn vị tính",
            "Unit of measure",
            catalogue
                .units()
                .iter()
                .map(|it| Code { id: it.id.clone(), name: it.name.clone() })
                .collect(),
        ),
    ];
    all.into()
}

/// The code of a period's frequency.
fn frequency(period: &str) -> &'static str {
    match period.split_once('-').map(|(_, part)| part.as_bytes().first()) {
        None => "A",
        Some(Some(b'S')) => "S",
        Some(Some(b'Q')) => "Q",
        Some(_) => "M",
    }
}
