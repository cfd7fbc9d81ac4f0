//! SDMX-JSON 2.0: figures and the codes they use in one document, by the official schema.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::Text;
use tiendo_shared::wire::v1;

use super::Writer;
use super::structure::{AGENCY, Component, FIGURES, Observation, Structure, VERSION};
use crate::failure::Failure;

/// Most figures in a document, which its readers hold in memory.
const MOST: usize = 200_000;

/// Writes SDMX-JSON.
#[derive(Debug)]
pub(super) struct SdmxJson {
    structure: Structure,
    prepared: Timestamp,
    observations: Vec<Observation>,
}

/// The values of a component that are used, in the order they were first seen.
#[derive(Debug, Default)]
struct Used {
    values: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Used {
    fn place(&mut self, value: &str) -> usize {
        if let Some(place) = self.places.get(value) {
            return *place;
        }
        self.values.push(value.to_owned());
        self.places.insert(value.to_owned(), self.values.len() - 1);
        self.values.len() - 1
    }
}

impl SdmxJson {
    /// A document of this catalogue's figures.
    pub(super) fn of(catalogue: &Catalogue, prepared: Timestamp) -> Self {
        Self { structure: Structure::of(catalogue), prepared, observations: Vec::new() }
    }

    fn document(&self) -> Value {
        let new = |components: &[Component]| -> Vec<Used> {
            components.iter().map(|_| Used::default()).collect()
        };
        let mut keys = new(&self.structure.dimensions);
        let mut attributes = new(&self.structure.attributes);
        let mut periods = Used::default();
        let mut series: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for observation in &self.observations {
            let key: Vec<String> = keys
                .iter_mut()
                .zip(&observation.key)
                .map(|(used, code)| used.place(code).to_string())
                .collect();
            let mut cells = vec![number(&observation.value)];
            for (used, text) in attributes.iter_mut().zip(&observation.attributes) {
                let place = (!text.is_empty()).then(|| used.place(text));
                cells.push(place.map_or(Value::Null, Value::from));
            }
            let period = periods.place(&observation.period).to_string();
            series.entry(key.join(":")).or_default().insert(period, cells.into());
        }
        let series: Map<String, Value> =
            series.into_iter().map(|(key, of)| (key, json!({ "observations": of }))).collect();
        json!({
            "meta": {
                "id": FIGURES,
                "test": false,
                "prepared": self.prepared.to_string(),
                "contentLanguages": ["vi", "en"],
                "sender": { "id": AGENCY, "name": AGENCY },
            },
            "data": {
                "structures": [self.described(&keys, &periods, &attributes)],
                "dataSets": [
                    { "structure": 0, "links": [], "action": "Replace", "series": series }
                ],
            },
        })
    }

    fn described(&self, keys: &[Used], periods: &Used, attributes: &[Used]) -> Value {
        let urn = |class: &str| {
            format!(
                "urn:sdmx:org.sdmx.infomodel.datastructure.{class}={AGENCY}:{FIGURES}({VERSION})"
            )
        };
        let dimensions = self.structure.dimensions.iter().zip(keys).enumerate();
        let dimensions = dimensions.map(|(at, (component, used))| {
            let values = values(component, used);
            json!({ "id": component.id, "name": component.name.en, "names": names(&component.name),
                    "keyPosition": at, "values": values })
        });
        let attributes = self.structure.attributes.iter().zip(attributes);
        let attributes = attributes.map(|(component, used)| {
            let values = values(component, used);
            json!({ "id": component.id, "name": component.name.en, "names": names(&component.name),
                    "relationship": { "observation": {} }, "values": values })
        });
        let periods: Vec<Value> =
            periods.values.iter().map(|period| json!({ "value": period })).collect();
        json!({
            "name": self.structure.name.en,
            "names": names(&self.structure.name),
            "dataSets": [0],
            "links": [
                { "urn": urn("Dataflow"), "rel": "dataflow" },
                { "urn": urn("DataStructure"), "rel": "datastructure" },
            ],
            "dimensions": {
                "dataSet": [],
                "series": dimensions.collect::<Vec<_>>(),
                "observation": [
                    { "id": "TIME_PERIOD", "name": "Period", "keyPosition": keys.len(),
                      "roles": ["TIME_PERIOD"], "values": periods }
                ],
            },
            "measures": {
                "observation": [{ "id": "OBS_VALUE", "name": "Value", "roles": ["OBS_VALUE"] }]
            },
            "attributes": {
                "dataSet": [], "dimensionGroup": [], "series": [],
                "observation": attributes.collect::<Vec<_>>(),
            },
            "annotations": [],
        })
    }
}

fn names(name: &Text) -> Value {
    json!({ "vi": name.vi, "en": name.en })
}

/// The values of a component that are used: codes with their names, or texts.
fn values(component: &Component, used: &Used) -> Vec<Value> {
    let known: BTreeMap<&str, &Text> =
        component.codes.iter().map(|code| (code.id.as_str(), &code.name)).collect();
    let value = |value: &String| match known.get(value.as_str()) {
        Some(name) => json!({ "id": value, "name": name.en, "names": names(name) }),
        None if component.codes.is_empty() => json!({ "value": value }),
        None => json!({ "id": value, "name": value }),
    };
    used.values.iter().map(value).collect()
}

/// A number that reads back as the same decimal; as text where none does, and nothing
/// where there is no number.
fn number(text: &str) -> Value {
    if text == "NaN" {
        return Value::Null;
    }
    let number: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let same = number.to_string().parse::<rust_decimal::Decimal>().ok()
        == text.parse::<rust_decimal::Decimal>().ok();
    if same && number.is_number() { number } else { Value::from(text) }
}

impl Writer for SdmxJson {
    fn begin(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }

    fn add(&mut self, figures: &[v1::StoredMeasurement]) -> Result<Vec<u8>, Failure> {
        if self.observations.len() + figures.len() > MOST {
            let message = format!(
                "there are more than {MOST} figures; ask for one department or indicator, or for \
                 SDMX-CSV, which can be as long as need be"
            );
            return Err(Failure::Precondition { reason: "EXPORT_TOO_LONG", message });
        }
        self.observations.extend(figures.iter().map(|figure| self.structure.observation(figure)));
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, Failure> {
        serde_json::to_vec(&self.document()).map_err(Failure::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        for text in ["0", "-0.001", "1234567.891", "81.25", "100"] {
            let value = number(text);
            assert!(value.is_number(), "{text}");
            assert_eq!(value.as_f64(), text.parse().ok(), "{text}");
        }
        let long = "1234567890.123456789012345678";
        assert_eq!(number(long), Value::from(long));
        assert_eq!(number("NaN"), Value::Null);
    }

    #[test]
    fn a_document_that_is_too_long_is_refused() {
        let catalogue = Catalogue::parse(crate::SHIPPED_CATALOGUE).unwrap();
        let mut document = SdmxJson::of(&catalogue, Timestamp::UNIX_EPOCH);
        let figures = vec![v1::StoredMeasurement::default(); MOST / 2];
        document.add(&figures).unwrap();
        document.add(&figures).unwrap();
        let refused = document.add(&figures[..1]).unwrap_err();
        assert!(matches!(refused, Failure::Precondition { reason: "EXPORT_TOO_LONG", .. }));
    }
}
