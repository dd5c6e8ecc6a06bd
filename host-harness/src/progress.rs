//! What a person sees on standard error while the harness works.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report;

/// A spinner on a terminal, plain lines elsewhere.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// Shows everything.
    pub fn shown() -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Progress { bar, quiet: false }
    }

    /// Shows nothing but what [`Progress::say`] is told.
    pub fn hidden() -> Progress {
        Progress {
            bar: ProgressBar::hidden(),
            quiet: true,
        }
    }

    /// What is being done now.
    pub fn step(&self, message: impl Into<String>) {
        self.bar.set_message(message.into());
        if !self.bar.is_hidden() {
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    /// What begins now and may take minutes: off a terminal, a line that stays.
    pub fn phase(&self, message: impl Into<String>) {
        let message = message.into();
        if self.bar.is_hidden() {
            self.note(&message);
        } else {
            self.step(message);
        }
    }

    /// A line that stays.
    pub fn say(&self, message: &str) {
        self.bar.suspend(|| eprintln!("{message}"));
    }

    /// A line that stays, unless progress is hidden.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            self.say(message);
        }
    }

    /// Prints a line of results on standard output, clear of the spinner.
    pub fn result(&self, line: &str) {
        self.bar.suspend(|| report::print(line));
    }

    /// Takes the spinner away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
