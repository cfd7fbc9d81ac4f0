//! The overview: every statement of the plan, where it stands, and how many stand how.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use tiendo_shared::wire::v1::{self, Basis};

use super::chart;
use super::entry::Reader;
use super::lang::Lang;
use super::refusal::{Refusal, page as written};
use super::shell::{Asked, Shell, When, address};
use super::{Page, Web};
use crate::failure::Failure;
use crate::text::{VERDICTS, class};

/// Targets of a page.
const PAGE: u32 = 100;

/// Targets that need attention, at most so many of them.
const ATTENTION: usize = 8;

/// The bullet under which catalogues have the task groups of a plan.
const TASKS: &str = "T";

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    shell: Shell<'a>,
    bar: String,
    counts: Vec<Count>,
    horizons: Vec<Choice<'a>>,
    verdicts: Vec<Choice<'a>>,
    departments: Vec<Choice<'a>>,
    attention: Vec<Row>,
    groups: Vec<Group>,
    first: String,
    next: String,
}

/// How many targets have a verdict, and where to see them alone.
struct Count {
    class: &'static str,
    name: &'static str,
    targets: u32,
    link: String,
    is_chosen: bool,
}

/// An entry of a list to choose from.
struct Choice<'a> {
    value: String,
    name: &'a str,
    is_chosen: bool,
}

/// Targets that stand together in the plan.
struct Group {
    title: String,
    rows: Vec<Row>,
}

/// A target.
pub(super) struct Row {
    id: String,
    link: String,
    name: String,
    promise: String,
    value: String,
    period: String,
    gap: String,
    trend: String,
    class: &'static str,
    verdict: &'static str,
    reason: String,
    flags: Vec<&'static str>,
}

/// The page.
pub(super) async fn page(
    State(web): State<Arc<Web>>,
    lang: Lang,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Page {
    let made = web.overview(lang, reader, &asked).await;
    Ok(written(&made.map_err(|failure| Refusal::new(lang, failure))?))
}

impl Web {
    async fn overview(
        &self,
        lang: Lang,
        reader: Reader,
        asked: &Asked,
    ) -> Result<Overview<'_>, Failure> {
        let when = self.when(asked)?;
        let request = v1::ListTargetStatusesRequest {
            page_size: PAGE,
            page_token: asked.page.clone(),
            basis: reader.basis as i32,
            ..statuses_asked(asked, &when)?
        };
        // Who looks for a verdict, or further on, has seen them.
        let is_first = asked.page.is_empty() && asked.verdict.is_empty();
        let most = if is_first { ATTENTION } else { 0 };
        let standing = &self.services.standing;
        let (listed, worrying) = standing.list_with_worrying(request, most, when.now).await?;
        let row = |status| self.row(lang, status, &[], &asked.on);
        let attention = worrying.iter().map(row).collect();
        let counts = VERDICTS.map(|verdict| {
            let found = listed.counts.iter().find(|count| count.verdict() == verdict);
            (verdict, found.map_or(0, |count| count.count))
        });
        let link = |verdict: &str, page: &str| {
            let Asked { on, horizon, department, .. } = asked;
            let pairs = [
                ("on", on.as_str()),
                ("horizon", horizon),
                ("verdict", verdict),
                ("department", department),
                ("page", page),
            ];
            address("/", &pairs)
        };
        let next = match listed.next_page_token.as_str() {
            "" => String::new(),
            token => link(&asked.verdict, token),
        };
        Ok(Overview {
            bar: chart::counts(&counts),
            counts: counts
                .map(|(verdict, count)| count_of(lang, verdict, count, asked, &link))
                .into(),
            horizons: self.horizons(asked),
            verdicts: verdicts(lang, asked),
            departments: self.owners(lang, asked),
            attention,
            groups: self.groups(lang, &listed, (&when, reader.basis), &asked.on).await?,
            first: if asked.page.is_empty() { String::new() } else { link(&asked.verdict, "") },
            next,
            shell: self.shell(lang, reader, asked, &when, "overview"),
        })
    }

    /// The rows of a page with the headings they stand under.
    async fn groups(
        &self,
        lang: Lang,
        listed: &v1::ListTargetStatusesResponse,
        (when, basis): (&When, v1::Basis),
        on: &str,
    ) -> Result<Vec<Group>, Failure> {
        let statuses = &listed.statuses;
        let indicators: BTreeSet<&str> = statuses.iter().map(|it| it.indicator.as_str()).collect();
        let standing = &self.services.standing;
        let series = standing.series(indicators, listed.as_of, basis, when.now).await?;
        let mut groups: Vec<Group> = Vec::new();
        for status in statuses {
            let title = self.heading(lang, status);
            let values = series.get(&status.indicator).map_or(&[][..], Vec::as_slice);
            let row = self.row(lang, status, values, on);
            match groups.last_mut().filter(|group| group.title == title) {
                Some(group) => group.rows.push(row),
                None => groups.push(Group { title, rows: vec![row] }),
            }
        }
        Ok(groups)
    }

    fn heading(&self, lang: Lang, status: &v1::TargetStatus) -> String {
        let target = self.services.catalogue.target(&status.target);
        let of_tasks = target.is_some_and(|target| target.bullet == TASKS);
        let w = lang.words();
        format!("{} {}", if of_tasks { w.task_groups } else { w.to_year }, status.horizon)
    }

    fn row(
        &self,
        lang: Lang,
        status: &v1::TargetStatus,
        values: &[v1::PeriodValue],
        on: &str,
    ) -> Row {
        let explanation = status.explanation.as_ref();
        let current = explanation.and_then(|it| it.current.as_ref());
        let value = current.map(|current| self.value(lang, &status.indicator, &current.value));
        let gap = explanation.map_or("", |it| it.gap.as_str());
        Row {
            id: status.target.clone(),
            link: address(&format!("/targets/{}", status.target), &[("on", on)]),
            name: lang.local(status.name.as_ref()).to_owned(),
            promise: lang.local(status.promise.as_ref()).to_owned(),
            value: value.unwrap_or_default(),
            period: current.map(|current| current.period.clone()).unwrap_or_default(),
            gap: lang.number(gap),
            trend: chart::trend(&chart::points(values), status.verdict()),
            class: class(status.verdict()),
            verdict: lang.verdict(status.verdict()),
            reason: match status.reason.as_str() {
                "" => pace(lang, status.verdict(), explanation),
                reason => lang.reason(reason),
            },
            flags: status.flags().map(|flag| lang.flag(flag)).collect(),
        }
    }

    fn horizons(&self, asked: &Asked) -> Vec<Choice<'_>> {
        let years = self.services.catalogue.targets().iter().map(|target| target.horizon);
        let years: BTreeSet<_> = years.collect();
        let choice = |year: i16| {
            let value = year.to_string();
            Choice { is_chosen: asked.horizon == value, value, name: "" }
        };
        years.into_iter().map(choice).collect()
    }

    /// The departments that answer for a target.
    fn owners(&self, lang: Lang, asked: &Asked) -> Vec<Choice<'_>> {
        let catalogue = &self.services.catalogue;
        let owners = catalogue.targets().iter().filter_map(|it| catalogue.indicator(&it.indicator));
        let owners: BTreeSet<&str> = owners.map(|indicator| indicator.owner.as_str()).collect();
        let found = owners.into_iter().filter_map(|id| catalogue.department(id));
        let choice = |department: &'_ tiendo_shared::department::Department| Choice {
            value: department.id.clone(),
            name: "",
            is_chosen: asked.department == department.id,
        };
        found.map(|it| Choice { name: lang.text(&it.name), ..choice(it) }).collect()
    }
}

/// What is asked of the use case.
pub(super) fn statuses_asked(
    asked: &Asked,
    when: &When,
) -> Result<v1::ListTargetStatusesRequest, Failure> {
    let horizon = match asked.horizon.as_str() {
        "" => 0,
        text => text.parse().map_err(|_| {
            Failure::invalid("horizon", "YEAR_FORM", "`horizon` is a year, as 2030")
        })?,
    };
    let verdicts = match asked.verdict.as_str() {
        "" => Vec::new(),
        name => VERDICTS.iter().filter(|it| class(**it) == name).map(|it| *it as i32).collect(),
    };
    if verdicts.is_empty() && !asked.verdict.is_empty() {
        let message = "`verdict` is one of the verdicts of the list";
        return Err(Failure::invalid("verdict", "UNKNOWN_VERDICT", message));
    }
    let department = asked.department.clone();
    let as_of = when.asked();
    Ok(v1::ListTargetStatusesRequest { horizon, verdicts, department, as_of, ..Default::default() })
}

/// The pace of a way that is not finished, beside the one that is needed.
fn pace(lang: Lang, verdict: v1::Verdict, told: Option<&v1::Explanation>) -> String {
    let told = told.filter(|_| verdict != v1::Verdict::Met);
    let paces = told.and_then(|it| Some((it.observed_pace?, it.required_pace?, &it.pace_unit)));
    paces.map_or_else(String::new, |(observed, required, unit)| {
        let (w, unit) = (lang.words(), lang.pace(unit));
        let [observed, required] = [observed, required].map(|pace| lang.float(pace, 2));
        format!("{} {observed}, {} {required} {unit}", w.pace, w.needed)
    })
}

fn count_of(
    lang: Lang,
    verdict: v1::Verdict,
    count: u32,
    asked: &Asked,
    link: &impl Fn(&str, &str) -> String,
) -> Count {
    let class = class(verdict);
    let is_chosen = asked.verdict == class;
    let link = if is_chosen { link("", "") } else { link(class, "") };
    Count { class, name: lang.verdict(verdict), targets: count, link, is_chosen }
}

fn verdicts(lang: Lang, asked: &Asked) -> Vec<Choice<'static>> {
    let choice = |verdict: &v1::Verdict| Choice {
        value: class(*verdict).to_owned(),
        name: lang.verdict(*verdict),
        is_chosen: asked.verdict == class(*verdict),
    };
    VERDICTS.iter().map(choice).collect()
}
