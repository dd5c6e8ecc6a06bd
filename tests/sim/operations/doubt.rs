//! Whether somebody knows what an operation came to.

use crate::host::{Side, fault};
use crate::sim::stats::Kind;
use crate::sim::world::World;
use std::rc::Rc;

/// An operation of which nobody will know what it came to, unless it is settled.
#[must_use]
pub struct InDoubt {
    world: Rc<World>,
    serial: u32,
    kind: Kind,
    /// It is leaked, if it does not finish.
    forgets: bool,
    /// The end keeps what a read comes to that is dropped.
    keeps: bool,
    settled: bool,
}

impl InDoubt {
    pub fn new(world: &Rc<World>, kind: Kind, serial: u32, forgets: bool) -> InDoubt {
        world.ledger.begins(serial, side_of(kind));
        InDoubt {
            world: Rc::clone(world),
            serial,
            kind,
            forgets,
            keeps: kind == Kind::StreamRead,
            settled: false,
        }
    }

    /// A read by reference: its end keeps what it comes to.
    pub fn by_reference(mut self) -> InDoubt {
        self.keeps = true;
        self
    }

    /// The writer was told that these were sent.
    pub fn told(self, sent: &[u32]) {
        self.world.ledger.told_of(self.serial, sent);
        self.settled();
    }

    /// The reader got these.
    pub fn received(self, numbers: impl IntoIterator<Item = u32>) {
        self.world.ledger.received(self.serial, numbers);
        self.settled();
    }

    /// Nothing was sent or received.
    pub fn settled(mut self) {
        self.settled = true;
    }
}

impl Drop for InDoubt {
    fn drop(&mut self) {
        let ledger = &self.world.ledger;
        ledger.ends(self.serial, side_of(self.kind));
        if self.settled {
            return;
        }
        match self.kind {
            // The reader keeps what comes of it, unless it cannot be lifted.
            Kind::StreamRead | Kind::FutureRead
                if self.keeps && !self.forgets && fault::fired() != Some(fault::Site::Lift) =>
            {
                ledger.read_kept(self.serial)
            }
            Kind::StreamRead | Kind::FutureRead => ledger.read_lost(self.serial),
            _ => ledger.write_lost(self.serial),
        }
    }
}

/// The end that an operation is on.
pub fn side_of(kind: Kind) -> Side {
    match kind {
        Kind::StreamRead | Kind::FutureRead => Side::Readable,
        Kind::StreamWrite | Kind::FutureWrite => Side::Writable,
        Kind::Import => unreachable!("it has no end"),
    }
}
