//! The books of what must be destroyed exactly once, whoever owns it.
//!
//! Guests keep them through `test:harness/ledger`, the host by [`Ledger::hold`]. A scenario
//! fails if anything is destroyed twice, or if anything is left of what was made.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use wasmtime::component::Linker;

use crate::host;

/// How many of the last destructions are remembered in their order.
const REMEMBERED: usize = 1000;

/// More faults than these are not told apart.
const FAULTS: usize = 10;

/// The books of one scenario. Clones are the same books.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<Books>>);

#[derive(Debug, Default)]
struct Books {
    last: u64,
    /// What exists. What does not, and has a number, was destroyed.
    open: HashMap<u64, Entry>,
    kinds: BTreeMap<String, Kind>,
    closings: VecDeque<String>,
    faults: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    what: String,
    keeper: Keeper,
}

/// Who has to see to it that something is destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeper {
    /// A guest: not where it trapped, for then none of its code runs any more.
    Guest,
    /// The host: in any case, at the latest with the store.
    Host,
}

/// How many things of one kind were made and destroyed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// How many were made.
    pub made: u64,
    /// How many were destroyed.
    pub destroyed: u64,
}

/// Something that the host made, which is destroyed when this is dropped.
#[derive(Debug)]
pub struct Held {
    ledger: Ledger,
    number: u64,
}

/// When the books are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// All guests have returned.
    Returned,
    /// The store is gone, and with it all that is the host's.
    StoreDropped,
}

impl Ledger {
    /// Notes that a guest made something, and returns its number, from 1 on.
    pub fn open(&self, what: &str) -> u64 {
        self.books().open(what, Keeper::Guest)
    }

    /// Notes that something was destroyed.
    pub fn close(&self, number: u64) {
        self.books().close(number);
    }

    /// Notes that the host made something, which exists as long as what is returned.
    pub fn hold(&self, what: &str) -> Held {
        Held {
            number: self.books().open(what, Keeper::Host),
            ledger: self.clone(),
        }
    }

    /// How many of these were made and destroyed.
    pub fn count(&self, what: &str) -> Kind {
        self.books().kinds.get(what).copied().unwrap_or_default()
    }

    /// All kinds.
    pub fn kinds(&self) -> BTreeMap<String, Kind> {
        self.books().kinds.clone()
    }

    /// The kinds of what was destroyed since this was called last, in that order: the last
    /// 1,000 of them.
    pub fn closings(&self) -> Vec<String> {
        self.books().closings.drain(..).collect()
    }

    /// What does not balance, in words; nothing if all is well.
    pub fn imbalance(&self, when: When) -> Vec<String> {
        let books = self.books();
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in books.open.values() {
            if when == When::Returned || entry.keeper == Keeper::Host {
                *left.entry(&entry.what).or_default() += 1;
            }
        }
        let left = left.into_iter().map(|(what, left)| {
            let made = books.kinds.get(what).map_or(0, |kind| kind.made);
            format!("{left} of {made} `{what}` never destroyed")
        });
        books.faults.iter().cloned().chain(left).collect()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // Counts are right at any time.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn open(&mut self, what: &str, keeper: Keeper) -> u64 {
        self.last += 1;
        let entry = Entry {
            what: what.to_owned(),
            keeper,
        };
        self.open.insert(self.last, entry);
        self.kind(what).made += 1;
        self.last
    }

    fn close(&mut self, number: u64) {
        match self.open.remove(&number) {
            Some(entry) => {
                self.kind(&entry.what).destroyed += 1;
                if self.closings.len() == REMEMBERED {
                    self.closings.pop_front();
                }
                self.closings.push_back(entry.what);
            }
            None if self.faults.len() == FAULTS => {}
            None if (1..=self.last).contains(&number) => {
                self.faults.push(format!("number {number} destroyed twice"));
            }
            None => {
                self.faults
                    .push(format!("number {number} destroyed, which was never made"));
            }
        }
    }

    fn kind(&mut self, what: &str) -> &mut Kind {
        if !self.kinds.contains_key(what) {
            self.kinds.insert(what.to_owned(), Kind::default());
        }
        self.kinds.get_mut(what).expect("just made sure of")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.ledger.close(self.number);
    }
}

/// Defines `test:harness/ledger`.
///
/// # Errors
///
/// When it is defined already.
pub fn add_to_linker(linker: &mut Linker<host::State>) -> wasmtime::Result<()> {
    let mut ledger = linker.instance("test:harness/ledger@0.1.0")?;
    ledger.func_wrap("opened", |store, (what,): (String,)| {
        Ok((store.data().ledger.open(&what),))
    })?;
    ledger.func_wrap("closed", |store, (number,): (u64,)| {
        store.data().ledger.close(number);
        Ok(())
    })?;
    ledger.func_wrap("made", |store, (what,): (String,)| {
        Ok((store.data().ledger.count(&what).made,))
    })?;
    ledger.func_wrap("destroyed", |store, (what,): (String,)| {
        Ok((store.data().ledger.count(&what).destroyed,))
    })?;
    ledger.func_wrap("closings", |store, (): ()| {
        Ok((store.data().ledger.closings(),))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_balance_where_each_thing_was_destroyed_once() {
        let ledger = Ledger::default();
        let coin = ledger.open("coin");
        let purse = ledger.open("purse");
        assert_eq!(
            ledger.imbalance(When::Returned),
            [
                "1 of 1 `coin` never destroyed",
                "1 of 1 `purse` never destroyed"
            ]
        );
        ledger.close(purse);
        ledger.close(coin);
        assert_eq!(ledger.imbalance(When::Returned), Vec::<String>::new());
        assert_eq!(ledger.closings(), ["purse", "coin"]);
        assert_eq!(ledger.closings(), Vec::<String>::new());
        let once = Kind {
            made: 1,
            destroyed: 1,
        };
        assert_eq!(ledger.count("coin"), once);
        assert_eq!(ledger.count("none"), Kind::default());
    }

    #[test]
    fn twice_is_a_fault_and_so_is_what_never_was() {
        let ledger = Ledger::default();
        let coin = ledger.open("coin");
        ledger.close(coin);
        ledger.close(coin);
        ledger.close(0);
        ledger.close(77);
        assert_eq!(
            ledger.imbalance(When::StoreDropped),
            [
                "number 1 destroyed twice",
                "number 0 destroyed, which was never made",
                "number 77 destroyed, which was never made"
            ]
        );
    }

    #[test]
    fn what_is_the_hosts_goes_with_the_store_and_what_is_a_guests_does_not() {
        let ledger = Ledger::default();
        ledger.open("of a guest");
        let held = ledger.hold("of the host");
        assert_eq!(ledger.imbalance(When::Returned).len(), 2);
        assert_eq!(
            ledger.imbalance(When::StoreDropped),
            ["1 of 1 `of the host` never destroyed"]
        );
        drop(held);
        assert_eq!(ledger.imbalance(When::StoreDropped), Vec::<String>::new());
    }

    #[test]
    fn the_books_stay_small() {
        let ledger = Ledger::default();
        for _ in 0..5000 {
            drop(ledger.hold("box"));
            ledger.close(0);
        }
        assert_eq!(ledger.closings().len(), REMEMBERED);
        assert_eq!(ledger.imbalance(When::Returned).len(), FAULTS);
        assert!(ledger.books().open.is_empty());
    }
}
