//! SDMX-CSV 2.0: one line a figure, codes alone; as sdmx1 and pysdmx read it.
//!
//! UTF-8 without a mark, and no line breaks in fields: readers split into lines first.

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::wire::v1;

use super::Writer;
use super::csv::line;
use super::structure::{AGENCY, FIGURES, Structure, VERSION};
use crate::failure::Failure;

/// Writes SDMX-CSV.
#[derive(Debug)]
pub(super) struct SdmxCsv {
    structure: Structure,
    id: String,
}

impl SdmxCsv {
    /// A file of this catalogue's figures.
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        Self { structure: Structure::of(catalogue), id: format!("{AGENCY}:{FIGURES}({VERSION})") }
    }
}

impl Writer for SdmxCsv {
    fn begin(&mut self) -> Result<Vec<u8>, Failure> {
        let ids = |components: &'_ [super::structure::Component]| {
            components.iter().map(|it| it.id.clone()).collect::<Vec<_>>()
        };
        let mut heading: Vec<String> =
            ["STRUCTURE", "STRUCTURE_ID", "ACTION"].map(str::to_owned).into();
        heading.extend(ids(&self.structure.dimensions));
        heading.extend(["TIME_PERIOD", "OBS_VALUE"].map(str::to_owned));
        heading.extend(ids(&self.structure.attributes));
        line(&heading)
    }

    fn add(&mut self, figures: &[v1::StoredMeasurement]) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        for figure in figures {
            let observation = self.structure.observation(figure);
            let mut fields = vec!["dataflow".to_owned(), self.id.clone(), "I".to_owned()];
            fields.extend(observation.key);
            fields.extend([observation.period, observation.value]);
            fields.extend(observation.attributes);
            bytes.extend(line(&fields)?);
        }
        Ok(bytes)
    }

    fn end(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }
}
