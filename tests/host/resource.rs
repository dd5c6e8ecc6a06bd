//! A resource type of the host: `token`.

use super::{Host, enter, host};
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    static ALIVE: Cell<isize> = const { Cell::new(0) };
}

/// How many tokens of this thread were made and not destroyed.
pub fn tokens_alive() -> isize {
    ALIVE.get()
}

/// Forgets what a run that failed has leaked.
pub fn reset_tokens(alive: isize) {
    ALIVE.set(alive);
}

/// What stands behind a handle. Dropping it is its destructor.
#[derive(Debug)]
pub struct Rep(pub u32);

impl Rep {
    pub fn new(number: u32) -> Rep {
        ALIVE.set(ALIVE.get() + 1);
        Rep(number)
    }
}

impl Drop for Rep {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

/// An `own<token>` of a guest, as generated bindings have it.
#[derive(Debug)]
pub struct Token(u32);

impl Token {
    /// A constructor that the host has.
    pub fn new(number: u32) -> Token {
        Token(host().new_token(number))
    }

    /// A method that the host has.
    pub fn number(&self) -> u32 {
        host().token_number(self.0)
    }

    pub fn handle(&self) -> u32 {
        self.0
    }

    pub fn from_handle(handle: u32) -> Token {
        Token(handle)
    }

    /// The handle, which is no longer ours.
    pub fn take_handle(self) -> u32 {
        let handle = self.0;
        std::mem::forget(self);
        handle
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        host().drop_token(self.0);
    }
}

impl Host {
    pub fn new_token(&self, number: u32) -> u32 {
        super::trap::guarded(|| {
            let _host = enter();
            let handle = self.table.borrow_mut().add_resource(Rep::new(number));
            self.log(|| format!("token.new: {handle}"));
            handle
        })
    }

    fn token_number(&self, handle: u32) -> u32 {
        super::trap::guarded(|| self.table.borrow_mut().resource(handle).0.0)
    }

    /// `resource.drop`
    pub fn drop_token(&self, handle: u32) {
        super::trap::guarded(|| {
            let _host = self.built_in();
            self.log(|| format!("token.drop {handle}"));
            let rep = self.table.borrow_mut().take_resource(handle);
            drop(rep);
        });
    }

    /// A handle is lent to a call, until what is returned is counted down.
    pub fn lend(&self, handle: u32) -> Rc<Cell<usize>> {
        let _host = enter();
        let mut table = self.table.borrow_mut();
        let (_, lends) = table.resource(handle);
        lends.set(lends.get() + 1);
        Rc::clone(lends)
    }
}
