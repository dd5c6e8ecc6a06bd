//! What an instance is left with when `block_on` unwinds or its thread ends.
//! Apart from the other tests, because a fault here ends the process.

#![cfg(all(feature = "async", feature = "std"))]

mod host;

use host::{Fussy, Outcome, fussy_default, future, panic_message};
use wit_async::block_on;

#[test]
fn a_default_written_by_a_panic_in_block_on_is_settled_by_the_next_task() {
    let host = host::install();
    let (writer, reader) = future::<Fussy>(fussy_default);
    let mut peer = host.outgoing_future(reader);
    panic_message(|| {
        block_on(async move {
            let _writer = writer;
            panic!("in block_on");
        })
    });
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), [Fussy::new("default")]);
    assert!(host.start(async {}).has_exited());
    assert_eq!(host.handles(), [""; 0]);
}

#[test]
fn a_thread_may_end_while_a_write_waits_for_the_next_task() {
    let ended = std::thread::spawn(|| {
        let host = host::install();
        let (writer, reader) = future::<Fussy>(fussy_default);
        std::mem::forget(host.outgoing_future(reader));
        drop(writer);
        host.leaks_on_purpose();
    });
    ended.join().expect("the thread ends in peace");
}
