//! The documentation of scenarios, read from WIT. Components do not carry it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wit_parser::Resolve;

use super::Scenarios;
use crate::guest::Guest;

/// The WIT packages that were read so far.
#[derive(Default)]
pub(super) struct Docs {
    packages: BTreeMap<PathBuf, Result<Resolve, String>>,
}

impl Docs {
    /// What `list` shows of a function.
    ///
    /// # Errors
    ///
    /// When it has no doc comment, or the WIT is missing or wrong.
    pub(super) fn description(
        &mut self,
        guest: &Guest,
        scenarios: &Scenarios<'_>,
        function: &str,
    ) -> Result<String> {
        let directory = wit_directory(&guest.path, scenarios.package).with_context(|| {
            format!(
                "expected the WIT of `test:{0}` in a directory `wit/{0}` at or above {1}, found none",
                scenarios.package,
                guest.path.display(),
            )
        })?;
        let parsed = self.packages.entry(directory.clone()).or_insert_with(|| {
            let mut resolve = Resolve::default();
            match resolve.push_dir(&directory) {
                Ok(_) => Ok(resolve),
                Err(error) => Err(format!("{error:#}")),
            }
        });
        let resolve = parsed.as_ref().map_err(|error| {
            anyhow!(
                "could not parse the WIT in {}: {error}",
                directory.display()
            )
        })?;
        let docs = resolve
            .interfaces
            .iter()
            .filter(|(_, interface)| interface.name.as_deref() == Some(scenarios.plain))
            .filter(|(_, interface)| {
                interface.package.is_some_and(|id| {
                    let name = &resolve.packages[id].name;
                    name.namespace == "test" && name.name == scenarios.package
                })
            })
            .find_map(|(_, interface)| interface.functions.get(function))
            .and_then(|function| function.docs.contents.as_deref())
            .and_then(|docs| docs.lines().map(str::trim).find(|line| !line.is_empty()));
        let docs = docs.with_context(|| {
            format!(
                "expected a doc comment on `{function}` of `{}` in {}, found none: its first line \
                 is what `list` shows",
                scenarios.interface.name,
                directory.display(),
            )
        })?;
        Ok(docs.to_owned())
    }
}

/// The nearest `wit/<package>` at or above the file.
fn wit_directory(file: &Path, package: &str) -> Option<PathBuf> {
    let directories = file.ancestors().skip(1);
    directories
        .map(|above| above.join("wit").join(package))
        .find(|candidate| candidate.is_dir())
}
