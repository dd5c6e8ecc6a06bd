//! What was sent, received and given back, by channel.
//!
//! The host knows what it copied. What the readers got has to be that, in that
//! order; what the writers were told has to be that as well. Before that the two may
//! have met in the instance that made the channel, of which the host knows nothing:
//! then what the writers were told is what the readers got.

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
    /// Which ones, if the writer is a guest.
    sent: Vec<u32>,
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

    /// The host wrote so many.
    pub fn told(&self, serial: u32, items: usize) {
        self.account(serial, |account| account.told += items);
    }

    /// A guest was told that these were sent.
    pub fn told_of(&self, serial: u32, sent: &[u32]) {
        self.account(serial, |account| {
            account.told += sent.len();
            account.sent.extend(sent);
        });
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
        let Some(whole) = self.whole(channel) else {
            // Nobody knows what went through it; but never twice, nor out of order.
            let is_sorted = self.received.is_sorted_by(|a, b| a < b);
            return match is_sorted || !are_told_apart(channel.ty) {
                true => Ok(()),
                false => Err(format!("readers got {:?}", self.received)),
            };
        };
        let told_all = self.told == whole.len();
        let complaint = if !(told_all || self.write_lost && self.told <= whole.len()) {
            "its writers were told of others"
        } else if !whole.ends_with(&channel.copied) && are_told_apart(channel.ty) {
            "the host copied others"
        } else if !is_part(&self.sent, whole) && are_told_apart(channel.ty) {
            "its writers were told of others"
        } else if !(self.received_all(channel.ty, whole)
            || self.read_lost && is_part(&self.received, whole))
        {
            "its readers got others"
        } else {
            return Ok(());
        };
        Err(format!(
            "{} {} of {:?}: the items {whole:?} were sent, and {complaint}: told of {}, {:?}; the \
             host copied {:?}, and readers got {:?}",
            channel.name(),
            channel.serial,
            channel.ty,
            self.told,
            self.sent,
            channel.copied,
            self.received,
        ))
    }

    /// Everything that went through the channel, as far as it is known.
    fn whole<'a>(&'a self, channel: &'a Channel) -> Option<&'a [u32]> {
        match channel.ty {
            // These always meet in the host.
            Type::Word | Type::Unit => Some(&channel.copied),
            // Written by the host.
            _ if self.sent.is_empty() && !self.write_lost => Some(&channel.copied),
            _ if !self.write_lost => Some(&self.sent),
            _ if !self.read_lost => Some(&self.received),
            _ => None,
        }
    }

    fn received_all(&self, ty: Type, whole: &[u32]) -> bool {
        match are_told_apart(ty) {
            true => self.received == whole,
            false => self.received.len() == whole.len(),
        }
    }
}

/// Whether the items of a type have numbers.
fn are_told_apart(ty: Type) -> bool {
    !matches!(ty, Type::Unit | Type::Nothing)
}

/// Whether `part` is `whole` with some left out.
fn is_part(part: &[u32], whole: &[u32]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|wanted| whole.any(|found| found == wanted))
}
