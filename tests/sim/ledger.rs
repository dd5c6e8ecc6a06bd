//! What was sent, received and given back, by channel.
//!
//! The host knows what it copied. What the readers got has to be that, in that
//! order; what the writers were told has to be that as well.

use crate::host::{Channel, Type};
use std::cell::RefCell;
use std::rc::Rc;

/// The books of one channel.
#[derive(Default)]
struct Account {
    /// What its readers got.
    received: Vec<u32>,
    /// How many items its writers were told that they sent.
    told: usize,
    /// A read was dropped or forgotten in flight: what it got is gone.
    read_lost: bool,
    /// A write was dropped or forgotten in flight: nobody was told.
    write_lost: bool,
}

/// The books of a run.
#[derive(Default)]
pub struct Ledger {
    accounts: RefCell<Vec<Account>>,
}

impl Ledger {
    fn account<R>(&self, serial: u32, f: impl FnOnce(&mut Account) -> R) -> R {
        let mut accounts = self.accounts.borrow_mut();
        let index = serial as usize;
        if accounts.len() <= index {
            accounts.resize_with(index + 1, Account::default);
        }
        f(&mut accounts[index])
    }

    pub fn received(&self, serial: u32, numbers: impl IntoIterator<Item = u32>) {
        self.account(serial, |account| account.received.extend(numbers));
    }

    pub fn told(&self, serial: u32, items: usize) {
        self.account(serial, |account| account.told += items);
    }

    pub fn read_lost(&self, serial: u32) {
        self.account(serial, |account| account.read_lost = true);
    }

    pub fn write_lost(&self, serial: u32) {
        self.account(serial, |account| account.write_lost = true);
    }

    /// How many items were received.
    pub fn items(&self) -> u64 {
        let accounts = self.accounts.borrow();
        accounts
            .iter()
            .map(|account| account.received.len() as u64)
            .sum()
    }

    /// Whether everything adds up.
    pub fn check(&self, channels: &[Rc<RefCell<Channel>>]) -> Result<(), String> {
        for channel in channels {
            let channel = channel.borrow();
            self.account(channel.serial, |account| account.check(&channel))?;
        }
        Ok(())
    }
}

impl Account {
    fn check(&self, channel: &Channel) -> Result<(), String> {
        let name = || format!("{} {} of {:?}", channel.name(), channel.serial, channel.ty);
        let copied = &channel.copied;
        let told_all = self.told == copied.len();
        if !(told_all || self.write_lost && self.told <= copied.len()) {
            return Err(format!(
                "{}: its writers were told that {} items were sent, and {} were",
                name(),
                self.told,
                copied.len(),
            ));
        }
        let all = match channel.ty {
            Type::Unit | Type::Nothing => self.received.len() == copied.len(),
            _ => self.received == *copied,
        };
        if !(all || self.read_lost && is_part(&self.received, copied)) {
            return Err(format!(
                "{}: the items {copied:?} were sent, and {:?} received",
                name(),
                self.received,
            ));
        }
        Ok(())
    }
}

/// Whether `part` is `whole` with some left out.
fn is_part(part: &[u32], whole: &[u32]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|wanted| whole.any(|found| found == wanted))
}
