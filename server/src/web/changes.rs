//! What changed since a day: verdicts that moved, and every value recorded.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use jiff::civil::Date;
use tiendo_shared::wire::{self, v1};
use v1::Basis;
use v1::stored_measurement::Content;

use super::entry::Reader;
use super::lang::Lang;
use super::refusal::{Refusal, page as written};
use super::shell::{Asked, Shell, address, day};
use super::{Page, Web};
use crate::failure::Failure;
use crate::text::class;

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes<'a> {
    shell: Shell<'a>,
    since: String,
    since_day: String,
    moves: Vec<Move>,
    records: Vec<Record>,
    next: String,
}

/// A verdict that is another one now.
struct Move {
    id: String,
    name: String,
    before: (&'static str, &'static str),
    after: (&'static str, &'static str),
}

/// A value that was recorded.
struct Record {
    received: String,
    department: String,
    indicator: String,
    period: String,
    before: String,
    after: String,
}

/// The page.
pub(super) async fn page(
    State(web): State<Arc<Web>>,
    lang: Lang,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Page {
    let made = web.changes(lang, reader, &asked).await;
    Ok(written(&made.map_err(|failure| Refusal::new(lang, failure))?))
}

impl Web {
    async fn changes(
        &self,
        lang: Lang,
        reader: Reader,
        asked: &Asked,
    ) -> Result<Changes<'_>, Failure> {
        let _place = self.crowd.work(&reader)?;
        let when = self.when(asked)?;
        let calendar = self.services.catalogue.calendar();
        let since: Date = match asked.since.as_str() {
            "" => week_before(calendar.today(when.now)),
            text => day("since", text)?,
        };
        // From the beginning of the day: what was known at the end of the one before is old.
        let from = since
            .yesterday()
            .map_err(|_| Failure::invalid("since", "DAY_FORM", "`since` is too early a day"))?;
        let request = v1::ListChangesRequest {
            from: Some(wire::timestamp(calendar.day_ends(from))),
            to: when.asked(),
            department: asked.department.clone(),
            page_token: asked.page.clone(),
            basis: reader.basis as i32,
            ..Default::default()
        };
        let told = self.services.changes.list(request, when.now).await?;
        let since_day = lang.date(since);
        let since = since.to_string();
        let next = match told.next_page_token.as_str() {
            "" => String::new(),
            page => address("/changes", &[("since", &since), ("on", &asked.on), ("page", page)]),
        };
        let moves = told.moves.iter().map(|it| moved(lang, it)).collect();
        let records = told.changes.iter().filter_map(|it| self.record(lang, it)).collect();
        let shell = self.shell(lang, reader, asked, &when, "changes");
        Ok(Changes { shell, since, since_day, moves, records, next })
    }

    fn record(&self, lang: Lang, change: &v1::RecordedChange) -> Option<Record> {
        let now = change.measurement.as_ref()?;
        let catalogue = &self.services.catalogue;
        let department = catalogue.department(&now.department);
        let indicator = catalogue.indicator(&now.indicator);
        let received = now.received_at.as_ref().and_then(wire::instant);
        let before = change.previous.as_ref().map(|before| self.content(lang, before));
        Some(Record {
            received: received.map(|at| lang.instant(at)).unwrap_or_default(),
            department: department.map_or("", |it| lang.text(&it.name)).to_owned(),
            indicator: indicator.map_or("", |it| lang.text(&it.name)).to_owned(),
            period: now.period.clone(),
            before: before.unwrap_or_default(),
            after: self.content(lang, now),
        })
    }

    /// What was reported, in words.
    pub(super) fn content(&self, lang: Lang, stored: &v1::StoredMeasurement) -> String {
        match &stored.content {
            Some(Content::Value(text) | Content::Level(text)) => {
                self.value(lang, &stored.indicator, text)
            }
            Some(Content::Missing(_)) => lang.words().missing.to_owned(),
            Some(Content::Withdrawn(_)) | None => lang.words().withdrawn.to_owned(),
        }
    }
}

fn moved(lang: Lang, moved: &v1::VerdictMove) -> Move {
    let status = moved.status.clone().unwrap_or_default();
    let told = |verdict| (class(verdict), lang.verdict(verdict));
    Move {
        name: lang.local(status.name.as_ref()).to_owned(),
        before: told(moved.previous_verdict()),
        after: told(status.verdict()),
        id: status.target,
    }
}

fn week_before(today: Date) -> Date {
    today.saturating_sub(jiff::Span::new().days(7))
}
