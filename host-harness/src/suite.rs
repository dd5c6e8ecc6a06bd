//! All guests of a run: built, read, discovered, compiled on first use.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::compile::{self, BuildFailure};
use crate::compose::Key;
use crate::compose::described::Description;
use crate::discover::{self, Found, Problem, Scenario};
use crate::driven;
use crate::guest::Guest;
use crate::host::{self, Limits, State};
use crate::progress::Progress;
use crate::run::Prepared;
use crate::target;
use crate::verdict::{Failure, Outcome, Verdict};

/// The workspaces of guests, below the root of this repository.
const WORKSPACES: [&str; 2] = ["guest-tests", "guest-tests/patch"];

/// Scenarios and what it takes to run them.
pub struct Suite {
    /// What can be run.
    pub scenarios: Vec<Scenario>,
    /// What cannot, and why.
    pub problems: Vec<Problem>,
    engine: Engine,
    linker: Linker<State>,
    prepared: HashMap<Key, Slot>,
}

/// A composition that is compiled at most once, by whoever needs it first.
type Slot = Arc<OnceLock<Result<Prepared, String>>>;

impl Suite {
    /// Builds the guests of some workspaces, or of some themes in them, and finds
    /// their scenarios.
    ///
    /// # Errors
    ///
    /// When a workspace cannot be built at all. A guest that does not compile
    /// is a problem of its own among [`Suite::problems`].
    pub fn build(workspaces: &[PathBuf], themes: &[String], progress: &Progress) -> Result<Suite> {
        let mut guests = Vec::new();
        let mut descriptions = Vec::new();
        let mut problems = Vec::new();
        for workspace in workspaces {
            let say = |line: &str| progress.say(line);
            target::ensure(&target::Tools::default(), workspace, say)?;
            let built = match compile::build(workspace, themes, progress) {
                Ok(built) => built,
                Err(error) if workspaces.len() == 1 => return Err(error),
                // The guests of the other workspaces can still run.
                Err(error) => {
                    let name = workspace.file_name().unwrap_or_default().to_string_lossy();
                    problems.push(Problem {
                        name: name.into_owned(),
                        message: format!("{error:#}"),
                    });
                    continue;
                }
            };
            for theme in built.themes() {
                // Where the workspace itself is the theme, the folder is not below it.
                let folder = workspace.join(&theme);
                let read = folder
                    .is_dir()
                    .then(|| Description::read_all(&folder, &theme));
                match read {
                    Some(Ok(read)) => descriptions.extend(read),
                    Some(Err(error)) => problems.push(Problem {
                        name: theme,
                        message: format!("{error:#}"),
                    }),
                    None => {}
                }
            }
            problems.extend(built.failures.into_iter().map(Problem::from));
            for artifact in built.artifacts {
                match Guest::read(&artifact.package, &artifact.theme, &artifact.path) {
                    Ok(guest) => guests.push(Arc::new(guest)),
                    Err(error) => problems.push(Problem {
                        name: format!("{}/{}", artifact.theme, artifact.package),
                        message: format!("{error:#}"),
                    }),
                }
            }
        }
        let (drivers, missing) = driven::of(&guests, workspaces, themes);
        problems.extend(missing);
        let mut found = discover::discover(&guests, &descriptions, &drivers, true);
        found.problems.splice(0..0, problems);
        Suite::new(found)
    }

    /// Takes a component that was built elsewhere.
    ///
    /// # Errors
    ///
    /// When the file is no component or holds no scenario.
    pub fn of_component(path: &Path) -> Result<Suite> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let guest = Guest::read(&name, &name, path)?;
        let found = discover::discover(&[Arc::new(guest)], &[], &[], false);
        if let Some(problem) = found.problems.first() {
            bail!("{}", problem.message);
        }
        Suite::new(found)
    }

    fn new(found: Found) -> Result<Suite> {
        let engine = host::engine()?;
        let linker = host::linker(&engine)
            .map_err(|error| anyhow!("could not set up what guests import: {error:?}"))?;
        let prepared = found
            .scenarios
            .iter()
            .map(|scenario| (scenario.composition.key(), Slot::default()))
            .collect();
        let Found {
            scenarios,
            problems,
        } = found;
        Ok(Suite {
            scenarios,
            problems,
            engine,
            linker,
            prepared,
        })
    }

    /// Runs one scenario on this thread.
    pub fn run(&self, scenario: &Scenario, limits: &Limits) -> Outcome {
        let slot = &self.prepared[&scenario.composition.key()];
        let prepared = slot.get_or_init(|| {
            let prepared = Prepared::new(&self.engine, &self.linker, &scenario.composition);
            prepared.map_err(|error| format!("{error:#}"))
        });
        match prepared {
            Ok(prepared) => guarded(scenario, || prepared.run(scenario, limits)),
            Err(error) => failed(
                scenario.name.clone(),
                scenario.composition.names(),
                Failure::new("guests that can be composed and instantiated", error),
            ),
        }
    }

    /// Runs scenarios on as many threads, and hands over each outcome when it
    /// is there.
    pub fn run_all(
        &self,
        scenarios: &[&Scenario],
        limits: &Limits,
        threads: usize,
        mut done: impl FnMut(Outcome),
    ) {
        let queue = Mutex::new(scenarios.iter());
        let (outcomes, arrivals) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                let outcomes = outcomes.clone();
                scope.spawn(|| {
                    let outcomes = outcomes;
                    let next = || match queue.lock() {
                        Ok(mut queue) => queue.next(),
                        Err(_) => None,
                    };
                    while let Some(scenario) = next() {
                        if outcomes.send(self.run(scenario, limits)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(outcomes);
            arrivals.into_iter().for_each(&mut done);
        });
    }
}

impl Problem {
    /// A problem fails like a scenario.
    pub fn outcome(&self) -> Outcome {
        let failure = Failure::new("a guest whose scenarios can be run", &self.message);
        failed(self.name.clone(), Vec::new(), failure)
    }
}

impl From<BuildFailure> for Problem {
    fn from(failure: BuildFailure) -> Problem {
        Problem {
            name: format!("{}/{}", failure.theme, failure.package),
            message: format!("the guest does not compile:\n{}", failure.errors),
        }
    }
}

fn failed(name: String, guests: Vec<String>, failure: Failure) -> Outcome {
    Outcome {
        name,
        guests,
        verdict: Verdict::Failed {
            failure: Box::new(failure),
        },
        time: Duration::ZERO,
        table_entries: None,
        ledger: BTreeMap::new(),
        trace: Vec::new(),
    }
}

/// Runs a scenario. A panic of the host fails that scenario, and no other.
fn guarded(scenario: &Scenario, run: impl FnOnce() -> Outcome) -> Outcome {
    // Everything that a scenario changes is its own: store, tables, runtime.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        failed(
            scenario.name.clone(),
            scenario.composition.names(),
            Failure::new(
                "that the host can run it",
                format!("a panic of the host: {}", message(&*panic)),
            ),
        )
    })
}

/// What a panic was raised with.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("something that is no text")
}

/// The workspaces of this repository, found from the current directory
/// upwards.
///
/// # Errors
///
/// When the current directory is not inside the repository.
pub fn workspaces() -> Result<Vec<PathBuf>> {
    let current = std::env::current_dir()?;
    let root = current
        .ancestors()
        .find(|above| above.join(WORKSPACES[0]).join("Cargo.toml").is_file());
    let Some(root) = root else {
        bail!(
            "expected a directory `{}` at or above {}, found none; name a workspace with \
             `--workspace DIR`",
            WORKSPACES[0],
            current.display(),
        );
    };
    let workspaces = WORKSPACES.iter().map(|name| root.join(name));
    Ok(workspaces
        .filter(|workspace| workspace.join("Cargo.toml").is_file())
        .collect())
}

/// The first workspace of guests: of the repository that we are in, otherwise of the one
/// that this program was built in.
pub fn own_guests() -> PathBuf {
    let here = workspaces().ok().and_then(|found| found.into_iter().next());
    here.unwrap_or_else(|| {
        let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = harness.parent().unwrap_or(harness);
        root.join(WORKSPACES[0])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Composition;
    use crate::discover::Entry;

    #[test]
    fn a_panic_of_the_host_fails_the_scenario_alone() {
        let scenario = Scenario {
            name: "s".to_owned(),
            description: String::new(),
            entry: Entry::Function {
                interface: "i".to_owned(),
                name: "f".to_owned(),
            },
            is_async: true,
            composition: Arc::new(Composition::of(Vec::new(), None)),
        };
        let outcome = guarded(&scenario, || panic!("the {} gave up", "host"));
        let Verdict::Failed { failure } = outcome.verdict else {
            panic!("it passed");
        };
        assert_eq!(failure.found, "a panic of the host: the host gave up");
    }
}
