//! What was sent, received and given back, by channel.
//!
//! The host knows what it copied. What the readers got has to be that, in that
//! order; what the writers were told has to be that as well. Before that the two may
//! have met in the instance that made the channel, of which the host knows nothing:
//! then what the writers were told is what the readers got.

use super::plant::is_planted;
use crate::host::{Channel, Side, Type, fault};
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
    /// A read was forgotten in flight, or foreign code panicked in it: what it got is gone.
    read_lost: bool,
    /// A read was dropped in flight: its reader keeps what it gets, or kept it to the end.
    read_kept: bool,
    /// A write was dropped or forgotten in flight: nobody was told.
    write_lost: bool,
    /// How many reads and writes have begun, and are neither over nor gone. Behind a run
    /// they are those that were leaked, in what they were a part of.
    underway: [u32; 2],
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
            if accounts.is_empty() {
                // Room for those of most runs.
                accounts.reserve(16);
            }
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

    /// A read or a write begins.
    pub fn begins(&self, serial: u32, side: Side) {
        self.account(serial, |account| account.underway[side as usize] += 1);
    }

    /// It is over, or gone.
    pub fn ends(&self, serial: u32, side: Side) {
        self.account(serial, |account| account.underway[side as usize] -= 1);
    }

    pub fn read_lost(&self, serial: u32) {
        self.account(serial, |account| account.read_lost = true);
    }

    pub fn read_kept(&self, serial: u32) {
        self.account(serial, |account| account.read_kept = true);
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
        if is_planted() {
            self.spoil();
        }
        for channel in channels {
            let channel = channel.borrow();
            if channel.continues {
                // What went through it is part of what went through the other one.
                continue;
            }
            self.account(channel.serial, |account| account.check(&channel))?;
        }
        Ok(())
    }

    /// Notes an item that nobody sent, where some were received: a planted failure.
    fn spoil(&self) {
        let mut accounts = self.accounts.borrow_mut();
        if let Some(account) = accounts
            .iter_mut()
            .find(|account| account.received.len() > 2)
        {
            account.received.push(u32::MAX);
        }
    }
}

impl Account {
    fn check(&mut self, channel: &Channel) -> Result<(), String> {
        self.read_lost |= self.underway[Side::Readable as usize] > 0;
        self.write_lost |= self.underway[Side::Writable as usize] > 0;
        // Behind a panic the end of a future may be dropped that nobody says is unwritten.
        self.write_lost |= channel.is_future && self.told == 0 && drops_ends();
        // Whatever is known of it: never twice, nor out of order.
        let went = [&self.received, &channel.copied, &self.sent];
        let is_sorted = |items: &&Vec<u32>| items.is_sorted_by(|a, b| a < b);
        if are_told_apart(channel.ty) && !went.iter().all(is_sorted) {
            return Err(format!(
                "{} {} of {:?}: items went twice or out of order: its writers were told of {:?}; the \
                 host copied {:?}, and readers got {:?}",
                channel.name(),
                channel.serial,
                channel.ty,
                self.sent,
                channel.copied,
                self.received,
            ));
        }
        let Some(whole) = self.whole(channel) else {
            // Nobody knows what went through it.
            return Ok(());
        };
        let told_all = self.told == whole.len();
        let complaint = if !(told_all || self.write_lost && self.told <= whole.len()) {
            "its writers were told of others"
        } else if !whole.ends_with(&channel.copied) && are_told_apart(channel.ty) {
            "the host copied others"
        } else if !is_part(&self.sent, whole) && are_told_apart(channel.ty) {
            "its writers were told of others"
        } else if !(self.received_all(channel.ty, whole)
            || self.read_kept && self.received_first(channel.ty, whole)
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
            _ if !self.read_lost && !self.read_kept => Some(&self.received),
            _ => None,
        }
    }

    /// Nothing was left out, but the reader may have gone with some.
    fn received_first(&self, ty: Type, whole: &[u32]) -> bool {
        match are_told_apart(ty) {
            true => whole.starts_with(&self.received),
            false => self.received.len() <= whole.len(),
        }
    }

    fn received_all(&self, ty: Type, whole: &[u32]) -> bool {
        match are_told_apart(ty) {
            true => self.received == whole,
            false => self.received.len() == whole.len(),
        }
    }
}

/// Whether a panic has happened where a program may hold an end.
fn drops_ends() -> bool {
    use fault::Site::*;
    match fault::fired() {
        Some(Lower | Lift | Default | Drop | WakerClone | Wake | NoWake | WakerDrop) => true,
        Some(Dealloc | CallImport | ParamsLower | ParamsFree | ParamsFreeOwn | ResultsLift)
        | None => false,
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
