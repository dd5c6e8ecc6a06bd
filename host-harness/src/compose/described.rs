//! Compositions that a file describes, in the language of `wac`.
//!
//! Where a guest exports what it imports, or is needed several times, names of interfaces do
//! not tell who is whose peer. A file `<theme>/<name>.wac` does: it may instantiate the guests
//! of its theme as `guest:<name of the package>`, and exports the scenarios of one instance.
//! What every instance counts is exported in addition.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use miette::Diagnostic;
use wac_graph::types::BorrowedPackageKey;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, NodeKind};
use wac_parser::Document;

use super::{Composition, Variant, peer_accounting};
use crate::guest::{ACCOUNTING, Guest};

/// What such a file is called.
const EXTENSION: &str = "wac";

/// A file that describes a composition.
#[derive(Clone, Debug)]
pub struct Description {
    /// The name of the file, which the names of its scenarios have behind them.
    pub name: String,
    /// The folder whose guests it composes.
    pub theme: String,
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub source: String,
}

/// What is known of a composition because it was described.
#[derive(Clone, Debug)]
pub struct Described {
    /// The description.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// For each instance the name that it has in the description, the runner's first.
    instances: Vec<String>,
    /// For each of them the export of its accounting.
    accounting: Vec<String>,
    /// The interfaces of the runner that are exported, with their versions.
    exports: BTreeSet<String>,
    bytes: Arc<[u8]>,
}

impl Described {
    /// Whether the composition exports this interface of the runner.
    pub fn exports(&self, interface: &str) -> bool {
        self.exports.contains(interface)
    }

    /// The component that is run.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// For each instance its name in words, and the export of its accounting.
    pub(super) fn accounting(&self, guests: &[Arc<Guest>]) -> Vec<(String, String)> {
        let names = self.names(guests).into_iter();
        names.zip(self.accounting.iter().cloned()).collect()
    }

    /// The names of the instances in words.
    pub(super) fn names(&self, guests: &[Arc<Guest>]) -> Vec<String> {
        let in_words = |(instance, guest): (&String, &Arc<Guest>)| {
            format!("{instance} ({guest})", guest = guest.name)
        };
        self.instances.iter().zip(guests).map(in_words).collect()
    }
}

impl Description {
    /// The descriptions in the folder of a theme, by their names.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read_all(folder: &Path, theme: &str) -> Result<Vec<Description>> {
        let could_not = || format!("could not read {}", folder.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(could_not)? {
            let path = entry.with_context(could_not)?.path();
            if path
                .extension()
                .is_none_or(|extension| extension != EXTENSION)
            {
                continue;
            }
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            found.push(Description {
                name: name.into_owned(),
                theme: theme.to_owned(),
                source: std::fs::read_to_string(&path)
                    .with_context(|| format!("could not read {}", path.display()))?,
                path,
            });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Composes what is described of the guests of its theme. `host` are the interfaces that
    /// the harness implements, without their versions.
    ///
    /// # Errors
    ///
    /// When the description cannot be parsed, or does not fit the guests.
    pub fn compose(&self, all: &[Arc<Guest>], host: &[&str]) -> Result<Composition> {
        self.composed(all, host)
            .with_context(|| self.path.display().to_string())
    }

    fn composed(&self, all: &[Arc<Guest>], host: &[&str]) -> Result<Composition> {
        let guests: Vec<&Arc<Guest>> = all
            .iter()
            .filter(|guest| guest.theme == self.theme)
            .collect();
        let mut graph = self.graph(&guests)?;
        let instances = self.instances(&graph, &guests, host)?;

        let mut described = Described {
            name: self.name.clone(),
            path: self.path.clone(),
            instances: Vec::new(),
            accounting: Vec::new(),
            exports: self.exports(&graph, instances[0].node),
            bytes: Arc::default(),
        };
        for (index, instance) in instances.iter().enumerate() {
            let export = instance.guest.export(ACCOUNTING).with_context(|| {
                format!("expected that `{}` exports `{ACCOUNTING}`", instance.name)
            })?;
            let node = graph.alias_instance_export(instance.node, &export.name)?;
            let exported = graph[node].export_name().map(str::to_owned);
            let exported = match exported {
                Some(name) => name,
                None => {
                    let name = peer_accounting(index);
                    graph.export(node, &name)?;
                    name
                }
            };
            described.instances.push(instance.name.clone());
            described.accounting.push(exported);
        }
        described.bytes = graph
            .encode(EncodeOptions::default())
            .context("could not encode the composition")?
            .into();
        Ok(Composition {
            guests: instances
                .into_iter()
                .map(|instance| instance.guest)
                .collect(),
            variant: Some(Variant::Guest),
            described: Some(Arc::new(described)),
        })
    }

    /// Parses the description and puts guests in the place of names.
    fn graph(&self, guests: &[&Arc<Guest>]) -> Result<CompositionGraph> {
        let document = match Document::parse(&self.source) {
            Ok(document) => document,
            Err(error) => bail!("{}", self.in_words(&error)),
        };
        let names: Vec<String> = guests.iter().map(|guest| package(guest)).collect();
        let packages = names
            .iter()
            .zip(guests)
            .map(|(name, guest)| {
                let key = BorrowedPackageKey::from_name_and_version(name, None);
                (key, guest.bytes.to_vec())
            })
            .collect();
        match document.resolve(packages) {
            Ok(resolution) => Ok(resolution.into_graph()),
            Err(error) => bail!(
                "{}\n(the guests of the folder `{}` that compiled are {})",
                self.in_words(&error),
                self.theme,
                list(names.iter().map(String::as_str)),
            ),
        }
    }

    /// All instances, the one whose scenarios are exported first.
    fn instances(
        &self,
        graph: &CompositionGraph,
        guests: &[&Arc<Guest>],
        host: &[&str],
    ) -> Result<Vec<Instance>> {
        let mut instances = Vec::new();
        let made = |node: &NodeId| matches!(graph[*node].kind(), NodeKind::Instantiation(_));
        for node in graph.node_ids().filter(made) {
            let of = graph[node].package().map(|id| graph[id].name());
            let guest = guests.iter().find(|guest| of == Some(&package(guest)));
            let guest = guest.context("expected that only guests are instantiated")?;
            let name = graph[node].name().unwrap_or(&guest.name).to_owned();
            let given: BTreeSet<&str> = graph
                .get_instantiation_arguments(node)
                .map(|(name, _)| name)
                .collect();
            for import in guest.peers() {
                ensure!(
                    given.contains(import.name.as_str()) || host.contains(&import.plain_name()),
                    "`{name}` imports `{}`: expected that it is given to it, for the harness does \
                     not implement it; found that it is given {}",
                    import.name,
                    list(given.iter().copied()),
                );
            }
            instances.push(Instance {
                node,
                name,
                guest: Arc::clone(guest),
            });
        }
        let runs = |instance: &Instance| {
            let exports = self.exports(graph, instance.node);
            exports.iter().any(|name| is_of_scenarios(name))
        };
        let runners: Vec<usize> = (0..instances.len())
            .filter(|index| runs(&instances[*index]))
            .collect();
        match runners.as_slice() {
            [runner] => instances[..=*runner].rotate_right(1),
            [] => bail!(
                "expected that it exports the scenarios of an instance (`export runner...;`), \
                 found that it exports none",
            ),
            several => bail!(
                "expected that it exports the scenarios of one instance, found that it exports \
                 those of {}",
                list(several.iter().map(|index| instances[*index].name.as_str())),
            ),
        }
        Ok(instances)
    }

    /// What is exported of an instance, under the name that it has there.
    fn exports(&self, graph: &CompositionGraph, instance: NodeId) -> BTreeSet<String> {
        let export = |node: NodeId| {
            let exported = graph[node].export_name()?;
            let (source, name) = graph.get_alias_source(node)?;
            (source == instance && name == exported).then(|| name.to_owned())
        };
        graph.node_ids().filter_map(export).collect()
    }

    /// An error of the language, with its place.
    fn in_words(&self, error: &dyn Diagnostic) -> String {
        let mut text = String::new();
        let mut labels = error.labels().into_iter().flatten();
        if let Some(label) = labels.next() {
            let before = &self.source[..label.offset().min(self.source.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            text.push_str(&format!("line {line}, column {column}: "));
        }
        text.push_str(&error.to_string());
        let mut source = Error::source(error);
        while let Some(error) = source {
            text.push_str(&format!(": {error}"));
            source = error.source();
        }
        if let Some(help) = error.help() {
            text.push_str(&format!("; {help}"));
        }
        text
    }
}

/// One instance of a guest.
struct Instance {
    node: NodeId,
    name: String,
    guest: Arc<Guest>,
}

/// What a guest is called in descriptions.
fn package(guest: &Guest) -> String {
    format!("guest:{}", guest.name)
}

fn is_of_scenarios(interface: &str) -> bool {
    let plain = interface.split('@').next().unwrap_or(interface);
    let name = plain.split_once('/').map(|(_, name)| name);
    plain.starts_with("test:") && name.is_some_and(|name| name.starts_with("scenarios"))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.is_empty() {
        true => "nothing".to_owned(),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests;
