//! What is left when a thread ends, which has no host any more.

use crate::host::{self, Log, future, stream};
use std::future::Future;
use std::mem::forget;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

#[test]
fn a_default_that_is_being_written_when_the_thread_ends() {
    let thread = std::thread::spawn(|| {
        let host = host::install();
        host.leaks_on_purpose();
        let (writer, reader) = future::<String>(|| "default".to_owned());
        let _peer = host.outgoing_future(reader);
        host.calls();
        drop(writer);
        assert_eq!(host.calls()[0], "future.write 2: blocked");
    });
    // Its state goes with it, and nobody can cancel without that state.
    thread.join().expect("the thread ends");
}

/// A waker that says when it goes.
struct Tells(Arc<AtomicBool>);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        unreachable!("the thread ends first");
    }
}

impl Drop for Tells {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_waker_that_was_left_to_the_next_turn_when_the_thread_ends() {
    let dropped = Arc::new(AtomicBool::new(false));
    let tells = Tells(Arc::clone(&dropped));
    let thread = std::thread::spawn(|| {
        let host = host::install();
        host.leaks_on_purpose();
        let shelf = Log::new();
        let task = host.start({
            let shelf = shelf.clone();
            async move {
                let (writer, reader) = stream::<String>();
                let reader: &'static mut _ = Box::leak(Box::new(reader));
                let waker = Waker::from(Arc::new(tells));
                let mut next = Box::pin(reader.next());
                let read = next.as_mut().poll(&mut Context::from_waker(&waker));
                assert!(read.is_pending());
                forget(next);
                shelf.note(writer);
            }
        });
        // The read is told, and its task gets no turn any more.
        host.call_sync(|| drop(shelf.take()));
        assert!(task.is_waiting());
    });
    thread.join().expect("the thread ends");
    // It may own an operation, which cannot be cancelled without the state.
    assert!(!dropped.load(Ordering::Relaxed));
}
