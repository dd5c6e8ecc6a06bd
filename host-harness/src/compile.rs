//! Builds the guests of a cargo workspace, all in one invocation of cargo.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::{CrateType, Message, Metadata, MetadataCommand, Package, PackageId};

use crate::progress::Progress;
use crate::target::TARGET;

/// One guest, freshly built.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The name of its package.
    pub package: String,
    /// The folder that groups guests which are composed with each other.
    pub theme: String,
    /// The directory of its manifest.
    pub directory: PathBuf,
    /// The component.
    pub path: PathBuf,
}

/// A guest that did not compile.
#[derive(Clone, Debug)]
pub struct BuildFailure {
    /// The name of its package.
    pub package: String,
    /// See [`Artifact::theme`].
    pub theme: String,
    /// What the compiler said.
    pub errors: String,
}

/// What a build brought about.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The guests that compiled.
    pub artifacts: Vec<Artifact>,
    /// The guests that did not.
    pub failures: Vec<BuildFailure>,
}

impl Built {
    /// The themes of all that was to be built.
    pub fn themes(&self) -> BTreeSet<String> {
        let built = self.artifacts.iter().map(|artifact| &artifact.theme);
        let failed = self.failures.iter().map(|failure| &failure.theme);
        built.chain(failed).cloned().collect()
    }
}

/// A guest of the workspace, before it is built.
struct Guest {
    package: String,
    theme: String,
    directory: PathBuf,
}

/// Builds every guest of the workspace in `root` that is stale, or those of
/// some themes.
///
/// A guest is a package with a `cdylib`. One that has nothing to do with
/// scenarios says so in its manifest: `[package.metadata.host-harness]`,
/// `skip = true`. Where an artifact lies is what cargo says in this very
/// build, so that nothing stale ever runs.
///
/// # Errors
///
/// When cargo cannot be run or fails for another reason than that guests do
/// not compile: those are in [`Built::failures`].
pub fn build(root: &Path, themes: &[String], progress: &Progress) -> Result<Built> {
    build_if(root, progress, |package, theme| {
        package.metadata["host-harness"]["skip"] != true
            && (themes.is_empty() || themes.iter().any(|wanted| wanted == theme))
    })
}

/// Builds some guests of the workspace in `root`, by the names of their
/// packages, whether scenarios or not.
///
/// # Errors
///
/// As [`build`].
pub fn build_packages(root: &Path, names: &[&str], progress: &Progress) -> Result<Built> {
    build_if(root, progress, |package, _| {
        names.contains(&package.name.as_str())
    })
}

fn build_if(
    root: &Path,
    progress: &Progress,
    wanted: impl Fn(&Package, &str) -> bool,
) -> Result<Built> {
    let root = &std::path::absolute(root)?;
    let manifest = root.join("Cargo.toml");
    if !manifest.is_file() {
        bail!(
            "asked for the guests of the workspace {}, but it has no Cargo.toml",
            root.display(),
        );
    }
    let metadata = metadata(&manifest)?;
    let guests = guests(&metadata, wanted);
    if guests.is_empty() {
        bail!(
            "the workspace {} has no such guest: no package with a `cdylib` that does not say \
             `skip = true` in `[package.metadata.host-harness]`, and is of a theme that was asked \
             for",
            root.display(),
        );
    }

    let mut command = cargo();
    command
        .args(["build", "--release", "--keep-going", "--target", TARGET])
        .args(["--message-format", "json", "--manifest-path"])
        .arg(&manifest)
        // Where rustup and cargo look for the settings of these guests.
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for guest in guests.values() {
        command.args(["--package", &guest.package]);
    }
    progress.phase(format!(
        "building the {} guests in {}",
        guests.len(),
        root.display()
    ));
    let mut child = command.spawn().context("could not run cargo")?;

    let mut complaints = child.stderr.take().context("cargo has no standard error")?;
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        // What is not UTF-8 is not worth failing for.
        let mut bytes = Vec::new();
        if complaints.read_to_end(&mut bytes).is_ok() {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
        text
    });
    let messages = child
        .stdout
        .take()
        .context("cargo has no standard output")?;
    let report = Report::read(BufReader::new(messages), root, progress)?;
    let status = child.wait().context("could not wait for cargo")?;
    let complaints = complaints.join().unwrap_or_default();

    report.into_built(&guests, status.success(), &complaints, root)
}

/// The packages of the workspace that are guests.
fn guests(
    metadata: &Metadata,
    wanted: impl Fn(&Package, &str) -> bool,
) -> BTreeMap<PackageId, Guest> {
    let root = metadata.workspace_root.as_std_path();
    metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| package.targets.iter().any(is_component))
        .filter_map(|package| {
            let directory = package.manifest_path.parent()?.as_std_path().to_owned();
            let guest = Guest {
                package: package.name.to_string(),
                theme: theme(root, &directory),
                directory,
            };
            wanted(package, &guest.theme).then(|| (package.id.clone(), guest))
        })
        .collect()
}

fn is_component(target: &cargo_metadata::Target) -> bool {
    target.crate_types.contains(&CrateType::CDyLib)
}

/// The first folder between the workspace and the package, or the folder of
/// the workspace where the package is the workspace.
fn theme(root: &Path, directory: &Path) -> String {
    let below = directory
        .strip_prefix(root)
        .ok()
        .and_then(|path| path.iter().next());
    let name = below.or_else(|| root.file_name());
    name.map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn metadata(manifest: &Path) -> Result<Metadata> {
    let mut query = MetadataCommand::new();
    query.cargo_path(CARGO).manifest_path(manifest).no_deps();
    if let Some(root) = manifest.parent() {
        query.current_dir(root);
    }
    for name in foreign_variables() {
        query.env_remove(name);
    }
    query
        .exec()
        .with_context(|| format!("could not read the workspace {}", manifest.display()))
}

/// What cargo said while it built.
#[derive(Default)]
struct Report {
    components: BTreeMap<PackageId, PathBuf>,
    errors: BTreeMap<PackageId, String>,
}

impl Report {
    fn read(messages: impl std::io::BufRead, root: &Path, progress: &Progress) -> Result<Report> {
        let mut report = Report::default();
        for message in Message::parse_stream(messages) {
            match message.context("could not read the messages of cargo")? {
                Message::CompilerArtifact(artifact) => {
                    if !artifact.fresh {
                        progress.step(format!(
                            "building the guests in {}: {}",
                            root.display(),
                            artifact.target.name,
                        ));
                    }
                    let wasm = artifact
                        .filenames
                        .iter()
                        .find(|name| name.extension() == Some("wasm"));
                    if let (true, Some(wasm)) = (is_component(&artifact.target), wasm) {
                        report
                            .components
                            .insert(artifact.package_id, wasm.clone().into());
                    }
                }
                Message::CompilerMessage(message) => {
                    use cargo_metadata::diagnostic::DiagnosticLevel::{Error, Ice};
                    if matches!(message.message.level, Error | Ice) {
                        let text = message.message.rendered.unwrap_or(message.message.message);
                        let errors = report.errors.entry(message.package_id).or_default();
                        errors.push_str(text.trim_end());
                        errors.push_str("\n\n");
                    }
                }
                _ => {}
            }
        }
        Ok(report)
    }

    fn into_built(
        mut self,
        guests: &BTreeMap<PackageId, Guest>,
        success: bool,
        complaints: &str,
        root: &Path,
    ) -> Result<Built> {
        let mut built = Built::default();
        let compiled = !self.errors.is_empty();
        // Errors of packages that are no guests: all guests that did not come
        // about depend on one of them.
        let shared: String = self
            .errors
            .iter()
            .filter(|(package, _)| !guests.contains_key(*package))
            .map(|(_, errors)| errors.as_str())
            .collect();
        for (id, guest) in guests {
            let Guest {
                package,
                theme,
                directory,
            } = guest;
            if let Some(path) = self.components.remove(id) {
                built.artifacts.push(Artifact {
                    package: package.clone(),
                    theme: theme.clone(),
                    directory: directory.clone(),
                    path,
                });
                continue;
            }
            let errors = match self.errors.remove(id) {
                Some(errors) => errors,
                None if !shared.is_empty() => shared.clone(),
                None => complaints.to_owned(),
            };
            built.failures.push(BuildFailure {
                package: package.clone(),
                theme: theme.clone(),
                errors: errors.trim().to_owned(),
            });
        }
        // Not the guests' fault: a manifest, a lock file, a missing dependency.
        if built.artifacts.is_empty() && !compiled {
            bail!("cargo failed in {}:\n{}", root.display(), complaints.trim());
        }
        if !success && built.failures.is_empty() {
            bail!("cargo failed in {}:\n{}", root.display(), complaints.trim());
        }
        Ok(built)
    }
}

const CARGO: &str = "cargo";

/// Cargo, as a person would run it.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(CARGO);
    for name in foreign_variables() {
        command.env_remove(name);
    }
    command
}

/// The variables that an outer cargo set for us, or that a caller set for the
/// host's code: they must not reach the guests' build.
fn foreign_variables() -> Vec<String> {
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| is_foreign(name))
        .collect()
}

fn is_foreign(name: &str) -> bool {
    /// Where cargo finds things and how it talks, not how it builds.
    const KEPT: [&str; 7] = [
        "CARGO_HOME",
        "CARGO_BUILD_JOBS",
        "CARGO_NET_",
        "CARGO_HTTP_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
    ];
    let of_cargo = name.starts_with("CARGO_") && !KEPT.iter().any(|kept| name.starts_with(kept));
    let of_host = matches!(
        name,
        "CARGO" | "RUSTFLAGS" | "RUSTDOCFLAGS" | "MAKEFLAGS" | "OUT_DIR" | "TARGET"
    );
    of_cargo || of_host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_outer_cargo_sets_does_not_reach_the_guests() {
        for name in [
            "CARGO",
            "CARGO_MANIFEST_DIR",
            "CARGO_PKG_NAME",
            "CARGO_ENCODED_RUSTFLAGS",
        ] {
            assert!(is_foreign(name), "{name}");
        }
        for name in [
            "RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_MAKEFLAGS",
            "CARGO_TARGET_DIR",
        ] {
            assert!(is_foreign(name), "{name}");
        }
        for name in [
            "PATH",
            "CARGO_HOME",
            "RUSTUP_TOOLCHAIN",
            "CARGO_NET_OFFLINE",
        ] {
            assert!(!is_foreign(name), "{name}");
        }
    }

    #[test]
    fn the_theme_is_the_first_folder() {
        let root = Path::new("/tree/guests");
        assert_eq!(
            theme(root, Path::new("/tree/guests/streams/runner")),
            "streams"
        );
        assert_eq!(theme(root, Path::new("/tree/guests/smoke")), "smoke");
        assert_eq!(theme(root, root), "guests");
    }
}
