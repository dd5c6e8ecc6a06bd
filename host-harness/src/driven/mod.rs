//! Scenarios that the harness drives: it calls what a guest exports, holds its resources and
//! ends, and looks at what becomes of them.
//!
//! A scenario of a theme is a [`Program`]; it runs once for each of the guests that export
//! the same interface, each with its own name before it.

mod handles;
mod rig;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use wasmtime::{Result, format_err};

use crate::compose::Composition;
use crate::discover::{Entry, Problem, Scenario};
use crate::guest::Guest;
use crate::suite;

pub use rig::Rig;

/// What a driver does. It returns an error, or panics, where it finds something else than it
/// expects.
type Run = for<'a, 'b> fn(&'a mut Rig<'b>) -> LocalBoxFuture<'a, Result<()>>;

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
    /// A part of the error that it ends in, if that is what is expected.
    pub trap: Option<&'static str>,
    run: Run,
}

/// What is done with each guest of a theme.
struct Program {
    name: &'static str,
    description: &'static str,
    /// A part of the error that it ends in on wit-bindgen 0.63; nothing where that does the
    /// same as wit-async.
    v63: Option<&'static str>,
    run: Run,
}

/// Lists programs: `"name" "description" => path, or "error on 0.63";`.
macro_rules! programs {
    ($($name:literal $description:literal => $run:path $(, or $v63:literal)?;)*) => {
        &[$($crate::driven::Program {
            name: $name,
            description: $description,
            v63: $crate::driven::programs!(@ $($v63)?),
            run: |rig| Box::pin($run(rig)),
        }),*]
    };
    (@ $text:literal) => { Some($text) };
    (@) => { None };
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
            Err(panic) => Err(format_err!("a panic: {}", suite::message(&*panic))),
        }
    }
}

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
            trap: program.v63.filter(|_| is_v63),
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
    use super::*;

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
