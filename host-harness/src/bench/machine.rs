//! What was measured on, with what, and when.

use std::fmt;
use std::process::Command;

use super::rounds::{Effort, What};

/// All that figures depend on beside the guests.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Its processor, and how many there are.
    pub processor: String,
    /// Its operating system and architecture.
    pub system: String,
    /// With what it was built, and what it runs on.
    pub versions: String,
    /// When.
    pub date: String,
    /// How many rounds, and how long a sample is.
    pub effort: String,
    /// What the host takes for a call of an empty guest, in nanoseconds.
    pub host_share: Option<f64>,
}

/// What the harness was built with.
const LOCK: &str = include_str!("../../../Cargo.lock");

impl Machine {
    /// Looks around.
    pub fn look(effort: &Effort) -> Machine {
        let rustc = Command::new("rustc").arg("--version").output();
        let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        Machine {
            processor: format!("{}, {count} processors", processor()),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            versions: format!(
                "wit-async {}, wit-bindgen {}, wasmtime {}, {}",
                locked("wit-async").unwrap_or("?"),
                super::WIT_BINDGEN,
                locked("wasmtime").unwrap_or("?"),
                rustc.unwrap_or_else(|_| "rustc ?".to_owned()),
            ),
            date: jiff::Timestamp::now()
                .strftime("%Y-%m-%d %H:%M UTC")
                .to_string(),
            effort: match effort.what {
                What::Instructions => "instructions of the guests, counted".to_owned(),
                What::Counts => "calls and allocations of the runner, counted".to_owned(),
                What::All => format!(
                    "{} rounds of each runtime in turn, samples of {} ms",
                    effort.rounds,
                    effort.sample.as_millis()
                ),
            },
            host_share: None,
        }
    }
}

/// The name of the processor, where the system tells it.
fn processor() -> String {
    let name = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
    name.unwrap_or_else(|| "an unknown processor".to_owned())
}

/// The version of a package in the lock file.
fn locked(package: &str) -> Option<&'static str> {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines();
    lines.find(|line| *line == name)?;
    let version = lines.next()?.strip_prefix("version = \"")?;
    version.strip_suffix('"')
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}", self.processor, self.system)?;
        writeln!(f, "{}", self.versions)?;
        write!(f, "{}, {}", self.date, self.effort)?;
        if let Some(share) = self.host_share {
            write!(
                f,
                "\nan empty guest: {share:.0} ns for a call from the host, once in each sample and \
                 once in each call of an `export/` row"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(locked("wasmtime").is_some_and(|version| version.starts_with("48.")));
        assert_eq!(locked("no-such-package"), None);
    }
}
