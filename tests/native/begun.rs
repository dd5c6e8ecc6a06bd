//! Operations that a task begins, and that others drop.

use crate::host::{self, Code, Host, Installed, Log, Rules, Task, poll_once};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use wit_async::StreamReader;

/// A host like wasmtime: a cancel in a synchronous task traps.
pub fn install() -> Installed {
    host::install_with(Rules {
        no_cancel_in_sync_task: true,
        results_need_task: true,
        ..Rules::default()
    })
}

/// Looks at what is alive, where somebody counts.
#[cfg(feature = "diagnostics")]
pub fn live(look: impl FnOnce(wit_async::diagnostics::Live)) {
    look(wit_async::diagnostics::live());
}

#[cfg(not(feature = "diagnostics"))]
pub fn live(_: impl FnOnce(Live)) {}

/// Stands for what nobody counts.
#[cfg(not(feature = "diagnostics"))]
pub struct Live {
    pub orphans: u32,
    pub sets: u32,
    pub ends: u32,
    pub operations: u32,
    pub subtasks: u32,
}

pub type Begun = Pin<Box<dyn Future<Output = ()>>>;

/// A task that begins something, and leaves it to others.
pub fn begins(host: &Rc<Host>, future: impl Future<Output = ()> + 'static) -> (Task, Begun) {
    let shelf = Log::new();
    let task = host.start({
        let shelf = shelf.clone();
        async move {
            let mut begun: Begun = Box::pin(future);
            assert!(poll_once(&mut begun).await.is_pending());
            shelf.note(begun);
        }
    });
    // Its futures are done, but it may not go.
    assert!(task.is_waiting());
    let begun = shelf.take().pop().expect("it was begun");
    (task, begun)
}

/// A task that began to read an item, and the reader: the read was dropped in
/// synchronous code.
#[expect(
    clippy::await_holding_refcell_ref,
    reason = "nobody else asks before the read has gone"
)]
pub fn leaves_a_read<T: 'static>(
    host: &Rc<Host>,
    reader: StreamReader<T>,
) -> (Task, StreamReader<T>) {
    let reader = Rc::new(RefCell::new(reader));
    let (task, read) = begins(host, {
        let reader = Rc::clone(&reader);
        // The guard goes with the read.
        async move {
            reader.borrow_mut().next().await;
        }
    });
    host.call_sync(|| drop(read));
    let reader = Rc::into_inner(reader).expect("the read has gone");
    (task, reader.into_inner())
}

/// Drops what was begun in synchronous code; the calls of the task that settles it.
pub fn settled_by(host: &Rc<Host>, task: &Task, begun: Begun) -> Vec<String> {
    host.calls();
    host.call_sync(|| drop(begun));
    let calls = host.calls();
    let cancels = calls.iter().any(|call| call.contains("cancel"));
    let drops = calls.iter().any(|call| call.contains("drop"));
    assert!(!cancels && !drops, "{calls:#?}");
    live(|live| assert_eq!(live.orphans, 1));
    assert_eq!(task.settle(), Code::Exit);
    let is_about_it = |call: &String| call.contains("cancel") || call.contains("drop-");
    host.calls()
        .into_iter()
        .filter(is_about_it)
        .take(2)
        .collect()
}
