//! What every command works with: the home, the configuration, the console, and the way they fail.

use std::sync::Arc;
use std::time::Duration;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::Department;
use tiendo_shared::journal;
use tokio::time::Instant;
use tonic::Status;

use crate::catalogue;
use crate::clock;
use crate::config::Config;
use crate::connection::{Connection, Met, is_of_network, reason};
use crate::console::{Console, Tone};
use crate::contact::Contact;
use crate::exit::Exit;
use crate::home::Home;
use crate::identity::Identity;
use crate::keys::Keys;
use crate::outbox::{self, Findings, Outbox};
use crate::push::retry::random;
use crate::renewal;
use crate::text::Lang;
use crate::trust;

/// Days before its end from which on a certificate that is not renewed is told of.
const RENEWAL_TOLD_DAYS: i64 = 14;

/// How long a command waits for another one to leave the ledger: longer than a service waits
/// for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long it does so without a word.
const SILENCE: Duration = Duration::from_secs(1);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(50);

/// What a command works with.
#[derive(Debug)]
pub(crate) struct App<'a> {
    /// The folder of the agent.
    pub(crate) home: Home,
    /// What the configuration says, with department and name as the certificate has them.
    pub(crate) config: Config,
    /// Who this computer is; none before enrolment.
    pub(crate) identity: Option<Identity>,
    /// Where to write.
    pub(crate) console: &'a mut Console,
}

/// A command that could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// How it ends.
    pub(crate) exit: Exit,
    /// What the officer is told.
    pub(crate) said: String,
}

impl Failed {
    /// It could not be done.
    pub(crate) fn because(said: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, said: said.into() }
    }

    /// The configuration is wrong.
    pub(crate) fn configuration(said: impl Into<String>) -> Self {
        Self { exit: Exit::Configuration, said: said.into() }
    }
}

impl App<'_> {
    /// The language of the officer.
    pub(crate) fn lang(&self) -> Lang {
        self.console.lang
    }

    /// The way to the server that the configuration names.
    pub(crate) fn connection(&self) -> Result<Connection, Failed> {
        // As it is now: another program of this home may have renewed or replaced it.
        let identity =
            if self.config.insecure_loopback { Ok(None) } else { Identity::load(&self.home) };
        let mut connection = Connection::of(&self.config, identity.ok().flatten().as_ref())
            .map_err(|error| Failed::configuration(self.lang().no_connection(&error)))?;
        let contact = Contact::load(&self.home);
        if contact.stands_in(clock::now()) {
            connection.begin_at(&contact.server);
        }
        Ok(connection)
    }

    /// Asks the server what it is, and notes what it tells; none if it cannot be reached
    /// or refuses. A certificate that is due is renewed first.
    pub(crate) async fn meet(&mut self, connection: &mut Connection) -> Option<Met> {
        match self.try_to_meet(connection).await {
            Ok(met) => Some(met),
            Err(status) => {
                if trust::mistrust(&status).is_some() || !is_of_network(&status) {
                    self.warn(&self.lang().unanswered(&status));
                }
                None
            }
        }
    }

    /// As [`meet`](Self::meet), with what the server or the way to it failed with, and not
    /// told to anybody.
    pub(crate) async fn try_to_meet(&mut self, connection: &mut Connection) -> Result<Met, Status> {
        if !Contact::load(&self.home).stands_in(clock::now()) {
            connection.begin_first();
        }
        if renewal::is_due(connection) {
            self.renew(connection).await;
        }
        let mut answer = connection.meet().await;
        // By the server's clock it has ended, whatever this computer's clock says.
        if answer.as_ref().is_err_and(|status| reason(status) == "CERTIFICATE_EXPIRED")
            && self.renew(connection).await
        {
            answer = connection.meet().await;
        }
        let mut contact = Contact::load(&self.home);
        let met = match answer {
            Ok(met) => met,
            Err(status) => {
                contact.failed(clock::now(), &self.lang().unanswered(&status));
                contact.save(&self.home);
                return Err(status);
            }
        };
        contact.met(&met);
        contact.answered_by(connection.ways(), met.at, random());
        contact.save(&self.home);
        self.compare_key(&met);
        if clock::is_off(met.ahead.as_secs()) {
            let said = self.lang().clock_wrong(met.ahead.as_secs());
            self.warn(&said);
        }
        Ok(met)
    }

    fn compare_key(&mut self, met: &Met) {
        match Keys::met(&self.home, &met.info, met.at) {
            Ok(None) => {}
            Ok(Some(key)) => self.warn(&self.lang().key_changed(&key)),
            Err(error) => tracing::warn!("the server's key cannot be compared: {error}"),
        }
    }

    /// Renews the certificate; whether that was done. That it was not is told when it matters.
    async fn renew(&mut self, connection: &mut Connection) -> bool {
        let lang = self.lang();
        let renewed = renewal::renew(connection, &self.home).await;
        if let Err(error) = &renewed {
            tracing::warn!("{error}");
            let why = match error {
                renewal::Error::Server(status) => lang.unanswered(status),
                renewal::Error::Files(error) => error.to_string(),
            };
            let Some(end) = connection.identity().map(|identity| identity.not_after) else {
                return false;
            };
            let told = jiff::SignedDuration::from_hours(24 * RENEWAL_TOLD_DAYS);
            if end.duration_since(clock::now()) < told {
                self.warn(&lang.not_renewed(&clock::for_people(end), &why));
            }
        }
        self.identity = connection.identity().cloned();
        renewed.is_ok()
    }

    /// The catalogue as the server has it now; as it was kept if the server cannot tell.
    pub(crate) async fn catalogue(
        &mut self,
        connection: Option<&Connection>,
    ) -> Result<Arc<Catalogue>, Failed> {
        let lang = self.lang();
        if let Some(connection) = connection {
            match catalogue::fetch(connection, &self.home).await {
                Ok(catalogue) => return Ok(Arc::new(catalogue)),
                Err(status) => self.console.note(&lang.server_said(&status)),
            }
        }
        let Some(kept) = catalogue::kept(&self.home) else {
            let failure = Contact::load(&self.home).failure.map(|failure| failure.why);
            let why = failure.map(|why| format!("{why} ")).unwrap_or_default();
            return Err(Failed::because(format!("{why}{}", lang.no_catalogue())));
        };
        self.console.note(&lang.old_catalogue(&kept.version));
        Ok(Arc::new(kept))
    }

    /// The department that reports, as the catalogue has it.
    pub(crate) fn department(&self, catalogue: &Catalogue) -> Result<Department, Failed> {
        let lang = self.lang();
        let id = self.config.department.as_deref();
        let id = id.ok_or_else(|| Failed::configuration(lang.no_department()))?;
        let known = catalogue.department(id).cloned();
        known.ok_or_else(|| Failed::configuration(lang.unknown_department(id)))
    }

    /// The ledger of this computer; what is out of order is told.
    pub(crate) fn outbox(&mut self) -> Result<Outbox, Failed> {
        let (outbox, findings) = Outbox::open(&self.home).map_err(|error| self.ledger(&error))?;
        self.tell(&findings);
        Ok(outbox)
    }

    /// As `outbox`, once no other command works with the ledger: a service that waits for
    /// an answer lets go of it soon.
    pub(crate) async fn free_outbox(&mut self) -> Result<Outbox, Failed> {
        let began = Instant::now();
        let mut told = false;
        loop {
            let waited = began.elapsed();
            match Outbox::open(&self.home) {
                Err(outbox::Error::Journal(journal::Error::InUse { .. })) if waited < PATIENCE => {
                    if waited >= SILENCE && !told {
                        self.console.note(self.lang().ledger_waits());
                        told = true;
                    }
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => return Err(self.ledger(&error)),
                Ok((outbox, findings)) => {
                    self.tell(&findings);
                    return Ok(outbox);
                }
            }
        }
    }

    fn tell(&mut self, findings: &Findings) {
        if let Some(first) = findings.damage.first() {
            let said = self.lang().ledger_damaged(findings.damage.len(), &first.to_string());
            self.warn(&said);
        }
        for copy in &findings.quarantined {
            tracing::warn!("a copy of what was damaged or cut is in `{}`", copy.display());
        }
        if findings.unreleased > 0 {
            tracing::info!("{} submissions were prepared and never released", findings.unreleased);
        }
    }

    /// What is said when the ledger fails.
    pub(crate) fn ledger(&self, error: &outbox::Error) -> Failed {
        Failed::because(self.lang().no_ledger(error))
    }

    /// A warning, for people whatever reads the answer.
    pub(crate) fn warn(&mut self, text: &str) {
        if self.console.colours {
            self.console.note(&Tone::Warn.paint(text));
        } else {
            self.console.note(text);
        }
    }
}
