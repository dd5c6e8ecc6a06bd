//! Finds the scenarios of a set of guests, from the types of the components.

mod docs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::compose::described::Description;
use crate::compose::{self, Composition};
use crate::driven::Driver;
use crate::guest::{ACCOUNTING, Guest, Interface};
use crate::peers;
use docs::Docs;

/// One test: an exported function of a guest, or one of the harness that drives a guest,
/// with its peers.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `theme/function`, or `theme/group/function`, with `@guest` or `@host`
    /// behind it where it has a peer, `@name` where a description says with whom it is
    /// composed, and `@driver` where the harness drives it.
    pub name: String,
    /// The first line of its documentation in WIT, or what its driver says.
    pub description: String,
    /// What is run.
    pub entry: Entry,
    /// Whether the type of the function is async. A driver always is.
    pub is_async: bool,
    /// The guest and its peers.
    pub composition: Arc<Composition>,
}

/// What of a scenario is run.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A function that the guest exports.
    Function {
        /// The exported instance, with its version.
        interface: String,
        /// The exported function.
        name: String,
    },
    /// A function of the harness, which does something with what the guest exports.
    Driver(Driver),
}

/// A guest that cannot be run, or a scenario that has no business existing.
#[derive(Clone, Debug)]
pub struct Problem {
    /// `theme/guest`, or the name of the scenario.
    pub name: String,
    /// What was expected, what was found, what to do.
    pub message: String,
}

/// What the guests of a suite come to.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order of guests and of WIT.
    pub scenarios: Vec<Scenario>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Finds all scenarios, those of `drivers` whose guests there are among them. The guests that
/// `descriptions` run are run as they say, all others with what they import. `documented`
/// says whether a scenario must have a doc comment in a WIT directory near its guest.
pub fn discover(
    guests: &[Arc<Guest>],
    descriptions: &[Description],
    drivers: &[Driver],
    documented: bool,
) -> Found {
    let mut found = Found::default();
    let mut docs = Docs::default();
    let mut composed = BTreeSet::new();
    let (described, broken) = found.described(guests, descriptions);

    for guest in guests {
        let interfaces: Vec<_> = guest.exports.iter().filter_map(Scenarios::of).collect();
        if guest.export(ACCOUNTING).is_none() {
            found.problem(guest, format!(
                "{}: expected an export of `{ACCOUNTING}` (`guest_support::guest!()` makes one), \
                 found exports of {}",
                guest.path.display(),
                guest.exported(),
            ));
            continue;
        }
        let mut drivers = drivers
            .iter()
            .filter(|driver| driver.guest == guest.name)
            .peekable();
        if interfaces.is_empty() && drivers.peek().is_none() {
            continue;
        }
        let runs = |composition: &&Arc<Composition>| composition.runner().path == guest.path;
        let mut compositions: Vec<_> = described.iter().filter(runs).cloned().collect();
        if compositions.is_empty() {
            match compose::variants(guest, guests, &peers::interfaces()) {
                Ok(found) => compositions.extend(found.into_iter().map(Arc::new)),
                // What is wrong is the description that this guest would be in.
                Err(_) if broken.contains(&guest.theme) => continue,
                Err(error) => {
                    found.problem(guest, format!("{error:#}"));
                    continue;
                }
            }
        }
        for composition in &compositions {
            composed.extend(composition.guests.iter().map(|guest| guest.path.clone()));
        }
        for scenarios in &interfaces {
            let exports =
                |composition: &&Arc<Composition>| composition.exports(&scenarios.interface.name);
            let mut exported = false;
            for composition in compositions.iter().filter(exports) {
                exported = true;
                found.add(scenarios, composition, &mut docs, documented);
            }
            if !exported {
                found.problem(
                    guest,
                    format!(
                        "{}: it is composed as files describe, but none of them exports its `{}`",
                        guest.path.display(),
                        scenarios.interface.name,
                    ),
                );
            }
        }
        // Who drives does not play the peer too, where a guest does.
        let driven = compositions.first().into_iter();
        found.scenarios.extend(driven.flat_map(|composition| {
            let scenario = |driver: &Driver| driver.scenario(composition);
            drivers.by_ref().map(scenario).collect::<Vec<_>>()
        }));
    }

    for guest in guests {
        let broken = broken.contains(&guest.theme)
            || found
                .problems
                .iter()
                .any(|problem| problem.name == full_name(guest));
        if !broken && !composed.contains(&guest.path) {
            found.problem(
                guest,
                format!(
                    "{}: expected an export of `test:{}/scenarios`, or another guest in its folder \
                 that imports what it exports; found exports of {}",
                    guest.path.display(),
                    guest.theme,
                    guest.exported(),
                ),
            );
        }
    }
    found.refuse_duplicates();
    found
}

fn full_name(guest: &Guest) -> String {
    format!("{}/{}", guest.theme, guest.name)
}

impl Found {
    fn problem(&mut self, guest: &Guest, message: String) {
        self.problems.push(Problem {
            name: full_name(guest),
            message,
        });
    }

    /// The compositions that are described, and the themes where a description is wrong.
    fn described(
        &mut self,
        guests: &[Arc<Guest>],
        descriptions: &[Description],
    ) -> (Vec<Arc<Composition>>, BTreeSet<String>) {
        let mut compositions = Vec::new();
        let mut broken = BTreeSet::new();
        for description in descriptions {
            match description.compose(guests, &peers::interfaces()) {
                Ok(composition) => compositions.push(Arc::new(composition)),
                Err(error) => {
                    broken.insert(description.theme.clone());
                    self.problems.push(Problem {
                        name: format!("{}/{}", description.theme, description.name),
                        message: format!("{error:#}"),
                    });
                }
            }
        }
        (compositions, broken)
    }

    fn add(
        &mut self,
        scenarios: &Scenarios<'_>,
        composition: &Arc<Composition>,
        docs: &mut Docs,
        documented: bool,
    ) {
        let guest = composition.runner();
        let functions = &scenarios.interface.functions;
        for function in functions {
            if !function.plain {
                self.problem(guest, format!(
                    "{}: expected a function without parameters and result, found `{}` in `{}`,                      which has some; what is no scenario belongs into another interface",
                    guest.path.display(),
                    function.name,
                    scenarios.interface.name,
                ));
                continue;
            }
            let label = composition.label().map(|label| format!("@{label}"));
            let name = format!(
                "{}{}{}",
                scenarios.prefix,
                function.name,
                label.unwrap_or_default()
            );
            let description = docs.description(guest, scenarios, &function.name);
            let description = match description {
                Ok(description) => description,
                Err(error) if documented => {
                    self.problems.push(Problem {
                        name,
                        message: format!("{error:#}"),
                    });
                    continue;
                }
                Err(_) => String::new(),
            };
            self.scenarios.push(Scenario {
                name,
                description,
                entry: Entry::Function {
                    interface: scenarios.interface.name.clone(),
                    name: function.name.clone(),
                },
                is_async: function.is_async,
                composition: composition.clone(),
            });
        }
        if functions.is_empty() {
            self.problem(
                guest,
                format!(
                    "{}: expected a function in `{}`, found none",
                    guest.path.display(),
                    scenarios.interface.name,
                ),
            );
        }
    }

    /// Two scenarios of one name could not be told apart in a report.
    fn refuse_duplicates(&mut self) {
        let mut first: BTreeMap<String, PathBuf> = BTreeMap::new();
        let mut problems = Vec::new();
        self.scenarios.retain(|scenario| {
            let path = scenario.composition.runner().path.clone();
            match first.get(&scenario.name) {
                None => {
                    first.insert(scenario.name.clone(), path);
                    true
                }
                Some(other) => {
                    let message = format!(
                        "both {} and {} export a scenario of this name",
                        other.display(),
                        path.display(),
                    );
                    problems.push(Problem {
                        name: scenario.name.clone(),
                        message,
                    });
                    false
                }
            }
        });
        self.problems.append(&mut problems);
    }
}

/// An exported interface that holds scenarios.
struct Scenarios<'a> {
    interface: &'a Interface,
    /// The WIT package, without its namespace.
    package: &'a str,
    /// The interface, without package and version.
    plain: &'a str,
    /// What stands before the function in the name of a scenario.
    prefix: String,
}

impl<'a> Scenarios<'a> {
    /// `test:theme/scenarios` and `test:theme/scenarios-group`.
    fn of(interface: &'a Interface) -> Option<Scenarios<'a>> {
        let name = interface.plain_name().strip_prefix("test:")?;
        let (package, plain) = name.split_once('/')?;
        let prefix = match plain.strip_prefix("scenarios")? {
            "" => format!("{package}/"),
            group => format!("{package}/{}/", group.strip_prefix('-')?),
        };
        Some(Scenarios {
            interface,
            package,
            plain,
            prefix,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(name: &str) -> Option<String> {
        let interface = Interface {
            name: name.to_owned(),
            functions: Vec::new(),
            resources: false,
        };
        Scenarios::of(&interface).map(|scenarios| scenarios.prefix)
    }

    #[test]
    fn interfaces_of_scenarios_are_told_by_their_name() {
        assert_eq!(
            prefix("test:smoke/scenarios@0.1.0").as_deref(),
            Some("smoke/")
        );
        assert_eq!(
            prefix("test:payloads/scenarios-u8").as_deref(),
            Some("payloads/u8/")
        );
        assert_eq!(prefix("test:payloads/u8-peer@0.1.0"), None);
        assert_eq!(prefix("test:payloads/scenariosx"), None);
        assert_eq!(prefix("wasi:cli/run@0.2.0"), None);
    }
}
