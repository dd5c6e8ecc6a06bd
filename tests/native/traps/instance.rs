//! What concerns an instance as a whole (canonical-abi.md §1.2, §1.3).

use super::raw::{call, import, in_task};
use super::row::{Row, row};
use crate::host::Site;
use crate::host::imports::OnCancel;
use wit_async::native::Host as _;

pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        row(
            Site::MayEnter,
            "call of an export",
            "the instance is called, and its code runs already",
            |host| host.call_sync(|| in_task(host, || ())),
        ),
        row(
            Site::BackpressureInc,
            "backpressure.inc",
            "one too many",
            |host| {
                host.record(false);
                (0..0x1_0000).for_each(|_| host.backpressure_inc());
            },
        ),
        row(
            Site::BackpressureDec,
            "backpressure.dec",
            "one too few",
            |host| {
                host.backpressure_inc();
                host.backpressure_dec();
                host.backpressure_dec();
            },
        ),
        row(
            Site::Deadlock,
            "waitable-set.wait",
            "the guest is blocked on set 1, and nothing is left that could happen",
            |host| {
                let set = host.waitable_set_new();
                host.waitable_set_wait(set, &mut [0; 2]);
            },
        ),
        row(
            Site::Deadlock,
            "subtask.cancel",
            "the guest is blocked in `subtask.cancel`, and nothing is left that could happen",
            |host| {
                in_task(host, || {
                    let (subtask, call) = import(host, OnCancel::Wait);
                    call.start();
                    // The guest has to know that it has started.
                    let set = host.waitable_set_new();
                    host.waitable_join(subtask, set);
                    host.waitable_set_wait(set, &mut [0; 2]);
                    host.waitable_join(subtask, 0);
                    host.subtask_cancel(subtask);
                });
            },
        ),
    ];
    rows.extend(Site::MayLeave.reached_by().map(|built_in| {
        let what = "a built-in is called in a realloc or a post-return";
        row(Site::MayLeave, built_in, what, move |host| {
            host.post_return(|| call(host, built_in, 1));
        })
    }));
    rows
}
