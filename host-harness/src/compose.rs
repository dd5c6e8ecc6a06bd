//! Composes a runner with the peers that it imports, or as a file describes.

pub mod described;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use crate::guest::{ACCOUNTING, Guest};
use described::Described;

/// Who is at the other side of what a runner imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Other guests.
    Guest,
    /// The harness.
    Host,
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Variant::Guest => "guest",
            Variant::Host => "host",
        })
    }
}

/// A runner with all that it needs.
#[derive(Clone, Debug)]
pub struct Composition {
    /// The runner first, then its peers.
    pub guests: Vec<Arc<Guest>>,
    /// Nothing where the runner imports no peer.
    pub variant: Option<Variant>,
    /// Where a file says who is whose peer: then `guests` has one entry for each instance.
    pub described: Option<Arc<Described>>,
}

/// What tells a composition from every other one of a suite.
pub type Key = (PathBuf, Option<String>);

impl Composition {
    /// Guests whose imports say who is whose peer, the runner first.
    pub fn of(guests: Vec<Arc<Guest>>, variant: Option<Variant>) -> Composition {
        Composition {
            guests,
            variant,
            described: None,
        }
    }

    /// The guest that exports the scenarios.
    pub fn runner(&self) -> &Arc<Guest> {
        &self.guests[0]
    }

    /// The names of the guests, the runner's first.
    pub fn names(&self) -> Vec<String> {
        if let Some(described) = &self.described {
            return described.names(&self.guests);
        }
        self.guests.iter().map(|guest| guest.name.clone()).collect()
    }

    /// For each guest its name and the export of its accounting.
    pub fn accounting(&self) -> Vec<(String, String)> {
        if let Some(described) = &self.described {
            return described.accounting(&self.guests);
        }
        let of = |(index, guest): (usize, &Arc<Guest>)| {
            let name = match index {
                0 => guest
                    .export(ACCOUNTING)
                    .map_or(ACCOUNTING, |export| &export.name)
                    .to_owned(),
                _ => peer_accounting(index),
            };
            (guest.name.clone(), name)
        };
        self.guests.iter().enumerate().map(of).collect()
    }

    /// Whether it exports this interface of the runner.
    pub fn exports(&self, interface: &str) -> bool {
        let described = self.described.as_ref();
        described.is_none_or(|described| described.exports(interface))
    }

    /// What stands behind the `@` in the names of its scenarios: the description, or who is
    /// the peer.
    pub fn label(&self) -> Option<String> {
        match &self.described {
            Some(described) => Some(described.name.clone()),
            None => self.variant.map(|variant| variant.to_string()),
        }
    }

    /// What tells it from every other composition of a suite.
    pub fn key(&self) -> Key {
        (self.runner().path.clone(), self.label())
    }

    /// The component that is run.
    ///
    /// # Errors
    ///
    /// When the guests do not fit each other.
    pub fn encode(&self) -> Result<Vec<u8>> {
        if let Some(described) = &self.described {
            return Ok(described.bytes().to_vec());
        }
        match self.guests.as_slice() {
            [runner] => Ok(runner.bytes.to_vec()),
            _ => Composer::new(&self.guests)?.encode(),
        }
    }
}

/// A name under which a composition exports the accounting of a peer: a plain
/// one, because each interface name can be exported only once.
fn peer_accounting(index: usize) -> String {
    format!("accounting-p{index}")
}

/// The compositions in which `runner` is to be run: alone if it imports no
/// peer, with the guests of its theme, and with the host where that has what
/// it takes.
///
/// # Errors
///
/// When nobody exports what the runner imports.
pub fn variants(
    runner: &Arc<Guest>,
    all: &[Arc<Guest>],
    host: &[&str],
) -> Result<Vec<Composition>> {
    if runner.peers().next().is_none() {
        return Ok(vec![Composition::of(vec![runner.clone()], None)]);
    }
    let mut found = Vec::new();
    let by_host = runner
        .peers()
        .all(|import| host.contains(&import.plain_name()));
    let guests = closure(runner, all, host)?;
    if guests.len() > 1 {
        found.push(Composition::of(guests, Some(Variant::Guest)));
    }
    if by_host {
        let guests = vec![runner.clone()];
        found.push(Composition::of(guests, Some(Variant::Host)));
    }
    Ok(found)
}

/// The runner and, behind it, every guest that it needs, directly or not. What
/// no guest exports is left to the host.
fn closure(runner: &Arc<Guest>, all: &[Arc<Guest>], host: &[&str]) -> Result<Vec<Arc<Guest>>> {
    let mut guests = vec![runner.clone()];
    let mut next = 0;
    while let Some(guest) = guests.get(next).cloned() {
        next += 1;
        for import in guest.peers() {
            let Some(peer) = exporter(&guest, &import.name, all)? else {
                if host.contains(&import.plain_name()) {
                    continue;
                }
                bail!(
                    "{}: it imports `{}`, but no guest in the folder `{}` exports that (did one \
                     fail to compile?), and the harness does not implement it either",
                    guest.path.display(),
                    import.name,
                    guest.theme,
                );
            };
            if !guests.iter().any(|known| Arc::ptr_eq(known, peer)) {
                guests.push(peer.clone());
            }
        }
    }
    Ok(guests)
}

/// The guest in the folder of `guest` that exports `import`, if there is one.
fn exporter<'a>(
    guest: &Guest,
    import: &str,
    all: &'a [Arc<Guest>],
) -> Result<Option<&'a Arc<Guest>>> {
    let exports = |other: &&Arc<Guest>| {
        other.theme == guest.theme && other.exports.iter().any(|export| export.name == import)
    };
    let mut peers = all.iter().filter(exports);
    let peer = peers.next();
    if let (Some(first), Some(second)) = (peer, peers.next()) {
        bail!(
            "{} imports `{import}`, which both {} and {} export: expected exactly one guest of \
             the folder `{}` to do so",
            guest.name,
            first.name,
            second.name,
            guest.theme,
        );
    }
    Ok(peer)
}

/// The graph under construction.
struct Composer<'a> {
    guests: &'a [Arc<Guest>],
    graph: CompositionGraph,
    packages: Vec<PackageId>,
    nodes: BTreeMap<usize, NodeId>,
    open: BTreeSet<usize>,
}

impl<'a> Composer<'a> {
    fn new(guests: &'a [Arc<Guest>]) -> Result<Composer<'a>> {
        let mut graph = CompositionGraph::new();
        let mut packages = Vec::with_capacity(guests.len());
        for guest in guests {
            let name = format!("guest:{}", guest.name);
            let package =
                Package::from_bytes(&name, None, guest.bytes.to_vec(), graph.types_mut())?;
            packages.push(graph.register_package(package)?);
        }
        Ok(Composer {
            guests,
            graph,
            packages,
            nodes: BTreeMap::new(),
            open: BTreeSet::new(),
        })
    }

    fn encode(mut self) -> Result<Vec<u8>> {
        let runner = self.instantiate(0)?;
        for export in &self.guests[0].exports {
            let node = self.graph.alias_instance_export(runner, &export.name)?;
            self.graph.export(node, &export.name)?;
        }
        for (index, guest) in self.guests.iter().enumerate().skip(1) {
            // Who runs the composition misses it, where it needs it.
            let Some(export) = guest.export(ACCOUNTING) else {
                continue;
            };
            let node = self
                .graph
                .alias_instance_export(self.nodes[&index], &export.name)?;
            self.graph.export(node, peer_accounting(index))?;
        }
        self.graph
            .encode(EncodeOptions::default())
            .context("could not encode the composition")
    }

    /// Instantiates a guest behind the guests that it imports, each once.
    fn instantiate(&mut self, index: usize) -> Result<NodeId> {
        if let Some(node) = self.nodes.get(&index) {
            return Ok(*node);
        }
        let guest = &self.guests[index];
        if !self.open.insert(index) {
            bail!(
                "{} imports something of a guest that imports something of it",
                guest.name
            );
        }
        let mut arguments = Vec::new();
        for import in guest.peers() {
            let exports = |other: &Arc<Guest>| {
                other
                    .exports
                    .iter()
                    .any(|export| export.name == import.name)
            };
            // What no guest exports, the composition itself imports: the host provides it.
            let Some(peer) = self.guests.iter().position(exports) else {
                continue;
            };
            arguments.push((import.name.clone(), self.instantiate(peer)?));
        }
        let node = self.graph.instantiate(self.packages[index]);
        for (name, peer) in arguments {
            let export = self.graph.alias_instance_export(peer, &name)?;
            self.graph
                .set_instantiation_argument(node, &name, export)
                .with_context(|| format!("{} cannot use the `{name}` of its peer", guest.name))?;
        }
        self.nodes.insert(index, node);
        Ok(node)
    }
}
