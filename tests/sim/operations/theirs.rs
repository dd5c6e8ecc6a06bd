//! Reads of other bindings in our tasks, by way of the C ABI `wasip3_task`.

use super::attempt::Attempt;
use super::doubt::InDoubt;
use super::fate::Fate;
use crate::host::foreign::{Waits, preserve};
use crate::host::{Wire, host};
use crate::sim::ends::{EndOf, pair};
use crate::sim::program::Program;
use crate::sim::stats::Kind;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// BLOCKED.
const BLOCKED: u32 = u32::MAX;

/// A readable end of other bindings, and the read in flight on it. The memory is theirs too.
struct Theirs {
    version: u32,
    handle: u32,
    memory: Vec<u32>,
    waits: Option<Waits>,
}

impl Theirs {
    /// Begins a read of so many items. Returns the packed result unless it blocks.
    fn start(&mut self, room: usize) -> Option<u32> {
        self.memory.clear();
        self.memory.resize(room, 0);
        let memory = self.memory.as_mut_ptr().cast();
        // What they complete counts for no turn of ours, which cannot see it.
        // SAFETY: the memory stays until the read is over or was cancelled.
        let code = preserve(|| unsafe { (u32::STREAM.start_read)(self.handle, memory, room) });
        if code != BLOCKED {
            return Some(code);
        }
        self.waits = Some(Waits::new(self.version, self.handle));
        None
    }

    /// Waits no longer. Returns the packed result, if a read was in flight.
    fn stop(&mut self) -> Option<u32> {
        let waits = self.waits.take()?;
        let code = waits.code();
        // Unregisters, so that it can be cancelled.
        drop(waits);
        Some(code.unwrap_or_else(|| {
            // SAFETY: it is in flight, for its event was not delivered.
            preserve(|| unsafe { (u32::STREAM.cancel_read)(self.handle) })
        }))
    }
}

impl Future for Theirs {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        let waits = self.waits.as_mut().expect("a read is in flight");
        Pin::new(waits).poll(cx)
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        self.stop();
        // SAFETY: the end is theirs, and no read is in flight.
        unsafe { (u32::STREAM.drop_readable)(self.handle) };
    }
}

/// Other bindings read from a stream that a program or the host writes to: a few times, or
/// until its end.
pub async fn read(program: &mut Program) {
    let (serial, handle) = match program.world.pick(2) {
        0 => {
            let held = program.world.host_readable(u32::TYPE, false);
            let handle = host().table().borrow_mut().add_end(held);
            (crate::host::serial_of(handle), handle)
        }
        _ => {
            let [writer, reader] = pair::<u32>(false);
            let EndOf::Reader(serial, reader) = reader else {
                unreachable!("a stream was made");
            };
            program.holds(writer);
            let handle = reader.take_handle();
            crate::host::goes_on_with(serial, handle);
            (serial, handle)
        }
    };
    let mut theirs = Theirs {
        version: 1 + program.world.pick(3),
        handle,
        memory: Vec::new(),
        waits: None,
    };
    for _ in 0..=program.world.pick(3) {
        let room = program.world.amount() as usize;
        let world = program.world.clone();
        world.trace(|| format!("program: they read {room} on {serial}"));
        let doubt = InDoubt::new(&world, Kind::StreamRead, serial, false);
        let code = match theirs.start(room) {
            Some(code) => code,
            None => {
                let fate = Fate::pick(&world).dropped();
                let attempt = Attempt::copy::<u32>(program, Kind::StreamRead, serial, fate);
                let told = attempt.droppable(&mut theirs).await;
                let stopped = theirs.stop();
                told.or(stopped).expect("it was in flight")
            }
        };
        let items = (code >> 4) as usize;
        doubt.received(theirs.memory[..items].iter().copied());
        if code & 0xf == 1 {
            return;
        }
    }
}
