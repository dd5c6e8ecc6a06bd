//! Operations on the ends of streams.

use super::attempt::Attempt;
use super::doubt::InDoubt;
use super::fate::Fate;
use crate::sim::items::Item;
use crate::sim::program::Program;
use crate::sim::stats::Kind;
use futures::{Stream, StreamExt};
use std::pin::Pin;
use wit_async::{StreamReader, StreamResult, StreamWriter};

/// Values to write, and what they are known by.
fn make<T: Item>(program: &mut Program, serial: u32) -> (Vec<T>, Vec<u32>) {
    let count = program.world.amount();
    (0..count).map(|_| program.make::<T>(serial)).unzip()
}

fn numbers<T: Item>(items: &[T]) -> Vec<u32> {
    items.iter().map(T::number).collect()
}

/// What was not sent comes back. The ends in it are used, if it was offered to nobody else:
/// otherwise the runtime has handed them away.
fn came_back<T: Item>(program: &mut Program, serial: u32, items: Vec<T>, known: &[u32]) {
    assert_eq!(numbers(&items), known, "what was not sent comes back");
    if !crate::host::has_left(serial) {
        program.keep(items);
    }
}

pub async fn write<T: Item>(program: &mut Program, serial: u32, writer: &mut StreamWriter<T>) {
    let (items, known) = make::<T>(program, serial);
    let (attempt, doubt) = Attempt::on::<T>(program, Kind::StreamWrite, "write", serial);
    let operation = match program.world.pick(2) {
        0 => writer.write(items),
        _ => {
            let buffer = writer.buffer(items);
            writer.write_buf(buffer)
        }
    };
    let outcome = attempt
        .cancellable(operation, |operation| operation.cancel())
        .await;
    let Some((result, buffer)) = outcome.known() else {
        return;
    };
    let sent = match result {
        StreamResult::Complete(sent) => sent,
        StreamResult::Dropped | StreamResult::Cancelled => 0,
    };
    doubt.told(&known[..sent]);
    came_back(program, serial, buffer.into_vec(), &known[sent..]);
}

/// From a buffer that stays here: what was not sent is known also when the write was dropped.
pub async fn write_from<T: Item>(program: &mut Program, serial: u32, writer: &mut StreamWriter<T>) {
    let (items, known) = make::<T>(program, serial);
    let (attempt, doubt) = Attempt::on::<T>(program, Kind::StreamWrite, "write_from", serial);
    let forgets = attempt.forgets();
    let mut buffer = writer.buffer(items);
    let result = attempt.forgettable(writer.write_from(&mut buffer)).await;
    if result.is_none() && forgets {
        // It has gone with what was in it.
        return;
    }
    let sent = known.len() - buffer.remaining();
    doubt.told(&known[..sent]);
    came_back(program, serial, buffer.into_vec(), &known[sent..]);
}

pub async fn write_one<T: Item>(program: &mut Program, serial: u32, writer: &mut StreamWriter<T>) {
    let (item, known) = program.make::<T>(serial);
    let (attempt, doubt) = Attempt::dropping::<T>(program, Kind::StreamWrite, "write_one", serial);
    let Some(back) = attempt.droppable(writer.write_one(item)).await else {
        return;
    };
    doubt.told(match &back {
        Some(_) => &[],
        None => std::slice::from_ref(&known),
    });
    if let Some(back) = back {
        assert_eq!(back.number(), known, "what was not sent comes back");
    }
}

pub async fn write_all<T: Item>(program: &mut Program, serial: u32, writer: &mut StreamWriter<T>) {
    let (items, known) = make::<T>(program, serial);
    let (attempt, doubt) = Attempt::dropping::<T>(program, Kind::StreamWrite, "write_all", serial);
    let Some(back) = attempt.droppable(writer.write_all(items)).await else {
        return;
    };
    let sent = known.len() - back.len();
    doubt.told(&known[..sent]);
    came_back(program, serial, back, &known[sent..]);
}

pub async fn read<T: Item>(program: &mut Program, serial: u32, reader: &mut StreamReader<T>) {
    let room = program.world.amount() as usize;
    let (attempt, doubt) = Attempt::on::<T>(program, Kind::StreamRead, "read", serial);
    let operation = reader.read(Vec::with_capacity(room));
    let outcome = attempt
        .cancellable(operation, |operation| operation.cancel())
        .await;
    let Some((result, items)) = outcome.known() else {
        return;
    };
    if let StreamResult::Complete(count) = result {
        assert_eq!(count, items.len(), "the count is that of the items");
    } else {
        assert_eq!(items.len(), 0, "{result:?} comes without items");
    }
    doubt.received(numbers(&items));
    program.keep(items);
}

pub async fn next<T: Item>(program: &mut Program, serial: u32, reader: &mut StreamReader<T>) {
    let (attempt, doubt) = Attempt::dropping::<T>(program, Kind::StreamRead, "next", serial);
    let Some(item) = attempt.droppable(reader.next()).await else {
        return;
    };
    doubt.received(item.iter().map(T::number));
    program.keep(item.into_iter().collect());
}

/// Reads through the adapter, and takes it off again if that is possible.
pub async fn adapt<T: Item>(
    program: &mut Program,
    serial: u32,
    reader: StreamReader<T>,
) -> Option<StreamReader<T>> {
    let world = program.world.clone();
    let doubt = InDoubt::new(&world, Kind::StreamRead, serial, false);
    world.trace(|| format!("program: adapt {serial}"));
    let mut stream = Box::pin(match world.pick(2) {
        0 => reader.into_stream(),
        _ => reader.buffered(world.pick(4) as usize),
    });
    let mut all_known = true;
    for _ in 0..=world.pick(3) {
        let attempt = Attempt::copy::<T>(
            program,
            Kind::StreamRead,
            serial,
            Fate::pick(&world).dropped(),
        );
        let Some(item) = attempt.droppable(stream.next()).await else {
            // The item is in flight in the adapter, and stays there.
            all_known = false;
            continue;
        };
        let Some(item) = item else { break };
        world.ledger.received(serial, [item.number()]);
        program.keep(vec![item]);
    }
    // What was in flight in the adapter, or read ahead, goes on with the reader.
    all_known &= stream.size_hint().0 == 0;
    let reader = (*Pin::into_inner(stream)).into_inner()?;
    if all_known {
        doubt.settled();
    }
    Some(reader)
}

/// Reads to the end.
pub async fn collect<T: Item>(program: &mut Program, serial: u32, reader: StreamReader<T>) {
    let (attempt, doubt) = Attempt::dropping::<T>(program, Kind::StreamRead, "collect", serial);
    // What it has read goes with it.
    let Some(items) = attempt.droppable(Box::pin(reader.collect())).await else {
        return;
    };
    doubt.received(numbers(&items));
    program.keep(items);
}
