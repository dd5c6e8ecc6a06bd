//! Reads, writes and calls, and each way to stop one.

mod attempt;
mod doubt;
mod fate;
mod futures;
mod streams;
mod theirs;

use super::ends::{AnyEnd, EndOf};
use super::items::Item;
use super::program::Program;
use super::world::World;
use attempt::Attempt;
use fate::{End, Fate};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use wit_async::yield_async;

pub use theirs::read as they_read;

/// Does something with an end, and gives it back if it is still there.
pub async fn operate(program: &mut Program, end: AnyEnd) -> Option<AnyEnd> {
    super::ends::with_end!(end, end => operate_on(program, end).await.map(AnyEnd::from))
}

/// Begins something that may be left in flight wherever it is, and drops it.
pub async fn touch(program: &mut Program, end: AnyEnd) -> AnyEnd {
    super::ends::with_end!(end, end => AnyEnd::from(touch_this(program, end).await))
}

async fn touch_this<T: Item>(program: &mut Program, end: EndOf<T>) -> EndOf<T> {
    match end {
        EndOf::Writer(serial, mut writer) => {
            poll_and_drop(streams::write(program, serial, &mut writer)).await;
            EndOf::Writer(serial, writer)
        }
        EndOf::Reader(serial, mut reader) if T::IS_PLAIN => {
            match program.world.pick(2) {
                0 => poll_and_drop(streams::read(program, serial, &mut reader)).await,
                _ => poll_and_drop(streams::next(program, serial, &mut reader)).await,
            }
            EndOf::Reader(serial, reader)
        }
        end => end,
    }
}

/// Polls `future` twice, so that what is over at once is heard of, and drops it.
async fn poll_and_drop(future: impl Future) {
    let mut future = pin!(future);
    let mut poll = async || poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
    if poll().await.is_pending() {
        yield_async().await;
        let _ = poll().await;
    }
}

async fn operate_on<T: Item>(program: &mut Program, end: EndOf<T>) -> Option<EndOf<T>> {
    match end {
        EndOf::Writer(serial, mut writer) => {
            match program.world.pick_way(4) {
                0 => streams::write(program, serial, &mut writer).await,
                1 => streams::write_one(program, serial, &mut writer).await,
                2 => streams::write_from(program, serial, &mut writer).await,
                _ => streams::write_all(program, serial, &mut writer).await,
            }
            Some(EndOf::Writer(serial, writer))
        }
        EndOf::Reader(serial, mut reader) => match program.world.pick_way(4) {
            0 => {
                streams::read(program, serial, &mut reader).await;
                Some(EndOf::Reader(serial, reader))
            }
            1 | 2 => {
                streams::next(program, serial, &mut reader).await;
                Some(EndOf::Reader(serial, reader))
            }
            _ if program.world.pick(8) == 7 => {
                streams::collect(program, serial, reader).await;
                None
            }
            _ => {
                let reader = streams::adapt(program, serial, reader).await?;
                Some(EndOf::Reader(serial, reader))
            }
        },
        EndOf::Promise(serial, writer) => {
            let writer = futures::fulfil(program, serial, writer).await?;
            Some(EndOf::Promise(serial, writer))
        }
        EndOf::Awaited(serial, reader) => {
            let reader = match program.world.pick_way(2) {
                0 => futures::receive(program, serial, reader).await?,
                _ => futures::receive_by_reference(program, serial, reader).await?,
            };
            Some(EndOf::Awaited(serial, reader))
        }
    }
}

/// Stops an import in one of these ways, or lets it finish. One that borrows must
/// not be leaked: what it borrows would be dropped while it is lent.
pub async fn import<F: Future>(program: &Program, call: F, borrows: bool) -> Option<F::Output> {
    let world: &World = &program.world;
    let mut fate = match world.scenario().small() {
        // Dropping a call is cancelling it.
        Some(_) if world.pick(2) == 0 => Fate::Finish,
        Some(_) => Fate::After(0, End::Drop),
        None => Fate::pick(world),
    };
    // A call is cancelled by dropping it, and begins when it is made.
    fate = match fate {
        Fate::Finish => Fate::Finish,
        Fate::After(turns, End::Forget) if !borrows => Fate::After(turns, End::Forget),
        Fate::Unstarted(_) => Fate::After(0, End::Drop),
        Fate::After(turns, _) => Fate::After(turns, End::Drop),
    };
    let asks = world.scenario().small().is_none()
        && matches!(fate, Fate::After(_, End::Drop))
        && world.pick(3) == 2;
    let attempt = Attempt::call(program, fate);
    match asks {
        true => attempt.asks(Box::pin(call)).await,
        false => attempt.forgettable(Box::pin(call)).await,
    }
}
