//! Synchronous code that runs while a task is blocked in something that is not the
//! runtime's: it finds that task in the cell, but is not part of it.

use crate::host::{self, Installed, Log, Rules, Task, panic_message, poll_once};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Waker};
use wit_async::{StreamReader, block_on, spawn_local};

fn install() -> Installed {
    host::install_with(Rules {
        no_cancel_in_sync_task: true,
        results_need_task: true,
        ..Rules::default()
    })
}

/// Runs `f` as a synchronous export, while the task that is running is blocked in an
/// import that is lowered synchronously.
fn hidden<R>(f: impl FnOnce() -> R) -> R {
    let host = host::host();
    host.call_lowered(|| host.call_sync(f))
}

type Begun = Pin<Box<dyn Future<Output = ()>>>;

/// A read in flight, and the task that began it.
fn begins(host: &Installed) -> (Task, Log<Begun>) {
    let (mut reader, peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let _peer = peer;
            let mut read: Begun = Box::pin(async move {
                reader.next().await;
            });
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    assert!(task.is_waiting());
    (task, shelf)
}

/// Drops a read in flight, and its reader, in synchronous code that the runtime is not told
/// of: nothing is called then.
async fn drops_a_read_hidden(mut reader: StreamReader<String>) {
    let mut read: Begun = Box::pin(async move {
        reader.next().await;
    });
    assert!(poll_once(&mut read).await.is_pending());
    let host = host::host();
    host.calls();
    hidden(|| drop(read));
    assert_eq!(host.calls(), [""; 0]);
}

#[test]
fn what_is_dropped_there_is_left_alone() {
    let host = install();
    let (reader, _peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        drops_a_read_hidden(reader).await;
    });
    assert_eq!(task.settle(), host::Code::Exit);
}

#[test]
fn what_another_task_began_is_left_alone_as_well() {
    let host = install();
    let (first, shelf) = begins(&host);
    let second = host.start(async move {
        hidden(|| drop(shelf.take()));
    });
    assert!(second.has_exited());
    assert_eq!(first.settle(), host::Code::Exit);
}

#[test]
fn a_task_cancels_after_it_was_blocked() {
    let host = install();
    let (mut writer, reader) = host::stream::<String>();
    let _peer = host.outgoing_stream(reader);
    let task = host.start(async move {
        let mut write = Box::pin(writer.write_one("item".to_owned()));
        assert!(poll_once(&mut write).await.is_pending());
        hidden(|| ());
        let host = host::host();
        host.calls();
        drop(write);
        let calls = host.calls();
        assert!(
            calls.iter().any(|call| call.contains("cancel-write")),
            "{calls:#?}"
        );
    });
    assert!(task.has_exited());
}

#[test]
fn block_on_there_belongs_to_no_task() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        let item = hidden(|| {
            block_on(async {
                let mut read = Box::pin(reader.next());
                assert!(poll_once(&mut read).await.is_pending());
                peer.write(["item".to_owned()]);
                read.await
            })
        });
        assert_eq!(item.as_deref(), Some("item"));
    });
    assert!(task.has_exited());
}

#[test]
fn what_block_on_leaves_there_is_not_that_of_the_task() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        let message = panic_message(|| {
            hidden(|| {
                let left = block_on(async {
                    let mut read = reader.into_future();
                    assert!(poll_once(&mut read).await.is_pending());
                    // Handed out, so that it is in flight at the end.
                    Some(read)
                });
                drop(left);
            });
        });
        assert!(
            message.starts_with("`block_on` in synchronous code"),
            "{message}"
        );
    });
    assert_eq!(task.settle(), host::Code::Exit);
    // It belongs to no task; the next one settles it.
    assert!(host.start(async {}).has_exited());
}

#[test]
fn nothing_is_spawned_or_awaited_there() {
    let host = install();
    let (reader, _peer) = host.incoming_future::<String>();
    let task = host.start(async move {
        let message = panic_message(|| hidden(|| drop(spawn_local(async {}))));
        assert!(message.contains("outside of a task"), "{message}");
        let mut read = reader.into_future();
        let message = panic_message(|| {
            hidden(|| {
                let _ = Pin::new(&mut read).poll(&mut Context::from_waker(Waker::noop()));
            })
        });
        assert!(message.contains("outside of a task"), "{message}");
    });
    assert_eq!(task.settle(), host::Code::Exit);
}

/// Reads an item, and drops the next read in flight.
async fn reads_and_drops_hidden(mut reader: StreamReader<String>) {
    assert_eq!(reader.next().await.as_deref(), Some("item"));
    drops_a_read_hidden(reader).await;
}

#[test]
fn synchronous_code_that_has_blocked_is_known_again() {
    let host = install();
    let (reader, mut peer) = host.incoming_stream::<String>();
    // It stays, so that the next read waits.
    let shelf = Log::new();
    host.when_blocked({
        let shelf = shelf.clone();
        move || {
            peer.write(["item".to_owned()]);
            shelf.note(peer);
        }
    });
    block_on(async {
        reads_and_drops_hidden(reader).await;
    });
}

#[test]
fn synchronous_code_that_blocks_again_is_known_again() {
    let host = install();
    for _ in 0..2 {
        let (reader, mut peer) = host.incoming_stream::<String>();
        let shelf = Log::new();
        host.when_blocked({
            let shelf = shelf.clone();
            move || {
                peer.write(["item".to_owned()]);
                shelf.note(peer);
            }
        });
        block_on(async {
            reads_and_drops_hidden(reader).await;
        });
    }
}

#[test]
fn what_begins_there_does_not_wait_in_the_set_of_the_task() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let task = host.start(async move {
        assert_eq!(reader.next().await.as_deref(), Some("item"));
        // From now on the end is in the set of the task.
        let message = panic_message(|| {
            hidden(|| {
                let mut read = Box::pin(reader.next());
                let _ = read.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            })
        });
        assert!(message.contains("outside of a task"), "{message}");
        drop(reader);
    });
    assert!(task.is_waiting());
    peer.write(["item".to_owned()]);
    assert_eq!(task.settle(), host::Code::Exit);
}
