//! What is looked up when the numbers are read: the ledger, agents, reports, certificates, verdicts.

use jiff::{SignedDuration, Timestamp};
use prometheus::{Gauge, IntGauge, IntGaugeVec, Opts, Registry};
use tiendo_shared::assess::Verdict;
use tiendo_shared::wire::v1;

use crate::failure::Failure;
use crate::identity::Role;
use crate::page;
use crate::rpc::Services;

/// An agent that was not heard of for so long is silent.
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(26);

/// A certificate that ends within this time is told of.
const ENDING_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The gauges.
#[derive(Debug, Clone)]
pub(super) struct Gauges {
    waiting: IntGauge,
    journal: IntGauge,
    state: IntGauge,
    agents: IntGauge,
    silent: IntGauge,
    ending: IntGauge,
    overdue: IntGauge,
    targets: IntGaugeVec,
    certificate_ends: Gauge,
}

impl Gauges {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let one = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let help = "Targets by verdict, now.";
        let targets = IntGaugeVec::new(Opts::new("targets", help), &["verdict"])?;
        registry.register(Box::new(targets.clone()))?;
        let help = "When the certificate of this server ends, in seconds since 1970.";
        let certificate_ends = Gauge::new("server_certificate_ends_seconds", help)?;
        registry.register(Box::new(certificate_ends.clone()))?;
        Ok(Self {
            waiting: one("queue_bytes", "Bytes of submissions that wait for the disk.")?,
            journal: one("journal_bytes", "Bytes of the journal.")?,
            state: one("state_bytes", "Bytes of the derived state on the disk.")?,
            agents: one("agents", "Agents that are enrolled and not revoked.")?,
            silent: one(
                "agents_silent",
                "Agents not heard of for 26 hours, or not since the server started.",
            )?,
            ending: one(
                "certificates_ending",
                "Certificates of members that end within 14 days or have ended.",
            )?,
            overdue: one("reports_overdue", "Reports past their due day that are not complete.")?,
            targets,
            certificate_ends,
        })
    }

    /// Looks everything up.
    pub(super) async fn look(&self, services: &Services) -> Result<(), Failure> {
        let now = services.clock.now();
        let measures = services.store.measures();
        self.waiting.set(whole(measures.waiting_bytes));
        self.journal.set(whole(measures.journal_bytes));
        if let Some(bytes) = measures.state_bytes {
            self.state.set(whole(bytes));
        }
        if let Some(ends) = services.board.as_ref().map(|board| board.served.not_after()) {
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are exact")]
            self.certificate_ends.set(ends.as_second() as f64);
        }
        self.members(services, now);
        self.verdicts(services, now).await?;
        self.reports(services, now).await
    }

    fn members(&self, services: &Services, now: Timestamp) {
        let members = services.administration.acts.members();
        let (mut agents, mut silent, mut ending) = (0, 0, 0);
        for member in members.registry().members_after(None) {
            if member.revoked.is_some() {
                continue;
            }
            ending += i64::from(now.duration_until(member.not_after) < ENDING_WITHIN);
            if member.caller.role == Role::Agent {
                let contact = members.presence().of(&member.key).last_contact;
                let heard = contact.is_some_and(|at| at.duration_until(now) <= SILENT_AFTER);
                agents += 1;
                silent += i64::from(!heard);
            }
        }
        self.agents.set(agents);
        self.silent.set(silent);
        self.ending.set(ending);
    }

    async fn verdicts(&self, services: &Services, now: Timestamp) -> Result<(), Failure> {
        let all = v1::ListTargetStatusesRequest { page_size: 1, ..Default::default() };
        let counts = services.standing.list(all, now).await?.counts;
        for verdict in Verdict::ALL {
            let number = v1::Verdict::from(verdict);
            let count = counts.iter().find(|count| count.verdict() == number);
            let name = number.as_str_name().trim_start_matches("VERDICT_").to_lowercase();
            let count = count.map_or(0, |count| i64::from(count.count));
            self.targets.with_label_values(&[&name]).set(count);
        }
        Ok(())
    }

    async fn reports(&self, services: &Services, now: Timestamp) -> Result<(), Failure> {
        // The first page has the lines of the province, which stand before all others.
        let all = v1::ListReportingRatesRequest { page_size: page::MOST, ..Default::default() };
        let rates = services.reports.rates(&all, now).await?.rates;
        let late = rates.iter().filter(|rate| {
            rate.department.is_empty()
                && matches!(rate.phase(), v1::ReportPhase::Late | v1::ReportPhase::Locked)
        });
        self.overdue.set(late.map(|rate| i64::from(rate.reports - rate.reports_complete)).sum());
        Ok(())
    }
}

fn whole(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
