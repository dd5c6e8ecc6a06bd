//! Reads and writes, and each way to stop one.

use super::ends::{AnyEnd, EndOf};
use super::items::Item;
use super::program::Program;
use super::stats::{Kind, State, Stop};
use super::world::World;
use futures::StreamExt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use wit_async::{FutureWriteCancel, StreamResult, yield_async};

/// What is to become of an operation.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    Finish,
    /// Stopped before it is polled.
    Unstarted(End),
    /// Stopped after so many turns, if it is not finished then.
    After(u32, End),
}

/// How an operation is stopped.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum End {
    Drop,
    Cancel,
    Forget,
}

impl Fate {
    pub fn pick(world: &World) -> Fate {
        let end = |world: &World| match world.pick(if world.forgets() { 7 } else { 6 }) {
            0..3 => End::Drop,
            3..6 => End::Cancel,
            _ => End::Forget,
        };
        match world.pick(8) {
            0..5 => Fate::Finish,
            5 => Fate::Unstarted(end(world)),
            _ => Fate::After(world.pick(3), end(world)),
        }
    }

    fn end(self) -> Option<End> {
        match self {
            Fate::Finish => None,
            Fate::Unstarted(end) | Fate::After(_, end) => Some(end),
        }
    }
}

/// Brings an operation as far as its fate allows, or until the world closes.
async fn carry<F: Future + Unpin>(
    world: &World,
    operation: &mut F,
    fate: Fate,
) -> (State, Option<F::Output>) {
    if let Fate::Unstarted(_) = fate {
        return (State::Unstarted, None);
    }
    let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut *operation).poll(cx))).await;
    if let Poll::Ready(output) = first {
        return (State::AtOnce, Some(output));
    }
    let Fate::After(turns, _) = fate else {
        let output = poll_fn(|cx| match Pin::new(&mut *operation).poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if world.is_closing() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        let state = match output {
            Some(_) => State::Blocked,
            None => State::InFlight,
        };
        return (state, output);
    };
    for _ in 0..turns {
        yield_async().await;
        let poll = poll_fn(|cx| Poll::Ready(Pin::new(&mut *operation).poll(cx))).await;
        if let Poll::Ready(output) = poll {
            return (State::Blocked, Some(output));
        }
    }
    (State::InFlight, None)
}

/// How an operation that did not finish is stopped.
fn stop(world: &World, kind: Kind, state: State, fate: Fate) -> End {
    let (stop, end) = match fate.end() {
        None => (Stop::Closing, End::Drop),
        Some(End::Drop) => (Stop::Dropped, End::Drop),
        Some(End::Cancel) => (Stop::Cancelled, End::Cancel),
        Some(End::Forget) => (Stop::Forgotten, End::Forget),
    };
    world.count(kind, state, stop);
    end
}

/// Does something with an end, and gives it back if it is still there.
pub async fn operate(program: &mut Program, end: AnyEnd) -> Option<AnyEnd> {
    super::ends::with_end!(end, end => operate_on(program, end).await.map(AnyEnd::from))
}

async fn operate_on<T: Item>(program: &mut Program, end: EndOf<T>) -> Option<EndOf<T>>
where
    AnyEnd: From<EndOf<T>>,
{
    match end {
        EndOf::Writer(serial, mut writer) => {
            match program.world.pick(3) {
                0 => write(program, serial, &mut writer).await,
                1 => write_one(program, serial, &mut writer).await,
                _ => write_all(program, serial, &mut writer).await,
            }
            Some(EndOf::Writer(serial, writer))
        }
        EndOf::Reader(serial, mut reader) => match program.world.pick(4) {
            0 => {
                read(program, serial, &mut reader).await;
                Some(EndOf::Reader(serial, reader))
            }
            1 | 2 => {
                next(program, serial, &mut reader).await;
                Some(EndOf::Reader(serial, reader))
            }
            _ => {
                let reader = adapt(program, serial, reader).await?;
                Some(EndOf::Reader(serial, reader))
            }
        },
        EndOf::Promise(serial, writer) => {
            let writer = fulfil(program, serial, writer).await?;
            Some(EndOf::Promise(serial, writer))
        }
        EndOf::Awaited(serial, reader) => {
            let reader = receive(program, serial, reader).await?;
            Some(EndOf::Awaited(serial, reader))
        }
    }
}

/// An operation of which nobody will know what it came to, unless it is settled.
struct InDoubt {
    world: Rc<World>,
    serial: u32,
    reads: bool,
    settled: bool,
}

impl InDoubt {
    fn read(world: &Rc<World>, serial: u32) -> InDoubt {
        InDoubt {
            world: Rc::clone(world),
            serial,
            reads: true,
            settled: false,
        }
    }

    fn write(world: &Rc<World>, serial: u32) -> InDoubt {
        let mut doubt = InDoubt::read(world, serial);
        doubt.reads = false;
        doubt
    }

    fn settled(mut self) {
        self.settled = true;
    }
}

impl Drop for InDoubt {
    fn drop(&mut self) {
        if self.settled {
        } else if self.reads {
            self.world.ledger.read_lost(self.serial);
        } else {
            self.world.ledger.write_lost(self.serial);
        }
    }
}

/// Values to write, and what they are known by.
fn make<T: Item>(program: &mut Program, count: u32) -> (Vec<T>, Vec<u32>) {
    (0..count).map(|_| program.make::<T>()).unzip()
}

fn numbers<T: Item>(items: &[T]) -> Vec<u32> {
    items.iter().map(T::number).collect()
}

/// Gives up what was received or came back, which may hold ends.
fn give_up<T: Item>(items: Vec<T>) {
    drop(items);
}

async fn write<T: Item>(
    program: &mut Program,
    serial: u32,
    writer: &mut wit_async::StreamWriter<T>,
) {
    let world = program.world.clone();
    let count = world.pick(8);
    let (items, known) = make::<T>(program, count);
    let fate = Fate::pick(&world);
    let doubt = InDoubt::write(&world, serial);
    world.trace(|| format!("program: operate_on on {serial}, {fate:?}"));
    let mut operation = writer.write(items);
    let (state, output) = carry(&world, &mut operation, fate).await;
    let (result, buffer) = match output {
        Some(output) => {
            world.count(Kind::StreamWrite, state, Stop::Finished);
            output
        }
        None => match stop(&world, Kind::StreamWrite, state, fate) {
            End::Cancel => Pin::new(&mut operation).cancel(),
            end => {
                drop(doubt);
                return match end {
                    End::Forget => mem::forget(operation),
                    _ => drop(operation),
                };
            }
        },
    };
    let sent = match result {
        StreamResult::Complete(sent) => sent,
        StreamResult::Dropped | StreamResult::Cancelled => 0,
    };
    world.ledger.told(serial, sent);
    doubt.settled();
    let back = buffer.into_vec();
    assert_eq!(
        numbers(&back),
        known[sent..],
        "{result:?}: what was not sent comes back"
    );
    give_up(back);
}

async fn write_one<T: Item>(
    program: &mut Program,
    serial: u32,
    writer: &mut wit_async::StreamWriter<T>,
) {
    let world = program.world.clone();
    let (item, known) = program.make::<T>();
    let fate = Fate::pick(&world);
    let doubt = InDoubt::write(&world, serial);
    world.trace(|| format!("program: write_one on {serial}, {fate:?}"));
    let (state, output) = {
        let operation = pin!(writer.write_one(item));
        carry(&world, &mut { operation }, fate).await
    };
    match output {
        Some(back) => {
            world.count(Kind::StreamWrite, state, Stop::Finished);
            match back {
                Some(back) => assert_eq!(back.number(), known, "what was not sent comes back"),
                None => world.ledger.told(serial, 1),
            }
            doubt.settled();
        }
        None => {
            stop(&world, Kind::StreamWrite, state, fate);
            drop(doubt);
        }
    }
}

async fn write_all<T: Item>(
    program: &mut Program,
    serial: u32,
    writer: &mut wit_async::StreamWriter<T>,
) {
    let world = program.world.clone();
    let count = world.pick(8);
    let (items, known) = make::<T>(program, count);
    let fate = Fate::pick(&world);
    let doubt = InDoubt::write(&world, serial);
    world.trace(|| format!("program: write_all on {serial}, {fate:?}"));
    let (state, output) = {
        let operation = pin!(writer.write_all(items));
        carry(&world, &mut { operation }, fate).await
    };
    match output {
        Some(back) => {
            world.count(Kind::StreamWrite, state, Stop::Finished);
            let sent = known.len() - back.len();
            world.ledger.told(serial, sent);
            doubt.settled();
            assert_eq!(
                numbers(&back),
                known[sent..],
                "what was not sent comes back"
            );
            give_up(back);
        }
        None => {
            stop(&world, Kind::StreamWrite, state, fate);
            drop(doubt);
        }
    }
}

async fn read<T: Item>(
    program: &mut Program,
    serial: u32,
    reader: &mut wit_async::StreamReader<T>,
) {
    let world = program.world.clone();
    let room = world.pick(8) as usize;
    let fate = Fate::pick(&world);
    let doubt = InDoubt::read(&world, serial);
    world.trace(|| format!("program: read on {serial}, {fate:?}"));
    let mut operation = reader.read(Vec::with_capacity(room));
    let (state, output) = carry(&world, &mut operation, fate).await;
    let (result, items) = match output {
        Some(output) => {
            world.count(Kind::StreamRead, state, Stop::Finished);
            output
        }
        None => match stop(&world, Kind::StreamRead, state, fate) {
            End::Cancel => Pin::new(&mut operation).cancel(),
            end => {
                drop(doubt);
                return match end {
                    End::Forget => mem::forget(operation),
                    _ => drop(operation),
                };
            }
        },
    };
    if let StreamResult::Complete(count) = result {
        assert_eq!(count, items.len(), "the count is that of the items");
    } else {
        assert_eq!(items.len(), 0, "{result:?} comes without items");
    }
    world.ledger.received(serial, numbers(&items));
    doubt.settled();
    program.keep(items);
}

async fn next<T: Item>(
    program: &mut Program,
    serial: u32,
    reader: &mut wit_async::StreamReader<T>,
) {
    let world = program.world.clone();
    let fate = Fate::pick(&world);
    let doubt = InDoubt::read(&world, serial);
    world.trace(|| format!("program: next on {serial}, {fate:?}"));
    let (state, output) = {
        let operation = pin!(reader.next());
        carry(&world, &mut { operation }, fate).await
    };
    match output {
        Some(item) => {
            world.count(Kind::StreamRead, state, Stop::Finished);
            world.ledger.received(serial, item.iter().map(T::number));
            doubt.settled();
            program.keep(item.into_iter().collect());
        }
        None => {
            stop(&world, Kind::StreamRead, state, fate);
            drop(doubt);
        }
    }
}

/// Reads through the adapter, and takes it off again if that is possible.
async fn adapt<T: Item>(
    program: &mut Program,
    serial: u32,
    reader: wit_async::StreamReader<T>,
) -> Option<wit_async::StreamReader<T>> {
    let world = program.world.clone();
    let doubt = InDoubt::read(&world, serial);
    world.trace(|| format!("program: adapt {serial}"));
    let mut stream = Box::pin(reader.into_stream());
    for _ in 0..=world.pick(3) {
        let fate = Fate::pick(&world);
        let (state, output) = carry(&world, &mut stream.next(), fate).await;
        let Some(item) = output else {
            // The item is in flight in the adapter, and stays there.
            stop(&world, Kind::StreamRead, state, fate);
            continue;
        };
        world.count(Kind::StreamRead, state, Stop::Finished);
        let Some(item) = item else { break };
        world.ledger.received(serial, [item.number()]);
        program.keep(vec![item]);
    }
    // Whatever was in flight in the adapter went with it.
    drop(doubt);
    (*Pin::into_inner(stream)).into_inner()
}

async fn fulfil<T: Item>(
    program: &mut Program,
    serial: u32,
    writer: wit_async::FutureWriter<T>,
) -> Option<wit_async::FutureWriter<T>> {
    let world = program.world.clone();
    let (value, known) = program.make::<T>();
    let fate = Fate::pick(&world);
    let doubt = InDoubt::write(&world, serial);
    world.trace(|| format!("program: fulfil on {serial}, {fate:?}"));
    let mut operation = writer.write(value);
    let (state, output) = carry(&world, &mut operation, fate).await;
    match output {
        Some(result) => {
            world.count(Kind::FutureWrite, state, Stop::Finished);
            match result {
                Ok(()) => world.ledger.told(serial, 1),
                Err(error) => assert_eq!(error.value.number(), known),
            }
            doubt.settled();
            None
        }
        None => match stop(&world, Kind::FutureWrite, state, fate) {
            End::Cancel => {
                let cancelled = Pin::new(&mut operation).cancel();
                doubt.settled();
                match cancelled {
                    FutureWriteCancel::AlreadySent => {
                        world.ledger.told(serial, 1);
                        None
                    }
                    FutureWriteCancel::Dropped(value) => {
                        assert_eq!(value.number(), known);
                        None
                    }
                    FutureWriteCancel::Cancelled(value, writer) => {
                        assert_eq!(value.number(), known);
                        // Not at the end of the scope: see `survive`.
                        drop(value);
                        Some(writer)
                    }
                }
            }
            end => {
                drop(doubt);
                match end {
                    End::Forget => mem::forget(operation),
                    _ => drop(operation),
                }
                None
            }
        },
    }
}

async fn receive<T: Item>(
    program: &mut Program,
    serial: u32,
    reader: wit_async::FutureReader<T>,
) -> Option<wit_async::FutureReader<T>> {
    let world = program.world.clone();
    let fate = Fate::pick(&world);
    let doubt = InDoubt::read(&world, serial);
    world.trace(|| format!("program: receive on {serial}, {fate:?}"));
    let mut operation = reader.into_future();
    let (state, output) = carry(&world, &mut operation, fate).await;
    let value = match output {
        Some(value) => {
            world.count(Kind::FutureRead, state, Stop::Finished);
            value
        }
        None => match stop(&world, Kind::FutureRead, state, fate) {
            End::Cancel => match Pin::new(&mut operation).cancel() {
                Ok(value) => value,
                Err(reader) => {
                    doubt.settled();
                    return Some(reader);
                }
            },
            end => {
                drop(doubt);
                match end {
                    End::Forget => mem::forget(operation),
                    _ => drop(operation),
                }
                return None;
            }
        },
    };
    world.ledger.received(serial, [value.number()]);
    doubt.settled();
    program.keep(vec![value]);
    None
}

/// Stops an import in one of these ways, or lets it finish. One that borrows must
/// not be leaked: what it borrows would be dropped while it is lent.
pub async fn import<F: Future>(world: &World, call: F, borrows: bool) -> Option<F::Output> {
    let mut fate = Fate::pick(world);
    match fate {
        Fate::Unstarted(_) => fate = Fate::After(0, End::Drop),
        Fate::After(turns, End::Forget) if borrows => fate = Fate::After(turns, End::Drop),
        _ => {}
    }
    let mut call = Box::pin(call);
    let (state, output) = carry(world, &mut call, fate).await;
    match output {
        Some(_) => world.count(Kind::Import, state, Stop::Finished),
        None => match stop(world, Kind::Import, state, fate) {
            End::Forget => mem::forget(call),
            _ => drop(call),
        },
    }
    output
}
