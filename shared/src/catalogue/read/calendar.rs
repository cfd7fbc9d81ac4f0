//! Reads `[calendar]`.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::calendar::{Calendar, CutOff, TIME_ZONE};
use crate::catalogue::node::Node;
use crate::catalogue::section::Section;
use crate::indicator::Text;

/// Longest span of days that can be set.
const MOST_DAYS: u16 = 3_650;

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
    };
    section.refuse_unknown();
    if let Some(lock) = calendar.lock_after_days
        && lock < calendar.grace_days
    {
        let grace = calendar.grace_days;
        let message = format!("reports lock after {lock} days but have {grace} days of grace");
        section.refuse_at("lock_after_days", message);
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
