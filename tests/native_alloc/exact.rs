//! Counts what operations cost on the host of the native tests.

#[path = "../exact/figures.rs"]
#[allow(dead_code, reason = "the rest is for the test on wasm")]
mod figures;

use crate::host::imports::{Double, Import, Until};
use crate::host::{self, Context, Installed, Outcome, Peer, future, stream};
use crate::{begin_measuring, measured};
use figures::{FIGURES, Figure, Path};
use futures::poll;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use wit_async::StreamResult;
use wit_async::rt::async_support::Subtask as _;
use wit_async::yield_async;

#[test]
fn operations_cost_what_they_should() {
    for figure in FIGURES {
        let waits = figure.path == Path::Blocked;
        let counted = match (figure.operation, figure.path) {
            ("stream.read", Path::Cancelled) => stream_read_cancelled(),
            (other, Path::Cancelled) => panic!("nothing here cancels a `{other}`"),
            ("stream.read", _) => stream_read(waits),
            ("stream.write", _) => stream_write(waits),
            ("future.read", _) => future_read(waits),
            ("future.write", _) => future_write(waits),
            ("import", _) => import(waits),
            ("export", _) => export(waits),
            (other, _) => panic!("nothing here does a `{other}`"),
        };
        let Figure {
            operation, path, ..
        } = figure;
        let calls: BTreeMap<String, usize> = figure
            .calls
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count as usize * TIMES))
            .collect();
        assert_eq!(counted.calls, calls, "{operation}, {path:?}");
        let expected = figure.allocations as usize * TIMES;
        assert_eq!(counted.allocations, expected, "{operation}, {path:?}");
        let tells_end = figure.deliveries as usize + usize::from(*path == Path::Cancelled);
        let expected = tells_end * TIMES;
        assert_eq!(counted.waited, expected, "{operation}, {path:?}");
    }
}

/// How often each operation is done before it counts,
const WARM_UP: usize = 8;
/// and then: all of them fit into one turn of a task.
const TIMES: usize = if cfg!(miri) { 2 } else { 100 };

/// What [`TIMES`] operations came to.
#[derive(Default)]
struct Counted {
    /// How often what was called.
    calls: BTreeMap<String, usize>,
    allocations: usize,
    /// How many operations were not over at once.
    waited: usize,
}

/// Lets what was done before not count.
fn begin(host: &Installed) {
    host.calls();
    begin_measuring();
}

fn counted(host: &Installed) -> Counted {
    let mut counted = Counted {
        allocations: measured(),
        ..Counted::default()
    };
    for call in &host.calls() {
        // `stream.read 2 x1: blocked`, `import: Returned`
        let name = call.split([' ', ':']).next().unwrap_or_default();
        *counted.calls.entry(name.to_owned()).or_default() += 1;
        let waits = call.ends_with(": blocked") || call.ends_with(": Started");
        counted.waited += usize::from(waits);
    }
    counted
}

/// Counts an operation that a task does at once, one time after the other.
fn ready(host: &Rc<Installed>, mut operation: impl AsyncFnMut() + 'static) -> Counted {
    let result: Rc<Cell<Option<Counted>>> = Rc::default();
    let task = host.start({
        let (host, result) = (Rc::clone(host), Rc::clone(&result));
        async move {
            for _ in 0..WARM_UP {
                operation().await;
            }
            begin(&host);
            for _ in 0..TIMES {
                operation().await;
            }
            result.set(Some(counted(&host)));
        }
    });
    assert!(task.has_exited(), "it has to wait");
    result.take().expect("it was counted")
}

/// Counts an operation that a task waits for. `finish` lets it be over.
fn blocked(
    host: &Rc<Installed>,
    mut operation: impl AsyncFnMut() + 'static,
    mut finish: impl FnMut(),
) -> Counted {
    let last = Rc::new(Cell::new(false));
    let task = host.start({
        let last = Rc::clone(&last);
        async move {
            while !last.get() {
                operation().await;
            }
        }
    });
    let mut round = || {
        assert!(task.is_waiting());
        finish();
        assert!(task.step());
    };
    (0..WARM_UP).for_each(|_| round());
    begin(host);
    (0..TIMES).for_each(|_| round());
    let counted = counted(host);
    last.set(true);
    round();
    assert!(task.has_exited());
    counted
}

fn stream_read(waits: bool) -> Counted {
    let host = Rc::new(host::install());
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let mut buffer = Vec::with_capacity(1);
    let mut read = async move || {
        (_, buffer) = reader.read(std::mem::take(&mut buffer)).await;
        assert_eq!(buffer.drain(..).next(), Some(1));
    };
    match waits {
        false => ready(&host, async move || {
            assert_eq!(peer.write([1]), Outcome::Blocked);
            read().await;
            assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
        }),
        true => blocked(&host, read, || {
            assert_eq!(peer.write([1]), Outcome::Completed(1));
        }),
    }
}

fn stream_read_cancelled() -> Counted {
    let host = Rc::new(host::install());
    let (mut reader, peer) = host.incoming_stream::<u32>();
    let mut buffer = Vec::with_capacity(1);
    let counted = ready(&host, async move || {
        let mut read = pin!(reader.read(std::mem::take(&mut buffer)));
        assert!(poll!(read.as_mut()).is_pending());
        let (result, back) = read.as_mut().cancel();
        assert_eq!(result, StreamResult::Cancelled);
        buffer = back;
    });
    drop(peer);
    counted
}

fn stream_write(waits: bool) -> Counted {
    let host = Rc::new(host::install());
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    let mut buffer = Vec::with_capacity(1);
    let mut write = async move || {
        buffer.push(1);
        buffer = writer.write_all(std::mem::take(&mut buffer)).await;
        assert!(buffer.is_empty());
    };
    match waits {
        false => ready(&host, async move || {
            assert_eq!(peer.read(1), Outcome::Blocked);
            write().await;
            assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
        }),
        true => blocked(&host, write, || {
            assert_eq!(peer.read(1), Outcome::Completed(1));
        }),
    }
}

fn future_read(waits: bool) -> Counted {
    let host = Rc::new(host::install());
    let here = Rc::clone(&host);
    match waits {
        false => ready(&host, async move || {
            let (reader, mut peer) = here.incoming_future::<u32>();
            assert_eq!(peer.send(1), Outcome::Blocked);
            assert_eq!(reader.await, 1);
            assert!(peer.settle().is_some());
        }),
        true => {
            let made: Rc<Cell<Option<Peer<u32>>>> = Rc::default();
            let makes = Rc::clone(&made);
            let read = async move || {
                let (reader, peer) = here.incoming_future::<u32>();
                makes.set(Some(peer));
                assert_eq!(reader.await, 1);
            };
            blocked(&host, read, || {
                let mut peer = made.take().expect("the task made it");
                assert_eq!(peer.send(1), Outcome::Completed(1));
            })
        }
    }
}

fn future_write(waits: bool) -> Counted {
    let host = Rc::new(host::install());
    let here = Rc::clone(&host);
    match waits {
        false => ready(&host, async move || {
            let (writer, reader) = future::<u32>(|| 0);
            let mut peer = here.outgoing_future(reader);
            assert_eq!(peer.receive(), Outcome::Blocked);
            assert!(writer.write(1).await.is_ok());
            assert!(peer.settle().is_some());
        }),
        true => {
            let made: Rc<Cell<Option<Peer<u32>>>> = Rc::default();
            let makes = Rc::clone(&made);
            let write = async move || {
                let (writer, reader) = future::<u32>(|| 0);
                makes.set(Some(here.outgoing_future(reader)));
                assert!(writer.write(1).await.is_ok());
            };
            blocked(&host, write, || {
                let mut peer = made.take().expect("the task made it");
                assert_eq!(peer.receive(), Outcome::Completed(1));
            })
        }
    }
}

fn import(waits: bool) -> Counted {
    let host = Rc::new(host::install());
    let import = Import::new(match waits {
        false => Until::Returned,
        true => Until::Started,
    });
    let mut double = Double(import.clone());
    let call = async move || assert_eq!(double.call(4).await, 8);
    match waits {
        false => ready(&host, call),
        true => blocked(&host, call, || import.call_now().resolve()),
    }
}

/// One that has to wait gives way once.
fn export(waits: bool) -> Counted {
    let host = Rc::new(host::install());
    // The host's part of a task.
    let mut contexts: Vec<_> = (0..WARM_UP + TIMES).map(|_| Context::new(false)).collect();
    let steps = Cell::new(0);
    let mut call = || {
        let context = contexts.pop().expect("as many as there are calls");
        let task = host.start_in(context, async move {
            if waits {
                yield_async().await;
            }
        });
        steps.set(steps.get() + usize::from(task.step()));
        assert!(task.has_exited());
    };
    (0..WARM_UP).for_each(|_| call());
    steps.set(0);
    begin(&host);
    (0..TIMES).for_each(|_| call());
    Counted {
        waited: steps.get(),
        ..counted(&host)
    }
}
