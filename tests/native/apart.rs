//! Ends that were together in the instance, and are so no longer: the host does the rest.

use crate::host::{self, Code, Log, Outcome, Rules, future, poll_once, stream};
use futures::future::join;
use std::future::IntoFuture;
use std::pin::Pin;
use wit_async::{StreamResult, block_on};

type Left = Pin<Box<dyn Future<Output = ()>>>;

fn texts(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("item {n}")).collect()
}

#[test]
fn a_write_that_waits_starts_again_when_the_reader_is_handed_away() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let (mut writer, reader) = stream::<String>();
            let (writes, hands_away) = (writer.write_all(texts(3)), async {
                log.note(host::lift_stream(reader));
            });
            let (rest, ()) = join(writes, hands_away).await;
            assert_eq!(rest, [""; 0]);
        }
    });
    assert!(task.is_waiting());
    let mut peer = log.take().pop().expect("it was handed away");
    assert_eq!(peer.read(3), Outcome::Completed(3));
    assert_eq!(peer.received(), texts(3));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_value_that_waits_is_written_again_when_the_reader_is_handed_away() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let (writer, reader) = future(|| unreachable!("it is written"));
            let (writes, hands_away) = (writer.write("value".to_owned()), async {
                log.note(host::host().outgoing_future(reader));
            });
            let (sent, ()) = join(writes.into_future(), hands_away).await;
            sent.expect("it was read");
        }
    });
    assert!(task.is_waiting());
    let mut peer = log.take().pop().expect("it was handed away");
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["value"]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_is_written_behind_a_reader_that_was_handed_away_goes_to_the_host() {
    let host = host::install();
    let log = Log::new();
    let task = host.start({
        let log = log.clone();
        async move {
            let (mut writer, reader) = stream::<String>();
            log.note(host::lift_stream(reader));
            assert_eq!(writer.write_all(texts(1)).await, [""; 0]);
        }
    });
    assert!(task.is_waiting());
    let mut peer = log.take().pop().expect("it was handed away");
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(peer.received(), texts(1));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_is_written_behind_a_reader_that_was_dropped_comes_back() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, reader) = stream::<String>();
        drop(reader);
        assert_eq!(writer.write_all(texts(1)).await, texts(1));
        let (writer, reader) = future(|| unreachable!("it is written"));
        drop(reader);
        let sent = writer.write("value".to_owned()).await;
        assert_eq!(sent.expect_err("nobody reads").value, "value");
    });
    assert!(task.has_exited());
}

#[test]
fn a_write_whose_new_reader_is_gone_before_it_starts_again_gets_its_values_back() {
    for last_member_first in [false, true] {
        let host = host::install_with(Rules {
            notices: true,
            last_member_first,
            ..Rules::default()
        });
        let log = Log::new();
        let task = host.start({
            let log = log.clone();
            async move {
                let (mut writer, reader) = stream::<String>();
                log.note(reader);
                assert_eq!(writer.write_all(texts(1)).await, texts(1));
            }
        });
        assert!(task.is_waiting());
        // Its task sleeps, and is told by the host before it is polled.
        let reader = log.take().pop().expect("it was left");
        drop(host.call_sync(|| host::lift_stream(reader)));
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn a_value_whose_new_reader_is_gone_before_it_is_written_again_comes_back() {
    for last_member_first in [false, true] {
        let host = host::install_with(Rules {
            notices: true,
            last_member_first,
            ..Rules::default()
        });
        let log = Log::new();
        let task = host.start({
            let log = log.clone();
            async move {
                let (writer, reader) = future(|| unreachable!("it is written"));
                log.note(reader);
                let sent = writer.write("value".to_owned()).await;
                assert_eq!(sent.expect_err("nobody reads").value, "value");
            }
        });
        assert!(task.is_waiting());
        let reader = log.take().pop().expect("it was left");
        drop(host.call_sync(|| host::host().outgoing_future(reader)));
        assert_eq!(task.settle(), Code::Exit);
    }
}

#[test]
fn a_write_that_starts_again_elsewhere_does_not_keep_the_task_that_began_it() {
    let host = host::install();
    let (readers, writes) = (Log::new(), Log::<Left>::new());
    let first = host.start({
        let (readers, writes) = (readers.clone(), writes.clone());
        async move {
            let (mut writer, reader) = stream::<String>();
            let mut write: Left = Box::pin(async move {
                assert_eq!(writer.write_all(texts(1)).await, [""; 0]);
            });
            assert!(poll_once(&mut write).await.is_pending());
            readers.note(reader);
            writes.note(write);
        }
    });
    assert!(first.is_waiting());
    let reader = readers.take().pop().expect("it was left");
    let mut peer = host.call_sync(|| host::lift_stream(reader));
    let second = host.start(async move { writes.take().pop().expect("it was left").await });
    assert!(second.is_waiting());
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(peer.read(1), Outcome::Completed(1));
    assert_eq!(peer.received(), texts(1));
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_value_that_is_written_again_elsewhere_does_not_keep_the_task_that_began_it() {
    let host = host::install();
    let (readers, writes) = (Log::new(), Log::new());
    let first = host.start({
        let (readers, writes) = (readers.clone(), writes.clone());
        async move {
            let (writer, reader) = future(|| unreachable!("it is written"));
            let mut write = writer.write("value".to_owned());
            assert!(poll_once(&mut write).await.is_pending());
            readers.note(reader);
            writes.note(write);
        }
    });
    assert!(first.is_waiting());
    let reader = readers.take().pop().expect("it was left");
    let mut peer = host.call_sync(|| host::host().outgoing_future(reader));
    let second = host.start(async move {
        let write = writes.take().pop().expect("it was left");
        write.await.expect("it was read");
    });
    assert!(second.is_waiting());
    assert_eq!(first.settle(), Code::Exit);
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["value"]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn a_default_that_no_task_wrote_goes_to_the_host_at_once() {
    let host = host::install();
    let mut peer = host.call_sync(|| {
        let (writer, reader) = future(|| "default".to_owned());
        drop(writer);
        host::host().outgoing_future(reader)
    });
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["default"]);
    // The end goes when a task looks at what belongs to none.
    assert!(host.start(async {}).has_exited());
}

#[test]
fn a_write_that_is_dropped_before_it_starts_again_is_nothing_to_the_host() {
    for synchronously in [false, true] {
        let host = host::install_with(Rules {
            no_cancel_in_sync_task: true,
            ..Rules::default()
        });
        let shelf = Log::new();
        let task = host.start({
            let shelf = shelf.clone();
            async move {
                let (mut writer, reader) = stream::<String>();
                let mut write = Box::pin(async move { writer.write_all(texts(2)).await });
                assert!(poll_once(&mut write).await.is_pending());
                let peer = host::lift_stream(reader);
                let host = host::host();
                match synchronously {
                    false => drop(write),
                    true => host.call_lowered(|| host.call_sync(|| drop(write))),
                }
                shelf.note(peer);
            }
        });
        assert!(task.has_exited());
        let calls = host.calls();
        assert!(
            !calls.iter().any(|call| call.contains("stream.write")),
            "{calls:#?}"
        );
        let mut peer = shelf.take().pop().expect("it was handed away");
        assert_eq!(peer.read(1), Outcome::Dropped(0));
    }
}

#[test]
fn a_value_that_is_dropped_before_it_is_written_again_gives_way_to_the_default() {
    let host = host::install();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let (writer, reader) = future(|| "default".to_owned());
            let mut write = writer.write("value".to_owned());
            assert!(poll_once(&mut write).await.is_pending());
            shelf.note(host::host().outgoing_future(reader));
            drop(write);
        }
    });
    let mut peer = shelf.take().pop().expect("it was handed away");
    assert_eq!(peer.receive(), Outcome::Completed(1));
    assert_eq!(peer.received(), ["default"]);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn items_that_wait_come_back_when_the_host_says_first_that_it_dropped_the_reader() {
    let host = host::install_with(Rules {
        notices: true,
        ..Rules::default()
    });
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let (mut writer, reader) = stream::<String>();
            shelf.note(reader);
            let (result, rest) = writer.write(texts(2)).await;
            assert_eq!(result, StreamResult::Dropped);
            assert_eq!(rest.into_vec(), texts(2));
        }
    });
    assert!(task.is_waiting());
    let reader = shelf.take().pop().expect("it was left");
    // The write is to start again, and before its task gets its turn the host says
    // of the end what it says of one on which nothing is in flight.
    drop(host.outgoing_stream(reader));
    assert_eq!(task.settle(), Code::Exit);
    // A write would trap now.
    let calls = host.calls();
    let writes = calls.iter().any(|call| call.starts_with("stream.write 2"));
    assert!(!writes, "{calls:#?}");
}

#[test]
fn a_read_hears_of_the_end_that_its_start_brings_about() {
    let host = host::install_with(Rules {
        no_cancel_in_sync_task: true,
        ..Rules::default()
    });
    host.call_sync(|| {
        let (mut writer, mut reader) = stream::<String>();
        // A write of nothing is left alone, with a writer that goes with it.
        block_on(async move {
            let mut write: Left = Box::pin(async move {
                writer.write(Vec::new()).await;
            });
            assert!(poll_once(&mut write).await.is_pending());
        });
        // The read says to the write that it is done; then the writer goes.
        assert_eq!(block_on(reader.next()), None);
    });
    assert!(host.start(async {}).has_exited());
}
