//! Who waits is woken by what the other side does.

use super::*;

#[test]
fn a_task_that_sleeps_is_woken_by_what_synchronous_code_does() {
    let host = host::install();
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
    let reader = log.take().pop();
    host.call_sync(|| drop(reader));
    assert_eq!(task.settle(), Code::Exit);
}

#[test]
fn two_tasks_meet_and_the_one_that_sleeps_is_woken() {
    let host = host::install();
    let shelf = Log::new();
    let first = host.start({
        let shelf = shelf.clone();
        async move {
            let (mut writer, mut reader) = stream::<String>();
            shelf.note(spawn_local(async {}));
            let (send, sent) = futures::channel::oneshot::channel();
            WRITER.set(Some(Box::pin(async move {
                let _ = send.send(writer.write_all(texts(2)).await);
            })));
            assert_eq!(reader.next().await.as_deref(), Some("item 0"));
            assert_eq!(reader.next().await.as_deref(), Some("item 1"));
            assert_eq!(sent.await.expect("it is sent"), [""; 0]);
        }
    });
    assert!(first.is_waiting());
    let second = host.start(async { WRITER.take().expect("it was left").await });
    while first.step() | second.step() {}
    assert!(first.has_exited() && second.has_exited());
    drop(shelf.take());
}

#[test]
fn what_was_spawned_is_woken() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<String>();
        let read = spawn_local(async move { (reader.next().await, reader.next().await) });
        let write = spawn_local(async move { writer.write_all(texts(1)).await });
        assert_eq!(read.await, Some((Some("item 0".to_owned()), None)));
        assert_eq!(write.await, Some(Vec::new()));
    });
    assert_eq!(task.settle(), Code::Exit);
}

/// A waker that panics when it is used.
struct Wild;

impl Wake for Wild {
    fn wake(self: Arc<Self>) {
        panic!("a wild waker");
    }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Told(AtomicU32);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_copy_wakes_who_waits_in_a_task_of_other_bindings() {
    for version in 1..=3 {
        let _host = host::install();
        let (mut writer, mut reader) = stream::<String>();
        let (reads, writes) = (Executor::new(version), Executor::new(version));
        let told = Arc::new(Told::default());
        let mut read = Box::pin(async move { reader.next().await });
        let waker = Waker::from(Arc::clone(&told));
        let poll = reads.enter(|| read.as_mut().poll(&mut Context::from_waker(&waker)));
        assert!(poll.is_pending());
        let mut write = Box::pin(writer.write_one("item".to_owned()));
        assert_eq!(writes.poll(&mut write), Poll::Ready(None));
        // No turn of a task of ours comes that could do it.
        assert_eq!(told.0.load(Ordering::Relaxed), 1);
        assert_eq!(reads.poll(&mut read), Poll::Ready(Some("item".to_owned())));
    }
}

#[test]
fn a_waker_that_panics_leaves_nothing_half_done() {
    let _host = host::install();
    let (mut writer, mut reader) = stream::<String>();
    let mut read = reader.read(Vec::with_capacity(1));
    let log = Log::new();
    let message = panic_message(|| {
        block_on(async {
            let wild = Waker::from(Arc::new(Wild));
            let poll = Pin::new(&mut read).poll(&mut Context::from_waker(&wild));
            assert!(poll.is_pending());
            log.note(writer.write(texts(1)).await.0);
        });
    });
    assert_eq!(message, "a wild waker");
    assert_eq!(log.take(), [StreamResult::Complete(1)]);
    assert_eq!(block_on(read), (StreamResult::Complete(1), texts(1)));
}

#[test]
fn an_item_arrives_although_the_rest_of_a_write_that_was_left_alone_panics() {
    let host = host::install();
    let (mut writer, mut reader) = stream::<Fussy>();
    let items = ["one", "two"].map(Fussy::new).to_vec();
    let mut write = Box::pin(async move { writer.write_all(items).await });
    host.call_sync(|| {
        block_on(async {
            assert!(poll_once(&mut write).await.is_pending());
            // It belongs to no task from now on, and nobody can cancel it here.
            drop(write);
        });
    });
    fault::plan(Some((fault::Site::Drop, 0)));
    let log = Log::new();
    let message = panic_message(|| {
        // Where the write cannot be cancelled either.
        host.call_sync(|| {
            block_on(async {
                let item = reader.next().await.expect("it was sent");
                log.note(item.into_text());
            });
        });
    });
    fault::plan(None);
    assert!(message.starts_with(fault::MESSAGE), "{message}");
    assert_eq!(log.take(), ["one"]);
    // The set of what belonged to no task goes with the next one.
    assert!(host.start(async {}).has_exited());
}

#[test]
fn an_end_in_a_task_of_other_bindings_hears_unasked_that_the_other_one_is_gone() {
    let _host = host::install_with(Rules {
        notices: true,
        ..Rules::default()
    });
    let (mut writer, mut reader) = stream::<String>();
    let executor = Executor::new(3);
    {
        let mut read = Box::pin(reader.next());
        assert!(executor.poll(&mut read).is_pending());
        let mut write = Box::pin(writer.write_one("item".to_owned()));
        assert_eq!(executor.poll(&mut write), Poll::Ready(None));
        let read = executor.poll(&mut read);
        assert_eq!(read, Poll::Ready(Some("item".to_owned())));
    }
    drop(writer);
    while executor.step() {}
    let mut read = Box::pin(reader.next());
    assert_eq!(executor.poll(&mut read), Poll::Ready(None));
}

#[test]
fn a_read_hears_of_the_write_that_its_waker_makes_when_it_is_cloned() {
    let host = host::install();
    let task = host.start(async {
        let (mut writer, mut reader) = stream::<String>();
        ON_CLONE.set(Some(Box::pin(async move {
            assert_eq!(writer.write_one("a".to_owned()).await, None);
        })));
        let mut next = pin!(reader.next());
        // SAFETY: the functions of the table use no data.
        let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &WRITES)) };
        let poll = next.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
        assert_eq!(WOKEN.take(), 1);
        assert_eq!(next.await.as_deref(), Some("a"));
    });
    assert!(task.has_exited());
}
