//! Counts what operations cost on the host of the native tests.

#[path = "figures.rs"]
mod figures;

use crate::host::imports::{Double, Import, Until};
use crate::host::{self, Code, Installed, Outcome, Peer, Task, future, stream};
use crate::{ROUNDS, allocations_after};
use figures::{FIGURES, Figure, Path};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wit_async::rt::async_support::Subtask as _;
use wit_async::yield_async;

#[test]
fn operations_cost_what_they_should() {
    for figure in FIGURES {
        let counted = match figure.operation {
            "stream.read" => stream_read(figure.path),
            "stream.write" => stream_write(figure.path),
            "future.read" => future_read(figure.path),
            "future.write" => future_write(figure.path),
            "import" => import(figure.path),
            other => panic!("nothing here does a `{other}`"),
        };
        let Figure {
            operation, path, ..
        } = figure;
        let calls: BTreeMap<String, usize> = figure
            .calls
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count as usize * ROUNDS))
            .collect();
        assert_eq!(counted.calls, calls, "{operation}, {path:?}");
        let expected = figure.allocations as usize * ROUNDS;
        assert_eq!(counted.allocations, expected, "{operation}, {path:?}");
        let expected = figure.deliveries as usize * ROUNDS;
        assert_eq!(counted.waited, expected, "{operation}, {path:?}");
    }
}

/// What [`ROUNDS`] operations came to.
struct Counted {
    /// How often what was called.
    calls: BTreeMap<String, usize>,
    allocations: usize,
    /// How many operations the host had to tell the end of.
    waited: usize,
}

/// Counts rounds, in each of which one operation is done.
fn count(host: &Installed, round: impl FnMut()) -> Counted {
    let allocations = allocations_after(|| drop(host.calls()), round);
    let trace = host.calls();
    let mut counted = Counted {
        calls: BTreeMap::new(),
        allocations,
        waited: 0,
    };
    for call in &trace {
        // `stream.read 2 x1: blocked`, `import: Returned`
        let name = call.split([' ', ':']).next().unwrap_or_default();
        *counted.calls.entry(name.to_owned()).or_default() += 1;
        let waits = call.ends_with(": blocked") || call.ends_with(": Started");
        counted.waited += usize::from(waits);
    }
    counted
}

/// Lets a task end that goes on for ever.
fn end(task: &Task) {
    assert_eq!(task.cancel(), Code::Exit);
}

fn stream_read(path: Path) -> Counted {
    let host = host::install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let task = host.start(async move {
        let mut buffer = Vec::with_capacity(1);
        loop {
            (_, buffer) = reader.read(buffer).await;
            assert_eq!(buffer.drain(..).next(), Some(1));
            if path == Path::Ready {
                yield_async().await;
            }
        }
    });
    assert!(task.is_waiting());
    // It is not the first that counts.
    assert_eq!(peer.write([1]), Outcome::Completed(1));
    assert!(task.step());
    let counted = count(&host, || match path {
        Path::Ready => {
            assert_eq!(peer.write([1]), Outcome::Blocked);
            assert!(task.step());
            assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
        }
        Path::Blocked => {
            assert_eq!(peer.write([1]), Outcome::Completed(1));
            assert!(task.step());
            assert!(task.is_waiting());
        }
    });
    drop(peer);
    end(&task);
    counted
}

fn stream_write(path: Path) -> Counted {
    let host = host::install();
    let (mut writer, reader) = stream::<u32>();
    let mut peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        let mut buffer = Vec::with_capacity(1);
        loop {
            buffer.push(1);
            buffer = writer.write_all(buffer).await;
            assert!(buffer.is_empty());
            if path == Path::Ready {
                yield_async().await;
            }
        }
    });
    assert!(task.is_waiting());
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert!(task.step());
    let counted = count(&host, || match path {
        Path::Ready => {
            assert_eq!(peer.read(1), Outcome::Blocked);
            assert!(task.step());
            assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
        }
        Path::Blocked => {
            assert_eq!(peer.read(1), Outcome::Completed(1));
            assert!(task.step());
            assert!(task.is_waiting());
        }
    });
    end(&task);
    counted
}

/// A peer that a task has made for the test.
type Made<T> = Rc<Cell<Option<Peer<T>>>>;

fn future_read(path: Path) -> Counted {
    let host = host::install();
    let made: Made<u32> = Rc::default();
    let task = host.start({
        let (host, made) = (Rc::clone(&host), Rc::clone(&made));
        async move {
            loop {
                let (reader, peer) = host.incoming_future::<u32>();
                made.set(Some(peer));
                if path == Path::Ready {
                    yield_async().await;
                }
                assert_eq!(reader.await, 1);
            }
        }
    });
    let counted = count(&host, || {
        let mut peer = made.take().expect("the task made it");
        match path {
            Path::Ready => {
                assert_eq!(peer.send(1), Outcome::Blocked);
                assert!(task.step());
                assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
            }
            Path::Blocked => {
                assert!(task.is_waiting());
                assert_eq!(peer.send(1), Outcome::Completed(1));
                assert!(task.step());
            }
        }
    });
    let mut peer = made.take().expect("the task made it");
    peer.send(1);
    end(&task);
    counted
}

fn future_write(path: Path) -> Counted {
    let host = host::install();
    let made: Made<u32> = Rc::default();
    let task = host.start({
        let (host, made) = (Rc::clone(&host), Rc::clone(&made));
        async move {
            loop {
                let (writer, reader) = future::<u32>(|| 0);
                made.set(Some(host.outgoing_future(reader)));
                if path == Path::Ready {
                    yield_async().await;
                }
                assert!(writer.write(1).await.is_ok());
            }
        }
    });
    let counted = count(&host, || {
        let mut peer = made.take().expect("the task made it");
        match path {
            Path::Ready => {
                assert_eq!(peer.receive(), Outcome::Blocked);
                assert!(task.step());
                assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
            }
            Path::Blocked => {
                assert!(task.is_waiting());
                assert_eq!(peer.receive(), Outcome::Completed(1));
                assert!(task.step());
            }
        }
    });
    drop(made.take().expect("the task made it"));
    end(&task);
    counted
}

fn import(path: Path) -> Counted {
    let host = host::install();
    let import = Import::new(match path {
        Path::Ready => Until::Returned,
        Path::Blocked => Until::Started,
    });
    let task = host.start({
        let import = import.clone();
        async move {
            let mut double = Double(import);
            loop {
                assert_eq!(double.call(4).await, 8);
                if path == Path::Ready {
                    yield_async().await;
                }
            }
        }
    });
    let counted = count(&host, || {
        if path == Path::Blocked {
            import.call_now().resolve();
        }
        assert!(task.step());
    });
    end(&task);
    counted
}
