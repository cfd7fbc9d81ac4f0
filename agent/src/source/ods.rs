//! Rows of an `OpenDocument` sheet, one at a time.
//!
//! Not by calamine, which reads a whole ods at once and does not tell a
//! percentage from a number.

use std::fs::File;
use std::io::BufReader;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::read::ZipFile;

use super::cell::{Cell, Row, Value, letters};
use super::error::Error;
use super::package::{Package, explain as explain_package};
use super::xlsx::iso_date;
use super::{Limits, Sheet};
use crate::number::shortest;

type Xml<'a> = Reader<BufReader<ZipFile<'a, BufReader<File>>>>;

/// The sheets of the document in `package`.
pub(super) fn sheets(package: &mut Package, file: &str) -> Result<Vec<Sheet>, Error> {
    let mut document = Document::open(package, file, "")?;
    let mut hidden_styles = Vec::new();
    let mut style = String::new();
    let mut sheets = Vec::new();
    while let Some(tag) = document.next_start()? {
        match tag.name().as_ref() {
            "style:style" => style = attribute(&tag, "style:name").unwrap_or_default(),
            "style:table-properties"
                if attribute(&tag, "table:display").as_deref() == Some("false") =>
            {
                hidden_styles.push(style.clone());
            }
            "table:table" => {
                let name = attribute(&tag, "table:name").unwrap_or_default();
                let hidden = attribute(&tag, "table:style-name")
                    .is_some_and(|style| hidden_styles.contains(&style));
                document.skip(&tag)?;
                sheets.push(Sheet { name, hidden });
            }
            _ => {}
        }
    }
    Ok(sheets)
}

/// The rows of a sheet.
pub(super) struct Rows<'a> {
    document: Document<'a>,
    limits: Limits,
    /// Rows read.
    number: u32,
    /// The last row, to be repeated up to this number.
    repeated: Option<(Row, u32)>,
}

impl<'a> Rows<'a> {
    /// The rows of `sheet` in `package`.
    pub(super) fn new(
        package: &'a mut Package,
        file: &str,
        sheet: &str,
        limits: Limits,
    ) -> Result<Self, Error> {
        let mut document = Document::open(package, file, sheet)?;
        while let Some(tag) = document.next_start()? {
            if tag.name().as_ref() != "table:table" {
                continue;
            }
            if attribute(&tag, "table:name").as_deref() == Some(sheet) {
                break;
            }
            document.skip(&tag)?;
        }
        Ok(Self { document, limits, number: 0, repeated: None })
    }

    /// The next row that holds something; none at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, Error> {
        if let Some((row, last)) = &mut self.repeated {
            if row.number < *last {
                row.number += 1;
                return Ok(Some(row.clone()));
            }
            self.repeated = None;
        }
        loop {
            match self.document.next()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "table:table-row" => {
                        let times = repetition(&tag, "table:number-rows-repeated");
                        let first = self.number.saturating_add(1);
                        self.number = self.number.saturating_add(times);
                        let cells = self.read_cells(first)?;
                        if !cells.is_empty() {
                            let row = Row { number: first, cells };
                            self.repeated = Some((row.clone(), self.number));
                            return Ok(Some(row));
                        }
                    }
                    "table:table" | "table:shapes" | "office:forms" => self.document.skip(&tag)?,
                    _ => {}
                },
                Event::End(tag) if tag.name().as_ref() == "table:table" => return Ok(None),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// The cells up to the last that holds something.
    fn read_cells(&mut self, row: u32) -> Result<Vec<Cell>, Error> {
        let mut cells: Vec<Cell> = Vec::new();
        let mut column = 0_u32;
        loop {
            match self.document.next()? {
                Event::Start(tag) if is_cell(&tag) => {
                    let times = repetition(&tag, "table:number-columns-repeated");
                    let stored = Stored::of(&tag);
                    let cell = stored.cell(self.read_text(row, column)?);
                    if cell.value != Value::Empty {
                        let end = column.saturating_add(times);
                        if end > self.limits.columns {
                            return Err(self.document.too_many_columns(row, self.limits.columns));
                        }
                        cells.resize(column as usize, Cell::default());
                        cells.resize(end as usize, cell);
                    }
                    column = column.saturating_add(times);
                }
                Event::End(tag) if tag.name().as_ref() == "table:table-row" => return Ok(cells),
                Event::Eof => return Err(self.document.ended()),
                _ => {}
            }
        }
    }

    /// The text of the cell whose tag was just read: its paragraphs, without notes and drawings.
    fn read_text(&mut self, row: u32, column: u32) -> Result<String, Error> {
        let mut text = String::new();
        let mut paragraphs = 0;
        let mut inside = false;
        loop {
            match self.document.next()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "text:p" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                        inside = true;
                    }
                    "text:s" => {
                        let spaces = repetition(&tag, "text:c").min(self.limits.columns);
                        text.extend(std::iter::repeat_n(' ', spaces as usize));
                    }
                    "text:tab" => text.push('\t'),
                    "text:line-break" => text.push('\n'),
                    "text:span" | "text:a" => {}
                    _ => self.document.skip(&tag)?,
                },
                Event::Text(part) if inside => text.push_str(&part.xml10_content()),
                Event::GeneralRef(part) if inside => push_reference(&mut text, &part),
                Event::End(tag) if tag.name().as_ref() == "text:p" => inside = false,
                Event::End(tag) if is_cell_name(tag.name().as_ref()) => return Ok(text),
                Event::Eof => return Err(self.document.ended()),
                _ => {}
            }
            if text.len() / 4 > self.limits.cell_characters {
                return Err(self.document.cell_too_long(row, column, self.limits));
            }
        }
    }
}

fn is_cell(tag: &BytesStart<'_>) -> bool {
    is_cell_name(tag.name().as_ref())
}

fn is_cell_name(name: &str) -> bool {
    matches!(name, "table:table-cell" | "table:covered-table-cell")
}

/// What the tag of a cell says about its value.
#[derive(Debug, Default)]
struct Stored {
    kind: String,
    value: Option<String>,
    is_formula: bool,
    is_error: bool,
}

impl Stored {
    fn of(tag: &BytesStart<'_>) -> Self {
        let mut stored = Self::default();
        for attribute in tag.attributes().with_checks(false).flatten() {
            let value = || {
                attribute.normalized_value(XmlVersion::default()).unwrap_or_default().into_owned()
            };
            match attribute.key.as_ref() {
                "office:value-type" => stored.kind = value(),
                "office:value"
                | "office:date-value"
                | "office:time-value"
                | "office:boolean-value"
                | "office:string-value" => stored.value = Some(value()),
                "table:formula" => stored.is_formula = true,
                "calcext:value-type" => stored.is_error = value() == "error",
                _ => {}
            }
        }
        stored
    }

    /// The cell, whose paragraphs are `text`.
    fn cell(self, text: String) -> Cell {
        let percent = self.kind == "percentage";
        let value = match (self.kind.as_str(), self.value) {
            _ if self.is_error => Value::Error(text),
            ("float" | "currency" | "percentage", Some(value)) => match value.parse() {
                Ok(number) => Value::Number(shortest(number)),
                Err(_) => Value::Text(value),
            },
            ("date", Some(value)) => iso_date(&value),
            ("time", Some(value)) => Value::Duration(value),
            ("boolean", Some(value)) => Value::Bool(value == "true"),
            ("string", Some(value)) if !value.is_empty() => Value::Text(value),
            ("string", _) => Cell::text(text).value,
            _ if self.is_formula && text.is_empty() => Value::Uncalculated,
            _ => Cell::text(text).value,
        };
        let percent = percent && matches!(value, Value::Number(_));
        Cell { value, percent }
    }
}

fn push_reference(text: &mut String, reference: &BytesRef<'_>) {
    let character = match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character),
        _ => match reference.as_ref() {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => None,
        },
    };
    text.extend(character);
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(XmlVersion::default()).ok()?.into_owned())
}

fn repetition(tag: &BytesStart<'_>, name: &str) -> u32 {
    attribute(tag, name).and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// The XML of the document, with what its errors name.
struct Document<'a> {
    xml: Xml<'a>,
    buffer: Vec<u8>,
    file: String,
    sheet: String,
}

impl<'a> Document<'a> {
    fn open(package: &'a mut Package, file: &str, sheet: &str) -> Result<Self, Error> {
        let entry =
            package.by_name("content.xml").map_err(|error| explain_package(file, &error))?;
        let mut xml = Reader::from_reader(BufReader::new(entry));
        xml.config_mut().expand_empty_elements = true;
        Ok(Self { xml, buffer: Vec::new(), file: file.to_owned(), sheet: sheet.to_owned() })
    }

    fn next(&mut self) -> Result<Event<'static>, Error> {
        self.buffer.clear();
        match self.xml.read_event_into(&mut self.buffer) {
            Ok(event) => Ok(event.into_owned()),
            Err(error) => Err(explain(&self.file, &self.sheet, &error)),
        }
    }

    fn next_start(&mut self) -> Result<Option<BytesStart<'static>>, Error> {
        loop {
            match self.next()? {
                Event::Start(tag) => return Ok(Some(tag)),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    fn skip(&mut self, tag: &BytesStart<'_>) -> Result<(), Error> {
        self.buffer.clear();
        let skipped = self.xml.read_to_end_into(tag.name(), &mut self.buffer);
        skipped.map(drop).map_err(|error| explain(&self.file, &self.sheet, &error))
    }

    fn ended(&self) -> Error {
        let detail = "its content ends within a table".to_owned();
        Error::HalfWritten { file: self.file.clone(), detail }
    }

    fn too_many_columns(&self, row: u32, limit: u32) -> Error {
        Error::TooManyColumns { file: self.file.clone(), sheet: self.sheet.clone(), row, limit }
    }

    fn cell_too_long(&self, row: u32, column: u32, limits: Limits) -> Error {
        Error::CellTooLong {
            file: self.file.clone(),
            sheet: self.sheet.clone(),
            row,
            column: letters(column),
            limit: limits.cell_characters,
        }
    }
}

fn explain(file: &str, sheet: &str, error: &quick_xml::Error) -> Error {
    let (file, detail) = (file.to_owned(), error.to_string());
    match error {
        quick_xml::Error::Io(_) => Error::HalfWritten { file, detail },
        _ => Error::Unreadable { file, sheet: sheet.to_owned(), detail },
    }
}
