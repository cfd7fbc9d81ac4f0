//! What systemd is told: that the service is ready, alive, reloading its jobs, or stopping.

use std::time::Duration;

use crate::system;

/// The service manager, if one started this process.
#[derive(Debug, Clone)]
pub(super) struct Manager {
    socket: Option<String>,
}

impl Manager {
    /// The one that `NOTIFY_SOCKET` names.
    pub(super) fn of_process() -> Self {
        Self { socket: std::env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty()) }
    }

    /// Tells it.
    pub(super) fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = system::notify(socket, state)
        {
            tracing::debug!("the service manager cannot be told `{state}`: {error}");
        }
    }

    /// Tells it again and again that this process is alive, as long as the thread that
    /// does all the work comes round.
    pub(super) async fn keep_alive(self) {
        let microseconds = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok());
        let Some(limit) = microseconds.map(Duration::from_micros).filter(|limit| !limit.is_zero())
        else {
            return;
        };
        let mut ticks = tokio::time::interval(limit / 3);
        loop {
            ticks.tick().await;
            self.tell("WATCHDOG=1");
        }
    }
}
