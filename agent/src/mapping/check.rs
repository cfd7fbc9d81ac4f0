//! What must hold between the keys of a mapping before a file is read with it.

use super::column::Column;
use super::pattern::{Pattern, Slot};
use super::settings::{Header, Layout, Select, Settings};

/// Everything that is wrong with `settings`, told by its keys; one finding for each part.
pub(super) fn check(settings: &Settings) -> Vec<String> {
    let header = settings.header.as_ref();
    let mut found = vec![
        check_sheet(settings),
        header.map_or(Ok(()), |header| check_header(header, settings.first_row)),
    ];
    if settings.layout == Layout::Cells {
        found.push(check_cells(settings));
    } else if settings.cell.is_empty() {
        found.extend(settings.selections().iter().map(|select| check_selection(settings, select)));
    } else {
        found.push(Err("`cell` belongs to the layout `cells`".to_owned()));
    }
    found.into_iter().filter_map(Result::err).collect()
}

fn check_sheet(settings: &Settings) -> Result<(), String> {
    let mut slots = settings.sheet.iter().flat_map(Pattern::slots);
    match slots.find(|slot| **slot != Slot::Period) {
        Some(slot) => {
            Err(format!("`sheet` has the slot {slot:?}; only `{{period}}` is taken there"))
        }
        None => Ok(()),
    }
}

fn check_header(header: &Header, first_row: Option<u32>) -> Result<(), String> {
    let last = match (header.row, header.rows, &header.find) {
        (Some(row), None, None) => row,
        (None, Some([first, last]), None) if first <= last => last,
        (None, Some(_), None) => return Err("`header.rows` ends before it begins".to_owned()),
        (None, None, Some(find)) if !find.0.is_empty() => 0,
        _ => return Err("`header` takes one of `row`, `rows` and `find`".to_owned()),
    };
    if header.row == Some(0) || header.rows.is_some_and(|[first, _]| first == 0) {
        return Err("rows are counted from 1".to_owned());
    }
    if first_row.is_some_and(|first| first <= last) {
        return Err("`first_row` is not behind the header".to_owned());
    }
    Ok(())
}

fn check_cells(settings: &Settings) -> Result<(), String> {
    let others = settings.header.is_some()
        || settings.headings.is_some()
        || !settings.select.is_empty()
        || settings.columns.iter().next().is_some();
    if others || settings.cell.is_empty() {
        return Err("the layout `cells` takes `cell`, and no header, columns or select".to_owned());
    }
    let naming = settings.cell.iter().filter(|cell| cell.at.sheet.is_some()).count();
    if naming > 0 && naming < settings.cell.len() {
        return Err("either every `cell` names its sheet, or none does".to_owned());
    }
    for cell in &settings.cell {
        let fixed = cell.fixed.over(&settings.fixed);
        if fixed.indicator.is_none() || (fixed.period.is_none() && !settings.sheet_tells_period()) {
            return Err(format!("cell `{}` has no indicator or no period in `fixed`", cell.at));
        }
    }
    Ok(())
}

fn check_selection(settings: &Settings, select: &Select) -> Result<(), String> {
    let is_wide = settings.layout == Layout::Wide;
    match (is_wide, &select.headings, &select.columns.value) {
        (true, Some(_), None) | (false, None, Some(_)) => {}
        (true, ..) => {
            return Err("the layout `wide` takes `headings`, and no `columns.value`".to_owned());
        }
        (false, ..) => {
            return Err("the layout `long` takes `columns.value`, and no `headings`".to_owned());
        }
    }
    let has_slot =
        |wanted: Slot| select.headings.iter().flat_map(Pattern::slots).any(|slot| *slot == wanted);
    let (fixed, columns) = (&select.fixed, &select.columns);
    if fixed.indicator.is_none() && columns.indicator.is_none() && !has_slot(Slot::Indicator) {
        return Err("no `indicator` in `fixed`, `columns` or `headings`".to_owned());
    }
    let told = settings.sheet_tells_period() || has_slot(Slot::Period);
    if fixed.period.is_none() && columns.period.is_none() && !told {
        return Err("no `period` in `fixed`, `columns`, `headings` or `sheet`".to_owned());
    }
    let mut named = columns.iter().chain(select.r#where.keys());
    let heading = named.find(|column| matches!(column, Column::Heading(_)));
    match heading {
        _ if settings.header.is_some() => Ok(()),
        Some(column) => Err(format!("`{column}` is a heading, and no `header` is declared")),
        None if is_wide => Err("the layout `wide` needs a `header`".to_owned()),
        None => Ok(()),
    }
}
