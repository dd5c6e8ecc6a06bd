//! The host of the native tests: that it traps where the canonical ABI does.
//! A host that lets everything pass would make the other tests worthless.

use crate::host::imports::{Double, Import, Until};
use crate::host::{self, Outcome, Side, Type, panic_message, poll_once};
use std::rc::Rc;
use wit_async::native::Host as _;
use wit_async::rt::async_support::Subtask as _;

/// Asserts that `f` traps, and by which rule.
#[track_caller]
fn traps(rule: &str, f: impl FnOnce()) {
    let message = panic_message(f);
    assert!(message.starts_with("trap: "), "{message}");
    assert!(message.contains(rule), "{message}");
}

fn ends(pair: u64) -> (u32, u32) {
    (pair as u32, (pair >> 32) as u32)
}

#[test]
fn handles_begin_at_1_and_the_last_one_freed_is_used_next() {
    let host = host::install();
    let sets = [0; 3].map(|_| host.waitable_set_new());
    assert_eq!(sets, [1, 2, 3]);
    host.waitable_set_drop(1);
    host.waitable_set_drop(3);
    assert_eq!([0; 3].map(|_| host.waitable_set_new()), [3, 1, 4]);
    for handle in [0, 5] {
        traps("the index is in use", || host.waitable_set_drop(handle));
    }
    host.leaks_on_purpose();
}

#[test]
fn a_handle_of_another_kind_traps() {
    let host = host::install();
    host.leaks_on_purpose();
    let set = host.waitable_set_new();
    let (readable, writable) = ends(host.unit_stream_new());
    traps("an end of this kind", || {
        host.unit_stream_read(writable, 1);
    });
    traps("an end of this kind", || {
        host.drop_end(true, Side::Readable, readable);
    });
    traps("is a waitable set", || {
        host.waitable_join(readable, writable)
    });
    traps("is a waitable", || host.waitable_join(set, set));
    traps("is a subtask", || host.subtask_drop(readable));
    traps("the type is that of the end", || {
        host.copy(
            false,
            Type::Byte,
            Side::Readable,
            readable,
            std::ptr::null_mut(),
            0,
        );
    });
}

#[test]
fn one_operation_at_a_time_and_none_after_the_end() {
    let host = host::install();
    host.leaks_on_purpose();
    let (readable, _writable) = ends(host.unit_stream_new());
    traps("at most 2^28-1 items", || {
        host.unit_stream_read(readable, 1 << 28);
    });
    traps("the end is COPYING", || {
        host.unit_stream_cancel_read(readable);
    });
    assert_eq!(host.unit_stream_read(readable, 4), u32::MAX);
    traps("the end is IDLE", || {
        host.unit_stream_read(readable, 4);
    });
    traps("no copy is in flight", || {
        host.unit_stream_drop_readable(readable)
    });

    // The result was not delivered: it is in flight still.
    let (readable, writable) = ends(host.unit_stream_new());
    assert_eq!(host.unit_stream_read(readable, 4), u32::MAX);
    assert_eq!(host.unit_stream_write(writable, 4), 4 << 4);
    traps("no event is undelivered", || {
        host.unit_stream_drop_readable(readable)
    });

    let (readable, writable) = ends(host.unit_stream_new());
    host.unit_stream_drop_writable(writable);
    assert_eq!(host.unit_stream_read(readable, 4), 1);
    traps("the end is IDLE", || {
        host.unit_stream_read(readable, 4);
    });
}

#[test]
fn a_member_of_a_set_cannot_be_cancelled_handed_away_or_outlive_its_set() {
    let host = host::install();
    host.leaks_on_purpose();
    let set = host.waitable_set_new();
    let (reader, _peer) = host.incoming_stream::<u32>();
    let (readable, _writable) = ends(host.unit_stream_new());
    host.unit_stream_read(readable, 1);
    host.waitable_join(readable, set);
    traps("a synchronous operation on a member of a set", || {
        host.unit_stream_cancel_read(readable);
    });
    traps("no members, no waiters", || host.waitable_set_drop(set));
    let handle = reader.take_handle();
    host.waitable_join(handle, set);
    traps("in no set", || {
        drop(host.lift_readable::<u32>(handle, false))
    });
    // Out of the set all of it is allowed.
    host.waitable_join(readable, 0);
    assert_eq!(host.unit_stream_cancel_read(readable), 2);
    host.waitable_join(handle, 0);
    drop(host.lift_readable::<u32>(handle, false));
    host.waitable_set_drop(set);
}

#[test]
fn a_set_that_a_task_waits_on_cannot_be_dropped() {
    let host = host::install();
    host.leaks_on_purpose();
    let task = host.start(std::future::pending());
    assert!(task.is_waiting());
    traps("no members, no waiters", || host.waitable_set_drop(1));
}

#[test]
fn the_writable_end_of_a_future_goes_only_when_it_was_written() {
    let host = host::install();
    host.leaks_on_purpose();
    let (_readable, writable) = ends(host.new_channel(true, Type::Unit));
    traps("the end is DONE", || {
        host.drop_end(true, Side::Writable, writable)
    });
    let (readable, writable) = ends(host.new_channel(true, Type::Unit));
    let none = std::ptr::null_mut();
    host.drop_end(true, Side::Readable, readable);
    assert_eq!(
        host.copy(true, Type::Unit, Side::Writable, writable, none, 1),
        1
    );
    host.drop_end(true, Side::Writable, writable);
    // Written, read, and not told: it has to be told first.
    let (readable, writable) = ends(host.new_channel(true, Type::Unit));
    host.copy(true, Type::Unit, Side::Writable, writable, none, 1);
    assert_eq!(
        host.copy(true, Type::Unit, Side::Readable, readable, none, 1),
        0
    );
    traps("no event is undelivered", || {
        host.drop_end(true, Side::Writable, writable);
    });
}

#[test]
fn an_instance_may_not_send_itself_what_is_no_number() {
    let host = host::install();
    host.leaks_on_purpose();
    let (readable, writable) = ends(host.new_channel(false, Type::Text));
    let mut memory = Vec::<host::Value>::with_capacity(4);
    let start = memory.spare_capacity_mut().as_mut_ptr().cast();
    host.copy(false, Type::Text, Side::Readable, readable, start, 1);
    traps("no rendezvous within one instance", || {
        host.copy(false, Type::Text, Side::Writable, writable, start, 1);
    });
}

#[test]
fn a_subtask_is_dropped_when_it_has_resolved_and_cancelled_once() {
    let host = host::install();
    host.leaks_on_purpose();
    let import = Import::new(Until::Starting);
    let task = host.start({
        let (host, import) = (Rc::clone(&host), import.clone());
        async move {
            let mut double = Double(import.clone());
            let mut call = Box::pin(double.call(1));
            assert!(poll_once(&mut call).await.is_pending());
            traps("the resolve was delivered", || host.subtask_drop(1));
            traps("a member of a set", || {
                host.subtask_cancel(1);
            });
            host.waitable_join(1, 0);
            import.call(0).start();
            traps("no undelivered STARTED", || {
                host.subtask_cancel(1);
            });
            traps("not requested before", || {
                host.subtask_cancel(1);
            });
            std::mem::forget(call);
            std::mem::forget(double);
        }
    });
    assert!(task.is_waiting());
}

#[test]
fn a_task_is_cancelled_when_it_was_asked_to_be_and_once() {
    use wit_async::rt::async_support::TaskCancelOnDrop;

    let host = host::install();
    let task = host.start(async {
        traps("CANCEL_DELIVERED", || drop(TaskCancelOnDrop::new()));
        std::future::pending::<()>().await;
    });
    assert!(task.is_waiting());
    assert_eq!(task.cancel(), host::Code::Exit);
}

#[test]
fn backpressure_is_counted_in_16_bits() {
    let host = host::install();
    traps("above 0", || host.backpressure_dec());
    host.record(false);
    for _ in 0..0xffff {
        host.backpressure_inc();
    }
    traps("below 2^16", || host.backpressure_inc());
}

#[test]
fn a_guest_that_waits_for_ever_is_a_deadlock() {
    let host = host::install();
    host.leaks_on_purpose();
    let set = host.waitable_set_new();
    traps("deadlock", || {
        host.waitable_set_wait(set, &mut [0; 2]);
    });
}

#[test]
fn copies_add_up_until_they_are_delivered() {
    let host = host::install();
    let (reader, mut peer) = host.incoming_stream::<u32>();
    let mut other = host.outgoing_stream(reader);
    // The rows of the table of stream outcomes (canonical-abi.md §5.2).
    assert_eq!(other.read(8), Outcome::Blocked);
    assert_eq!(peer.write([1; 4]), Outcome::Completed(4));
    assert_eq!(peer.write([2; 8]), Outcome::Completed(4));
    assert_eq!(peer.write([3]), Outcome::Blocked);
    assert_eq!(other.settle(), Some(Outcome::Completed(8)));
    assert_eq!(other.read(0), Outcome::Completed(0));
    assert_eq!(peer.settle(), None);
    assert_eq!(other.read(4), Outcome::Completed(1));
    assert_eq!(peer.settle(), Some(Outcome::Completed(1)));
    // Both of length zero: the writer completes, the reader stays.
    assert_eq!(other.read(0), Outcome::Blocked);
    assert_eq!(peer.write([]), Outcome::Completed(0));
    assert_eq!(other.settle(), None);
    assert_eq!(peer.write([4]), Outcome::Blocked);
    assert_eq!(other.settle(), Some(Outcome::Completed(0)));
    drop(other);
    assert_eq!(peer.settle(), Some(Outcome::Dropped(0)));
}
