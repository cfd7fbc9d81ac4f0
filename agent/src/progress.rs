//! How far a command is, drawn on a terminal and nowhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;

/// A bar, or a count where the end is not known; nothing where nobody looks.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Counts what `what` says; `of` in all, if that is known.
    pub(crate) fn new(console: &Console, what: &'static str, of: Option<u64>) -> Self {
        let bar = of.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let shown = console.progress && !console.json;
        bar.set_draw_target(if shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        let template = if of.is_some() { "{msg} {wide_bar} {pos}/{len}" } else { "{msg} {pos}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    /// So many more.
    pub(crate) fn more(&self, count: u64) {
        self.0.inc(count);
    }

    /// Says something else from now on.
    pub(crate) fn says(&self, what: String) {
        self.0.set_message(what);
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
