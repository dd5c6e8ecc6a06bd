//! What scenarios use to bring a future into a state and to look at it.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use futures::channel::oneshot;

/// Polls `future` once, with the waker of the current task.
pub async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

/// Polls `future` once and demands that it is still pending, so that a
/// scenario about an operation in flight really has one in flight.
#[track_caller]
pub fn in_flight<F: Future + Unpin>(future: &mut F) -> impl Future<Output = ()> {
    let caller = core::panic::Location::caller();
    async move {
        if poll_once(future).await.is_ready() {
            panic!("{caller}: expected the operation to be in flight, but it finished at once");
        }
    }
}

/// Polls `future` once and demands that it is ready.
#[track_caller]
pub fn at_once<F: Future + Unpin>(future: &mut F) -> impl Future<Output = F::Output> {
    let caller = core::panic::Location::caller();
    async move {
        match poll_once(future).await {
            Poll::Ready(value) => value,
            Poll::Pending => {
                panic!("{caller}: expected the operation to finish at once, but it is pending")
            }
        }
    }
}

/// Lets the other tasks of this and other instances run for a while, and lets
/// this task receive its events.
pub async fn turns(count: usize) {
    for _ in 0..count {
        wit_async::yield_async().await;
    }
}

/// Lets other instances run while no event reaches a task of this one.
pub fn blocking_turns(count: usize) {
    for _ in 0..count {
        wit_async::yield_blocking();
    }
}

/// Counts how many of its guards were dropped.
#[derive(Clone, Default)]
pub struct Drops(Rc<Cell<u32>>);

impl Drops {
    /// None dropped yet.
    pub fn new() -> Drops {
        Drops::default()
    }

    /// A guard that counts when it is dropped.
    pub fn guard(&self) -> DropGuard {
        DropGuard(self.0.clone())
    }

    /// How many were dropped so far.
    pub fn count(&self) -> u32 {
        self.0.get()
    }
}

/// See [`Drops`].
pub struct DropGuard(Rc<Cell<u32>>);

impl Drop for DropGuard {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Calls that wait for a key, and keys that wait for a call.
#[derive(Default)]
pub struct Gates {
    waiting: BTreeMap<u32, VecDeque<oneshot::Sender<()>>>,
    released: BTreeMap<u32, u32>,
}

impl Gates {
    /// What resolves when `release` was called once for this call.
    pub fn wait(&mut self, key: u32) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        match self.released.get_mut(&key) {
            Some(left) if *left > 0 => {
                *left -= 1;
                let _ = sender.send(());
            }
            _ => self.waiting.entry(key).or_default().push_back(sender),
        }
        receiver
    }

    /// Lets the call go that has waited longest, or the next one to come.
    pub fn release(&mut self, key: u32) {
        while let Some(sender) = self.waiting.get_mut(&key).and_then(VecDeque::pop_front) {
            // A receiver that is gone belongs to a call that was cancelled.
            if sender.send(()).is_ok() {
                return;
            }
        }
        *self.released.entry(key).or_default() += 1;
    }
}

/// Does `round` often and demands that the memory of this instance does not grow
/// with it. A round has to pass on `bytes` of something that it allocates.
pub async fn keeps_memory<F: Future<Output = ()>>(bytes: usize, mut round: impl FnMut() -> F) {
    /// What one leak per round comes to.
    const ENOUGH: usize = 16 << 20;
    let rounds = ENOUGH.div_ceil(bytes);
    // First, what the allocator and the runtime keep for the next time.
    for _ in 0..rounds.div_ceil(4) {
        round().await;
    }
    let before = memory();
    for _ in 0..rounds {
        round().await;
    }
    let grown = memory() - before;
    assert!(
        grown < ENOUGH / 4,
        "after {rounds} times {bytes} bytes there are {grown} bytes more memory in use"
    );
}

/// Does `round` a hundred thousand times, or as often as the variable `WIT_ASYNC_CYCLES` of
/// the harness says, and demands that memory and handle table of this instance are
/// afterwards what they were after the first few.
pub async fn leaves_nothing(mut round: impl AsyncFnMut()) {
    let count = match std::env::var("WIT_ASYNC_CYCLES") {
        Ok(count) => count.parse().expect("WIT_ASYNC_CYCLES is a number"),
        Err(_) => 100_000_u32,
    };
    // First, what the allocator and the runtime keep for the next time, that of looking too.
    for _ in 0..10 {
        in_use().await;
        for _ in 0..100 {
            round().await;
        }
    }
    let before = in_use().await;
    for _ in 0..count {
        round().await;
    }
    let after = in_use().await;
    assert_eq!(
        before, after,
        "bytes of memory, and the highest index of some new ends, before and after {count} rounds"
    );
}

/// The size of the memory, and the highest index of so many new ends that they take all the
/// free ones. What goes on in the background comes to its end first.
async fn in_use() -> (usize, u32) {
    turns(10).await;
    let ends: Vec<_> = (0..512).map(|_| wit_async::UnitStreamOps::new()).collect();
    let readers = ends.iter().map(|(_writer, reader)| reader.handle());
    let highest = readers.max().unwrap_or_default();
    drop(ends);
    (memory(), highest)
}

/// The size of the linear memory, in bytes.
fn memory() -> usize {
    const PAGE: usize = 1 << 16;
    core::arch::wasm32::memory_size(0) * PAGE
}
