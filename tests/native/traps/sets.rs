//! Waitable sets, and waiting (canonical-abi.md §1.2, §2.2, §4.5).

use super::raw::{KINDS, call, import, in_task, while_blocked};
use super::row::{Row, row};
use crate::host::imports::OnCancel;
use crate::host::{Context, Site, Type};
use wit_async::native::Host as _;

pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        row(
            Site::SetHasMembers,
            "waitable-set.drop",
            "set 3 has the members [1]",
            |host| {
                host.unit_stream_new();
                let set = host.waitable_set_new();
                host.waitable_join(1, set);
                host.waitable_set_drop(set);
            },
        ),
        // A callback waits.
        row(
            Site::SetHasWaiters,
            "waitable-set.drop",
            "set 1 has 1 waiters",
            |host| {
                let task = host.start(std::future::pending());
                assert!(task.is_waiting());
                host.waitable_set_drop(1);
            },
        ),
        // A thread waits, and a synchronous export is called.
        row(
            Site::SetHasWaiters,
            "waitable-set.drop",
            "set 1 has 1 waiters",
            |host| {
                let set = host.waitable_set_new();
                while_blocked(host, move |host| host.waitable_set_drop(set));
                in_task(host, || call(host, "waitable-set.wait", set));
            },
        ),
        row(
            Site::WaitInSyncTask,
            "waitable-set.wait",
            "a wait on set 1 in a synchronous task",
            |host| {
                let set = host.waitable_set_new();
                host.call_sync(|| call(host, "waitable-set.wait", set));
            },
        ),
    ];
    subtasks(&mut rows);
    ends(&mut rows);
    rows
}

/// `subtask.cancel` waits.
fn subtasks(rows: &mut Vec<Row>) {
    rows.push(row(
        Site::JoinWhileWaitedFor,
        "waitable.join",
        "a built-in is blocked on handle 1",
        |host| {
            let subtask = super::subtasks::started(host, OnCancel::Wait);
            let set = host.waitable_set_new();
            while_blocked(host, move |host| host.waitable_join(subtask, set));
            in_task(host, || call(host, "subtask.cancel", subtask));
        },
    ));
    let blocks = row(
        Site::BlockInSyncTask,
        "subtask.cancel",
        "subtask.cancel blocks in a synchronous task",
        |host| {
            let subtask = super::subtasks::started(host, OnCancel::Wait);
            host.call_sync(|| call(host, "subtask.cancel", subtask));
        },
    );
    rows.push(blocks.on(|rules| !rules.no_cancel_in_sync_task));
    let in_set = row(
        Site::SyncInSet,
        "subtask.cancel",
        "handle 1 is in a set",
        |host| {
            let (subtask, _) = import(host, OnCancel::Confirm);
            let set = host.waitable_set_new();
            host.waitable_join(subtask, set);
            host.subtask_cancel(subtask);
        },
    );
    rows.push(in_set.on(|rules| rules.no_cancel_in_set));
    // Its event does not change that.
    let with_event = row(
        Site::SyncInSet,
        "subtask.cancel",
        "handle 1 is in a set",
        |host| {
            let (subtask, call) = import(host, OnCancel::Confirm);
            let set = host.waitable_set_new();
            host.waitable_join(subtask, set);
            call.resolve();
            host.subtask_cancel(subtask);
        },
    );
    rows.push(with_event.on(|rules| rules.no_cancel_in_set));
    let in_sync_task = row(
        Site::CancelInSyncTask,
        "subtask.cancel",
        "a synchronous cancel in a synchronous task",
        |host| {
            let (subtask, _) = import(host, OnCancel::Confirm);
            host.call_sync(|| call(host, "subtask.cancel", subtask));
        },
    );
    rows.push(in_sync_task.on(|rules| rules.no_cancel_in_sync_task));
}

/// `cancel-read` and `cancel-write` wait for ends that a host holds.
fn ends(rows: &mut Vec<Row>) {
    for kind in KINDS {
        let end = kind.index();
        rows.push(row(
            Site::JoinWhileWaitedFor,
            "waitable.join",
            format!("a built-in is blocked on handle {end}"),
            move |host| {
                let context = Context::new(false);
                kind.cancel_slowly(host, &context, move |host| host.waitable_join(end, 0));
            },
        ));
        let blocks = row(
            Site::BlockInSyncTask,
            kind.cancels(),
            format!("{} blocks in a synchronous task", kind.cancels()),
            move |host| kind.cancel_slowly(host, &Context::new(true), |_| ()),
        );
        rows.push(blocks.on(|rules| !rules.no_cancel_in_sync_task));
        // Its event does not change that.
        for done in [false, true] {
            let in_set = row(
                Site::SyncInSet,
                kind.cancels(),
                format!("handle {end} is in a set"),
                move |host| {
                    let (end, other) = kind.pair(host, Type::Unit);
                    let set = host.waitable_set_new();
                    kind.copy(host, end);
                    host.waitable_join(end, set);
                    if done {
                        kind.other().copy(host, other);
                    }
                    kind.cancel(host, end);
                },
            );
            rows.push(in_set.on(|rules| rules.no_cancel_in_set));
        }
        let in_sync_task = row(
            Site::CancelInSyncTask,
            kind.cancels(),
            "a synchronous cancel in a synchronous task",
            move |host| {
                let (end, _) = kind.pair(host, Type::Unit);
                kind.copy(host, end);
                host.call_sync(|| kind.cancel(host, end));
            },
        );
        rows.push(in_sync_task.on(|rules| rules.no_cancel_in_sync_task));
    }
}
