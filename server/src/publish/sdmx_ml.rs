//! SDMX-ML 2.1: the structure of the figures, as sdmx1 reads it beside SDMX-CSV.

use std::io::Write;

use jiff::Timestamp;
use quick_xml::Writer as Xml;
use quick_xml::events::{BytesDecl, BytesText, Event};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::Text;
use tiendo_shared::wire::v1;

use super::Writer;
use super::structure::{AGENCY, Component, FIGURES, Structure, VERSION};
use crate::failure::Failure;

/// The concept scheme of all components.
const CONCEPTS: &str = "CONCEPTS";

const NAMESPACES: [(&str, &str); 3] = [
    ("xmlns:mes", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"),
    ("xmlns:str", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"),
    ("xmlns:com", "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"),
];

/// Writes the structure; figures are not in it.
#[derive(Debug)]
pub(super) struct SdmxMl {
    structure: Structure,
    prepared: Timestamp,
}

/// Where elements go.
type Out<'a> = &'a mut Xml<Vec<u8>>;

impl SdmxMl {
    /// The structure of this catalogue's figures.
    pub(super) fn of(catalogue: &Catalogue, prepared: Timestamp) -> Self {
        Self { structure: Structure::of(catalogue), prepared }
    }

    fn write(&self) -> std::io::Result<Vec<u8>> {
        let mut out = Xml::new_with_indent(Vec::new(), b' ', 2);
        out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        element(&mut out, "mes:Structure", &NAMESPACES, |out| {
            element(out, "mes:Header", &[], |out| {
                leaf(out, "mes:ID", &[], "FIGURES")?;
                leaf(out, "mes:Test", &[], "false")?;
                leaf(out, "mes:Prepared", &[], &self.prepared.to_string())?;
                empty(out, "mes:Sender", &[("id", AGENCY)])
            })?;
            element(out, "mes:Structures", &[], |out| {
                self.dataflow(out)?;
                element(out, "str:Codelists", &[], |out| self.codelists(out))?;
                element(out, "str:Concepts", &[], |out| self.concepts(out))?;
                element(out, "str:DataStructures", &[], |out| self.data_structure(out))
            })
        })?;
        Ok(out.into_inner())
    }

    fn dataflow(&self, out: Out<'_>) -> std::io::Result<()> {
        element(out, "str:Dataflows", &[], |out| {
            let attributes = maintained(FIGURES);
            element(out, "str:Dataflow", &attributes, |out| {
                names(out, &self.structure.name)?;
                element(out, "str:Structure", &[], |out| {
                    reference(out, "datastructure", "DataStructure", FIGURES)
                })
            })
        })
    }

    /// Every component but the period and the value.
    fn components(&self) -> impl Iterator<Item = &Component> {
        self.structure.dimensions.iter().chain(&self.structure.attributes)
    }

    fn codelists(&self, out: Out<'_>) -> std::io::Result<()> {
        for component in self.components().filter(|it| !it.codes.is_empty()) {
            let id = list_of(component);
            element(out, "str:Codelist", &maintained(&id), |out| {
                names(out, &component.name)?;
                for code in &component.codes {
                    element(out, "str:Code", &[("id", &code.id)], |out| names(out, &code.name))?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    fn concepts(&self, out: Out<'_>) -> std::io::Result<()> {
        element(out, "str:ConceptScheme", &maintained(CONCEPTS), |out| {
            names(out, &self.structure.name)?;
            let own = [
                ("TIME_PERIOD", Text { vi: "Kỳ".to_owned(), en: "Period".to_owned() }),
                ("OBS_VALUE", Text { vi: "Giá trị".to_owned(), en: "Value".to_owned() }),
            ];
            let components = self.components().map(|it| (it.id.as_str(), &it.name));
            for (id, name) in components.chain(own.iter().map(|(id, name)| (*id, name))) {
                element(out, "str:Concept", &[("id", id)], |out| names(out, name))?;
            }
            Ok(())
        })
    }

    fn data_structure(&self, out: Out<'_>) -> std::io::Result<()> {
        let time = (self.structure.dimensions.len() + 1).to_string();
        element(out, "str:DataStructure", &maintained(FIGURES), |out| {
            names(out, &self.structure.name)?;
            element(out, "str:DataStructureComponents", &[], |out| {
                element(out, "str:DimensionList", &[("id", "DimensionDescriptor")], |out| {
                    for (component, at) in self.structure.dimensions.iter().zip(1..) {
                        let at = format!("{at}");
                        let attributes = [("id", component.id.as_str()), ("position", &at)];
                        element(out, "str:Dimension", &attributes, |out| identity(out, component))?;
                    }
                    let attributes = [("id", "TIME_PERIOD"), ("position", time.as_str())];
                    element(out, "str:TimeDimension", &attributes, |out| {
                        concept(out, "TIME_PERIOD")?;
                        element(out, "str:LocalRepresentation", &[], |out| {
                            empty(out, "str:TextFormat", &[("textType", "ObservationalTimePeriod")])
                        })
                    })
                })?;
                element(out, "str:AttributeList", &[("id", "AttributeDescriptor")], |out| {
                    self.structure.attributes.iter().try_for_each(|it| attribute(out, it))
                })?;
                element(out, "str:MeasureList", &[("id", "MeasureDescriptor")], |out| {
                    element(out, "str:PrimaryMeasure", &[("id", "OBS_VALUE")], |out| {
                        concept(out, "OBS_VALUE")
                    })
                })
            })
        })
    }
}

impl Writer for SdmxMl {
    fn begin(&mut self) -> Result<Vec<u8>, Failure> {
        self.write().map_err(Failure::internal)
    }

    fn add(&mut self, _: &[v1::StoredMeasurement]) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }

    fn end(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }
}

fn attribute(out: Out<'_>, component: &Component) -> std::io::Result<()> {
    let attributes = [("id", component.id.as_str()), ("assignmentStatus", "Conditional")];
    element(out, "str:Attribute", &attributes, |out| {
        identity(out, component)?;
        element(out, "str:AttributeRelationship", &[], |out| {
            element(out, "str:PrimaryMeasure", &[], |out| empty(out, "Ref", &[("id", "OBS_VALUE")]))
        })
    })
}

/// The concept of a component, and its codes.
fn identity(out: Out<'_>, component: &Component) -> std::io::Result<()> {
    concept(out, &component.id)?;
    element(out, "str:LocalRepresentation", &[], |out| {
        if component.codes.is_empty() {
            return empty(out, "str:TextFormat", &[("textType", "String")]);
        }
        element(out, "str:Enumeration", &[], |out| {
            reference(out, "codelist", "Codelist", &list_of(component))
        })
    })
}

fn concept(out: Out<'_>, id: &str) -> std::io::Result<()> {
    element(out, "str:ConceptIdentity", &[], |out| {
        let attributes = [
            ("id", id),
            ("maintainableParentID", CONCEPTS),
            ("maintainableParentVersion", VERSION),
            ("agencyID", AGENCY),
            ("package", "conceptscheme"),
            ("class", "Concept"),
        ];
        empty(out, "Ref", &attributes)
    })
}

fn reference(out: Out<'_>, package: &str, class: &str, id: &str) -> std::io::Result<()> {
    let attributes = [
        ("id", id),
        ("version", VERSION),
        ("agencyID", AGENCY),
        ("package", package),
        ("class", class),
    ];
    empty(out, "Ref", &attributes)
}

fn list_of(component: &Component) -> String {
    format!("CL_{}", component.id)
}

fn maintained(id: &str) -> [(&str, &str); 4] {
    [("id", id), ("agencyID", AGENCY), ("version", VERSION), ("isFinal", "false")]
}

fn names(out: Out<'_>, name: &Text) -> std::io::Result<()> {
    for (language, text) in [("vi", &name.vi), ("en", &name.en)] {
        leaf(out, "com:Name", &[("xml:lang", language)], text)?;
    }
    Ok(())
}

fn element(
    out: Out<'_>,
    name: &str,
    attributes: &[(&str, &str)],
    inside: impl FnOnce(Out<'_>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let start = out.create_element(name).with_attributes(attributes.iter().copied());
    start.write_inner_content(inside)?;
    Ok(())
}

fn leaf(out: Out<'_>, name: &str, attributes: &[(&str, &str)], text: &str) -> std::io::Result<()> {
    let start = out.create_element(name).with_attributes(attributes.iter().copied());
    start.write_text_content(BytesText::new(text))?;
    Ok(())
}

fn empty(out: Out<'_>, name: &str, attributes: &[(&str, &str)]) -> std::io::Result<()> {
    out.create_element(name).with_attributes(attributes.iter().copied()).write_empty()?;
    out.get_mut().flush()
}
