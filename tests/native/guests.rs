//! What belongs to no task, while tasks sleep: it is a guest in the set of one, which is
//! called for its events and waits for none of them.

use crate::begun::{install, live};
use crate::host::{Code, Installed, Outcome, Peer, Task, Wire, future, poll_once, stream};
use wit_async::rt::async_support::{StreamReader, raw_future_new};
use wit_async::{FutureWriter, StreamWriter, block_on};

/// Synchronous code writes `inside` into a future: the write belongs to no task. When its
/// reader goes, which is returned, `inside` comes back to nobody, and goes too.
fn written_by_none(host: &Installed, inside: StreamReader<String>) -> Peer<StreamReader<String>> {
    host.call_sync(|| {
        // SAFETY: the table describes futures of this host.
        let (writer, reader) = unsafe { raw_future_new(<StreamReader<String>>::FUTURE) };
        let peer = host.outgoing_future(reader);
        writer.write_and_forget(inside);
        peer
    })
}

/// The same, and who is told that what was inside has gone.
fn guest(host: &Installed) -> (Peer<StreamReader<String>>, Peer<String>) {
    let (inside, told) = host.incoming_stream::<String>();
    (written_by_none(host, inside), told)
}

fn is_told(peer: &mut Peer<String>) -> bool {
    let is_told = peer.write(["item".to_owned()]) == Outcome::Dropped(0);
    if !is_told {
        peer.cancel();
    }
    is_told
}

/// A task that writes until nobody can read that any more.
fn writes(host: &Installed, mut writer: StreamWriter<String>) -> Task {
    let task = host.start(async move {
        let item = "item".to_owned();
        assert_eq!(writer.write_one(item).await.as_deref(), Some("item"));
    });
    assert!(task.is_waiting());
    task
}

/// A task that sleeps until it is told to end.
fn sleeps(host: &Installed) -> (Task, Peer<u32>) {
    let (reader, peer) = host.incoming_future::<u32>();
    let task = host.start(async move {
        reader.await;
    });
    assert!(task.is_waiting());
    (task, peer)
}

fn ends((task, mut peer): (Task, Peer<u32>)) {
    peer.send(1);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_task_is_woken_by_what_a_write_gives_back_that_belongs_to_none() {
    let host = install();
    let (writer, inside) = stream::<String>();
    let guest = written_by_none(&host, inside);
    let task = writes(&host, writer);
    drop(guest);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn a_task_is_woken_by_what_a_default_gives_back_that_belongs_to_none() {
    thread_local! {
        static INSIDE: std::cell::RefCell<Option<StreamReader<String>>> =
            const { std::cell::RefCell::new(None) };
    }
    let host = install();
    let (writer, inside) = stream::<String>();
    INSIDE.set(Some(inside));
    let (outer, reader): (FutureWriter<StreamReader<String>>, _) =
        future(|| INSIDE.take().expect("it is made once"));
    let peer = host.outgoing_future(reader);
    let task = writes(&host, writer);
    host.call_sync(|| drop(outer));
    while task.step() {}
    assert!(task.is_waiting());
    drop(peer);
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn what_begins_while_a_task_sleeps_is_its_guest() {
    let host = install();
    let (task, end) = sleeps(&host);
    let (guest, mut told) = guest(&host);
    live(|live| assert_eq!(live.orphans, 1));
    drop(guest);
    assert!(task.step());
    assert!(task.is_waiting() && is_told(&mut told));
    ends((task, end));
}

#[test]
fn a_guest_keeps_no_task() {
    let host = install();
    let (guest, mut told) = guest(&host);
    ends(sleeps(&host));
    live(|live| assert_eq!(live.orphans, 1));
    drop(guest);
    assert!(!is_told(&mut told));
    // The next one looks at what is left.
    assert!(host.start(async {}).has_exited());
    assert!(is_told(&mut told));
}

#[test]
fn a_guest_that_had_its_event_keeps_no_task() {
    let host = install();
    let (guest, _told) = guest(&host);
    let (task, end) = sleeps(&host);
    drop(guest);
    assert!(task.step());
    assert!(task.is_waiting());
    ends((task, end));
}

#[test]
fn a_guest_that_another_task_awaits_is_none_of_its_hosts() {
    let host = install();
    let (mut reader, mut peer) = host.incoming_stream::<u32>();
    let mut read = Box::pin(async move { reader.next().await });
    host.call_sync(|| block_on(async { assert!(poll_once(&mut read).await.is_pending()) }));
    let first = sleeps(&host);
    let second = host.start(async move { assert_eq!(read.await, Some(1)) });
    assert!(second.is_waiting());
    ends(first);
    peer.write([1]);
    assert_eq!(second.settle(), Code::Exit);
}

#[test]
fn guests_move_on_when_their_task_ends() {
    let host = install();
    let (guest, mut told) = guest(&host);
    let tasks = [sleeps(&host), sleeps(&host), sleeps(&host)];
    let [first, second, (third, end_third)] = tasks;
    ends(first);
    ends(second);
    drop(guest);
    assert!(third.step());
    assert!(is_told(&mut told));
    ends((third, end_third));
}

#[test]
fn guests_come_to_a_task_that_is_there_still() {
    let host = install();
    let (first, second, third) = (sleeps(&host), sleeps(&host), sleeps(&host));
    ends(third);
    ends(first);
    let (guest, mut told) = guest(&host);
    drop(guest);
    assert!(second.0.step());
    assert!(is_told(&mut told));
    ends(second);
    // Nobody is left to whom the next one could come.
    let (guest, _told) = self::guest(&host);
    assert!(host.start(async {}).has_exited());
    live(|live| assert_eq!(live.orphans, 1));
    drop(guest);
    assert!(host.start(async {}).has_exited());
}
