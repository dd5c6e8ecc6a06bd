//! Subtasks (canonical-abi.md §4.3, §11).

use super::raw::{call, import, in_task, while_blocked};
use super::row::{Row, row};
use crate::host::imports::OnCancel;
use crate::host::{Context, Host, Site};
use std::rc::Rc;
use wit_async::native::Host as _;

/// A call that has started, as the guest knows; handle 1.
pub fn started(host: &Rc<Host>, on_cancel: OnCancel) -> u32 {
    let (subtask, call) = import(host, on_cancel);
    call.start();
    assert_eq!(told(host, subtask), 1);
    subtask
}

/// Waits for the event of a subtask, and returns its state.
fn told(host: &Rc<Host>, subtask: u32) -> u32 {
    let set = host.waitable_set_new();
    host.waitable_join(subtask, set);
    let mut payload = [0; 2];
    assert_eq!(host.waitable_set_poll(set, &mut payload), 1);
    host.waitable_join(subtask, 0);
    host.waitable_set_drop(set);
    payload[1]
}

pub fn rows() -> Vec<Row> {
    vec![
        // An event has told it.
        row(
            Site::CancelOfDelivered,
            "subtask.cancel",
            "a subtask that is known to be Returned",
            |host| {
                let (subtask, call) = import(host, OnCancel::Confirm);
                call.resolve();
                assert_eq!(told(host, subtask), 2);
                host.subtask_cancel(subtask);
            },
        ),
        // A cancel has told it.
        row(
            Site::CancelOfDelivered,
            "subtask.cancel",
            "a subtask that is known to be CancelledBeforeStarted",
            |host| {
                let (subtask, _) = import(host, OnCancel::Confirm);
                assert_eq!(host.subtask_cancel(subtask), 3);
                host.subtask_cancel(subtask);
            },
        ),
        // The first cancel waits, and a synchronous export is called.
        row(
            Site::CancelTwice,
            "subtask.cancel",
            "a subtask that is Started is cancelled again",
            |host| {
                let subtask = started(host, OnCancel::Wait);
                while_blocked(host, move |host| {
                    host.subtask_cancel(subtask);
                });
                in_task(host, || call(host, "subtask.cancel", subtask));
            },
        )
        // On others it is the cancel that a synchronous export must not do.
        .on(|rules| !rules.no_cancel_in_sync_task),
        row(
            Site::CancelWithStarted,
            "subtask.cancel",
            "the wait for the callee ends with a stale event",
            |host| {
                let (subtask, call) = import(host, OnCancel::Confirm);
                call.start();
                host.subtask_cancel(subtask);
            },
        ),
        row(
            Site::DropOfUndelivered,
            "subtask.drop",
            "a subtask that is Starting",
            |host| {
                let (subtask, _) = import(host, OnCancel::Confirm);
                host.subtask_drop(subtask);
            },
        ),
        row(
            Site::DropOfUndelivered,
            "subtask.drop",
            "a subtask that is Started",
            |host| {
                let subtask = started(host, OnCancel::Confirm);
                host.subtask_drop(subtask);
            },
        ),
        // It has resolved, and nobody was told.
        row(
            Site::DropOfUndelivered,
            "subtask.drop",
            "a subtask that is Returned",
            |host| {
                let (subtask, call) = import(host, OnCancel::Confirm);
                call.resolve();
                host.subtask_drop(subtask);
            },
        ),
        row(
            Site::CallerExited,
            "task.return",
            "the task that made the call has exited",
            |host| {
                let mut made = None;
                let task = host.start_entry(Context::new(false), || {
                    made = Some(import(host, OnCancel::Confirm).1);
                    0
                });
                assert!(task.has_exited());
                made.expect("it was called").resolve();
            },
        )
        .on(|rules| rules.results_need_task),
    ]
}
