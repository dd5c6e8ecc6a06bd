//! Readers that are handed away with what they keep: it arrives first.

use super::*;

#[test]
fn what_is_kept_travels_ahead_when_the_reader_is_handed_away() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<String>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read = reader.read(Vec::with_capacity(4));
            assert!(poll_once(&mut read).await.is_pending());
            drop(read);
            pause().await;
            assert_eq!(reader.next().await.as_deref(), Some("a"));
            shelf.note(host::lift_stream(reader));
        }
    });
    assert!(task.is_waiting());
    peer.write(texts(["a", "b", "c"]));
    assert!(task.step());
    let mut receiver = shelf.take().pop().expect("it was handed away");
    peer.write(texts(["d"]));
    let mut received = Vec::new();
    while received.len() < 3 {
        if receiver.read(1) == Outcome::Blocked {
            while task.step() {}
            receiver.settle().expect("there is more");
        }
        received.extend(receiver.received());
    }
    assert_eq!(received, texts(["b", "c", "d"]));
    drop(receiver);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn nothing_is_read_ahead_of_who_has_the_reader() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            drops_a_read(&mut reader).await;
            pause().await;
            shelf.note(host::lift_stream(reader));
        }
    });
    assert!(task.is_waiting());
    peer.write([1]);
    assert!(task.step());
    let mut receiver = shelf.take().pop().expect("it was handed away");
    assert_eq!(receiver.read(1), Outcome::Blocked);
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    assert_eq!(receiver.received(), [1]);
    while task.step() {}
    assert_eq!(peer.write([2]), Outcome::Blocked, "nobody wants it yet");
    drop(receiver);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(peer.settle(), Some(Outcome::Dropped(0)));
}

#[test]
fn a_reader_that_is_handed_away_in_synchronous_code_waits_for_the_next_task() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let mut receiver = host.call_sync(|| {
        block_on(drops_a_read(&mut reader));
        host::host().outgoing_stream(reader)
    });
    assert_eq!(receiver.read(3), Outcome::Blocked);
    assert_eq!(peer.write([4, 5]), Outcome::Completed(1));
    assert_eq!(receiver.settle(), None, "there was no task");
    let task = host.start(async {});
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    assert_eq!(receiver.received(), [4]);
    assert!(task.is_waiting(), "there may be more");
    drop(receiver);
    peer.write([6]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_waits_for_a_task_is_not_passed_on_by_a_block_on() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let mut receiver = host.call_sync(|| {
        block_on(drops_a_read(&mut reader));
        let receiver = host::host().outgoing_stream(reader);
        // Nobody reads before this code has returned.
        assert_eq!(block_on(async { 5 }), 5);
        receiver
    });
    assert_eq!(receiver.read(3), Outcome::Blocked);
    assert_eq!(peer.write([4]), Outcome::Completed(1));
    let task = host.start(async {});
    while task.step() {}
    assert_eq!(receiver.settle(), Some(Outcome::Completed(1)));
    assert_eq!(receiver.received(), [4]);
    drop(receiver);
    peer.write([6]);
    assert_eq!(task.settle(), Code::Exit);
}
