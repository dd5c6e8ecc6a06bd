//! Scenarios that the harness drives: it calls what a guest exports, holds its resources and
//! ends, and looks at what becomes of them.
//!
//! A scenario of a theme is a `Program`; it runs once for each of the guests that export
//! the same interface, each with its own name before it.

mod handles;
mod rig;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use wasmtime::Result;

use crate::compose::Composition;
use crate::discover::{Entry, Problem, Scenario};
use crate::guest::Guest;
use crate::host::State;
use crate::suite;

pub use rig::Rig;
use rig::refused;

/// What a driver does. It returns an error, or panics, where it finds something else than it
/// expects.
type Run = for<'a, 'b> fn(&'a mut Rig<'b>) -> LocalBoxFuture<'a, Result<()>>;

/// What a scenario comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comes {
    /// To its end.
    ToItsEnd,
    /// To an error that says this. No guest code runs any more then.
    To(&'static str),
    /// To its end, but a task is left that waits for ever.
    ToATaskLeft,
}

/// A scenario that the harness drives.
#[derive(Clone, Debug)]
pub struct Driver {
    /// Without the `@driver` behind it.
    pub name: String,
    /// What `list` shows.
    pub description: &'static str,
    /// The folder of the guest.
    pub theme: &'static str,
    /// The package of the guest that it drives.
    pub guest: &'static str,
    /// The interface that it drives, with its version.
    pub interface: &'static str,
    /// What is expected of it.
    pub comes: Comes,
    run: Run,
}

/// What is done with each guest of a theme.
struct Program {
    name: &'static str,
    description: &'static str,
    comes: Comes,
    /// The same on wit-bindgen 0.63; nothing where that does the same as wit-async.
    v63: Option<Comes>,
    run: Run,
}

/// Lists programs: `"name" "description" => path, ends "error", or what it comes to on 0.63;`.
macro_rules! programs {
    ($(
        $name:literal $description:literal
            => $run:path $(, ends $trap:literal)? $(, or $v63:expr)?;
    )*) => {
        &[$($crate::driven::Program {
            name: $name,
            description: $description,
            comes: $crate::driven::programs!(@comes $($trap)?),
            v63: $crate::driven::programs!(@v63 $($v63)?),
            run: |rig| Box::pin($run(rig)),
        }),*]
    };
    (@comes $text:literal) => { $crate::driven::Comes::To($text) };
    (@comes) => { $crate::driven::Comes::ToItsEnd };
    (@v63 $comes:expr) => { Some($comes) };
    (@v63) => { None };
}
use programs;

impl Driver {
    /// The scenario in which it drives this guest.
    pub fn scenario(&self, composition: &Arc<Composition>) -> Scenario {
        Scenario {
            name: format!("{}@driver", self.name),
            description: self.description.to_owned(),
            entry: Entry::Driver(self.clone()),
            is_async: true,
            composition: composition.clone(),
        }
    }

    /// Says in the store of the scenario what it comes to.
    pub fn announce(&self, state: &mut State) {
        match self.comes {
            Comes::ToItsEnd => {}
            Comes::To(text) => state.expected_trap = Some(text.to_owned()),
            Comes::ToATaskLeft => state.leaves_a_task = true,
        }
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// When it found something else than it expects. A panic of it is such an error.
    pub async fn drive(&self, mut rig: Rig<'_>) -> Result<()> {
        // Nothing outlives the scenario that a panic could leave in disorder.
        let run = AssertUnwindSafe((self.run)(&mut rig));
        match run.catch_unwind().await {
            Ok(done) => done,
            Err(panic) => Err(Unmet::error(format!(
                "a panic: {}",
                suite::message(&*panic)
            ))),
        }
    }
}

/// The driver found something else than it expects: never what it was announced to end in,
/// whatever the text is.
#[derive(Debug)]
pub struct Unmet(String);

impl Unmet {
    fn error(text: String) -> wasmtime::Error {
        wasmtime::Error::new(Unmet(text))
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unmet {}

/// All of them.
fn all() -> impl Iterator<Item = Driver> {
    let handles = [("", "handles-own", false), ("v63/", "handles-v63", true)];
    handles.into_iter().flat_map(|(group, guest, is_v63)| {
        handles::programs().map(move |program| Driver {
            name: format!("handles/{group}{}", program.name),
            description: program.description,
            theme: "handles",
            guest,
            interface: handles::INTERFACE,
            comes: program.v63.filter(|_| is_v63).unwrap_or(program.comes),
            run: program.run,
        })
    })
}

/// The drivers of these guests, and what is wrong where a workspace has the folder of a
/// driver but not its guest.
pub fn of(
    guests: &[Arc<Guest>],
    workspaces: &[PathBuf],
    themes: &[String],
) -> (Vec<Driver>, Vec<Problem>) {
    let there = |driver: &Driver| guests.iter().any(|guest| guest.name == driver.guest);
    let (there, missing): (Vec<Driver>, Vec<Driver>) = all().partition(there);
    let mut problems: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for driver in missing {
        let asked = themes.is_empty() || themes.iter().any(|theme| theme == driver.theme);
        let folder = |workspace: &PathBuf| workspace.join(driver.theme).is_dir();
        if asked && workspaces.iter().any(folder) {
            *problems.entry((driver.theme, driver.guest)).or_default() += 1;
        }
    }
    let problem = |((theme, guest), count): ((&str, &str), usize)| Problem {
        name: format!("{theme}/{guest}"),
        message: format!(
            "expected the guest {guest} in the folder `{theme}`, which {count} scenarios of the \
             harness drive, found none: does it compile, and is it a member of the workspace?"
        ),
    };
    (there, problems.into_iter().map(problem).collect())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use wasmtime::format_err;

    use super::*;
    use crate::host::{self, Limits};
    use crate::verdict::{self, Ended, Failure, Stage};

    #[test]
    fn a_guest_that_is_missing_is_told_where_its_folder_is_there() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let workspaces = [root.path().to_owned()];
        let (drivers, problems) = of(&[], &workspaces, &[]);
        assert!(
            drivers.is_empty() && problems.is_empty(),
            "another workspace"
        );

        std::fs::create_dir(root.path().join("handles")).expect("created");
        let (drivers, problems) = of(&[], &workspaces, &[]);
        assert!(drivers.is_empty());
        let names: Vec<&str> = problems
            .iter()
            .map(|problem| problem.name.as_str())
            .collect();
        assert_eq!(names, ["handles/handles-own", "handles/handles-v63"]);
        assert!(
            problems[0]
                .message
                .contains("scenarios of the harness drive, found none")
        );

        let (_, problems) = of(&[], &workspaces, &["smoke".to_owned()]);
        assert!(problems.is_empty(), "nobody asked for that theme");
    }

    /// What a scenario comes to in which a driver does this to a component without exports.
    fn found(run: Run) -> String {
        ended(Comes::ToItsEnd, run)
            .expect_err("nothing was announced")
            .found
    }

    /// Whether that is what was announced.
    fn ended(comes: Comes, run: Run) -> Result<(), Box<Failure>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("a runtime").block_on(async {
            let engine = host::engine().expect("an engine");
            let linker = host::linker(&engine).expect("a linker");
            let empty = wasmtime::component::Component::new(&engine, b"\0asm\x0d\0\x01\0");
            let pre = linker.instantiate_pre(&empty.expect("a component"));
            let pre = pre.expect("it imports nothing");
            let end = Instant::now() + Duration::from_secs(10);
            let mut store = host::store(&engine, &Limits::default(), end);
            let instance = pre
                .instantiate_async(&mut store)
                .await
                .expect("an instance");
            let driver = Driver {
                name: "some".to_owned(),
                description: "something",
                theme: "some",
                guest: "some",
                interface: "test:some/interface",
                comes,
                run,
            };
            driver.announce(store.data_mut());
            let rig = Rig::new(&mut store, instance, &pre, driver.interface, end);
            let error = driver
                .drive(rig)
                .await
                .expect_err("it does something wrong");
            let ended = Ended::driven(error);
            verdict::ended(ended, Stage::Scenario, &Limits::default(), store.data())
        })
    }

    #[test]
    fn an_error_and_a_panic_of_a_driver_are_told() {
        let error = found(|_| Box::pin(async { Err(format_err!("one is not two")) }));
        assert_eq!(error, "its driver says: one is not two");
        let panic = found(|_| Box::pin(async { panic!("one is not {}", 2) }));
        assert_eq!(panic, "its driver says: a panic: one is not 2");
        let missing = found(|rig| Box::pin(async { rig.call::<(), ()>("some", ()).await }));
        let expected = "its driver says: the guest does not export `test:some/interface`";
        assert_eq!(missing, expected);
    }

    #[test]
    fn what_a_driver_expects_in_vain_is_not_what_it_was_announced_to_end_in() {
        let announced = || Comes::To("the end");
        let error = ended(announced(), |_| {
            Box::pin(async { Err(format_err!("this is the end")) })
        });
        assert!(error.is_ok());
        let panic = ended(announced(), |_| Box::pin(async { panic!("not the end") }));
        assert!(panic.is_err());
        let refused = ended(announced(), |_| {
            Box::pin(async { refused(Err::<(), _>(format_err!("the end")), "something") })
        });
        assert!(refused.is_err());
    }

    #[test]
    fn names_are_unique_and_described() {
        let mut names = std::collections::BTreeSet::new();
        for driver in all() {
            assert!(!driver.description.is_empty(), "{}", driver.name);
            assert!(names.insert(driver.name.clone()), "{} twice", driver.name);
        }
        assert!(names.contains("handles/constructor"));
    }
}
