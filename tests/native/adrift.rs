//! How operations are counted that go on without a future.

use crate::host::{self, Code, Log, Outcome, Rules, future, poll_once};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use wit_async::diagnostics::live;

#[test]
fn what_is_in_the_set_of_a_task_counts_beside_what_is_in_none() {
    let host = host::install_with(Rules {
        no_cancel_in_sync_task: true,
        ..Rules::default()
    });
    let (writer, unread) = future(|| "default".to_owned());
    let mut receiver = host.outgoing_future(unread);
    host.call_sync(|| drop(writer));
    assert_eq!(live().orphans, 1);
    let (reader, _peer) = host.incoming_future::<u32>();
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut read: Pin<Box<dyn Future<Output = u32>>> = Box::pin(reader.into_future());
            assert!(poll_once(&mut read).await.is_pending());
            shelf.note(read);
        }
    });
    host.call_sync(|| drop(shelf.take()));
    assert_eq!(live().orphans, 2);
    assert_eq!(task.settle(), Code::Exit);
    assert_eq!(live().orphans, 1);
    assert_eq!(receiver.receive(), Outcome::Completed(1));
    assert_eq!(live().orphans, 0);
}
