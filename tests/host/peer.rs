//! The other end of a stream or a future, driven by the test.

use super::channel::{Buffer, Channel, Held, Outcome, Side};
use super::table::Object;
use super::vtables::Wire;
use super::{Host, enter};
use std::rc::Rc;
use wit_async::rt::async_support::{FutureReader, StreamReader};

/// An end that the guest does not hold. Goes away when it is dropped, whatever
/// is in flight.
pub struct Peer<T> {
    held: Held,
    received: Vec<T>,
}

impl Host {
    /// A stream whose writable end is the test's.
    pub fn incoming_stream<T: Wire>(&self) -> (StreamReader<T>, Peer<T>) {
        let (handle, peer) = self.incoming(false);
        (StreamReader::new(handle, T::STREAM), peer)
    }

    /// A future whose writable end is the test's.
    pub fn incoming_future<T: Wire>(&self) -> (FutureReader<T>, Peer<T>) {
        let (handle, peer) = self.incoming(true);
        // SAFETY: the handle was just made, with this type.
        (unsafe { FutureReader::new(handle, T::FUTURE) }, peer)
    }

    fn incoming<T: Wire>(&self, is_future: bool) -> (u32, Peer<T>) {
        let _host = enter();
        let channel = Channel::shared(is_future, T::TYPE, self.rules.get());
        let object = Object::End(Rc::clone(&channel), Side::Readable);
        let handle = self.table.borrow_mut().add(object);
        (handle, Peer::new(Held::new(channel, Side::Writable)))
    }

    /// Hands the readable end of a stream to the test.
    pub fn outgoing_stream<T: Wire>(&self, reader: StreamReader<T>) -> Peer<T> {
        self.lift_readable(reader.take_handle(), false)
    }

    /// Hands the readable end of a future to the test.
    pub fn outgoing_future<T: Wire>(&self, reader: FutureReader<T>) -> Peer<T> {
        self.lift_readable(reader.take_handle(), true)
    }

    /// Lifting a readable end, as of a parameter (§4.1).
    pub fn lift_readable<T: Wire>(&self, handle: u32, is_future: bool) -> Peer<T> {
        let _host = enter();
        let held = self
            .table
            .borrow_mut()
            .take_readable(handle, is_future, T::TYPE);
        Peer::new(held)
    }
}

impl<T: Wire> Peer<T> {
    fn new(held: Held) -> Peer<T> {
        Peer {
            held,
            received: Vec::new(),
        }
    }

    /// Writes to a stream.
    pub fn write(&mut self, values: impl IntoIterator<Item = T>) -> Outcome {
        let _host = enter();
        let values = values.into_iter().map(T::into_value);
        let buffer = Buffer::Send(values.collect());
        self.start(buffer)
    }

    /// Writes a future's value.
    pub fn send(&mut self, value: T) -> Outcome {
        self.write([value])
    }

    /// Reads up to `items`; what arrives is in [`received`](Peer::received).
    pub fn read(&mut self, items: usize) -> Outcome {
        let _host = enter();
        let (outcome, buffer) = self.held.channel().borrow_mut().start(
            self.held.side(),
            Buffer::Receive(Vec::new()),
            items,
        );
        self.keep(buffer);
        outcome
    }

    /// Reads a future's value.
    pub fn receive(&mut self) -> Outcome {
        self.read(1)
    }

    fn start(&mut self, buffer: Buffer) -> Outcome {
        let Buffer::Send(values) = &buffer else {
            unreachable!("reads are elsewhere");
        };
        let items = values.len();
        self.held
            .channel()
            .borrow_mut()
            .start(self.held.side(), buffer, items)
            .0
    }

    fn keep(&mut self, buffer: Option<Buffer>) {
        if let Some(Buffer::Receive(values)) = buffer {
            self.received.extend(values.into_iter().map(T::from_value));
        }
    }

    /// What the operation in flight came to, if it did.
    pub fn settle(&mut self) -> Option<Outcome> {
        let _host = enter();
        if !self.held.channel().borrow().is_ready(self.held.side()) {
            return None;
        }
        let (outcome, buffer) = self.held.channel().borrow_mut().deliver(self.held.side());
        self.keep(buffer);
        Some(outcome)
    }

    /// Cancels the operation in flight.
    pub fn cancel(&mut self) -> Outcome {
        let _host = enter();
        let (outcome, buffer) = self.held.channel().borrow_mut().cancel(self.held.side());
        self.keep(buffer);
        outcome
    }

    /// Finishes the other side's copy with nothing, as an end that a host holds
    /// may at any time.
    pub fn finish_for_nothing(&mut self) {
        let _host = enter();
        self.held
            .channel()
            .borrow_mut()
            .finish(self.held.side().other());
    }

    /// What arrived since the last time.
    pub fn received(&mut self) -> Vec<T> {
        std::mem::take(&mut self.received)
    }
}
