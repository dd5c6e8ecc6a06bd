//! The guests, built, composed and compiled.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

use super::counts;
use super::gzip;
use super::host::{self, Host};
use super::peer::Pace;
use super::rounds::What;
use super::rows::{Method, Peer, Row, Runtime};
use crate::compile::{self, Artifact};
use crate::compose::Composition;
use crate::demo::gzip::Repeated;
use crate::guest::Guest;
use crate::progress::Progress;
use crate::suite;
use crate::target::{self, Tools};

/// The guests of every runtime.
pub struct Guests {
    /// Their workspace.
    pub root: PathBuf,
    engine: Engine,
    artifacts: BTreeMap<String, Artifact>,
    prepared: BTreeMap<(Runtime, Whole), OnceCell<Prepared>>,
    counting: BTreeMap<(Runtime, Whole), OnceCell<Prepared>>,
    gzip: BTreeMap<Runtime, OnceCell<Repeated>>,
}

/// What guests are put together to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whole {
    /// The runner, with a guest as its peer.
    WithGuest,
    /// The runner, with the harness as its peer.
    WithHost(Pace),
    /// The smallest guest.
    Minimal,
}

impl From<Peer> for Whole {
    fn from(peer: Peer) -> Whole {
        match peer {
            Peer::Guest => Whole::WithGuest,
            Peer::Host => Whole::WithHost(Pace::AtOnce),
            Peer::HostGivesWay => Whole::WithHost(Pace::GivesWay),
        }
    }
}

impl Whole {
    const ALL: [Whole; 4] = [
        Whole::WithGuest,
        Whole::WithHost(Pace::AtOnce),
        Whole::WithHost(Pace::GivesWay),
        Whole::Minimal,
    ];

    /// At which pace the host does its part.
    fn pace(self) -> Pace {
        match self {
            Whole::WithHost(pace) => pace,
            Whole::WithGuest | Whole::Minimal => Pace::AtOnce,
        }
    }

    /// What the names of its packages end with, the runner first.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Whole::WithGuest => &["runner", "peer"],
            Whole::WithHost(_) => &["runner"],
            Whole::Minimal => &["minimal"],
        }
    }
}

/// A component that is ready to be instantiated.
pub struct Prepared {
    /// What it runs on.
    pub engine: Engine,
    /// Itself.
    pub component: Component,
    /// What is instantiated.
    pub instance: InstancePre<Host>,
    /// What its counters are of, if it counts what it calls.
    pub counters: Vec<String>,
}

impl Guests {
    /// Builds those that are stale, for rows of which something is measured.
    ///
    /// # Errors
    ///
    /// When one does not compile.
    pub fn build(rows: &[&Row], what: What, progress: &Progress) -> Result<Guests> {
        let root = suite::own_guests().join("bench");
        let mut names = Vec::new();
        for runtime in Runtime::ALL {
            let named = |kind| format!("{}-{kind}", runtime.prefix());
            names.extend(["runner", "peer", "minimal"].map(named));
            let on_it = |row: &&&Row| row.runtimes().any(|other| other == runtime);
            let mut rows = rows.iter().filter(on_it);
            if rows.any(|row| row.method == Method::Gzip) {
                names.extend(gzip::PACKAGES.map(named));
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        target::ensure(&Tools::default(), &root, |line| progress.say(line))?;
        let built = compile::build_packages(&root, &names, progress)?;
        if let Some(failure) = built.failures.first() {
            bail!(
                "the guest {} did not compile:\n{}",
                failure.package,
                failure.errors
            );
        }
        let artifacts = built.artifacts.into_iter();
        let empty = |runtime| Whole::ALL.map(|whole| ((runtime, whole), OnceCell::new()));
        let nothing = || Runtime::ALL.into_iter().flat_map(empty).collect();
        Ok(Guests {
            root,
            engine: host::engine(what == What::Instructions)?,
            artifacts: artifacts
                .map(|artifact| (artifact.package.clone(), artifact))
                .collect(),
            prepared: nothing(),
            counting: nothing(),
            gzip: Runtime::ALL
                .map(|runtime| (runtime, OnceCell::new()))
                .into(),
        })
    }

    fn artifact(&self, runtime: Runtime, kind: &str) -> Result<&Artifact> {
        let package = format!("{}-{kind}", runtime.prefix());
        self.artifacts
            .get(&package)
            .with_context(|| format!("the guests have no package {package}"))
    }

    /// The component that the linker made of the smallest guest.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn minimal(&self, runtime: Runtime) -> Result<&PathBuf> {
        Ok(&self.artifact(runtime, "minimal")?.path)
    }

    /// Composes and compiles what was not needed before.
    ///
    /// # Errors
    ///
    /// When guests do not fit each other or the host.
    pub fn prepared(&self, runtime: Runtime, whole: Whole) -> Result<&Prepared> {
        filled(&self.prepared[&(runtime, whole)], || {
            self.prepare(runtime, whole, false)
        })
    }

    /// The same, and its first guest counts what it calls.
    ///
    /// # Errors
    ///
    /// As [`Guests::prepared`], and when the guest cannot be rewritten.
    pub fn counting(&self, runtime: Runtime, whole: Whole) -> Result<&Prepared> {
        filled(&self.counting[&(runtime, whole)], || {
            self.prepare(runtime, whole, true)
        })
    }

    /// The guests of the demo `gzip`, with a file to compress.
    ///
    /// # Errors
    ///
    /// When they were not built, or do not fit each other or the host.
    pub fn gzip(&self, runtime: Runtime) -> Result<&Repeated> {
        filled(&self.gzip[&runtime], || {
            let composition = Composition::of(self.read(runtime, &gzip::PACKAGES)?, None);
            let bytes = composition.encode()?;
            Repeated::new(self.engine.clone(), &bytes, gzip::BYTES as usize)
        })
    }

    fn read(&self, runtime: Runtime, kinds: &[&str]) -> Result<Vec<Arc<Guest>>> {
        let read = |kind| {
            let artifact = self.artifact(runtime, kind)?;
            let guest = Guest::read(&artifact.package, &artifact.theme, &artifact.path)?;
            Ok(Arc::new(guest))
        };
        kinds.iter().map(|kind| read(kind)).collect()
    }

    fn prepare(&self, runtime: Runtime, whole: Whole, counts: bool) -> Result<Prepared> {
        let mut guests = self.read(runtime, whole.packages())?;
        let name = guests[0].name.clone();
        let mut counters = Vec::new();
        if counts {
            (guests[0], counters) = counts::counting(&guests[0])?;
        }
        let composition = Composition::of(guests, None);
        let bytes = composition
            .encode()
            .with_context(|| format!("could not compose {name}"))?;
        let failed = |error| anyhow!("could not prepare {name}: {error:?}");
        let component = Component::new(&self.engine, bytes).map_err(failed)?;
        let instance = host::linker(&self.engine, &component, whole.pace())
            .and_then(|linker| linker.instantiate_pre(&component))
            .map_err(failed)?;
        Ok(Prepared {
            engine: self.engine.clone(),
            component,
            instance,
            counters,
        })
    }
}

/// What is in a cell, made if there is nothing yet.
fn filled<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(there) = cell.get() {
        return Ok(there);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}
