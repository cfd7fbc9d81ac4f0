//! Reads `[calendar]`.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::calendar::{Calendar, CutOff, Exception, TIME_ZONE};
use crate::catalogue::node::Node;
use crate::catalogue::section::Section;
use crate::indicator::Text;
use crate::period::ReportingPeriod;

/// Longest span of days that can be set.
const MOST_DAYS: u16 = 3_650;

/// Most due days that were moved.
const MOST_EXCEPTIONS: usize = 1_000;

/// Most holidays, enough for a century and few enough that no deadline is far to seek.
const MOST_HOLIDAYS: usize = 2_000;

pub(super) fn calendar(node: Node<'_>) -> Option<Calendar> {
    let section = node.section("written as `[calendar]`")?;
    section.required("time_zone", time_zone);
    let days = |node: Node<'_>| node.integer(0..=MOST_DAYS);
    let calendar = Calendar {
        cut_off: section.required("cut_off", cut_off).unwrap_or_default(),
        working_days_to_send: section
            .required("working_days_to_send", |node| node.integer(0..=60))
            .unwrap_or_default(),
        grace_days: section.optional("grace_days", days).unwrap_or_default(),
        lock_after_days: section.optional("lock_after_days", days),
        holidays: section.optional("holidays", holidays).unwrap_or_default(),
        exceptions: section.optional("exceptions", exceptions).unwrap_or_default(),
        reports_from: section.optional("reports_from", Node::date),
    };
    section.refuse_unknown();
    if let Some(lock) = calendar.lock_after_days
        && lock < calendar.grace_days
    {
        let grace = calendar.grace_days;
        let message = format!("reports lock after {lock} days but have {grace} days of grace");
        section.refuse_at("lock_after_days", message);
    }
    for (period, exception) in &calendar.exceptions {
        let first = calendar.cut_off(*period).0;
        if section.is_sound(&["cut_off"]) && exception.due < first {
            let due = exception.due;
            let message = format!("`{period}` opens on {first} and cannot be due on {due}");
            section.refuse_at("exceptions", message);
        }
    }
    Some(calendar)
}

fn time_zone(node: Node<'_>) -> Option<()> {
    let zone = node.raw_text()?;
    if zone == TIME_ZONE {
        return Some(());
    }
    node.refuse(format!("time zone `{zone}` is not supported; accepted: `{TIME_ZONE}`"))
}

fn cut_off(node: Node<'_>) -> Option<CutOff> {
    let section = node.section("a table with a day for each frequency")?;
    let day = |key| section.required(key, |node| node.integer(1..=31));
    let (month, quarter) = (day("month"), day("quarter"));
    let (half_year, year) = (day("half_year"), day("year"));
    section.refuse_unknown();
    Some(CutOff { month: month?, quarter: quarter?, half_year: half_year?, year: year? })
}

fn holidays(node: Node<'_>) -> Option<BTreeMap<Date, Text>> {
    let items = node.items()?;
    if items.len() > MOST_HOLIDAYS {
        return node.refuse(format!("a calendar holds at most {MOST_HOLIDAYS} holidays"));
    }
    let mut holidays = BTreeMap::new();
    for item in items {
        let Some((day, name)) = holiday(item) else { continue };
        if holidays.insert(day, name).is_some() {
            item.refuse::<()>(format!("holiday {day} is listed already"));
        }
    }
    Some(holidays)
}

fn holiday(node: Node<'_>) -> Option<(Date, Text)> {
    let section: Section<'_> = node.section("a table with `day` and `name`")?;
    let day = section.required("day", Node::date);
    let name = section.required("name", Node::bilingual);
    section.refuse_unknown();
    day.zip(name)
}

fn exceptions(node: Node<'_>) -> Option<BTreeMap<ReportingPeriod, Exception>> {
    let items = node.items()?;
    if items.len() > MOST_EXCEPTIONS {
        return node.refuse(format!("a calendar holds at most {MOST_EXCEPTIONS} exceptions"));
    }
    let mut exceptions = BTreeMap::new();
    for item in items {
        let Some((period, exception)) = exception(item) else { continue };
        if exceptions.insert(period, exception).is_some() {
            item.refuse::<()>(format!("the due day of `{period}` is moved already"));
        }
    }
    Some(exceptions)
}

fn exception(node: Node<'_>) -> Option<(ReportingPeriod, Exception)> {
    let section: Section<'_> = node.section("a table with `period`, `due` and `reason`")?;
    let period = section.required("period", Node::period);
    let due = section.required("due", Node::date);
    let reason = section.required("reason", Node::bilingual);
    section.refuse_unknown();
    Some((period?, Exception { due: due?, reason: reason? }))
}
