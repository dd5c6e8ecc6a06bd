//! The resource of the host, and who owns it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::Result;
use wasmtime::component::Resource;
use wasmtime::error::Context as _;

/// What the guest knows as `thing`.
#[derive(Debug)]
pub struct Thing;

/// The labels of the things that exist, by their number.
#[derive(Clone, Debug, Default)]
pub struct Things(Arc<Mutex<Labels>>);

#[derive(Debug, Default)]
struct Labels {
    labels: BTreeMap<u32, String>,
    made: u32,
}

impl Things {
    fn lock(&self) -> MutexGuard<'_, Labels> {
        // A panic while it was held has failed the scenario already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub fn alive(&self) -> u32 {
        u32::try_from(self.lock().labels.len()).unwrap_or(u32::MAX)
    }

    /// A new one, owned by the host.
    pub fn make(&self, label: String) -> Owned {
        let mut labels = self.lock();
        labels.made += 1;
        let number = labels.made;
        labels.labels.insert(number, label);
        Owned {
            number,
            things: self.clone(),
            given: false,
        }
    }

    /// One that the guest gave to the host.
    pub fn take(&self, thing: Resource<Thing>) -> Owned {
        Owned {
            number: thing.rep(),
            things: self.clone(),
            given: false,
        }
    }

    /// The label of one that somebody owns.
    pub fn label(&self, thing: &Resource<Thing>) -> Result<String> {
        self.label_of(thing.rep())
    }

    fn label_of(&self, number: u32) -> Result<String> {
        let label = self.lock().labels.get(&number).cloned();
        label.with_context(|| format!("thing {number} was destroyed before"))
    }
}

/// A thing that the host owns: it is destroyed with this.
#[derive(Debug)]
pub struct Owned {
    number: u32,
    things: Things,
    given: bool,
}

impl Owned {
    /// What it is called.
    pub fn label(&self) -> Result<String> {
        self.things.label_of(self.number)
    }

    /// Gives it to the guest.
    pub fn give(mut self) -> Resource<Thing> {
        self.given = true;
        Resource::new_own(self.number)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if !self.given {
            self.things.lock().labels.remove(&self.number);
        }
    }
}
