//! The guests, built, composed and compiled.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

use super::host::{self, Host};
use super::rows::{Peer, Runtime};
use crate::compile::{self, Artifact};
use crate::compose::Composition;
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
}

/// What guests are put together to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whole {
    /// The runner, with a guest as its peer.
    WithGuest,
    /// The runner, with the harness as its peer.
    WithHost,
    /// The smallest guest.
    Minimal,
}

impl From<Peer> for Whole {
    fn from(peer: Peer) -> Whole {
        match peer {
            Peer::Guest => Whole::WithGuest,
            Peer::Host => Whole::WithHost,
        }
    }
}

impl Whole {
    const ALL: [Whole; 3] = [Whole::WithGuest, Whole::WithHost, Whole::Minimal];

    /// What the names of its packages end with, the runner first.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Whole::WithGuest => &["runner", "peer"],
            Whole::WithHost => &["runner"],
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
}

impl Guests {
    /// Builds those that are stale. If it `counts`, their instructions are counted.
    ///
    /// # Errors
    ///
    /// When one does not compile.
    pub fn build(counts: bool, progress: &Progress) -> Result<Guests> {
        let root = suite::own_guests().join("bench");
        let names: Vec<String> = Runtime::ALL
            .iter()
            .flat_map(|runtime| {
                let named = |kind| format!("{}-{kind}", runtime.prefix());
                ["runner", "peer", "minimal"].map(named)
            })
            .collect();
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
        Ok(Guests {
            root,
            engine: host::engine(counts)?,
            artifacts: artifacts
                .map(|artifact| (artifact.package.clone(), artifact))
                .collect(),
            prepared: Runtime::ALL.into_iter().flat_map(empty).collect(),
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
        let cell = &self.prepared[&(runtime, whole)];
        if let Some(prepared) = cell.get() {
            return Ok(prepared);
        }
        let prepared = self.prepare(runtime, whole)?;
        Ok(cell.get_or_init(|| prepared))
    }

    fn prepare(&self, runtime: Runtime, whole: Whole) -> Result<Prepared> {
        let mut guests = Vec::new();
        for kind in whole.packages() {
            let artifact = self.artifact(runtime, kind)?;
            let guest = Guest::read(&artifact.package, &artifact.theme, &artifact.path)?;
            guests.push(Arc::new(guest));
        }
        let name = guests[0].name.clone();
        let composition = Composition {
            guests,
            variant: None,
        };
        let bytes = composition
            .encode()
            .with_context(|| format!("could not compose {name}"))?;
        let failed = |error| anyhow!("could not prepare {name}: {error:?}");
        let component = Component::new(&self.engine, bytes).map_err(failed)?;
        let instance = host::linker(&self.engine, &component)
            .and_then(|linker| linker.instantiate_pre(&component))
            .map_err(failed)?;
        Ok(Prepared {
            engine: self.engine.clone(),
            component,
            instance,
        })
    }
}
